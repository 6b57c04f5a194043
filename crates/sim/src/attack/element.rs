//! Lies about elements: when a record was let go, by whom, and how often it comes back.

use super::{Attack, Fate, away_where, is_deferred, is_deferred_leaf};
use crate::host::{Away, Host, Place, Trouble};
use crate::owned_record::OwnedRecord;
use zeta_verifier::{Entry, Path, Primitives, Reason, SlotId, ThreadId, Timestamp};

/// The forged record leaves into the tree while the true one is in a slot.
const SECOND: Fate = Fate::Rejected(&[Reason::ChildInStore]);

pub(super) fn all<P: Primitives>() -> Vec<Attack<P>> {
    let attack = Attack::new;
    let mut attacks = vec![
        attack(
            "fork_value",
            "one deferred record is added on two threads, which go on with it",
            &[Fate::Mismatch],
            fork,
        )
        .with_threads(2),
        attack(
            "duplicate_key",
            "one deferred record is added into two slots of a thread",
            &[Fate::Mismatch],
            duplicate,
        ),
        attack(
            "invent_record",
            "a record that was never let go is added as deferred",
            &[Fate::Mismatch, SECOND],
            invent,
        ),
        attack(
            "replay_element",
            "an element that was added before is added again, for the present one",
            &[Fate::Mismatch],
            replay,
        ),
        attack(
            "replay_closed_element",
            "an element of an epoch that the thread has closed",
            &[Fate::Rejected(&[Reason::AddToVerifiedEpoch])],
            replay_closed,
        ),
    ];
    attacks.extend(times_and_threads());
    attacks
}

fn times_and_threads<P: Primitives>() -> Vec<Attack<P>> {
    let attack = Attack::new;
    vec![
        attack(
            "skew_timestamp",
            "a deferred record comes back with another timestamp",
            &[Fate::Mismatch, Fate::Unanswered],
            skew,
        ),
        attack(
            "name_other_thread",
            "a deferred record comes back as let go by another thread",
            &[Fate::Mismatch, Fate::Unanswered],
            name_other_thread,
        )
        .with_threads(2),
        attack(
            "name_no_thread",
            "a deferred record comes back as let go by a thread that does not exist",
            &[Fate::Rejected(&[Reason::ThreadOutOfRange])],
            name_no_thread,
        ),
        attack(
            "reuse_timestamp",
            "a record is let go at the thread's clock, which another may have used",
            &[Fate::Rejected(&[Reason::EvictNotAfterClock])],
            reuse_timestamp,
        ),
        attack(
            "early_add",
            "a thread adds a record that another thread still holds, as if it were let go later",
            &[Fate::Unanswered],
            early_add,
        )
        .with_threads(2),
        attack(
            "early_own_add",
            "a thread adds a record that it still holds, as if it were let go later",
            &[Fate::Mismatch, SECOND],
            early_own_add,
        ),
        attack(
            "keep_back",
            "every thread closes an epoch from which a record is still deferred",
            &[Fate::Mismatch, Fate::Rejected(&[Reason::AddToVerifiedEpoch])],
            keep_back,
        ),
    ]
}

fn pick<P: Primitives>(host: &mut Host<P>, of: fn(&Away) -> bool) -> Option<(Path, Away)> {
    let path = *host.random.pick(&away_where(host, of))?;
    let away = host.away.get(&path)?.clone();
    Some((path, away))
}

fn fork<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((path, away)) = pick(host, is_deferred_leaf) else { return Ok(false) };
    let one = host.any_thread();
    let other = (one + 1) % host.threads();
    let slots = (host.free_slot(one)?, host.free_slot(other)?);
    host.add_b(one, slots.0, &path, &away)?;
    host.add_b(other, slots.1, &path, &away)?;
    Ok(true)
}

fn duplicate<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((path, away)) = pick(host, is_deferred_leaf) else { return Ok(false) };
    let thread = host.any_thread();
    for _ in 0..2 {
        let slot = host.free_slot(thread)?;
        host.add_b(thread, slot, &path, &away)?;
    }
    Ok(true)
}

fn invent<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let thread = host.any_thread();
    let slot = host.free_slot(thread)?;
    let record = OwnedRecord::some(b"a", b"lie");
    let path = record.path(&host.primitives);
    let timestamp = host.clock(thread);
    if timestamp.counter() == 0 {
        return Ok(false);
    }
    // Not later than the clock, so that the timestamp names no eviction that may yet come.
    let away = Away { record, place: Place::Deferred { thread, timestamp } };
    host.add_b(thread, slot, &path, &away)?;
    Ok(true)
}

/// Puts a past state of a deferred record, with its own timestamp, in place of the present one.
fn replay<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((path, now)) = pick(host, is_deferred_leaf) else { return Ok(false) };
    let open = (0..host.threads()).map(|thread| host.next_epoch(thread)).max().unwrap_or_default();
    let mut past = past_of(host, &path);
    past.retain(|old| {
        old.place != now.place
            && matches!(old.place, Place::Deferred { timestamp, .. } if timestamp.epoch() >= open)
    });
    let Some(old) = host.random.pick(&past).cloned() else { return Ok(false) };
    host.away.insert(path, old);
    Ok(true)
}

