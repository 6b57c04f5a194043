//! The vectors under `vectors/`, as they are on disk.

use crate::differential::case::Case;
use crate::differential::setup::{Clients, Setup};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// Where the vectors are, in a checkout.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

/// Every log among them, in the order of the names.
pub fn all() -> io::Result<Vec<Case>> {
    let mut paths = Vec::new();
    for kind in ["accept", "outcome", "refuse", "reject", "retry"] {
        collect(&folder().join(kind), &mut paths)?;
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    Ok(())
}

/// A vector's file as a case.
pub fn read(path: &Path) -> io::Result<Case> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    let name = path.strip_prefix(folder()).unwrap_or(path).display().to_string();
    case(&file, &name).ok_or_else(|| io::Error::other(format!("`{name}` is no vector")))
}

fn case(file: &Value, name: &str) -> Option<Case> {
    let config = &file["config"];
    let serving = &config["serving"];
    let clients = if serving.is_null() {
        None
    } else {
        Some(Clients {
            access: bytes(&serving["access"])?,
            entropy: bytes(&serving["entropy"])?.try_into().ok()?,
            sessions_per_thread: serving["sessions_per_thread"].as_u64()? as u16,
        })
    };
    let setup = Setup {
        threads: config["threads"].as_u64()? as u16,
        slots: config["slots"].as_u64()? as u16,
        byte_budget: config["byte_budget"].as_u64()?,
        // Only the files of differences have these.
        weak_tree: config["weak_tree"].as_bool().unwrap_or(false),
        weak_elements: config["weak_elements"].as_bool().unwrap_or(false),
        nonce: bytes(&config["nonce"])?.try_into().ok()?,
        incarnation: bytes(&config["incarnation"])?.try_into().ok()?,
        root: bytes(&config["root"])?,
        program: bytes(&config["program"])?,
        clients,
    };
    let calls: Option<Vec<_>> = file["steps"]
        .as_array()?
        .iter()
        .map(|step| Some((step["thread"].as_u64()? as u16, bytes(&step["log"])?)))
        .collect();
    Some(Case::linear(name.into(), setup, calls?))
}

fn bytes(hex: &Value) -> Option<Vec<u8>> {
    let hex = hex.as_str()?;
    let pair = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(pair).collect()
}
