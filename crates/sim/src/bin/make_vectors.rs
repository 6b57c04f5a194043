//! Writes every vector below the folder that is named, `vectors` by default.

use std::path::PathBuf;
use std::process::ExitCode;
use zeta_sim::vector::write_all;

fn main() -> ExitCode {
    let root: PathBuf = std::env::args_os().nth(1).unwrap_or_else(|| "vectors".into()).into();
    match write_all(&root) {
        Ok(count) => {
            println!("{count} vectors below `{}`", root.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write vectors below `{}`: {error}", root.display());
            ExitCode::FAILURE
        }
    }
}
