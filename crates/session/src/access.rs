//! The access list: who may ask for what, in one encoding that the instance's name contains.

use crate::require;
use alloc::vec::Vec;
use zeta_program::{KEY_LEN_MAX, RelationId, TransitionId};

const MAGIC: &[u8] = b"zeta access v1\0";
const FLAG_EMBEDDED: u8 = 1;
const FLAG_EMBEDDED_RECEIPTS: u8 = 2;

/// The access list of an instance that serves its own host alone, without receipts.
pub const EMBEDDED_ONLY: &[u8] = b"zeta access v1\0\x01\0\0";

/// Why bytes are no access list of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessError {
    Truncated,
    BadMagic,
    UnknownFlag,
    /// Embedded operations have receipts, but there are none.
    ReceiptsOfNothing,
    /// The key of no client.
    ZeroKey,
    UnknownKind,
    UnknownAccess,
    PrefixTooLong,
    /// Clients, transitions or grants, which also keeps them from standing there twice.
    NotAscending,
    TrailingBytes,
    UnknownTransition,
    UnknownRelation,
}

/// Whose hands a key is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ClientKind {
    /// Of who asks.
    Client = 1,
    /// Of one who asks for others.
    Gateway = 2,
}

/// What a grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub read: bool,
    pub write: bool,
}

/// Rows of one relation whose keys begin alike, and what may be done to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub relation: RelationId,
    pub access: Access,
    pub prefix: Vec<u8>,
}

/// A client key and its rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub key: [u8; 32],
    pub kind: ClientKind,
    /// Epochs that a session outlives the one in which it was opened.
    pub lifetime: u32,
    pub transitions: Vec<TransitionId>,
    pub grants: Vec<Grant>,
}

/// What an instance allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessList {
    /// The host itself may ask for operations, any of them.
    pub embedded: bool,
    /// Those operations have receipts too.
    pub embedded_receipts: bool,
    /// In the order of their keys.
    pub clients: Vec<Client>,
}

impl Client {
    #[must_use]
    pub fn may_call(&self, transition: TransitionId) -> bool {
        self.transitions.binary_search(&transition).is_ok()
    }

    /// What all grants together allow on the row of `key`.
    #[must_use]
    pub fn access(&self, relation: RelationId, key: &[u8]) -> Access {
        let of_row = |grant: &&Grant| grant.relation == relation && key.starts_with(&grant.prefix);
        let none = Access { read: false, write: false };
        self.grants.iter().filter(of_row).fold(none, |sum, grant| Access {
            read: sum.read || grant.access.read,
            write: sum.write || grant.access.write,
        })
    }
}

impl AccessList {
    /// Where a client key stands in the list.
    #[must_use]
    pub fn find(&self, key: &[u8; 32]) -> Option<u16> {
        let found = self.clients.binary_search_by(|client| client.key.cmp(key)).ok()?;
        u16::try_from(found).ok()
    }

    #[must_use]
    pub fn client(&self, index: u16) -> Option<&Client> {
        self.clients.get(usize::from(index))
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, AccessError> {
        let mut rest = Bytes(bytes);
        require(rest.take(MAGIC.len())? == MAGIC, AccessError::BadMagic)?;
        let flags = rest.u8()?;
        require(flags <= FLAG_EMBEDDED | FLAG_EMBEDDED_RECEIPTS, AccessError::UnknownFlag)?;
        let embedded = flags & FLAG_EMBEDDED != 0;
        let embedded_receipts = flags & FLAG_EMBEDDED_RECEIPTS != 0;
        require(embedded || !embedded_receipts, AccessError::ReceiptsOfNothing)?;
        let clients = rest.list(Bytes::client)?;
        let ascending = clients.is_sorted_by(|one, next| one.key < next.key);
        require(ascending, AccessError::NotAscending)?;
        require(rest.0.is_empty(), AccessError::TrailingBytes)?;
        Ok(Self { embedded, embedded_receipts, clients })
    }

    /// Whether a program has every transition and relation that is named.
    pub fn check(&self, transitions: usize, relations: usize) -> Result<(), AccessError> {
        for client in &self.clients {
            let known = |id: &TransitionId| usize::from(id.0) < transitions;
            require(client.transitions.iter().all(known), AccessError::UnknownTransition)?;
            let known = |grant: &Grant| usize::from(grant.relation.0) < relations;
            require(client.grants.iter().all(known), AccessError::UnknownRelation)?;
        }
        Ok(())
    }

    /// The encoding; of lists that are not in order or too long, bytes that `decode` refuses.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::from(MAGIC);
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let receipts = flag(self.embedded_receipts, FLAG_EMBEDDED_RECEIPTS);
        bytes.push(flag(self.embedded, FLAG_EMBEDDED) | receipts);
        put_count(&mut bytes, self.clients.len());
        for client in &self.clients {
            bytes.extend_from_slice(&client.key);
            bytes.push(client.kind as u8);
            bytes.extend_from_slice(&client.lifetime.to_le_bytes());
            put_count(&mut bytes, client.transitions.len());
            for transition in &client.transitions {
                bytes.extend_from_slice(&transition.0.to_le_bytes());
            }
            put_count(&mut bytes, client.grants.len());
            for grant in &client.grants {
                bytes.extend_from_slice(&grant.relation.0.to_le_bytes());
                bytes.push(flag(grant.access.read, 1) | flag(grant.access.write, 2));
                put_count(&mut bytes, grant.prefix.len());
                bytes.extend_from_slice(&grant.prefix);
            }
        }
        bytes
    }
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
}

/// The bytes that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], AccessError> {
        require(len <= self.0.len(), AccessError::Truncated)?;
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or_default();
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AccessError> {
        Ok(self.take(N)?.first_chunk().copied().unwrap_or([0; N]))
    }

    fn u8(&mut self) -> Result<u8, AccessError> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, AccessError> {
        self.array().map(u16::from_le_bytes)
    }

    /// A counted list; no memory is set aside for items that the bytes do not hold.
    fn list<T>(
        &mut self,
        item: impl Fn(&mut Self) -> Result<T, AccessError>,
    ) -> Result<Vec<T>, AccessError> {
        let mut items = Vec::new();
        for _ in 0..self.u16()? {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn client(&mut self) -> Result<Client, AccessError> {
        let key = self.array()?;
        require(key != [0; 32], AccessError::ZeroKey)?;
        let kind = self.u8()?;
        require(kind == 1 || kind == 2, AccessError::UnknownKind)?;
        let kind = if kind == 1 { ClientKind::Client } else { ClientKind::Gateway };
        let lifetime = u32::from_le_bytes(self.array()?);
        let transitions = self.list(|rest| rest.u16().map(TransitionId))?;
        let ascending = transitions.is_sorted_by(|one, next| one < next);
        require(ascending, AccessError::NotAscending)?;
        let grants = self.list(Self::grant)?;
        let place = |grant: &Grant| (grant.relation, grant.prefix.clone());
        let ascending = grants.is_sorted_by(|one, next| place(one) < place(next));
        require(ascending, AccessError::NotAscending)?;
        Ok(Client { key, kind, lifetime, transitions, grants })
    }

    fn grant(&mut self) -> Result<Grant, AccessError> {
        let relation = RelationId(self.u16()?);
        let access = self.u8()?;
        require((1..=3).contains(&access), AccessError::UnknownAccess)?;
        let access = Access { read: access & 1 != 0, write: access & 2 != 0 };
        let len = usize::from(self.u16()?);
        require(len <= KEY_LEN_MAX, AccessError::PrefixTooLong)?;
        Ok(Grant { relation, access, prefix: self.take(len)?.to_vec() })
    }
}
