//! The vectors that Python made: the verdict, by name, that the other languages give too.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use zeta_receipt::{Receipt, ReceiptError};
use zeta_session::{PublicIdentity, Scope};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// What was pinned under this name, or what the receipt itself says where nothing was.
fn pinned<const N: usize>(vector: &Value, name: &str, own: [u8; N]) -> [u8; N] {
    vector[name].as_str().map_or(own, |hex| bytes(hex).try_into().unwrap())
}

fn verdict(vector: &Value) -> Result<(), ReceiptError> {
    let receipt = Receipt::decode(&bytes(vector["bytes"].as_str().unwrap()))?;
    let scope = Scope {
        instance: pinned(vector, "instance", receipt.scope.instance),
        incarnation: pinned(vector, "incarnation", receipt.scope.incarnation),
        program: pinned(vector, "program", receipt.scope.program),
    };
    receipt.verify(&PublicIdentity(pinned(vector, "identity", [0; 32])), &scope)
}

#[test]
fn every_vector_gets_its_verdict() {
    let mut paths = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/receipts/vectors"), &mut paths);
    assert!(paths.len() > 100);
    for path in paths {
        let vector: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        // Which part of the scope is another is a matter of the languages that say so.
        let expected = match vector["expected"].as_str().unwrap() {
            "OtherInstance" | "OtherIncarnation" | "OtherProgram" => "WrongScope",
            other => other,
        };
        let found = match verdict(&vector) {
            Ok(()) => "accepted".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(found, expected, "{}", path.display());
    }
}
