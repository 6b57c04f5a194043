//! The bytes of entries, nodes and answers: one encoding each, and any bytes give an answer.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]

mod vector_file;

use proptest::prelude::*;
use vector_file::all;
use zeta_verifier::{
    ARGUMENTS_LEN_MAX, Answer, Authentication, Entry, Epoch, KEY_LEN_MAX, Link, Node, Path,
    Pointer, Reason, Record, RelationId, RunApp, SessionEntry, SlotId, SlotList, ThreadId,
    Timestamp, TransitionId, VALUE_LEN_MAX, decode_node, encode_node,
};

/// The parts of any entry, owned.
#[derive(Clone, Debug)]
struct Parts {
    kind: usize,
    numbers: [u16; 4],
    timestamp: u64,
    path: Path,
    node: Vec<u8>,
    key: Vec<u8>,
    value: Option<Vec<u8>>,
    arguments: Vec<u8>,
    slots: Vec<u8>,
    session: Option<(u32, u64, [u8; 16])>,
    mac: [u8; 16],
    is_node: bool,
}

impl Parts {
    fn entry(&self) -> Entry<'_> {
        let [one, two, three, relation] = self.numbers;
        let (slot, ancestor_slot, thread) = (SlotId(one), SlotId(two), ThreadId(three));
        let timestamp = Timestamp::from_u64(self.timestamp);
        let record = if self.is_node {
            Record::Node { path: self.path, node: &self.node }
        } else {
            let value = self.value.as_deref();
            Record::App { relation: RelationId(relation), key: &self.key, value }
        };
        let authentication = match &self.session {
            None => Authentication::Embedded,
            Some((session, sequence, mac)) => {
                Authentication::Session { session: *session, sequence: *sequence, mac }
            }
        };
        match self.kind {
            0 => Entry::AddM { slot, ancestor_slot, record },
            1 => Entry::AddB { slot, thread, timestamp, record },
            2 => Entry::EvictM { slot, ancestor_slot },
            3 => Entry::EvictB { slot, timestamp },
            4 => Entry::EvictBM { slot, ancestor_slot, timestamp },
            5 => Entry::NextEpoch,
            6 => Entry::VerifyEpoch,
            8 => Entry::Session(SessionEntry::Open { message: &self.arguments }),
            9 => Entry::Session(SessionEntry::Revoke { session: self.timestamp as u32 }),
            10 => Entry::Session(SessionEntry::Rotate {
                session: self.timestamp as u32,
                message: &self.arguments,
            }),
            11 => Entry::Session(SessionEntry::Ask {
                session: u32::from(one),
                sequence: self.timestamp,
                mac: &self.mac,
            }),
            _ => Entry::RunApp(RunApp {
                transition: TransitionId(one),
                authentication,
                arguments: &self.arguments,
                slots: SlotList::from_bytes(&self.slots).unwrap(),
            }),
        }
    }
}

fn paths(len_max: u16) -> impl Strategy<Value = Path> {
    (any::<[u8; 32]>(), 0..=len_max).prop_map(|(bits, len)| Path::leaf(&bits).truncated(len))
}

fn pointers() -> impl Strategy<Value = Pointer> {
    prop_oneof![
        Just(Pointer::Empty),
        (paths(256), any::<[u8; 32]>(), any::<bool>())
            .prop_map(|(path, hash, deferred)| Pointer::To(Link { path, hash, deferred })),
    ]
}

fn nodes() -> impl Strategy<Value = Node> {
    (pointers(), pointers()).prop_map(|(left, right)| Node { left, right })
}

fn encoded_node(node: &Node) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_node(node, &mut bytes);
    bytes
}

fn bytes(len_max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=len_max)
}

fn parts() -> impl Strategy<Value = Parts> {
    let record = (paths(255), nodes(), bytes(40), prop::option::of(bytes(60)), any::<bool>());
    let slots = prop::collection::vec(any::<[u8; 2]>(), 0..5);
    let run = (bytes(40), slots, prop::option::of(any::<(u32, u64, [u8; 16])>()));
    let mac = any::<[u8; 16]>();
    (0..12_usize, any::<[u16; 4]>(), any::<u64>(), record, run, mac).prop_map(
        |(kind, numbers, timestamp, record, run, mac)| {
            let (path, node, key, value, is_node) = record;
            let (arguments, slots, session) = run;
            let (node, slots) = (encoded_node(&node), slots.concat());
            Parts {
                kind,
                numbers,
                timestamp,
                path,
                node,
                key,
                value,
                arguments,
                slots,
                session,
                mac,
                is_node,
            }
        },
    )
}

