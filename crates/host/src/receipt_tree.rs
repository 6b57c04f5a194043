//! A tree of receipts with all its levels, so that a path takes no hashing.

use zeta_session::{Frontier, Hash, inner_hash};

/// From the leaves up to the root; a last node without a sibling is its own parent, which gives the
/// shape of RFC 9162.
pub(crate) struct ReceiptTree(Vec<Vec<Hash>>);

impl ReceiptTree {
    pub(crate) fn new(leaves: Vec<Hash>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => inner_hash(left, right),
                _ => pair[0],
            });
            let above = above.collect();
            levels.push(above);
        }
        Self(levels)
    }

    /// Number of leaves.
    pub(crate) fn len(&self) -> usize {
        self.0[0].len()
    }

    pub(crate) fn root(&self) -> Hash {
        let top = self.0.last().and_then(|level| level.first());
        top.copied().unwrap_or_else(|| Frontier::default().root())
    }

    /// The path of the leaf at `index`, which must be there.
    pub(crate) fn path(&self, index: usize) -> Vec<Hash> {
        let siblings = self.0.iter().enumerate();
        siblings.filter_map(|(height, level)| level.get((index >> height) ^ 1).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_root_are_those_that_clients_check() {
        for count in 0..70_u8 {
            let leaves: Vec<Hash> = (0..count).map(|number| [number; 32]).collect();
            let tree = ReceiptTree::new(leaves.clone());
            let mut frontier = Frontier::default();
            leaves.iter().for_each(|leaf| frontier.push(*leaf));
            assert_eq!(tree.root(), frontier.root());
            for index in 0..leaves.len() {
                assert_eq!(tree.path(index), zeta_receipt::path(&leaves, index), "{index}");
            }
        }
    }
}
