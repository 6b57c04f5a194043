//! A program that the loader has accepted.

use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::assembly::{Assembly, Relation, Transition};
use crate::check::check_tables;
use crate::cost::{Cost, check_cost};
use crate::decode::decode;
use crate::error::LoadError;
use crate::flow::check_code;
use crate::rows::TransitionId;
use crate::value_type::Type;

const DIGEST_DOMAIN: &[u8] = b"zeta program v1\0";

/// A program, immutable; see the crate's page for what holds of it.
#[derive(Clone, Debug)]
pub struct Program {
    bytes: Vec<u8>,
    digest: [u8; 32],
    assembly: Assembly,
    loaded: Vec<Loaded>,
}

/// What the loader has found out about a transition.
#[derive(Clone, Debug)]
struct Loaded {
    registers: Vec<Type>,
    cost: Cost,
}

impl Program {
    /// Checks everything that the machine relies on.
    pub fn load(bytes: &[u8]) -> Result<Program, LoadError> {
        let assembly = decode(bytes)?;
        check_tables(&assembly)?;
        let mut loaded = Vec::new();
        for transition in &assembly.transitions {
            let registers = transition.registers();
            check_code(&assembly, transition, &registers)?;
            let cost = check_cost(transition, &registers)?;
            loaded.push(Loaded { registers, cost });
        }
        let digest = Sha256::new().chain_update(DIGEST_DOMAIN).chain_update(bytes).finalize();
        Ok(Program { bytes: bytes.to_vec(), digest: digest.into(), assembly, loaded })
    }

    /// SHA-256 of "zeta program v1", a zero byte, and the bytes: what people approve.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The bytes that were loaded, the only encoding of this program.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// All parts of the program, for people to read.
    pub fn assembly(&self) -> &Assembly {
        &self.assembly
    }

    /// The name of the application.
    pub fn name(&self) -> &str {
        &self.assembly.name
    }

    /// The relations, in the order of their ids.
    pub fn relations(&self) -> &[Relation] {
        &self.assembly.relations
    }

    /// The transitions, in the order of their ids.
    pub fn transitions(&self) -> &[Transition] {
        &self.assembly.transitions
    }

    /// The texts of the program's own reasons, in the order of their indices.
    pub fn reasons(&self) -> &[String] {
        &self.assembly.reasons
    }

    /// What a call of a transition costs at most.
    pub fn cost(&self, transition: TransitionId) -> Option<Cost> {
        self.loaded.get(usize::from(transition.0)).map(|loaded| loaded.cost)
    }

    pub(crate) fn constant(&self, index: u16) -> Option<&[u8]> {
        self.assembly.constants.get(usize::from(index)).map(Vec::as_slice)
    }

    pub(crate) fn transition(&self, id: TransitionId) -> Option<&Transition> {
        self.assembly.transitions.get(usize::from(id.0))
    }

    pub(crate) fn registers(&self, id: TransitionId) -> Option<&[Type]> {
        self.loaded.get(usize::from(id.0)).map(|loaded| loaded.registers.as_slice())
    }
}
