//! Sessions: who may ask, once; and what a client learns for certain.

use crate::{
    CLIENT, Connection, GATEWAY, GET, PUT, RENAME, Served, Told, access, arguments, config,
    embedded, encoded, run_bytes, serving, session_entry,
};
use std::sync::Barrier;
use zeta_program::{Program, key_value};
use zeta_session::{AccessError, AccessList, Ask, SEQUENCE_MAX, Status};
use zeta_verifier::{
    Authentication, ConfigError, EMBEDDED_ONLY, Entry, Epoch, NotYet, SessionEntry, SlotId,
    StopCause, Timestamp, Verifier,
};

fn some(value: &[u8]) -> Told {
    Told::Done([&[1][..], &arguments(&[value])].concat())
}

fn none() -> Told {
    Told::Done(vec![0])
}

fn done() -> Told {
    Told::Done(vec![])
}

#[test]
fn a_request_runs_and_its_reply_is_authenticated() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    assert_eq!(served.ask(&client, (1, GET, &[b"a"]), &[1]).0, none());
    assert_eq!(served.ask(&client, (2, PUT, &[b"a", b"v"]), &[1]).0, done());
    assert_eq!(served.ask(&client, (3, GET, &[b"a"]), &[1]).0, some(b"v"));
    let gateway = served.connect(1, GATEWAY, Ask::default());
    assert_eq!(served.ask(&gateway, (1, GET, &[b"a"]), &[1]).0, some(b"v"));
}

#[test]
fn whatever_the_mac_does_not_fit_is_refused() {
    let mut served = Served::closed();
    let (client, other) = (served.client(), served.client());
    served.add(1, b"a");
    let good = client.request(1, PUT, &[b"a", b"v"], &[1]);
    // Tag, transition, authentication, session, sequence, MAC, argument length, arguments.
    for (at, what) in [(1, "transition"), (8, "sequence"), (16, "MAC"), (31, "MAC"), (40, "key")] {
        let mut lie = good.clone();
        lie[at] ^= 1;
        assert_eq!(served.refused(0, &lie), 257, "{what}");
    }
    let mut stolen = good.clone();
    stolen[4..8].copy_from_slice(&other.id.to_le_bytes());
    assert_eq!(served.refused(0, &stolen), 257);
    for id in [0, 1, 1000, u32::MAX] {
        let mut unknown = good.clone();
        unknown[4..8].copy_from_slice(&u32::to_le_bytes(id));
        assert_eq!(served.refused(0, &unknown), 256, "{id}");
    }
    assert_eq!(served.ask(&client, (1, GET, &[b"a"]), &[1]).0, none(), "nothing was claimed");
}

#[test]
fn a_request_runs_at_most_once() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    let first = client.request(1, PUT, &[b"a", b"old"], &[1]);
    let (_, leaf) = served.ask(&client, (1, PUT, &[b"a", b"old"]), &[1]);
    served.ask(&client, (2, PUT, &[b"a", b"new"]), &[1]);
    for thread in [0, 1] {
        let told = served.run(thread, &first);
        assert_eq!(told[0], Told::Refused(258));
        assert!(client.is_status(&told[1], 1, 258, &Status::Executed(leaf)));
    }
    assert_eq!(served.ask(&client, (3, GET, &[b"a"]), &[1]).0, some(b"new"));
}

#[test]
fn what_is_below_the_window_is_too_old() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    let (_, leaf) = served.ask(&client, (1, GET, &[b"a"]), &[1]);
    // In the same word of the window, and at another place of what is remembered.
    served.ask(&client, (2050, GET, &[b"a"]), &[1]);
    for (sequence, status) in [(1, Status::Executed(leaf)), (3, Status::Unknown)] {
        let told = served.run(0, &client.request(sequence, GET, &[b"a"], &[1]));
        assert_eq!(told[0], Told::Refused(259));
        assert!(client.is_status(&told[1], sequence, 259, &status), "{told:?}");
    }
    served.ask(&client, (2049, GET, &[b"a"]), &[1]);
}