fn past_of<P: Primitives>(host: &Host<P>, path: &Path) -> Vec<Away> {
    let same = |away: &&Away| away.record.path(&host.primitives) == *path;
    host.past.iter().filter(same).cloned().collect()
}

fn replay_closed<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let thread = host.any_thread();
    let closed = host.next_epoch(thread);
    let mut past = host.past.clone();
    past.retain(
        |old| matches!(old.place, Place::Deferred { timestamp, .. } if timestamp.epoch() < closed),
    );
    let Some(old) = host.random.pick(&past).cloned() else { return Ok(false) };
    let path = old.record.path(&host.primitives);
    let slot = host.free_slot(thread)?;
    host.add_b(thread, slot, &path, &old)?;
    Ok(true)
}

fn set_place<P: Primitives>(host: &mut Host<P>, path: &Path, place: Place) {
    if let Some(away) = host.away.get_mut(path) {
        away.place = place;
    }
}

fn skew<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((path, away)) = pick(host, is_deferred) else { return Ok(false) };
    let Place::Deferred { thread, timestamp } = away.place else { return Ok(false) };
    let earlier = host.random.chance(50);
    let counter = if earlier { timestamp.counter() - 1 } else { timestamp.counter() + 1 };
    let timestamp = Timestamp::new(timestamp.epoch(), counter);
    set_place(host, &path, Place::Deferred { thread, timestamp });
    Ok(true)
}

fn name_other_thread<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((path, away)) = pick(host, is_deferred) else { return Ok(false) };
    let Place::Deferred { thread, timestamp } = away.place else { return Ok(false) };
    let thread = (thread + 1) % host.threads();
    set_place(host, &path, Place::Deferred { thread, timestamp });
    Ok(true)
}

fn name_no_thread<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((path, away)) = pick(host, is_deferred) else { return Ok(false) };
    let Place::Deferred { timestamp, .. } = away.place else { return Ok(false) };
    let thread = host.threads();
    set_place(host, &path, Place::Deferred { thread, timestamp });
    Ok(true)
}

fn reuse_timestamp<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((thread, slot)) = free_to_leave(host) else { return Ok(false) };
    let timestamp = host.clock(thread);
    let resident = host.resident(thread, slot).ok_or(Trouble::Stuck)?;
    let slot = SlotId(slot);
    let entry = match resident.parent {
        Some((ancestor, _)) => Entry::EvictBM { slot, ancestor_slot: SlotId(ancestor), timestamp },
        None => Entry::EvictB { slot, timestamp },
    };
    host.submit(thread, &entry)?;
    Ok(true)
}

fn free_to_leave<P: Primitives>(host: &mut Host<P>) -> Option<(u16, u16)> {
    let mut slots = host.residents();
    slots.retain(|(thread, slot)| host.may_leave(*thread, *slot));
    host.random.pick(&slots).copied()
}

/// The record as the host knows it need not be what the slot holds; early is early all the same.
fn early_add<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((owner, slot)) = free_to_leave(host) else { return Ok(false) };
    let resident = host.resident(owner, slot).ok_or(Trouble::Stuck)?.clone();
    let thread = (owner + 1) % host.threads();
    let timestamp = after(host.clock(owner));
    let free = host.free_slot(thread)?;
    let away =
        Away { record: resident.record, place: Place::Deferred { thread: owner, timestamp } };
    host.add_b(thread, free, &resident.path, &away)?;
    Ok(true)
}

/// Of its own elements a thread publishes nothing: adding one raises the clock past it instead.
fn early_own_add<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let Some((thread, slot)) = free_to_leave(host) else { return Ok(false) };
    let resident = host.resident(thread, slot).ok_or(Trouble::Stuck)?.clone();
    if resident.record.node().is_some() {
        return Ok(false);
    }
    let timestamp = after(host.clock(thread));
    let free = host.free_slot(thread)?;
    let away = Away { record: resident.record, place: Place::Deferred { thread, timestamp } };
    let mut bytes = Vec::new();
    let record = away.record.borrowed(&mut bytes);
    let entry = Entry::AddB { slot: SlotId(free), thread: ThreadId(thread), timestamp, record };
    host.submit(thread, &entry)?;
    // The slot is taken, whatever the host does with it later.
    host.slots[usize::from(thread)][usize::from(free)] = Some(crate::host::Resident {
        path: resident.path,
        record: away.record,
        added: zeta_verifier::decide::AddMethod::Deferred,
        parent: None,
    });
    Ok(true)
}

fn after(clock: Timestamp) -> Timestamp {
    Timestamp::new(clock.epoch(), clock.counter() + 1)
}

fn keep_back<P: Primitives>(host: &mut Host<P>) -> Result<bool, Trouble> {
    let epoch = host.open_epoch();
    let is_due = |away: &Away| match away.place {
        Place::Deferred { timestamp, .. } => timestamp.epoch() == epoch,
        Place::Tree => false,
    };
    let due = host.away.values().any(is_due);
    if !due {
        return Ok(false);
    }
    for thread in 0..host.threads() {
        while host.clock(thread).epoch() <= epoch {
            host.submit(thread, &Entry::NextEpoch)?;
        }
    }
    for thread in 0..host.threads() {
        while host.next_epoch(thread) <= epoch {
            host.submit(thread, &Entry::VerifyEpoch)?;
        }
    }
    Ok(true)
}
