//! Sessions against a model: whatever clients and hosts do, each number is answered once, and what
//! is said of it later is what happened.

use crate::{CLIENT, Connection, GET, PUT, Served, Told, arguments, encoded, session_entry};
use proptest::prelude::*;
use std::collections::BTreeMap;
use zeta_session::{Ask, Hash, Status};
use zeta_verifier::{Entry, SessionEntry};

/// Sessions, numbers and threads are taken modulo how many there are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Open {
        thread: u16,
    },
    Rotate {
        session: usize,
        thread: u16,
    },
    Revoke {
        session: usize,
        thread: u16,
    },
    /// On thread 0 a put; on thread 1, which has no record, one without the right.
    Request {
        session: usize,
        sequence: u64,
        thread: u16,
    },
    Question {
        session: usize,
        sequence: u64,
        thread: u16,
    },
    Close,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step =
        (0..12_u8, 0..4_usize, 1..9_u64, 0..2_u16).prop_map(|(kind, session, sequence, thread)| {
            match kind {
                0 | 1 => Step::Open { thread },
                2 => Step::Rotate { session, thread },
                3 => Step::Revoke { session, thread },
                4..=8 => Step::Request { session, sequence, thread },
                9 | 10 => Step::Question { session, sequence, thread },
                _ => Step::Close,
            }
        });
    prop::collection::vec(step, 1..60)
}

struct Known {
    connection: Connection,
    ended: bool,
    settled: BTreeMap<u64, Status>,
}

struct Model {
    served: Served,
    sessions: Vec<Known>,
    epoch: u32,
    /// The value of the record.
    value: Option<Vec<u8>>,
}

impl Model {
    fn new() -> Self {
        let mut served = Served::closed();
        served.add(1, b"a");
        Self { served, sessions: vec![], epoch: 0, value: None }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Open { thread } => self.open(thread, None),
            Step::Rotate { session, thread } => self.open(thread, Some(session)),
            Step::Close => {
                self.served.close();
                self.epoch += 1;
            }
            Step::Revoke { session, thread } => self.revoke(session, thread),
            Step::Request { session, sequence, thread } => self.request(session, sequence, thread),
            Step::Question { session, sequence, thread } => {
                self.question(session, sequence, thread);
            }
        }
    }

    fn open(&mut self, thread: u16, old: Option<usize>) {
        let old =
            old.and_then(|old| self.sessions.get(old).map(|known| (old, known.connection.id)));
        let replaces = old.map_or(0, |(_, id)| id);
        let (initiator, message) =
            self.served.hello(&CLIENT, Ask { strict_order: false, replaces });
        let message = &message;
        let told = self.served.run(
            thread,
            &session_entry(match replaces {
                0 => SessionEntry::Open { message },
                session => SessionEntry::Rotate { session, message },
            }),
        );
        match &told[..] {
            [Told::Done(answer)] => {
                let (welcome, keys) = initiator.finish(answer).unwrap();
                assert_eq!(welcome.last_epoch, self.epoch + 2);
                assert!(self.sessions.iter().all(|known| known.connection.id != welcome.session));
                if let Some((old, _)) = old {
                    assert!(!self.sessions[old].ended);
                    self.sessions[old].ended = true;
                }
                let connection = Connection::new(welcome, keys, CLIENT);
                let settled = BTreeMap::new();
                self.sessions.push(Known { connection, ended: false, settled });
            }
            [Told::Refused(267)] => {}
            [Told::Refused(256)] => assert!(old.is_some_and(|(old, _)| self.may_be_gone(old))),
            [Told::Refused(261)] => assert!(old.is_some_and(|(old, _)| self.sessions[old].ended)),
            other => panic!("{other:?}"),
        }
    }

    fn is_expired(&self, session: usize) -> bool {
        self.epoch > self.sessions[session].connection.last_epoch
    }

    /// Its place may have been given to another.
    fn may_be_gone(&self, session: usize) -> bool {
        self.sessions[session].ended || self.is_expired(session)
    }

    /// Whether an entry about a session was refused because the session is over.
    fn is_over(&self, session: usize, told: &[Told]) -> bool {
        match told {
            [Told::Refused(256)] => {
                assert!(self.may_be_gone(session));
                true
            }
            [Told::Refused(261)] => {
                assert!(self.sessions[session].ended);
                true
            }
            _ => {
                assert!(!self.sessions[session].ended);
                false
            }
        }
    }

    fn revoke(&mut self, session: usize, thread: u16) {
        let Some(known) = self.sessions.get(session) else { return };
        let id = known.connection.id;
        let told = self.served.run(thread, &session_entry(SessionEntry::Revoke { session: id }));
        if !self.is_over(session, &told) {
            let known = &mut self.sessions[session];
            assert_eq!(told, [Told::Done(known.connection.keys.revoked(id).to_vec())]);
            known.ended = true;
        }
    }

    fn request(&mut self, session: usize, sequence: u64, thread: u16) {
        let Some(known) = self.sessions.get(session) else { return };
        let value = [session as u8, sequence as u8];
        let parts: [&[u8]; 2] = [if thread == 0 { b"a" } else { b"z" }, &value];
        let slots: &[u16] = if thread == 0 { &[1] } else { &[] };
        let told = self.served.run(thread, &known.connection.request(sequence, PUT, &parts, slots));
        if self.is_over(session, &told) {
            return;
        }
        let known = &self.sessions[session];
        let status = known.settled.get(&sequence).copied();
        let refusal = if self.is_expired(session) { 260 } else { 258 };
        if let Some(status) = status.or(self.is_expired(session).then_some(Status::Unknown)) {
            assert_eq!(told[0], Told::Refused(refusal));
            assert!(known.connection.is_status(&told[1], sequence, refusal, &status));
            return;
        }
        let [answer, Told::Receipt { leaf, mac, .. }] = &told[..] else { panic!("{told:?}") };
        assert_eq!(*mac, Some(known.connection.keys.reply(leaf)));
        if thread == 0 {
            assert_eq!(*answer, Told::Done(vec![]));
            self.value = Some(value.to_vec());
        } else {
            assert_eq!(*answer, Told::Refused(262));
        }
        self.settle(session, sequence, *leaf);
    }

    fn settle(&mut self, session: usize, sequence: u64, leaf: Hash) {
        let before = self.sessions[session].settled.insert(sequence, Status::Executed(leaf));
        assert_eq!(before, None, "a number was answered twice");
    }

    fn question(&mut self, session: usize, sequence: u64, thread: u16) {
        let Some(known) = self.sessions.get(session) else { return };
        let told = self.served.run(thread, &known.connection.question(sequence));
        if self.is_over(session, &told) {
            return;
        }
        let known = &mut self.sessions[session];
        let status = *known.settled.entry(sequence).or_insert(Status::NotExecuted);
        assert!(known.connection.is_status(&told[0], sequence, 0, &status), "{told:?}");
    }

    /// A new client reads what the last put that ran has written.
    fn end(mut self) {
        for _ in 0..3 {
            self.served.run(0, &encoded(&Entry::NextEpoch));
            self.served.run(1, &encoded(&Entry::NextEpoch));
        }
        let reader = self.served.client();
        let expected = match self.value {
            None => vec![0],
            Some(value) => [&[1][..], &arguments(&[&value])].concat(),
        };
        let (answer, _) = self.served.ask(&reader, (1, GET, &[b"a"]), &[1]);
        assert_eq!(answer, Told::Done(expected));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn sessions_agree_with_a_model(steps in steps()) {
        let mut model = Model::new();
        for step in steps {
            model.step(step);
        }
        model.end();
    }
}