fn encoded(entry: &Entry<'_>) -> Vec<u8> {
    let mut log = Vec::new();
    entry.encode(&mut log);
    log
}

/// Whatever decodes is what it would be encoded as.
fn assert_canonical(log: &[u8]) {
    if let Ok((entry, rest)) = Entry::decode(log) {
        assert_eq!(encoded(&entry), &log[..log.len() - rest.len()]);
    }
}

proptest! {
    #[test]
    fn entries_come_back(parts in parts(), after in bytes(8)) {
        let entry = parts.entry();
        let mut log = encoded(&entry);
        let len = log.len();
        log.extend(&after);
        prop_assert_eq!(Entry::decode(&log), Ok((entry, after.as_slice())));
        // No entry is a prefix of another: cut anywhere, it is truncated.
        for cut in 0..len {
            prop_assert_eq!(Entry::decode(&log[..cut]), Err(Reason::Truncated));
        }
    }

    #[test]
    fn any_bytes_decode_canonically_or_not_at_all(mut log in bytes(200), tag in 0..10_u8) {
        assert_canonical(&log);
        if let Some(first) = log.first_mut() {
            *first = tag;
        }
        assert_canonical(&log);
    }

    #[test]
    fn changed_entries_decode_canonically_or_not_at_all(
        parts in parts(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut log = encoded(&parts.entry());
        let place = place.index(log.len());
        log[place] = byte;
        assert_canonical(&log);
    }

    #[test]
    fn nodes_come_back(node in nodes(), after in 1..4_usize, junk in bytes(150)) {
        let bytes = encoded_node(&node);
        prop_assert_eq!(decode_node(&bytes), Ok(node));
        prop_assert!(decode_node(&[&bytes[..], &vec![0; after]].concat()).is_err());
        if let Ok(node) = decode_node(&junk) {
            prop_assert_eq!(encoded_node(&node), junk);
        }
    }

    #[test]
    fn any_bytes_give_answers_or_none(mut junk in bytes(60), tag in 0..13_u8) {
        if let Some(first) = junk.first_mut() {
            *first = tag;
        }
        if let Some((_, rest)) = Answer::decode(&junk) {
            prop_assert!(rest.len() < junk.len());
        }
    }
}

#[test]
fn unknown_tags_are_refused() {
    for tag in (0..=u8::MAX).filter(|tag| !(1..=12).contains(tag)) {
        assert_eq!(Entry::decode(&[tag, 0, 0, 0]), Err(Reason::UnknownTag));
    }
}

fn add_m(key: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let record = Record::App { relation: RelationId(0), key, value };
    encoded(&Entry::AddM { slot: SlotId(1), ancestor_slot: SlotId(0), record })
}

#[test]
fn limits_are_where_they_are_said_to_be() {
    let key = vec![7; KEY_LEN_MAX + 1];
    assert!(Entry::decode(&add_m(&key[1..], None)).is_ok());
    assert_eq!(Entry::decode(&add_m(&key, None)), Err(Reason::KeyTooLong));
    let value = vec![7; VALUE_LEN_MAX + 1];
    assert!(Entry::decode(&add_m(b"k", Some(&value[1..]))).is_ok());
    assert_eq!(Entry::decode(&add_m(b"k", Some(&value))), Err(Reason::ValueTooLong));
    let arguments = vec![7; ARGUMENTS_LEN_MAX + 1];
    let run = |arguments| {
        encoded(&Entry::RunApp(RunApp {
            transition: TransitionId(0),
            authentication: Authentication::Embedded,
            arguments,
            slots: SlotList::from_bytes(&[]).unwrap(),
        }))
    };
    assert!(Entry::decode(&run(&arguments[1..])).is_ok());
    assert_eq!(Entry::decode(&run(&arguments)), Err(Reason::ArgumentsTooLong));
}

#[test]
fn timestamps_are_ordered_as_numbers() {
    let early = Timestamp::new(Epoch(1), u32::MAX);
    let late = Timestamp::new(Epoch(2), 0);
    assert!(early < late);
    assert_eq!(Timestamp::from_u64(late.to_u64()), late);
}

#[test]
fn the_answers_of_the_vectors_decode_to_the_end() {
    for vector in all() {
        for step in &vector.steps {
            let mut rest = step.outputs.as_slice();
            while !rest.is_empty() {
                rest = Answer::decode(rest).unwrap_or_else(|| panic!("{}", vector.name)).1;
            }
        }
    }
}