#[test]
fn numbers_have_bounds() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    for sequence in [0, SEQUENCE_MAX + 1, u64::MAX] {
        assert_eq!(served.refused(0, &client.request(sequence, GET, &[b"a"], &[1])), 263);
        assert_eq!(served.refused(0, &client.question(sequence)), 263);
    }
    served.ask(&client, (SEQUENCE_MAX, GET, &[b"a"]), &[1]);
}

#[test]
fn what_must_wait_claims_nothing() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    let long = client.request(1, PUT, &[b"a", &[7; 64]], &[1]);
    assert_eq!(served.wait(0, &long), NotYet::ByteBudget);
    served.ask(&client, (1, PUT, &[b"a", &[7; 60]]), &[1]);
    // The floor rises by a request on the other thread, refused as it is.
    served.run(1, &encoded(&Entry::NextEpoch));
    let refused = client.request(2, GET, &[b"zz"], &[]);
    assert_eq!(served.run(1, &refused)[0], Told::Refused(262));
    let next = client.request(3, GET, &[b"a"], &[1]);
    assert_eq!(served.wait(0, &next), NotYet::Floor);
    served.run(0, &encoded(&Entry::NextEpoch));
    served.ask(&client, (3, GET, &[b"a"]), &[1]);
}

#[test]
fn strict_order_waits_for_the_request_before() {
    let mut served = Served::closed();
    let ask = Ask { strict_order: true, replaces: 0 };
    let client = served.connect(0, CLIENT, ask);
    served.add(1, b"a");
    let second = client.request(2, GET, &[b"a"], &[1]);
    assert_eq!(served.wait(0, &second), NotYet::Order);
    assert_eq!(served.wait(0, &client.question(2)), NotYet::Order);
    served.ask(&client, (1, PUT, &[b"a", b"v"]), &[1]);
    assert_eq!(served.run(0, &second)[0], some(b"v"));
    // A number that was given up is settled too.
    assert_eq!(served.run(0, &client.question(3)).len(), 1);
    served.ask(&client, (4, GET, &[b"a"]), &[1]);
    assert_eq!(served.run(0, &second)[0], Told::Refused(258));
    assert_eq!(served.run(0, &client.question(2)).len(), 1, "of the past there is no order");
}

#[test]
fn a_session_ends_with_its_last_epoch() {
    let mut served = Served::closed();
    let client = served.client();
    assert_eq!(client.last_epoch, 2);
    served.add(1, b"a");
    let (_, leaf) = served.ask(&client, (1, GET, &[b"a"]), &[1]);
    served.close();
    served.close();
    served.ask(&client, (2, GET, &[b"a"]), &[1]);
    served.close();
    let told = served.run(0, &client.request(3, GET, &[b"a"], &[1]));
    assert_eq!(told[0], Told::Refused(260));
    assert!(client.is_status(&told[1], 3, 260, &Status::Unknown));
    let told = served.run(0, &client.request(1, GET, &[b"a"], &[1]));
    assert!(client.is_status(&told[1], 1, 260, &Status::Executed(leaf)));
    // Until its place is needed, it may still be asked about.
    let told = served.run(0, &client.question(3));
    assert!(client.is_status(&told[0], 3, 0, &Status::NotExecuted));
}

fn revoke(id: u32) -> Vec<u8> {
    session_entry(SessionEntry::Revoke { session: id })
}

#[test]
fn a_revoked_session_runs_nothing_more() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    assert_eq!(served.refused(0, &revoke(999)), 256);
    let told = served.run(1, &revoke(client.id));
    assert_eq!(told, [Told::Done(client.keys.revoked(client.id).to_vec())]);
    assert_eq!(served.refused(0, &revoke(client.id)), 261);
    let request = client.request(1, GET, &[b"a"], &[1]);
    assert_eq!(served.refused(0, &request), 261);
    assert_eq!(served.refused(0, &client.question(1)), 261);
    let next = served.client();
    assert_ne!(next.id, client.id);
    assert_eq!(served.refused(0, &request), 256, "its place is taken");
    assert_eq!(served.refused(0, &client.question(1)), 256);
    served.ask(&next, (1, GET, &[b"a"]), &[1]);
}

