//! The oracle: a program that reads records and writes replies, as `proofs/oracle/FORMAT.md` says.

use super::case::Case;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Who replies to cases, beside the Rust verifier.
pub trait Judge: Sync {
    /// All replies to the cases, one after the other, each after its length.
    fn replies(&self, cases: &[&Case]) -> io::Result<Vec<u8>>;
}

pub struct Oracle(PathBuf);

impl Oracle {
    #[must_use]
    pub fn new(program: &Path) -> Self {
        Self(program.to_owned())
    }
}

impl Judge for Oracle {
    /// One process for these cases: batches are large.
    fn replies(&self, cases: &[&Case]) -> io::Result<Vec<u8>> {
        let mut records = Vec::new();
        cases.iter().for_each(|case| case.encode(&mut records));
        let mut child =
            Command::new(&self.0).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let (mut stdin, mut stdout) = stdin.zip(stdout).ok_or(io::ErrorKind::BrokenPipe)?;
        let mut replies = Vec::new();
        let written = std::thread::scope(|scope| {
            // Beside the reading, or both would wait for the other when the pipes are full.
            let writing = scope.spawn(move || stdin.write_all(&records));
            let read = stdout.read_to_end(&mut replies);
            let written = writing.join().map_err(|_| io::ErrorKind::Other)?;
            read.and(written)
        });
        let status = child.wait()?;
        if !status.success() {
            return Err(io::Error::other(format!("the oracle ended with {status}")));
        }
        written.map(|()| replies)
    }
}
