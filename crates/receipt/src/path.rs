//! Paths in a tree of receipts (RFC 9162): made from all leaves, and walked from one of them.

use crate::require;
use alloc::vec::Vec;
use zeta_session::{Frontier, Hash, inner_hash};

/// These hashes are no path of a leaf at this index in a tree of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPath;

/// The root to which the path of the leaf at `index` in a tree of `count` leads
/// (RFC 9162, section 2.1.3.2).
pub fn root_of_path(leaf: &Hash, index: u64, count: u64, path: &[Hash]) -> Result<Hash, NotAPath> {
    require(index < count, NotAPath)?;
    let (mut at, mut last) = (index, count.saturating_sub(1));
    let mut hash = *leaf;
    for sibling in path {
        require(last != 0, NotAPath)?;
        if at & 1 == 1 || at == last {
            hash = inner_hash(sibling, &hash);
            // A last leaf that is a left child has no sibling at this height, nor above it until
            // it is a right child.
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = inner_hash(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    require(last == 0, NotAPath)?;
    Ok(hash)
}

/// The path of the leaf at `index`, from the leaf upward; empty where there is no such leaf.
#[must_use]
pub fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    let mut path = Vec::new();
    let (mut rest, mut at) = (leaves, index);
    while rest.len() > 1 && at < rest.len() {
        let (left, right) = rest.split_at(rest.len().next_power_of_two() >> 1);
        let goes_left = at < left.len();
        path.push(root(if goes_left { right } else { left }));
        at = if goes_left { at } else { at.saturating_sub(left.len()) };
        rest = if goes_left { left } else { right };
    }
    path.reverse();
    path
}

fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u8) -> Vec<Hash> {
        (0..count).map(|number| [number; 32]).collect()
    }

    #[test]
    fn every_leaf_has_one_path() {
        for count in 1..40_u8 {
            let leaves = leaves(count);
            let size = u64::from(count);
            for index in 0..leaves.len() {
                let way = path(&leaves, index);
                let walk = |at: usize, size| root_of_path(&leaves[index], at as u64, size, &way);
                assert_eq!(walk(index, size), Ok(root(&leaves)));
                for other in (0..leaves.len() + 2).filter(|other| *other != index) {
                    assert_ne!(walk(other, size), Ok(root(&leaves)), "{index} as {other}");
                }
                let mut longer = way.clone();
                longer.push([9; 32]);
                assert_eq!(
                    root_of_path(&leaves[index], index as u64, size, &longer),
                    Err(NotAPath)
                );
                let shorter = way.split_last().map_or(&[][..], |(_, shorter)| shorter);
                let walked = root_of_path(&leaves[index], index as u64, size, shorter);
                assert!(way.is_empty() || walked.is_err());
            }
        }
    }

    #[test]
    fn a_tree_of_no_leaves_has_no_path() {
        assert_eq!(root_of_path(&[0; 32], 0, 0, &[]), Err(NotAPath));
        assert_eq!(path(&[], 0), [[0; 32]; 0]);
        assert_eq!(path(&leaves(3), 3), [[0; 32]; 0]);
    }
}
