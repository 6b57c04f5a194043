//! The entries that a worker writes by the million, encoded a few fields at a time.
//!
//! The bytes are those of the verifier's own codec: the tests hold one against the other.

use crate::record::Record;
use zeta_verifier::Timestamp;

const ADD_B: u8 = 2;
const EVICT_B: u8 = 4;
const RUN_APP: u8 = 8;

const RECORD_NULL: u8 = 1;
const RECORD_SOME: u8 = 2;

const AUTHENTICATION_EMBEDDED: u8 = 0;

/// Bytes of a RunApp before its arguments.
const RUN_HEAD_LEN: usize = 8;

/// Appends the AddB of a deferred record.
#[inline(always)]
pub(crate) fn put_add_b(log: &mut Vec<u8>, slot: u16, record: &Record) {
    let (key, value, stamp) = (record.key(), record.value(), record.stamp());
    let kind = if value.is_some() { RECORD_SOME } else { RECORD_NULL };
    let [s0, s1] = slot.to_le_bytes();
    let [t0, t1] = record.thread().to_le_bytes();
    let [e0, e1, e2, e3] = stamp.epoch().0.to_le_bytes();
    let [c0, c1, c2, c3] = stamp.counter().to_le_bytes();
    let [r0, r1] = record.relation().0.to_le_bytes();
    let [k0, k1] = (key.len() as u16).to_le_bytes();
    log.extend_from_slice(&[
        ADD_B, s0, s1, t0, t1, e0, e1, e2, e3, c0, c1, c2, c3, kind, r0, r1, k0, k1,
    ]);
    put_string(log, key);
    if let Some(value) = value {
        put_counted(log, value);
    }
}

/// Appends an EvictB.
#[inline(always)]
pub(crate) fn put_evict_b(log: &mut Vec<u8>, slot: u16, stamp: Timestamp) {
    let [s0, s1] = slot.to_le_bytes();
    let [e0, e1, e2, e3] = stamp.epoch().0.to_le_bytes();
    let [c0, c1, c2, c3] = stamp.counter().to_le_bytes();
    log.extend_from_slice(&[EVICT_B, s0, s1, e0, e1, e2, e3, c0, c1, c2, c3]);
}

/// Appends the beginning of an embedded RunApp, whose arguments come next; gives its place.
#[inline(always)]
pub(crate) fn begin_run(log: &mut Vec<u8>, transition: u16) -> usize {
    let start = log.len();
    let [t0, t1] = transition.to_le_bytes();
    log.extend_from_slice(&[RUN_APP, t0, t1, AUTHENTICATION_EMBEDDED, 0, 0, 0, 0]);
    start
}

/// Bytes of arguments since `begin_run` gave `start`.
#[inline(always)]
pub(crate) fn arguments_len(log: &[u8], start: usize) -> usize {
    log.len() - start - RUN_HEAD_LEN
}

/// Ends the RunApp that begins at `start`.
#[inline(always)]
pub(crate) fn finish_run(log: &mut Vec<u8>, start: usize, slots: &[u16]) {
    let len = arguments_len(log, start) as u32;
    log[start + 4..start + RUN_HEAD_LEN].copy_from_slice(&len.to_le_bytes());
    let [n0, n1] = (slots.len() as u16).to_le_bytes();
    if let [slot] = slots {
        let [s0, s1] = slot.to_le_bytes();
        log.extend_from_slice(&[n0, n1, s0, s1]);
        return;
    }
    log.extend_from_slice(&[n0, n1]);
    slots.iter().for_each(|slot| log.extend_from_slice(&slot.to_le_bytes()));
}

/// Appends a byte string after its length.
#[inline(always)]
pub(crate) fn put_counted(bytes: &mut Vec<u8>, string: &[u8]) {
    bytes.extend_from_slice(&(string.len() as u32).to_le_bytes());
    put_string(bytes, string);
}

/// Appends a byte string; one of eight bytes, which are common, without a call.
#[inline(always)]
fn put_string(bytes: &mut Vec<u8>, string: &[u8]) {
    match string.first_chunk::<8>() {
        Some(word) if string.len() == 8 => bytes.extend_from_slice(word),
        _ => bytes.extend_from_slice(string),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeta_verifier::{
        Authentication, Entry, Epoch, RelationId, RunApp, SlotId, SlotList, ThreadId, TransitionId,
    };

    fn encoded(entry: &Entry<'_>) -> Vec<u8> {
        let mut log = b"before".to_vec();
        entry.encode(&mut log);
        log
    }

    #[test]
    fn records_are_added_and_evicted_in_the_codecs_bytes() {
        let stamp = Timestamp::new(Epoch(0x0102_0304), 0x0506_0708);
        for key_len in [0, 1, 8, 30, 4096] {
            for value_len in [None, Some(0), Some(8), Some(9), Some(70_000)] {
                let (key, value) = (vec![7; key_len], value_len.map(|len| vec![9; len]));
                let mut record = Record::new(RelationId(0x0a0b), &key);
                record.set_value(value.as_deref());
                record.set_deferred(stamp, 0x0c0d);
                let mut log = b"before".to_vec();
                put_add_b(&mut log, 0x0e0f, &record);
                let (relation, value) = (RelationId(0x0a0b), value.as_deref());
                let shown = zeta_verifier::Record::App { relation, key: &key, value };
                let (slot, thread) = (SlotId(0x0e0f), ThreadId(0x0c0d));
                let entry = Entry::AddB { slot, thread, timestamp: stamp, record: shown };
                assert_eq!(log, encoded(&entry));
            }
        }
        let mut log = b"before".to_vec();
        put_evict_b(&mut log, 0x0e0f, stamp);
        assert_eq!(log, encoded(&Entry::EvictB { slot: SlotId(0x0e0f), timestamp: stamp }));
    }

    #[test]
    fn operations_run_in_the_codecs_bytes() {
        for slots in [&[][..], &[0x0102], &[1, 2, 3]] {
            let mut log = b"before".to_vec();
            let start = begin_run(&mut log, 0x0304);
            put_counted(&mut log, b"12345678");
            put_counted(&mut log, b"123");
            assert_eq!(arguments_len(&log, start), 4 + 8 + 4 + 3);
            finish_run(&mut log, start, slots);
            let bytes: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
            let expected = SlotList::from_bytes(&bytes).map(|slots| {
                encoded(&Entry::RunApp(RunApp {
                    transition: TransitionId(0x0304),
                    authentication: Authentication::Embedded,
                    arguments: b"\x08\0\0\x0012345678\x03\0\0\x00123",
                    slots,
                }))
            });
            assert_eq!(Some(log), expected);
        }
    }
}
