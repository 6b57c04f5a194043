//! What each operation costs the verifier alone, in nanoseconds:
//! `cargo run --release -p zeta-verifier --example cost [beginning of a name]`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a measurement, not shipped"
)]

use std::time::Instant;
use zeta_program::{Program, key_value};
use zeta_session::{
    Access, AccessList, Ask, Client, ClientKind, Entropy, Grant, Identity, Initiator, public_key,
    request_digest,
};
use zeta_verifier::{
    Answer, Authentication, Config, Entry, Epoch, Incarnation, Node, Record, RelationId, RunApp,
    Serving, SessionEntry, SlotId, SlotList, Standard, StopCause, ThreadId, Timestamp,
    TransitionId, Verifier, VerifierThread,
};

const ROUNDS: usize = 200;
const BATCH: u32 = 1000;

const CLIENT: [u8; 32] = [4; 32];

fn config() -> Config {
    Config {
        threads: 1,
        slots: 4096,
        byte_budget: 1 << 20,
        root: Node::EMPTY,
        nonce: [1; 16],
        incarnation: Incarnation([2; 16]),
        secret: [3; 32],
    }
}

fn thread() -> VerifierThread<Standard> {
    let program = Program::load(&key_value()).unwrap();
    Verifier::new(&config(), program).unwrap().threads.pop().unwrap()
}

fn run(log: &mut Vec<u8>, transition: u16, arguments: &[u8], slot: u16) {
    let slots = slot.to_le_bytes();
    Entry::RunApp(RunApp {
        transition: TransitionId(transition),
        authentication: Authentication::Embedded,
        arguments,
        slots: SlotList::from_bytes(&slots).unwrap(),
    })
    .encode(log);
}

fn get(log: &mut Vec<u8>, key: u64, slot: u16) {
    let mut arguments = 8_u32.to_le_bytes().to_vec();
    arguments.extend_from_slice(&key.to_le_bytes());
    run(log, 0, &arguments, slot);
}

fn put(log: &mut Vec<u8>, key: u64, value: u64, slot: u16) {
    let mut arguments = 8_u32.to_le_bytes().to_vec();
    arguments.extend_from_slice(&key.to_le_bytes());
    arguments.extend_from_slice(&8_u32.to_le_bytes());
    arguments.extend_from_slice(&value.to_le_bytes());
    run(log, 1, &arguments, slot);
}

fn verify(thread: &mut VerifierThread<Standard>, log: &[u8], outputs: &mut Vec<u8>) {
    outputs.clear();
    let progress = thread.verify_log(log, outputs);
    assert_eq!(progress.stop, StopCause::Done);
}

/// Prints the median over the rounds; `round` fills the log of one batch.
fn measure(name: &str, thread: &mut VerifierThread<Standard>, mut round: impl FnMut(&mut Vec<u8>)) {
    let (mut log, mut outputs, mut times) = (Vec::new(), Vec::new(), Vec::new());
    if std::env::args().nth(1).is_some_and(|chosen| !name.starts_with(&chosen)) {
        return;
    }
    for _ in 0..ROUNDS {
        log.clear();
        round(&mut log);
        let start = Instant::now();
        verify(thread, &log, &mut outputs);
        times.push(start.elapsed().as_nanos() as f64 / f64::from(BATCH));
    }
    times.sort_by(f64::total_cmp);
    println!("{name:<44} {:>8.1} ns", times[ROUNDS / 2]);
}

