//! Lies in the log itself: slots, order, entries that are cut, left out or doubled.
//!
//! The arguments of an operation are left alone: in the embedded mode they are the host's own.

use super::{ANY, Attack, Fate};
use crate::host::{Host, Tamper, Trouble};
use crate::random::Random;
use zeta_verifier::{Entry, Primitives, Reason, SlotId, Timestamp};

const RUN_APP: u8 = 8;
const EVICTIONS: [u8; 3] = [3, 4, 5];
const EPOCHS: [u8; 2] = [6, 7];

pub(super) fn all<P: Primitives>() -> Vec<Attack<P>> {
    let attack = Attack::new;
    let mut attacks = vec![
        attack(
            "wrong_slot",
            "an operation is given another slot than its record's",
            &[Fate::Rejected(&[
                Reason::SlotKeyMismatch,
                Reason::SlotEmpty,
                Reason::SlotOutOfRange,
            ])],
            |host| tamper(host, wrong_slot),
        ),
        attack(
            "slot_too_many",
            "an operation is given a slot more than it needs",
            &[Fate::Rejected(&[Reason::SlotUnused])],
            |host| tamper(host, slot_too_many),
        ),
        attack(
            "slot_too_few",
            "an operation is given no slot",
            &[Fate::Rejected(&[Reason::SlotNotListed])],
            |host| tamper(host, no_slot),
        ),
    ];
    attacks.extend(order_and_length());
    attacks
}

fn order_and_length<P: Primitives>() -> Vec<Attack<P>> {
    let attack = Attack::new;
    vec![
        attack(
            "cut_entry",
            "the log ends in the middle of an entry",
            &[Fate::Rejected(&[Reason::Truncated])],
            |host| tamper(host, cut),
        ),
        attack(
            "add_twice_in_log",
            "an add stands in the log twice",
            &[Fate::Rejected(&[Reason::SlotOccupied])],
            |host| tamper(host, |log, _| double(log, |tag| tag == 1 || tag == 2)),
        ),
        attack(
            "evict_twice_in_log",
            "an eviction stands in the log twice",
            &[Fate::Rejected(&[Reason::SlotEmpty])],
            |host| tamper(host, |log, _| double(log, |tag| EVICTIONS.contains(&tag))),
        ),
        attack(
            "leave_out_add",
            "an add is left out of the log",
            &[Fate::Rejected(&[Reason::SlotEmpty, Reason::AncestorEmpty]), Fate::Mismatch],
            |host| tamper(host, |log, _| leave_out(log, |tag| tag == 1 || tag == 2)),
        ),
        attack(
            "leave_out_eviction",
            "an eviction is left out of the log: its value and hash are not known then",
            &[Fate::Unanswered],
            |host| tamper(host, |log, _| leave_out(log, |tag| EVICTIONS.contains(&tag))),
        ),
        attack(
            "leave_out_epoch",
            "a turn or a close of an epoch is left out: it is made later",
            &[Fate::Harmless],
            |host| tamper(host, |log, _| leave_out(log, |tag| EPOCHS.contains(&tag))),
        ),
        attack(
            "reorder",
            "an eviction stands before the add of its record",
            &[Fate::Rejected(&[Reason::SlotEmpty])],
            reorder,
        ),
        attack(
            "close_too_early",
            "a thread closes the epoch in which its clock stands",
            &[Fate::Rejected(&[Reason::EpochNotPassed])],
            close_too_early,
        ),
        attack("flip_bit", "one bit of an entry that is no operation is flipped", ANY, |host| {
            tamper(host, flip_bit)
        }),
    ]
}

fn tamper<P: Primitives>(host: &mut Host<P>, tamper: Tamper) -> Result<bool, Trouble> {
    host.tamper = Some(tamper);
    Ok(true)
}

/// A RunApp ends in its slots, two bytes each, after their count.
#[expect(clippy::ptr_arg, reason = "it is a `Tamper`")]
fn wrong_slot(log: &mut Vec<u8>, random: &mut Random) -> bool {
    if log[0] != RUN_APP {
        return false;
    }
    let last = log.len() - 2;
    let slot = u16::from_le_bytes([log[last], log[last + 1]]);
    let wrong = (slot + 1 + random.below(5) as u16).to_le_bytes();
    log[last..].copy_from_slice(&wrong);
    true
}

/// Where the count of the slots stands in an operation of one key.
fn count_place(log: &[u8]) -> Option<usize> {
    match Entry::decode(log) {
        Ok((Entry::RunApp(run), [])) if run.slots.len() == 1 => log.len().checked_sub(4),
        _ => None,
    }
}

fn slot_too_many(log: &mut Vec<u8>, _: &mut Random) -> bool {
    let Some(place) = count_place(log) else { return false };
    log[place] = 2;
    log.extend([0, 0]);
    true
}

fn no_slot(log: &mut Vec<u8>, _: &mut Random) -> bool {
    let Some(place) = count_place(log) else { return false };
    log[place] = 0;
    log.truncate(place + 2);
    true
}

fn cut(log: &mut Vec<u8>, random: &mut Random) -> bool {
    let len = log.len();
    log.truncate(1 + random.below(len));
    log.len() < len
}

fn double(log: &mut Vec<u8>, wanted: fn(u8) -> bool) -> bool {
    let is_wanted = wanted(log[0]);
    if is_wanted {
        log.extend_from_within(..);
    }
    is_wanted
}

fn leave_out(log: &mut Vec<u8>, wanted: fn(u8) -> bool) -> bool {
    let is_wanted = wanted(log[0]);
    if is_wanted {
        log.clear();
    }
    is_wanted
}

#[expect(clippy::ptr_arg, reason = "it is a `Tamper`")]
fn flip_bit(log: &mut Vec<u8>, random: &mut Random) -> bool {
    if log[0] == RUN_APP {
        return false;
    }
    let place = random.below(log.len());
    let old = log[place];
    log[place] ^= 1 << random.below(8);
    // A flip that makes it an operation would be one of the host's own.
    if log[0] == RUN_APP {
        log[place] = old;
    }
    log[place] != old
}

fn reorder<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let thread = host.any_thread();
    let slot = host.free_slot(thread)?;
    let timestamp = Timestamp::new(host.clock(thread).epoch(), u32::MAX);
    host.submit(thread, &Entry::EvictB { slot: SlotId(slot), timestamp })?;
    Ok(true)
}

fn close_too_early<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let thread = host.any_thread();
    if host.clock(thread).epoch() != host.next_epoch(thread) {
        return Ok(false);
    }
    host.submit(thread, &Entry::VerifyEpoch)?;
    Ok(true)
}
