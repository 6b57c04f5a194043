//! Nodes of the host's tree: what the verifier's nodes hold, and where the children are.

use zeta_verifier::{Direction, Hash, Node, Path, Pointer};

/// No slot.
pub(crate) const NO_SLOT: u16 = u16::MAX;

/// What lies below a node on one side.
#[derive(Clone, Copy)]
pub(crate) enum Child {
    Nothing,
    /// A record's leaf.
    Leaf,
    /// Another node, by its number.
    Node(u32),
}

/// One side of a node: the pointer as the verifier has it, and the host's own link.
#[derive(Clone, Copy)]
pub(crate) struct Link {
    pub(crate) path: Path,
    pub(crate) hash: Hash,
    pub(crate) child: Child,
    pub(crate) deferred: bool,
    /// The hash will be known when the verifier has answered.
    pub(crate) pending: bool,
}

pub(crate) struct TreeNode {
    links: [Link; 2],
    /// Length of the node's path.
    pub(crate) len: u16,
    pub(crate) slot: u16,
}

impl Link {
    const EMPTY: Self = Self {
        path: Path::ROOT,
        hash: [0; 32],
        child: Child::Nothing,
        deferred: false,
        pending: false,
    };

    pub(crate) fn new(path: Path, child: Child) -> Self {
        Self { path, child, ..Self::EMPTY }
    }

    fn pointer(&self) -> Pointer {
        match self.child {
            Child::Nothing => Pointer::Empty,
            Child::Leaf | Child::Node(_) => Pointer::To(zeta_verifier::Link {
                path: self.path,
                hash: self.hash,
                deferred: self.deferred,
            }),
        }
    }

    /// The host's link for a pointer of an adopted tree.
    pub(crate) fn adopted(pointer: &Pointer, child: Child) -> Self {
        match pointer {
            Pointer::Empty => Self::EMPTY,
            Pointer::To(to) => {
                Self { path: to.path, hash: to.hash, child, deferred: to.deferred, pending: false }
            }
        }
    }
}

impl TreeNode {
    pub(crate) fn new(len: u16) -> Self {
        Self { links: [Link::EMPTY; 2], len, slot: NO_SLOT }
    }

    #[inline(always)]
    pub(crate) fn link(&self, side: Direction) -> &Link {
        &self.links[usize::from(side == Direction::Right)]
    }

    #[inline(always)]
    pub(crate) fn link_mut(&mut self, side: Direction) -> &mut Link {
        &mut self.links[usize::from(side == Direction::Right)]
    }

    /// Whether a hash in it is not known yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.links[0].pending || self.links[1].pending
    }

    /// The value that the verifier has, or had when it let the node go.
    pub(crate) fn value(&self) -> Node {
        Node { left: self.links[0].pointer(), right: self.links[1].pointer() }
    }
}
