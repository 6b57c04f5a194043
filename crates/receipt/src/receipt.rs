//! The portable receipt: one operation, its place in its epoch, and the epoch's certification.
//!
//! It convinces whoever knows the verifier's identity, offline and without a secret.

use crate::cbor::{Reader, Writer};
use crate::error::ReceiptError;
use crate::path::root_of_path;
use crate::require;
use alloc::vec::Vec;
use zeta_session::{
    Asker, Certification, ClientKind, Hash, Leaf, PublicIdentity, Ruling, Scope, request_digest,
    result_digest, thread_hash,
};

/// A receipt's parts, as its file holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub scope: Scope,
    pub asker: Asker,
    pub transition: u16,
    pub arguments: Vec<u8>,
    pub answer: Answered,
    pub thread: u16,
    pub epoch: u32,
    pub counter: u32,
    /// Of the leaf, in the tree of its thread.
    pub index: u64,
    /// Leaves of that tree.
    pub count: u64,
    pub path: Vec<Hash>,
    pub threads: u16,
    /// Leaves in all threads.
    pub receipts: u64,
    pub thread_path: Vec<Hash>,
    pub signature: [u8; 64],
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    Done(Vec<u8>),
    Failed(u16),
    Refused(u16),
}

impl Answered {
    fn parts(&self) -> (u64, u16, &[u8]) {
        match self {
            Self::Done(result) => (0, 0, result),
            Self::Failed(code) => (1, *code, &[]),
            Self::Refused(code) => (2, *code, &[]),
        }
    }

    fn ruling(&self) -> Ruling {
        match self {
            Self::Done(result) => Ruling::Done(result_digest(result)),
            Self::Failed(code) => Ruling::Failed(*code),
            Self::Refused(code) => Ruling::Refused(*code),
        }
    }
}

impl Receipt {
    #[must_use]
    pub fn leaf(&self) -> Leaf {
        Leaf {
            scope: self.scope,
            asker: self.asker,
            request: request_digest(self.transition, &self.arguments),
            ruling: self.answer.ruling(),
            thread: self.thread,
            epoch: self.epoch,
            counter: self.counter,
        }
    }

    /// Whether the identity has certified, in this scope, that this was asked and answered.
    pub fn verify(&self, identity: &PublicIdentity, scope: &Scope) -> Result<(), ReceiptError> {
        require(self.scope == *scope, ReceiptError::WrongScope)?;
        require(self.certification()?.is_signed_by(identity), ReceiptError::NotCertified)
    }

    /// The certification that would make this receipt true; whoever checks many receipts of one
    /// epoch checks its signature once.
    pub fn certification(&self) -> Result<Certification, ReceiptError> {
        require(self.count <= self.receipts, ReceiptError::WrongPath)?;
        let root = root_of_path(&self.leaf().hash(), self.index, self.count, &self.path)?;
        let hash = thread_hash(self.thread, self.count, &root);
        let (thread, threads) = (u64::from(self.thread), u64::from(self.threads));
        Ok(Certification {
            scope: self.scope,
            epoch: self.epoch,
            threads: self.threads,
            receipts: self.receipts,
            root: root_of_path(&hash, thread, threads, &self.thread_path)?,
            signature: self.signature,
        })
    }

    /// The file's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut map = Writer::map(23);
        map.unsigned(1, 1);
        map.scope(&self.scope);
        let (way, client, session, sequence) = self.asker.parts();
        map.unsigned(5, u64::from(way));
        map.bytes(6, &client);
        map.unsigned(7, u64::from(session));
        map.unsigned(8, sequence);
        map.unsigned(9, u64::from(self.transition));
        map.bytes(10, &self.arguments);
        let (answer, code, result) = self.answer.parts();
        map.unsigned(11, answer);
        map.unsigned(12, u64::from(code));
        map.bytes(13, result);
        map.unsigned(14, u64::from(self.thread));
        map.unsigned(15, u64::from(self.epoch));
        map.unsigned(16, u64::from(self.counter));
        map.unsigned(17, self.index);
        map.unsigned(18, self.count);
        map.hashes(19, &self.path);
        map.unsigned(20, u64::from(self.threads));
        map.unsigned(21, self.receipts);
        map.hashes(22, &self.thread_path);
        map.bytes(23, &self.signature);
        map.finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let mut map = Reader::map(bytes, 23)?;
        require(map.unsigned(1, u64::MAX)? == 1, ReceiptError::UnknownVersion)?;
        let this = Self {
            scope: map.scope()?,
            asker: asker(&mut map)?,
            transition: map.u16(9)?,
            arguments: map.bytes(10)?.to_vec(),
            answer: answer(&mut map)?,
            thread: map.u16(14)?,
            epoch: map.u32(15)?,
            counter: map.u32(16)?,
            index: map.unsigned(17, u64::MAX)?,
            count: map.unsigned(18, u64::MAX)?,
            path: map.hashes(19)?,
            threads: map.u16(20)?,
            receipts: map.unsigned(21, u64::MAX)?,
            thread_path: map.hashes(22)?,
            signature: map.array(23)?,
        };
        map.finish()?;
        Ok(this)
    }
}

fn asker(map: &mut Reader<'_>) -> Result<Asker, ReceiptError> {
    let way = map.u8(5)?;
    let (client, session, sequence) = (map.array(6)?, map.u32(7)?, map.unsigned(8, u64::MAX)?);
    require(way <= 2, ReceiptError::UnknownAuthentication)?;
    let kind = if way == 1 { ClientKind::Client } else { ClientKind::Gateway };
    let asker = match way {
        0 => Asker::Embedded,
        _ => Asker::Session { kind, client, session, sequence },
    };
    let named = client != [0; 32] && session != 0 && sequence != 0;
    let fits = if way == 0 { asker.parts() == (0, client, session, sequence) } else { named };
    require(fits, ReceiptError::WrongAsker)?;
    Ok(asker)
}

fn answer(map: &mut Reader<'_>) -> Result<Answered, ReceiptError> {
    let (tag, code, result) = (map.unsigned(11, u64::MAX)?, map.u16(12)?, map.bytes(13)?);
    require(tag <= 2, ReceiptError::UnknownAnswer)?;
    let fits = if tag == 0 { code == 0 } else { result.is_empty() };
    require(fits, ReceiptError::WrongAnswer)?;
    Ok(match tag {
        0 => Answered::Done(result.to_vec()),
        1 => Answered::Failed(code),
        _ => Answered::Refused(code),
    })
}
