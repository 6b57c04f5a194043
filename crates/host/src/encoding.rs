//! The entries that a worker writes by the million, encoded a few fields at a time.
//!
//! The bytes are those of the verifier's own codec: the tests hold one against the other.

use crate::proof::Credential;
use crate::record::Record;
use zeta_verifier::Timestamp;

const ADD_B: u8 = 2;
const EVICT_B: u8 = 4;
const RUN_APP: u8 = 8;

const RECORD_NULL: u8 = 1;
const RECORD_SOME: u8 = 2;

const AUTHENTICATION_EMBEDDED: u8 = 0;
const AUTHENTICATION_SESSION: u8 = 1;

/// Bytes of a RunApp before its arguments.
const RUN_HEAD_LEN: usize = 8;

/// Appends the AddB of a deferred record.
#[inline(always)]
pub(crate) fn put_add_b(log: &mut Vec<u8>, slot: u16, record: &Record) {
    let (key, value, stamp) = (record.key(), record.value(), record.stamp());
    if let (Some(key), Some(value)) = (word(key), value.and_then(word)) {
        put_short_add_b(log, slot, record, (key, value));
        return;
    }
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

/// As `put_add_b`, of a record whose key and value have eight bytes each.
#[inline(always)]
fn put_short_add_b(
    log: &mut Vec<u8>,
    slot: u16,
    record: &Record,
    (key, value): ([u8; 8], [u8; 8]),
) {
    let Some(room) = make_room::<38>(log) else { return };
    let head = u128::from(ADD_B)
        | u128::from(slot) << 8
        | u128::from(record.thread()) << 24
        | u128::from(record.stamp().epoch().0) << 40
        | u128::from(record.stamp().counter()) << 72
        | u128::from(RECORD_SOME) << 104
        | u128::from(record.relation().0) << 112;
    room[..16].copy_from_slice(&head.to_le_bytes());
    room[16..18].copy_from_slice(&8_u16.to_le_bytes());
    room[18..26].copy_from_slice(&key);
    room[26..30].copy_from_slice(&8_u32.to_le_bytes());
    room[30..].copy_from_slice(&value);
}

/// Appends an EvictB.
#[inline(always)]
pub(crate) fn put_evict_b(log: &mut Vec<u8>, slot: u16, stamp: Timestamp) {
    let [s0, s1] = slot.to_le_bytes();
    let [e0, e1, e2, e3] = stamp.epoch().0.to_le_bytes();
    let [c0, c1, c2, c3] = stamp.counter().to_le_bytes();
    log.extend_from_slice(&[EVICT_B, s0, s1, e0, e1, e2, e3, c0, c1, c2, c3]);
}

/// Appends the beginning of a RunApp, and gives the place of its arguments, which come next.
#[inline(always)]
pub(crate) fn begin_run(
    log: &mut Vec<u8>,
    transition: u16,
    credential: Option<&Credential>,
) -> usize {
    let [t0, t1] = transition.to_le_bytes();
    match credential {
        None => log.extend_from_slice(&[RUN_APP, t0, t1, AUTHENTICATION_EMBEDDED, 0, 0, 0, 0]),
        Some(Credential { session, sequence, mac }) => {
            log.extend_from_slice(&[RUN_APP, t0, t1, AUTHENTICATION_SESSION]);
            log.extend_from_slice(&session.to_le_bytes());
            log.extend_from_slice(&sequence.to_le_bytes());
            log.extend_from_slice(mac);
            log.extend_from_slice(&[0; 4]);
        }
    }
    log.len()
}

/// Ends the RunApp whose arguments begin at `arguments`.
#[inline(always)]
pub(crate) fn finish_run(log: &mut Vec<u8>, arguments: usize, slots: &[u16]) {
    let len = (log.len() - arguments) as u32;
    log[arguments - 4..arguments].copy_from_slice(&len.to_le_bytes());
    let [n0, n1] = (slots.len() as u16).to_le_bytes();
    if let [slot] = slots {
        let [s0, s1] = slot.to_le_bytes();
        log.extend_from_slice(&[n0, n1, s0, s1]);
        return;
    }
    log.extend_from_slice(&[n0, n1]);
    slots.iter().for_each(|slot| log.extend_from_slice(&slot.to_le_bytes()));
}

/// An operation whose arguments are a key of eight bytes and perhaps a value of eight.
#[derive(Clone, Copy)]
pub(crate) struct ShortRun {
    pub(crate) transition: u16,
    pub(crate) key: [u8; 8],
    pub(crate) value: Option<[u8; 8]>,
}

/// Appends an embedded RunApp over one slot.
#[inline(always)]
pub(crate) fn put_short_run(log: &mut Vec<u8>, run: ShortRun, slot: u16) {
    const STRING_LEN: usize = 4 + 8;
    // Room for both strings, so that the log's capacity is looked at once.
    let Some(room) = make_room::<{ RUN_HEAD_LEN + 2 * STRING_LEN + 4 }>(log) else { return };
    let arguments_len = if run.value.is_some() { 2 * STRING_LEN } else { STRING_LEN };
    let head = u64::from(RUN_APP)
        | u64::from(run.transition) << 8
        | u64::from(AUTHENTICATION_EMBEDDED) << 24
        | (arguments_len as u64) << 32;
    room[..8].copy_from_slice(&head.to_le_bytes());
    room[8..12].copy_from_slice(&8_u32.to_le_bytes());
    room[12..20].copy_from_slice(&run.key);
    let slots = (1 | u32::from(slot) << 16).to_le_bytes();
    match run.value {
        Some(value) => {
            room[20..24].copy_from_slice(&8_u32.to_le_bytes());
            room[24..32].copy_from_slice(&value);
            room[32..36].copy_from_slice(&slots);
        }
        None => {
            room[20..24].copy_from_slice(&slots);
            log.truncate(log.len() - STRING_LEN);
        }
    }
}

/// Appends `N` zeros, to write over; there are always so many.
#[inline(always)]
fn make_room<const N: usize>(log: &mut Vec<u8>) -> Option<&mut [u8; N]> {
    log.extend_from_slice(&[0; N]);
    log.last_chunk_mut()
}

/// A byte string of eight bytes.
#[inline(always)]
pub(crate) fn word(string: &[u8]) -> Option<[u8; 8]> {
    string.try_into().ok()
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
    fn short_operations_run_in_the_codecs_bytes() {
        for value in [None, Some(*b"abcdefgh")] {
            let mut log = b"before".to_vec();
            put_short_run(
                &mut log,
                ShortRun { transition: 0x0304, key: *b"12345678", value },
                0x506,
            );
            let mut expected = b"before".to_vec();
            let start = begin_run(&mut expected, 0x0304, None);
            put_counted(&mut expected, b"12345678");
            value.iter().for_each(|value| put_counted(&mut expected, value));
            finish_run(&mut expected, start, &[0x506]);
            assert_eq!(log, expected);
        }
    }

    #[test]
    fn operations_run_in_the_codecs_bytes() {
        let (session, sequence, mac) = (0x0708_0900, 0x0a0b_0c0d_0e0f_1011, [0x12; 16]);
        let credential = Credential { session, sequence, mac };
        let of_session = Authentication::Session { session, sequence, mac: &mac };
        let both = [(None, Authentication::Embedded), (Some(&credential), of_session)];
        let lists = [&[][..], &[0x0102], &[1, 2, 3]];
        for (slots, (credential, authentication)) in
            lists.into_iter().flat_map(|slots| both.map(|way| (slots, way)))
        {
            let mut log = b"before".to_vec();
            let start = begin_run(&mut log, 0x0304, credential);
            put_counted(&mut log, b"12345678");
            put_counted(&mut log, b"123");
            finish_run(&mut log, start, slots);
            let bytes: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
            let expected = SlotList::from_bytes(&bytes).map(|slots| {
                encoded(&Entry::RunApp(RunApp {
                    transition: TransitionId(0x0304),
                    authentication,
                    arguments: b"\x08\0\0\x0012345678\x03\0\0\x00123",
                    slots,
                }))
            });
            assert_eq!(Some(log), expected);
        }
    }
}
