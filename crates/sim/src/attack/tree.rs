//! Lies about the tree: nodes with other hashes, paths and flags, and keys that are there twice.

use super::{Attack, Fate, away_where, is_leaf};
use crate::host::{Away, Host, Place, Trouble};
use crate::owned_record::OwnedRecord;
use zeta_verifier::{Direction, Entry, Link, Path, Pointer, Primitives, Reason, SlotId};

const HASH: Fate = Fate::Rejected(&[Reason::HashMismatch]);
pub(super) fn all<P: Primitives>() -> Vec<Attack<P>> {
    let attack = Attack::new;
    let mut attacks = vec![
        attack("node_hash_in_tree", "a node's pointer gets another hash", &[HASH], |host| {
            change_node(host, in_tree, |link| link.hash[0] ^= 1)
        }),
        attack("node_flag_in_tree", "a node's pointer gets another flag", &[HASH], |host| {
            change_node(host, in_tree, |link| link.deferred = !link.deferred)
        }),
        attack("node_path_in_tree", "a node's pointer gets another path", &[HASH], |host| {
            change_node(host, in_tree, other_path)
        }),
        attack(
            "node_hash_deferred",
            "a deferred node's pointer gets another hash",
            &[Fate::Mismatch, HASH],
            |host| change_node(host, deferred_node, |link| link.hash[0] ^= 1),
        ),
        attack(
            "node_flag_deferred",
            "a deferred node's pointer gets another flag",
            &[Fate::Mismatch, Fate::Rejected(&[Reason::PointerDeferred])],
            |host| change_node(host, deferred_node, |link| link.deferred = !link.deferred),
        ),
        attack(
            "node_path_deferred",
            "a deferred node's pointer gets another path",
            &[Fate::Mismatch, Fate::Rejected(&[Reason::PointerElsewhere])],
            |host| change_node(host, deferred_node, other_path),
        ),
    ];
    attacks.extend(links_and_slots());
    attacks
}

fn links_and_slots<P: Primitives>() -> Vec<Attack<P>> {
    let attack = Attack::new;
    vec![
        attack(
            "add_twice",
            "a record in a slot is added through the tree once more",
            &[Fate::Rejected(&[Reason::ChildInStore])],
            add_twice,
        ),
        attack(
            "add_deferred_through_tree",
            "a deferred record is added through the tree, with the hash that stands there",
            &[Fate::Rejected(&[Reason::PointerDeferred])],
            add_deferred,
        ),
        attack(
            "claim_absent",
            "a key that has a value is added as new",
            &[Fate::Rejected(&[Reason::HashMismatch, Reason::PointerDeferred])],
            claim_absent,
        ),
        attack(
            "leave_before_child",
            "a node leaves while a record below it is in a slot",
            &[Fate::Rejected(&[Reason::ChildrenInStore])],
            leave_before_child,
        ),
        attack(
            "leave_below_other",
            "a record leaves into the tree below a node that does not point to it",
            &[Fate::Rejected(&[Reason::NotDescendant, Reason::PointerNotKey])],
            leave_below_other,
        ),
        attack(
            "defer_tree_record",
            "a record that came through the tree is let go as if deferred, its pointer left clear",
            &[Fate::Rejected(&[Reason::NotAddedFromDeferred])],
            defer_tree_record,
        ),
        attack(
            "evict_root",
            "the root is let go",
            &[Fate::Rejected(&[Reason::RootEvicted])],
            evict_root,
        ),
    ]
}

fn in_tree(away: &Away) -> bool {
    !is_leaf(away) && away.place == Place::Tree
}

fn deferred_node(away: &Away) -> bool {
    !is_leaf(away) && away.place != Place::Tree
}

/// Another leaf, by its last bit. A node is left alone: the host would look for one that is not.
fn other_path(link: &mut Link) {
    let mut bits = link.path.bits();
    bits[31] ^= 1;
    link.path = if link.path.is_leaf() { Path::leaf(&bits) } else { Path::ROOT };
}

