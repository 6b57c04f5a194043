//! A vector as it is read from its file, and a verifier made from its configuration.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]
#![expect(dead_code, reason = "each test binary uses its own part")]

use serde_json::Value;
use std::path::{Path, PathBuf};
use zeta_program::Program;
use zeta_session::{Entropy, Identity};
use zeta_verifier::{Config, Incarnation, Serving, Standard, Verifier, decode_node};

pub(crate) struct Vector {
    /// Below `vectors/`.
    pub(crate) name: String,
    pub(crate) twin: Option<String>,
    pub(crate) config: Value,
    pub(crate) steps: Vec<Step>,
    pub(crate) epochs: Vec<Value>,
}

#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) thread: usize,
    pub(crate) log: Vec<u8>,
    pub(crate) consumed: usize,
    pub(crate) stop: String,
    pub(crate) code: Option<u16>,
    pub(crate) name: Option<String>,
    pub(crate) position: Option<u64>,
    pub(crate) outputs: Vec<u8>,
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

/// Every log among the vectors, in the order of the names.
pub(crate) fn all() -> Vec<Vector> {
    let mut paths = Vec::new();
    for kind in ["accept", "outcome", "refuse", "reject", "retry"] {
        collect(&folder().join(kind), &mut paths);
    }
    paths.sort();
    assert!(paths.len() > 100, "the vectors are missing");
    paths.iter().map(|path| read(path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
}

fn read(path: &Path) -> Vector {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let steps = file["steps"].as_array().unwrap().iter().map(|step| Step {
        thread: step["thread"].as_u64().unwrap() as usize,
        log: bytes(&step["log"]),
        consumed: step["consumed"].as_u64().unwrap() as usize,
        stop: step["stop"].as_str().unwrap().into(),
        code: step["code"].as_u64().map(|code| code as u16),
        name: step["name"].as_str().map(str::to_owned),
        position: step["position"].as_u64(),
        outputs: bytes(&step["outputs"]),
    });
    Vector {
        name: path.strip_prefix(folder()).unwrap().to_str().unwrap().replace('\\', "/"),
        twin: file["twin"].as_str().map(str::to_owned),
        steps: steps.collect(),
        config: file["config"].clone(),
        epochs: file["epochs"].as_array().unwrap().clone(),
    }
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    assert!(hex.len().is_multiple_of(2));
    let pair = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(pair).collect()
}

impl Vector {
    pub(crate) fn verifier(&self) -> Verifier<Standard> {
        let number = |name: &str| self.config[name].as_u64().unwrap();
        let config = Config {
            threads: number("threads") as u16,
            slots: number("slots") as u16,
            byte_budget: number("byte_budget"),
            root: decode_node(&bytes(&self.config["root"])).unwrap(),
            nonce: bytes(&self.config["nonce"]).try_into().unwrap(),
            incarnation: Incarnation(bytes(&self.config["incarnation"]).try_into().unwrap()),
            secret: bytes(&self.config["secret"]).try_into().unwrap(),
        };
        let program = Program::load(&bytes(&self.config["program"])).unwrap();
        let serving = &self.config["serving"];
        if serving.is_null() {
            return Verifier::new(&config, program).unwrap();
        }
        let serving = Serving {
            access: &bytes(&serving["access"]),
            identity: Identity::new(&bytes(&serving["identity"]).try_into().unwrap()),
            entropy: Entropy::new(bytes(&serving["entropy"]).try_into().unwrap()),
            sessions_per_thread: serving["sessions_per_thread"].as_u64().unwrap() as u16,
        };
        Verifier::serving(&config, program, serving).unwrap()
    }
}