#[test]
fn rights_are_checked_at_every_access() {
    let missing = Told::Refused(262);
    let cases: [(u16, &[&[u8]], bool); 9] = [
        (GET, &[b"a"], true),
        (PUT, &[b"a", b"1"], true),
        (GET, &[b"r"], true),
        (PUT, &[b"r", b"1"], false),
        (GET, &[b"w"], false),
        (PUT, &[b"w", b"1"], true),
        (GET, &[b"z"], false),
        (PUT, &[b"z", b"1"], false),
        (RENAME, &[b"a", b"a1"], false),
    ];
    for (transition, parts, allowed) in cases {
        let mut served = Served::closed();
        served.add(1, parts[0]);
        let client = served.client();
        let (answer, leaf) = served.ask(&client, (1, transition, parts), &[1]);
        assert_eq!(answer != missing, allowed, "{transition} {parts:?}");
        // Refused or not, the number is settled.
        let again = served.run(0, &client.request(1, transition, parts, &[1]));
        assert!(client.is_status(&again[1], 1, 258, &Status::Executed(leaf)));
        // What was refused was not written.
        let gateway = served.connect(1, GATEWAY, Ask::default());
        let put = if transition == PUT && allowed { some(b"1") } else { none() };
        assert_eq!(served.ask(&gateway, (1, GET, &[parts[0]]), &[1]).0, put);
    }
}

/// A client without the right cannot make an honest host name a slot too few.
#[test]
fn rows_without_rights_need_no_slots() {
    let mut served = Served::closed();
    let client = served.client();
    assert_eq!(served.ask(&client, (1, PUT, &[b"z", b"1"]), &[]).0, Told::Refused(262));
    assert_eq!(served.ask(&client, (2, PUT, &[b"z", b"1"]), &[5, 6]).0, Told::Refused(262));
}

#[test]
fn a_refused_read_does_not_mend_a_lie() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(3, b"w");
    let (stop, _) = served.feed(0, &client.request(1, GET, &[b"w"], &[]));
    assert!(matches!(stop, StopCause::Rejected(_)));
}

#[test]
fn ill_typed_requests_settle_their_number() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    for (sequence, transition, code) in [(1, GET, 2), (2, 9, 1)] {
        let log = client.raw_request(sequence, transition, b"x", &[]);
        let told = served.run(0, &log);
        let [Told::Refused(refused), Told::Receipt { leaf, mac, .. }] = told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(refused, code);
        assert_eq!(mac, Some(client.keys.reply(&leaf)));
        assert_eq!(served.run(0, &log)[0], Told::Refused(258));
    }
    served.ask(&client, (3, GET, &[b"a"]), &[1]);
}

#[test]
fn a_rotated_session_gives_way() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    let ask = Ask { strict_order: false, replaces: client.id };
    let next = served.connect(0, CLIENT, ask);
    assert_eq!(served.refused(0, &client.request(1, GET, &[b"a"], &[1])), 261);
    served.ask(&next, (1, GET, &[b"a"]), &[1]);
}

#[test]
fn a_rotation_is_the_clients_own() {
    let mut served = Served::closed();
    let client = served.client();
    let gateway = served.connect(1, GATEWAY, Ask::default());
    let hello = |served: &mut Served, secret: &[u8; 32], replaces: u32| {
        served.hello(secret, Ask { strict_order: false, replaces }).1
    };
    let rotate =
        |session: u32, message: &[u8]| session_entry(SessionEntry::Rotate { session, message });
    let stolen = hello(&mut served, &GATEWAY, client.id);
    assert_eq!(served.refused(0, &rotate(client.id, &stolen)), 266);
    let named = hello(&mut served, &CLIENT, client.id);
    assert_eq!(served.refused(0, &rotate(gateway.id, &named)), 265);
    assert_eq!(served.refused(0, &session_entry(SessionEntry::Open { message: &named })), 265);
    let plain = hello(&mut served, &CLIENT, 0);
    assert_eq!(served.refused(0, &rotate(client.id, &plain)), 265);
    let unknown = hello(&mut served, &CLIENT, 999);
    assert_eq!(served.refused(0, &rotate(999, &unknown)), 256);
    served.run(0, &rotate(client.id, &named));
    assert_eq!(served.refused(0, &rotate(client.id, &named)), 261, "a repeated one");
}