fn main() {
    let mut verifier = thread();
    let (mut log, mut outputs) = (Vec::new(), Vec::new());
    let key = |number: u64| number.to_le_bytes();
    let record = Record::App { relation: RelationId(0), key: &key(0), value: None };
    Entry::AddM { slot: SlotId(1), ancestor_slot: SlotId(0), record }.encode(&mut log);
    put(&mut log, 0, 7, 1);
    verify(&mut verifier, &log, &mut outputs);

    measure("get, in a slot", &mut verifier, |log| (0..BATCH).for_each(|_| get(log, 0, 1)));
    measure("put, in a slot", &mut verifier, |log| {
        (0..BATCH).for_each(|value| put(log, 0, u64::from(value), 1));
    });

    let value = key(999);
    let record = Record::App { relation: RelationId(0), key: &key(0), value: Some(&value) };
    let mut counter = 0;
    let stamp = |counter: &mut u32| {
        *counter += 2;
        Timestamp::new(Epoch(0), *counter)
    };
    log.clear();
    let mut last = stamp(&mut counter);
    Entry::EvictBM { slot: SlotId(1), ancestor_slot: SlotId(0), timestamp: last }.encode(&mut log);
    verify(&mut verifier, &log, &mut outputs);
    measure("re-stamp (AddB + EvictB)", &mut verifier, |log| {
        for _ in 0..BATCH {
            let (slot, thread) = (SlotId(1), ThreadId(0));
            Entry::AddB { slot, thread, timestamp: last, record }.encode(log);
            last = stamp(&mut counter);
            Entry::EvictB { slot, timestamp: last }.encode(log);
        }
    });
    measure("deferred get (AddB + RunApp + EvictB)", &mut verifier, |log| {
        for _ in 0..BATCH {
            let (slot, thread) = (SlotId(1), ThreadId(0));
            Entry::AddB { slot, thread, timestamp: last, record }.encode(log);
            get(log, 0, 1);
            last = stamp(&mut counter);
            Entry::EvictB { slot, timestamp: last }.encode(log);
        }
    });
    served();
}

/// Gets with receipts: of the host itself, and of a client's session.
fn served() {
    let program = Program::load(&key_value()).unwrap();
    let client = Client {
        key: public_key(&CLIENT),
        kind: ClientKind::Client,
        lifetime: u32::MAX,
        transitions: vec![TransitionId(0)],
        grants: vec![Grant {
            relation: RelationId(0),
            access: Access { read: true, write: true },
            prefix: vec![],
        }],
    };
    let access = AccessList { embedded: true, embedded_receipts: true, clients: vec![client] };
    let serving = Serving {
        access: &access.encode(),
        identity: Identity::new(&[5; 32]),
        entropy: Entropy::new([6; 32]),
        sessions_per_thread: 1,
    };
    let mut made = Verifier::serving(&config(), program, serving).unwrap();
    let verifier = &mut made.threads[0];
    let (mut log, mut outputs) = (Vec::new(), Vec::new());
    let record = Record::App { relation: RelationId(0), key: &[0; 8], value: None };
    Entry::AddM { slot: SlotId(1), ancestor_slot: SlotId(0), record }.encode(&mut log);
    verify(verifier, &log, &mut outputs);
    measure("get, in a slot, with a receipt", verifier, |log| {
        (0..BATCH).for_each(|_| get(log, 0, 1));
    });
    let signs = made.certifier.as_ref().unwrap().introduction();
    let mut entropy = Entropy::new([7; 32]);
    let ask = Ask::default();
    let start = Initiator::start(&signs.scope, &signs.static_key, &CLIENT, ask, &mut entropy);
    let (initiator, message) = start.unwrap();
    log.clear();
    Entry::Session(SessionEntry::Open { message: &message }).encode(&mut log);
    verify(verifier, &log, &mut outputs);
    let Some((Answer::Done(answer), [])) = Answer::decode(&outputs) else { return };
    let (welcome, keys) = initiator.finish(answer).unwrap();
    let (mut sequence, slots) = (0, SlotList::from_bytes(&[1, 0]).unwrap());
    let arguments = [&8_u32.to_le_bytes()[..], &[0; 8]].concat();
    measure("get, in a slot, of a session", verifier, |log| {
        for _ in 0..BATCH {
            sequence += 1;
            let digest = request_digest(0, &arguments);
            let mac = &keys.request(welcome.session, sequence, &digest);
            let authentication =
                Authentication::Session { session: welcome.session, sequence, mac };
            let transition = TransitionId(0);
            Entry::RunApp(RunApp { transition, authentication, arguments: &arguments, slots })
                .encode(log);
        }
    });
}
