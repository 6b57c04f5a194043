//! The hashes of the tree: where a key lies, and what a value is.

use crate::log_entry::encode_node;
use crate::path::Path;
use crate::primitives::Primitives;
use crate::record::{Hash, Node};
use alloc::vec::Vec;
use zeta_program::RelationId;

/// Domains of the unkeyed hash; receipts use 0x00 and 0x01, as RFC 9162 does.
const DOMAIN_LEAF: u8 = 0x10;
const DOMAIN_NULL: u8 = 0x11;
const DOMAIN_SOME: u8 = 0x12;
const DOMAIN_NODE: u8 = 0x13;

/// The leaf of a record: a hash of its relation and key, never the key itself, so that nobody can
/// choose how long its path is.
pub fn leaf_path<P: Primitives>(primitives: &P, relation: RelationId, key: &[u8]) -> Path {
    Path::leaf(&primitives.hash(DOMAIN_LEAF, &[&relation.0.to_le_bytes(), key]))
}

/// The hash that the tree holds of an application's value.
pub fn value_hash<P: Primitives>(primitives: &P, value: Option<&[u8]>) -> Hash {
    match value {
        None => primitives.hash(DOMAIN_NULL, &[]),
        Some(value) => primitives.hash(DOMAIN_SOME, &[value]),
    }
}

/// The hash that the tree holds of a node, from its encoding.
pub(crate) fn encoded_node_hash<P: Primitives>(primitives: &P, node: &[u8]) -> Hash {
    primitives.hash(DOMAIN_NODE, &[node])
}

/// The hash that the tree holds of a node.
pub fn node_hash<P: Primitives>(primitives: &P, node: &Node) -> Hash {
    let mut bytes = Vec::new();
    encode_node(node, &mut bytes);
    encoded_node_hash(primitives, &bytes)
}