#[test]
fn only_listed_clients_open_sessions() {
    let mut served = Served::closed();
    let open = |message: &[u8]| session_entry(SessionEntry::Open { message });
    let (_, stranger) = served.hello(&[99; 32], Ask::default());
    assert_eq!(served.refused(0, &open(&stranger)), 266);
    let (_, mut message) = served.hello(&CLIENT, Ask::default());
    message[50] ^= 1;
    for message in [&message[..], b"", &[0; 101]] {
        assert_eq!(served.refused(0, &open(message)), 265);
    }
}

#[test]
fn a_full_table_has_no_room_until_one_ends() {
    let mut served = Served::closed();
    let first = served.client();
    let _second = served.client();
    let (_, message) = served.hello(&CLIENT, Ask::default());
    let open = session_entry(SessionEntry::Open { message: &message });
    assert_eq!(served.refused(0, &open), 267);
    served.connect(1, CLIENT, Ask::default());
    served.run(1, &revoke(first.id));
    assert_eq!(served.run(0, &open).len(), 1);
    assert_eq!(served.refused(0, &open), 267);
    for _ in 0..3 {
        served.close();
    }
    assert_eq!(served.run(0, &open).len(), 1, "those that were open have expired");
}

#[test]
fn a_repeated_handshake_gives_a_session_that_nobody_can_use() {
    let mut served = Served::closed();
    let (initiator, message) = served.hello(&CLIENT, Ask::default());
    let open = session_entry(SessionEntry::Open { message: &message });
    let told = [served.run(0, &open), served.run(0, &open)];
    let [Told::Done(first)] = &told[0][..] else { panic!() };
    let (welcome, keys) = initiator.finish(first).unwrap();
    let mac = &keys.question(welcome.session + 4, 1);
    let ask = |session| session_entry(SessionEntry::Ask { session, sequence: 1, mac });
    let other = welcome.session + 1;
    assert_eq!(served.refused(0, &ask(other)), 257);
}

#[test]
fn questions_are_answered_for_good() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    let (_, leaf) = served.ask(&client, (1, GET, &[b"a"]), &[1]);
    let status = |served: &mut Served, sequence: u64, status: Status| {
        let told = served.run(1, &client.question(sequence));
        assert_eq!(told.len(), 1);
        assert!(client.is_status(&told[0], sequence, 0, &status), "{sequence}: {told:?}");
    };
    status(&mut served, 1, Status::Executed(leaf));
    for _ in 0..2 {
        status(&mut served, 2, Status::NotExecuted);
    }
    let told = served.run(0, &client.request(2, PUT, &[b"a", b"v"], &[1]));
    assert_eq!(told[0], Told::Refused(258));
    assert!(client.is_status(&told[1], 2, 258, &Status::NotExecuted));
    assert_eq!(served.ask(&client, (3, GET, &[b"a"]), &[1]).0, none());
    for sequence in 4..70 {
        served.ask(&client, (sequence, GET, &[b"a"]), &[1]);
    }
    status(&mut served, 1, Status::Unknown);
    let mut forged = client.question(80);
    forged[15] ^= 1;
    assert_eq!(served.refused(0, &forged), 257);
    let unknown = session_entry(SessionEntry::Ask { session: 9, sequence: 1, mac: &[0; 16] });
    assert_eq!(served.refused(0, &unknown), 256);
}

#[test]
fn the_host_asks_only_where_it_may() {
    let mut closed = Served::closed();
    closed.add(1, b"a");
    let get = embedded(GET, &[b"a"], &[1]);
    assert_eq!(closed.refused(0, &get), 264);
    let mut plain = Served::new(1, &access(true, false));
    plain.add(1, b"a");
    assert_eq!(plain.run(0, &get), [none()]);
    let mut alone = Verifier::new(&config(1), Program::load(&key_value()).unwrap()).unwrap();
    assert!(alone.certifier.is_none());
    let mac = &[0; 16];
    let session = Authentication::Session { session: 1, sequence: 1, mac };
    for log in [
        run_bytes(GET, session, &arguments(&[b"a"]), &[]),
        session_entry(SessionEntry::Open { message: b"" }),
        session_entry(SessionEntry::Rotate { session: 1, message: b"" }),
        session_entry(SessionEntry::Ask { session: 1, sequence: 1, mac }),
        revoke(1),
    ] {
        let mut outputs = Vec::new();
        let progress = alone.threads[0].verify_log(&log, &mut outputs);
        assert_eq!((progress.stop, &outputs[..]), (StopCause::Done, &[2, 0, 1][..]));
    }
}

