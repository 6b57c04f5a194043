//! A record that the host keeps: what `zeta_verifier::Record` borrows.

use crate::operation::Bytes;
use zeta_verifier::{
    EvictedValue, Hash, Node, Path, Primitives, Record, RelationId, decode_node, encode_node,
    leaf_path, node_hash, value_hash,
};

/// The key-value application has one relation.
pub const RELATION: RelationId = RelationId(0);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedRecord {
    App { key: Bytes, value: Option<Bytes> },
    Node { path: Path, node: Node },
}

impl OwnedRecord {
    #[must_use]
    pub fn null(key: &[u8]) -> Self {
        Self::App { key: key.to_vec(), value: None }
    }

    #[must_use]
    pub fn some(key: &[u8], value: &[u8]) -> Self {
        Self::App { key: key.to_vec(), value: Some(value.to_vec()) }
    }

    /// The record as an entry holds it; `bytes` is memory for a node's encoding.
    pub fn borrowed<'a>(&'a self, bytes: &'a mut Vec<u8>) -> Record<'a> {
        match self {
            Self::App { key, value } => {
                Record::App { relation: RELATION, key, value: value.as_deref() }
            }
            Self::Node { path, node } => {
                bytes.clear();
                encode_node(node, bytes);
                Record::Node { path: *path, node: bytes }
            }
        }
    }

    #[must_use]
    pub fn path<P: Primitives>(&self, primitives: &P) -> Path {
        match self {
            Self::App { key, .. } => leaf_path(primitives, RELATION, key),
            Self::Node { path, .. } => *path,
        }
    }

    /// The hash that the tree holds of it.
    #[must_use]
    pub fn hash<P: Primitives>(&self, primitives: &P) -> Hash {
        match self {
            Self::App { value, .. } => value_hash(primitives, value.as_deref()),
            Self::Node { node, .. } => node_hash(primitives, node),
        }
    }

    #[must_use]
    pub fn node(&self) -> Option<&Node> {
        match self {
            Self::App { .. } => None,
            Self::Node { node, .. } => Some(node),
        }
    }

    #[must_use]
    pub fn value(&self) -> Option<&Bytes> {
        match self {
            Self::App { value, .. } => value.as_ref(),
            Self::Node { .. } => None,
        }
    }

    /// Takes over the value with which the verifier let the record go.
    pub fn take_evicted(&mut self, evicted: EvictedValue<'_>) {
        match (self, evicted) {
            (Self::App { value, .. }, EvictedValue::Null) => *value = None,
            (Self::App { value, .. }, EvictedValue::Some(bytes)) => *value = Some(bytes.to_vec()),
            (Self::Node { node, .. }, EvictedValue::Node(bytes)) => {
                *node = decode_node(bytes).expect("the verifier wrote this node");
            }
            _ => {}
        }
    }
}
