//! A program that the loader has accepted.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::assembly::{Assembly, Relation, Transition};
use crate::check::check_tables;
use crate::cost::{Cost, check_cost};
use crate::decode::decode;
use crate::error::LoadError;
use crate::flow::check_code;
use crate::instruction::Register;
use crate::rows::TransitionId;
use crate::step::Step;
use crate::value_list::{Place, places};
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

/// What the loader has found out about a transition: all that the machine needs of it.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) arguments: Box<[Place]>,
    pub(crate) registers: Vec<Type>,
    pub(crate) steps: Box<[Step]>,
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
            let cost = check_cost(&assembly, transition, &registers)?;
            let values = transition.arguments.iter().map(|argument| argument.value);
            let arguments = places(values, (0..=u16::MAX).map(Register)).into();
            let steps = Step::all_of(&assembly, transition, &registers);
            loaded.push(Loaded { arguments, registers, steps, cost });
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

    #[inline(always)]
    pub(crate) fn loaded(&self, id: TransitionId) -> Option<&Loaded> {
        self.loaded.get(usize::from(id.0))
    }
}