/// Receipts are kept for as many epochs as sums are.
#[test]
fn a_thread_far_ahead_waits_for_its_receipts() {
    for (own, access) in [(false, access(false, false)), (true, access(true, true))] {
        let mut served = Served::new(1, &access);
        served.add(1, b"a");
        for _ in 0..32 {
            served.run(0, &encoded(&Entry::NextEpoch));
        }
        let client = served.client();
        let get = match own {
            true => embedded(GET, &[b"a"], &[1]),
            false => client.request(1, GET, &[b"a"], &[1]),
        };
        assert_eq!(served.wait(0, &get), NotYet::Window);
        served.run(0, &encoded(&Entry::VerifyEpoch));
        assert_eq!(served.run(0, &get).len(), 2);
    }
}

#[test]
fn access_lists_must_fit() {
    let make = |access: &[u8]| {
        let program = Program::load(&key_value()).unwrap();
        Verifier::serving(&config(1), program, serving(access)).map(|verifier| verifier.instance)
    };
    assert!(make(EMBEDDED_ONLY).is_ok());
    let error = |error: AccessError| Some(ConfigError::Access(error));
    assert_eq!(make(b"").err(), error(AccessError::Truncated));
    let mut list = access(true, false);
    list.clients[0].transitions = vec![zeta_verifier::TransitionId(5)];
    assert_eq!(make(&list.encode()).err(), error(AccessError::UnknownTransition));
    let alone = Verifier::new(&config(1), Program::load(&key_value()).unwrap()).unwrap();
    assert_eq!(make(EMBEDDED_ONLY), Ok(alone.instance));
    let other = AccessList { embedded: false, ..AccessList::default() };
    assert_ne!(make(&other.encode()), Ok(alone.instance), "the list is in the instance's name");
}

#[test]
fn a_verifier_has_threads_and_slots() {
    let make = |threads: u16, slots: u16| {
        let config = zeta_verifier::Config { slots, ..config(threads) };
        Verifier::new(&config, Program::load(&key_value()).unwrap()).err()
    };
    assert_eq!(make(0, 1), Some(ConfigError::NoThreads));
    assert_eq!(make(1, 0), Some(ConfigError::NoSlots));
    assert_eq!(make(1, 1), None);
}

/// The same requests on two threads at once, whose slots hold different records: each runs once.
#[test]
fn threads_that_race_run_each_request_once() {
    const REQUESTS: u64 = 2000;
    let mut served = Served::closed();
    let client: Connection = served.client();
    served.add(1, b"a");
    served.add(2, b"ab");
    // Thread 1 gets a record of its own.
    let timestamp = Timestamp::new(Epoch(0), 1);
    let (slot, ancestor_slot) = (SlotId(2), SlotId(0));
    served.run(0, &encoded(&Entry::EvictBM { slot, ancestor_slot, timestamp }));
    let relation = zeta_verifier::RelationId(0);
    let record = zeta_verifier::Record::App { relation, key: b"ab", value: None };
    let thread = zeta_verifier::ThreadId(0);
    served.run(1, &encoded(&Entry::AddB { slot: SlotId(1), thread, timestamp, record }));
    let requests = |key: &'static [u8]| -> Vec<Vec<u8>> {
        (1..=REQUESTS).map(|sequence| client.request(sequence, GET, &[key], &[1])).collect()
    };
    let logs = [requests(b"a"), requests(b"ab")];
    let barrier = Barrier::new(2);
    let counts = std::thread::scope(|scope| {
        let threads = served.verifier.threads.iter_mut().zip(&logs);
        let workers: Vec<_> = threads
            .map(|(thread, logs)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    let mut ran = 0;
                    for log in logs {
                        let mut outputs = Vec::new();
                        let progress = thread.verify_log(log, &mut outputs);
                        assert_eq!(progress.stop, StopCause::Done);
                        ran += u64::from(outputs[0] == 0);
                    }
                    ran
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<u64>()
    });
    assert_eq!(counts, REQUESTS);
}
