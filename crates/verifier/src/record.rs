//! Records: an application's key and value, or a node of the tree.

use crate::ids::Direction;
use crate::path::Path;
use zeta_program::RelationId;

/// A digest of 256 bits.
pub type Hash = [u8; 32];

/// What a node knows of the nearest node or leaf below it on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    Empty,
    To(Link),
}

impl Pointer {
    #[must_use]
    pub fn link(&self) -> Option<Link> {
        match self {
            Self::Empty => None,
            Self::To(link) => Some(*link),
        }
    }
}

/// A pointer that points somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub path: Path,
    /// Of the descendant's value when it last left through the tree; stale while it is out.
    pub hash: Hash,
    /// The descendant is protected by deferred checking, not by this hash.
    pub deferred: bool,
}

/// The value of a node of the sparse tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub left: Pointer,
    pub right: Pointer,
}

impl Node {
    pub const EMPTY: Self = Self { left: Pointer::Empty, right: Pointer::Empty };

    #[must_use]
    pub fn pointer(&self, direction: Direction) -> &Pointer {
        match direction {
            Direction::Left => &self.left,
            Direction::Right => &self.right,
        }
    }

    pub fn set_pointer(&mut self, direction: Direction, pointer: Pointer) {
        match direction {
            Direction::Left => self.left = pointer,
            Direction::Right => self.right = pointer,
        }
    }
}

/// A record as it stands in a log: key and value together, so that the two always pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    Node {
        path: Path,
        /// The node's canonical encoding, already checked: decoded only where it is needed.
        node: &'a [u8],
    },
    App {
        relation: RelationId,
        key: &'a [u8],
        /// `None` is the null record: the key is absent.
        value: Option<&'a [u8]>,
    },
}
