//! What a verifier is made of, in the bytes that the oracle reads, and the Rust verifier of it.

use super::player::{Playable, Running};
use crate::toy::Weakened;
use zeta_program::Program;
use zeta_session::{Entropy, Identity, Scope};
use zeta_verifier::{
    Config, EMBEDDED_ONLY, Incarnation, InstanceId, Node, Serving, Standard, Verifier, decode_node,
    encode_node,
};

/// Nothing of it shows but whether sums agree.
pub const SECRET: [u8; 32] = [3; 32];
/// Signs what is compared, and is not compared.
const IDENTITY: [u8; 32] = [13; 32];

/// A verifier's clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clients {
    /// The encoding of the access list.
    pub access: Vec<u8>,
    pub entropy: [u8; 32],
    pub sessions_per_thread: u16,
}

/// A configuration in bytes: it need not be one from which a verifier can be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    pub threads: u16,
    pub slots: u16,
    pub byte_budget: u64,
    /// Hashes of one byte for the tree, for the elements.
    pub weak_tree: bool,
    pub weak_elements: bool,
    pub nonce: [u8; 16],
    pub incarnation: [u8; 16],
    pub root: Vec<u8>,
    pub program: Vec<u8>,
    pub clients: Option<Clients>,
}

impl Setup {
    /// A key-value store that begins empty, with sound hashes and for its host alone.
    #[must_use]
    pub fn key_value(threads: u16, slots: u16) -> Self {
        let mut root = Vec::new();
        encode_node(&Node::EMPTY, &mut root);
        Self {
            threads,
            slots,
            byte_budget: 1 << 20,
            weak_tree: false,
            weak_elements: false,
            nonce: [1; 16],
            incarnation: [2; 16],
            root,
            program: zeta_program::key_value(),
            clients: None,
        }
    }

    /// The body of the oracle's record `C`.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.threads.to_le_bytes());
        bytes.extend_from_slice(&self.slots.to_le_bytes());
        bytes.extend_from_slice(&self.byte_budget.to_le_bytes());
        bytes.extend_from_slice(&[u8::from(self.weak_tree), u8::from(self.weak_elements)]);
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.incarnation);
        put_counted(bytes, &self.root);
        put_counted(bytes, &self.program);
        match &self.clients {
            None => bytes.push(0),
            Some(clients) => {
                bytes.push(1);
                put_counted(bytes, &clients.access);
                bytes.extend_from_slice(&clients.entropy);
                bytes.extend_from_slice(&clients.sessions_per_thread.to_le_bytes());
            }
        }
    }

    /// The program and the root; none where one of them is refused.
    #[must_use]
    pub fn load(&self) -> Option<Loaded<'_>> {
        let program = Program::load(&self.program).ok()?;
        let root = decode_node(&self.root).ok()?;
        let access = self.clients.as_ref().map_or(EMBEDDED_ONLY, |clients| &clients.access);
        let instance = InstanceId::new(&self.nonce, &program.digest(), &root, access);
        Some(Loaded { setup: self, program, root, instance })
    }
}

/// A setup whose program and root are read, from which verifiers are made again and again.
pub struct Loaded<'a> {
    setup: &'a Setup,
    program: Program,
    root: Node,
    pub instance: InstanceId,
}

impl Loaded<'_> {
    fn config(&self) -> Config {
        Config {
            threads: self.setup.threads,
            slots: self.setup.slots,
            byte_budget: self.setup.byte_budget,
            root: self.root,
            nonce: self.setup.nonce,
            incarnation: Incarnation(self.setup.incarnation),
            secret: SECRET,
        }
    }

    /// Under whose name clients shake hands.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let program = self.program.digest();
        Scope { instance: self.instance.0, incarnation: self.setup.incarnation, program }
    }

    /// The hashes of the setup.
    #[must_use]
    pub fn primitives(&self) -> Weakened {
        let incarnation = Incarnation(self.setup.incarnation);
        Weakened {
            standard: Standard::new(SECRET, self.instance, incarnation),
            tree: self.setup.weak_tree,
            elements: self.setup.weak_elements,
        }
    }

    /// The Rust verifier; none where it refuses to be made.
    #[must_use]
    pub fn verifier(&self) -> Option<Box<dyn Playable>> {
        let (config, program) = (self.config(), self.program.clone());
        if let Some(clients) = &self.setup.clients {
            let serving = Serving {
                access: &clients.access,
                identity: Identity::new(&IDENTITY),
                entropy: Entropy::new(clients.entropy),
                sessions_per_thread: clients.sessions_per_thread,
            };
            return Some(Box::new(Running(Verifier::serving(&config, program, serving).ok()?)));
        }
        if self.setup.weak_tree || self.setup.weak_elements {
            let primitives = self.primitives();
            let made = Verifier::with_primitives(&config, program, &primitives);
            return Some(Box::new(Running(made.ok()?)));
        }
        Some(Box::new(Running(Verifier::new(&config, program).ok()?)))
    }
}

fn put_counted(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
    bytes.extend_from_slice(part);
}