fn change_node<P: Primitives>(
    host: &mut Host<P>,
    of: fn(&Away) -> bool,
    lie: fn(&mut Link),
) -> Result<bool, Trouble> {
    let paths = away_where(host, of);
    let Some(path) = host.random.pick(&paths).copied() else { return Ok(false) };
    let Some(Away { record: OwnedRecord::Node { node, .. }, .. }) = host.away.get_mut(&path) else {
        return Ok(false);
    };
    for side in [Direction::Left, Direction::Right] {
        if let Pointer::To(link) = node.pointer(side) {
            let mut forged = *link;
            lie(&mut forged);
            if forged.path.is_proper_descendant_of(&path) {
                node.set_pointer(side, Pointer::To(forged));
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A resident that came through the tree, with its slot and its parent's.
fn tree_resident<P: Primitives>(host: &mut Host<P>) -> Option<(u16, u16, u16)> {
    let found: Vec<(u16, u16, u16)> = host
        .residents()
        .into_iter()
        .filter_map(|(thread, slot)| {
            let (ancestor, _) = host.resident(thread, slot)?.parent?;
            Some((thread, slot, ancestor))
        })
        .collect();
    host.random.pick(&found).copied()
}

fn add_m<P: Primitives>(
    host: &mut Host<P>,
    (thread, slot, ancestor): (u16, u16, u16),
    record: &OwnedRecord,
) -> Result<(), Trouble> {
    let mut bytes = Vec::new();
    let record = record.borrowed(&mut bytes);
    let (slot, ancestor_slot) = (SlotId(slot), SlotId(ancestor));
    host.submit(thread, &Entry::AddM { slot, ancestor_slot, record }).map(|_| ())
}

fn empty_slot<P: Primitives>(host: &Host<P>, thread: u16) -> Option<u16> {
    let slots = &host.slots[usize::from(thread)];
    slots.iter().position(Option::is_none).map(|slot| slot as u16)
}

fn add_twice<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((thread, slot, ancestor)) = tree_resident(host) else { return Ok(false) };
    let Some(free) = empty_slot(host, thread) else { return Ok(false) };
    let record = host.resident(thread, slot).ok_or(Trouble::Stuck)?.record.clone();
    add_m(host, (thread, free, ancestor), &record)?;
    Ok(true)
}

/// A resident node of some thread that points to a record which is away, with that record.
fn away_below<P: Primitives>(
    host: &mut Host<P>,
    of: fn(&Away) -> bool,
) -> Option<((u16, u16, u16), Away)> {
    let mut found = Vec::new();
    for (thread, ancestor) in host.residents() {
        let Some(free) = empty_slot(host, thread) else { continue };
        let node = host.resident(thread, ancestor).and_then(|resident| resident.record.node());
        for side in [Direction::Left, Direction::Right] {
            if let Some(Pointer::To(link)) = node.map(|node| node.pointer(side))
                && let Some(away) = host.away.get(&link.path)
                && of(away)
            {
                found.push(((thread, free, ancestor), away.clone()));
            }
        }
    }
    host.random.pick(&found).cloned()
}

fn add_deferred<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((place, away)) = away_below(host, |away| away.place != Place::Tree) else {
        return Ok(false);
    };
    add_m(host, place, &away.record)?;
    Ok(true)
}

fn claim_absent<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((place, away)) = away_below(host, |away| away.record.value().is_some()) else {
        return Ok(false);
    };
    let OwnedRecord::App { key, .. } = away.record else { return Ok(false) };
    add_m(host, place, &OwnedRecord::null(&key))?;
    Ok(true)
}

fn leave_before_child<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((thread, _, slot)) = tree_resident(host) else { return Ok(false) };
    let resident = host.resident(thread, slot).ok_or(Trouble::Stuck)?;
    let timestamp = zeta_verifier::Timestamp::new(host.clock(thread).epoch(), u32::MAX);
    let (path, parent, slot) = (resident.path, resident.parent, SlotId(slot));
    if path.is_root() {
        return Ok(false);
    }
    let entry = match parent {
        Some((ancestor, _)) => Entry::EvictBM { slot, ancestor_slot: SlotId(ancestor), timestamp },
        None => Entry::EvictB { slot, timestamp },
    };
    host.submit(thread, &entry)?;
    Ok(true)
}

fn leave_below_other<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((thread, slot, ancestor)) = tree_resident(host) else { return Ok(false) };
    if !host.may_leave(thread, slot) {
        return Ok(false);
    }
    let mut others = host.residents();
    others.retain(|other| other.0 == thread && other.1 != ancestor);
    let Some((_, other)) = host.random.pick(&others).copied() else { return Ok(false) };
    let (slot, ancestor_slot) = (SlotId(slot), SlotId(other));
    host.submit(thread, &Entry::EvictM { slot, ancestor_slot })?;
    Ok(true)
}

fn defer_tree_record<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((thread, slot, _)) = tree_resident(host) else { return Ok(false) };
    if !host.may_leave(thread, slot) {
        return Ok(false);
    }
    let timestamp = zeta_verifier::Timestamp::new(host.clock(thread).epoch(), u32::MAX);
    host.submit(thread, &Entry::EvictB { slot: SlotId(slot), timestamp })?;
    Ok(true)
}

fn evict_root<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let timestamp = zeta_verifier::Timestamp::new(host.clock(0).epoch(), u32::MAX);
    host.submit(0, &Entry::EvictB { slot: SlotId(0), timestamp })?;
    Ok(true)
}
