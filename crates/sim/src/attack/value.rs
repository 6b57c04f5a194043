//! Lies about values: what the host stores is not what was written.

use super::{Attack, Fate, away_where, is_deferred_leaf, is_leaf};
use crate::host::{Away, Host, Place, Trouble};
use crate::operation::Bytes;
use crate::owned_record::OwnedRecord;
use zeta_verifier::{Path, Primitives, Reason};

const HASH: Fate = Fate::Rejected(&[Reason::HashMismatch]);

pub(super) fn all<P: Primitives>() -> Vec<Attack<P>> {
    let attack = Attack::new;
    vec![
        attack(
            "change_deferred_value",
            "a deferred record comes back with another value",
            &[Fate::Mismatch],
            |host| change(host, is_deferred_leaf),
        ),
        attack(
            "change_tree_value",
            "a record in the tree comes back with another value",
            &[HASH],
            |host| change(host, |away| is_leaf(away) && away.place == Place::Tree),
        ),
        attack(
            "roll_back_deferred",
            "a deferred record comes back with a value that it once had",
            &[Fate::Mismatch],
            |host| roll_back(host, is_deferred_leaf),
        ),
        attack(
            "roll_back_tree",
            "a record in the tree comes back with a value that it once had",
            &[HASH],
            |host| roll_back(host, |away| is_leaf(away) && away.place == Place::Tree),
        ),
        attack(
            "drop_write",
            "a record is stored as it was before the last write",
            &[Fate::Mismatch, HASH],
            drop_write,
        ),
        attack(
            "swap_values",
            "two deferred records with values of one length swap them",
            &[Fate::Mismatch],
            swap_values,
        ),
        attack(
            "xor_balance",
            "deferred values are changed by masks that XOR to zero",
            &[Fate::Mismatch],
            |host| balance(host, xor_masks),
        ),
        attack(
            "sum_balance",
            "deferred values are changed by numbers that add to zero",
            &[Fate::Mismatch],
            |host| balance(host, opposite_steps),
        ),
        attack(
            "delete_deferred",
            "a deferred record comes back as null",
            &[Fate::Mismatch],
            |host| delete(host, is_deferred_leaf),
        ),
        attack("delete_in_tree", "a record in the tree comes back as null", &[HASH], |host| {
            delete(host, |away| is_leaf(away) && away.place == Place::Tree)
        }),
    ]
}

fn set_value<P: Primitives>(host: &mut Host<P>, path: &Path, new: Option<Bytes>) {
    if let Some(Away { record: OwnedRecord::App { value, .. }, .. }) = host.away.get_mut(path) {
        *value = new;
    }
}

fn value_of<P: Primitives>(host: &Host<P>, path: &Path) -> Option<Bytes> {
    host.away.get(path).and_then(|away| away.record.value().cloned())
}

fn change<P: Primitives>(host: &mut Host<P>, of: fn(&Away) -> bool) -> Result<bool, Trouble> {
    let Some(path) = host.random.pick(&away_where(host, of)).copied() else { return Ok(false) };
    set_value(host, &path, Some(b"lie".to_vec()));
    Ok(true)
}

fn delete<P: Primitives>(host: &mut Host<P>, of: fn(&Away) -> bool) -> Result<bool, Trouble> {
    let mut paths = away_where(host, of);
    paths.retain(|path| value_of(host, path).is_some());
    let Some(path) = host.random.pick(&paths).copied() else { return Ok(false) };
    set_value(host, &path, None);
    Ok(true)
}

fn roll_back<P: Primitives>(host: &mut Host<P>, of: fn(&Away) -> bool) -> Result<bool, Trouble> {
    let mut choices = Vec::new();
    for path in away_where(host, of) {
        let now = value_of(host, &path);
        for past in &host.past {
            if past.record.path(&host.primitives) == path && past.record.value() != now.as_ref() {
                choices.push((path, past.record.value().cloned()));
            }
        }
    }
    let Some((path, value)) = host.random.pick(&choices).cloned() else { return Ok(false) };
    set_value(host, &path, value);
    Ok(true)
}

/// Lets a record go; where it was written since it came, its old value is kept instead.
fn drop_write<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let mut slots = host.residents();
    slots.retain(|(thread, slot)| host.may_leave(*thread, *slot));
    let Some((thread, slot)) = host.random.pick(&slots).copied() else { return Ok(false) };
    let Some(resident) = host.resident(thread, slot).cloned() else { return Ok(false) };
    host.evict(thread, slot)?;
    let old = resident.record.value().cloned();
    let is_written = value_of(host, &resident.path) != old;
    if is_written {
        set_value(host, &resident.path, old);
    }
    Ok(is_written)
}

/// Deferred records that have values of one length, and of one epoch.
fn deferred_values<P: Primitives>(host: &Host<P>) -> Vec<(Path, Bytes)> {
    let epoch = |path: &Path| match host.away.get(path).map(|away| away.place) {
        Some(Place::Deferred { timestamp, .. }) => Some(timestamp.epoch()),
        _ => None,
    };
    let paths = away_where(host, is_deferred_leaf);
    let values = paths.into_iter().filter_map(|path| Some((path, value_of(host, &path)?)));
    let mut values: Vec<(Path, Bytes)> = values.filter(|(_, value)| value.len() == 3).collect();
    if let Some(first) = values.first().map(|(path, _)| epoch(path)) {
        values.retain(|(path, _)| epoch(path) == first);
    }
    values
}

fn swap_values<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let values = deferred_values(host);
    let [(one, value), .., (other, other_value)] = values.as_slice() else { return Ok(false) };
    if value == other_value {
        return Ok(false);
    }
    set_value(host, one, Some(other_value.clone()));
    set_value(host, other, Some(value.clone()));
    Ok(true)
}

/// Gives a new value for each, from a number that is drawn.
type Masks = fn(&[(Path, Bytes)], u8) -> Vec<Bytes>;

/// Changes every deferred value, where there are at least two, by what `masks` gives for it.
fn balance<P: Primitives>(host: &mut Host<P>, masks: Masks) -> Result<bool, Trouble> {
    let values = deferred_values(host);
    if values.len() < 2 {
        return Ok(false);
    }
    let seed = 1 + host.random.below(7) as u8;
    for ((path, _), changed) in values.iter().zip(masks(&values, seed)) {
        set_value(host, path, Some(changed));
    }
    Ok(true)
}

/// Every value XOR a mask; the last mask is the XOR of the others.
fn xor_masks(values: &[(Path, Bytes)], seed: u8) -> Vec<Bytes> {
    let last = values.len() - 1;
    let mut total = 0;
    let mut changed = Vec::new();
    for (index, (_, value)) in values.iter().enumerate() {
        // A mask that is not zero, and not the XOR of those before it: no value stays itself.
        let mask = if index == last { total } else { seed << (index % 4) };
        total ^= mask;
        let mut bytes = value.clone();
        bytes[2] ^= mask;
        changed.push(bytes);
    }
    changed
}

/// The first value plus a number, the second minus it, read as one byte that does not overflow.
fn opposite_steps(values: &[(Path, Bytes)], seed: u8) -> Vec<Bytes> {
    let mut changed: Vec<Bytes> = values.iter().map(|(_, value)| value.clone()).collect();
    changed[0][2] += seed;
    changed[1][2] -= seed;
    changed
}
