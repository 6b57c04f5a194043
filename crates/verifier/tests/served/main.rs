//! A verifier that serves two clients over the key-value program, and what a client does.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]

mod model;
mod receipts;
mod sessions;

use zeta_program::{Program, key_value};
use zeta_session::{
    Access, AccessList, Ask, Asker, Client, ClientKind, Entropy, Grant, Hash, Identity, Initiator,
    Leaf, Mac, Ruling, Scope, SessionKeys, Status, Welcome, public_key, request_digest,
    result_digest,
};
use zeta_verifier::{
    Answer, Authentication, Certifier, Config, Entry, Epoch, Incarnation, NotYet, Record,
    RelationId, RunApp, Serving, SessionEntry, SlotId, SlotList, Standard, StopCause, ThreadId,
    Timestamp, TransitionId, Verifier,
};

pub(crate) const GET: u16 = 0;
pub(crate) const PUT: u16 = 1;
pub(crate) const RENAME: u16 = 4;

/// May get and put: all keys that begin with a, read r, write w; its sessions last two epochs more.
pub(crate) const CLIENT: [u8; 32] = [11; 32];
/// May get all keys.
pub(crate) const GATEWAY: [u8; 32] = [12; 32];
pub(crate) const IDENTITY: [u8; 32] = [13; 32];

pub(crate) fn access(embedded: bool, embedded_receipts: bool) -> AccessList {
    let grant = |prefix: &[u8], read: bool, write: bool| Grant {
        relation: RelationId(0),
        access: Access { read, write },
        prefix: prefix.to_vec(),
    };
    let grants = vec![grant(b"a", true, true), grant(b"r", true, false), grant(b"w", false, true)];
    let client = |secret: &[u8; 32], kind, transitions: &[u16], grants| Client {
        key: public_key(secret),
        kind,
        lifetime: 2,
        transitions: transitions.iter().copied().map(TransitionId).collect(),
        grants,
    };
    let mut clients = vec![
        client(&CLIENT, ClientKind::Client, &[GET, PUT], grants),
        client(&GATEWAY, ClientKind::Gateway, &[GET], vec![grant(b"", true, false)]),
    ];
    clients.sort_by_key(|client| client.key);
    AccessList { embedded, embedded_receipts, clients }
}

pub(crate) fn config(threads: u16) -> Config {
    Config {
        threads,
        slots: 16,
        byte_budget: 64,
        root: zeta_verifier::Node::EMPTY,
        nonce: [1; 16],
        incarnation: Incarnation([2; 16]),
        secret: [3; 32],
    }
}

pub(crate) fn serving(access: &[u8]) -> Serving<'_> {
    Serving {
        access,
        identity: Identity::new(&IDENTITY),
        entropy: Entropy::new([14; 32]),
        sessions_per_thread: 2,
    }
}

/// The client's side of a session.
pub(crate) struct Connection {
    pub(crate) id: u32,
    pub(crate) last_epoch: u32,
    pub(crate) keys: SessionKeys,
    secret: [u8; 32],
}

/// One answer, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Done(Vec<u8>),
    Failed(u16),
    Refused(u16),
    Evicted,
    Receipt { timestamp: Timestamp, leaf: Hash, mac: Option<Mac> },
    Status { status: u8, leaf: Hash, mac: Mac },
}

pub(crate) struct Served {
    pub(crate) verifier: Verifier<Standard>,
    pub(crate) certifier: Certifier,
    pub(crate) scope: Scope,
    seed: u8,
}

/// The key's length and bytes, and the value's.
pub(crate) fn arguments(parts: &[&[u8]]) -> Vec<u8> {
    let counted = |part: &&[u8]| [&(part.len() as u32).to_le_bytes()[..], part].concat();
    parts.iter().flat_map(counted).collect()
}

pub(crate) fn encoded(entry: &Entry<'_>) -> Vec<u8> {
    let mut log = Vec::new();
    entry.encode(&mut log);
    log
}

pub(crate) fn session_entry(entry: SessionEntry<'_>) -> Vec<u8> {
    encoded(&Entry::Session(entry))
}

pub(crate) fn run_bytes(
    transition: u16,
    authentication: Authentication<'_>,
    arguments: &[u8],
    slots: &[u16],
) -> Vec<u8> {
    let slots: Vec<u8> = slots.iter().flat_map(|slot| slot.to_le_bytes()).collect();
    let slots = SlotList::from_bytes(&slots).unwrap();
    let transition = TransitionId(transition);
    encoded(&Entry::RunApp(RunApp { transition, authentication, arguments, slots }))
}

pub(crate) fn embedded(transition: u16, parts: &[&[u8]], slots: &[u16]) -> Vec<u8> {
    run_bytes(transition, Authentication::Embedded, &arguments(parts), slots)
}

impl Connection {
    pub(crate) fn new(welcome: Welcome, keys: SessionKeys, secret: [u8; 32]) -> Self {
        Self { id: welcome.session, last_epoch: welcome.last_epoch, keys, secret }
    }

    /// A request as it stands in the log.
    pub(crate) fn request(
        &self,
        sequence: u64,
        transition: u16,
        parts: &[&[u8]],
        slots: &[u16],
    ) -> Vec<u8> {
        self.raw_request(sequence, transition, &arguments(parts), slots)
    }

    pub(crate) fn raw_request(
        &self,
        sequence: u64,
        transition: u16,
        arguments: &[u8],
        slots: &[u16],
    ) -> Vec<u8> {
        let digest = request_digest(transition, arguments);
        let mac = &self.keys.request(self.id, sequence, &digest);
        let session = Authentication::Session { session: self.id, sequence, mac };
        run_bytes(transition, session, arguments, slots)
    }

    pub(crate) fn question(&self, sequence: u64) -> Vec<u8> {
        let mac = &self.keys.question(self.id, sequence);
        session_entry(SessionEntry::Ask { session: self.id, sequence, mac })
    }

    /// Whether what was told is a status of this number under the session's key.
    pub(crate) fn is_status(&self, told: &Told, sequence: u64, refusal: u16, is: &Status) -> bool {
        let (status, leaf) = is.parts();
        let mac = self.keys.status(self.id, sequence, refusal, is);
        *told == Told::Status { status, leaf, mac }
    }
}

impl Served {
    pub(crate) fn new(threads: u16, access: &AccessList) -> Self {
        let program = Program::load(&key_value()).unwrap();
        let (digest, bytes) = (program.digest(), access.encode());
        let mut verifier = Verifier::serving(&config(threads), program, serving(&bytes)).unwrap();
        let certifier = verifier.certifier.take().unwrap();
        let instance = verifier.instance.0;
        let scope = Scope { instance, incarnation: [2; 16], program: digest };
        Self { verifier, certifier, scope, seed: 100 }
    }

    /// Two threads, for the two clients alone.
    pub(crate) fn closed() -> Self {
        Self::new(2, &access(false, false))
    }

    pub(crate) fn feed(&mut self, thread: u16, log: &[u8]) -> (StopCause, Vec<Told>) {
        let mut outputs = Vec::new();
        let progress = self.verifier.threads[usize::from(thread)].verify_log(log, &mut outputs);
        let mut told = Vec::new();
        let mut rest = outputs.as_slice();
        while !rest.is_empty() {
            let (answer, after) = Answer::decode(rest).unwrap();
            told.push(match answer {
                Answer::Done(result) => Told::Done(result.to_vec()),
                Answer::Failed(code) => Told::Failed(code),
                Answer::Refused(code) => Told::Refused(code),
                Answer::Evicted { .. } => Told::Evicted,
                Answer::Receipt { timestamp, leaf, mac } => {
                    Told::Receipt { timestamp, leaf: *leaf, mac: mac.copied() }
                }
                Answer::Status { status, leaf, mac } => {
                    Told::Status { status, leaf: *leaf, mac: *mac }
                }
            });
            rest = after;
        }
        (progress.stop, told)
    }

    /// Feeds what must be accepted.
    pub(crate) fn run(&mut self, thread: u16, log: &[u8]) -> Vec<Told> {
        let (stop, told) = self.feed(thread, log);
        assert_eq!(stop, StopCause::Done);
        told
    }

    /// Feeds what must wait, and leaves nothing.
    pub(crate) fn wait(&mut self, thread: u16, log: &[u8]) -> NotYet {
        match self.feed(thread, log) {
            (StopCause::Retry(not_yet), told) if told.is_empty() => not_yet,
            other => panic!("{other:?}"),
        }
    }

    /// The one refusal that an entry is answered with.
    pub(crate) fn refused(&mut self, thread: u16, log: &[u8]) -> u16 {
        match self.run(thread, log)[..] {
            [Told::Refused(code)] => code,
            ref other => panic!("{other:?}"),
        }
    }

    /// Brings the null record of a new key into a slot of thread 0.
    pub(crate) fn add(&mut self, slot: u16, key: &[u8]) {
        let record = Record::App { relation: RelationId(0), key, value: None };
        let (slot, ancestor_slot) = (SlotId(slot), SlotId(0));
        let told = self.run(0, &encoded(&Entry::AddM { slot, ancestor_slot, record }));
        assert_eq!(told, []);
    }

    /// Message 1, and the client's state.
    pub(crate) fn hello(&mut self, secret: &[u8; 32], ask: Ask) -> (Initiator, Vec<u8>) {
        self.seed = self.seed.wrapping_add(1);
        let mut entropy = Entropy::new([self.seed; 32]);
        let verifier = self.certifier.introduction().static_key;
        Initiator::start(&self.scope, &verifier, secret, ask, &mut entropy).unwrap()
    }

    pub(crate) fn connect(&mut self, thread: u16, secret: [u8; 32], ask: Ask) -> Connection {
        let (initiator, message) = self.hello(&secret, ask);
        let entry = match ask.replaces {
            0 => SessionEntry::Open { message: &message },
            session => SessionEntry::Rotate { session, message: &message },
        };
        let told = self.run(thread, &session_entry(entry));
        let [Told::Done(answer)] = &told[..] else { panic!("{told:?}") };
        let (welcome, keys) = initiator.finish(answer).unwrap();
        Connection::new(welcome, keys, secret)
    }

    pub(crate) fn client(&mut self) -> Connection {
        self.connect(0, CLIENT, Ask::default())
    }

    /// Closes every thread's first open epoch, and gives its number.
    pub(crate) fn close(&mut self) -> Epoch {
        let epoch = self.verifier.threads[0].next_epoch();
        for thread in 0..self.verifier.threads.len() as u16 {
            if self.verifier.threads[usize::from(thread)].clock().epoch() <= epoch {
                self.run(thread, &encoded(&Entry::NextEpoch));
            }
            self.run(thread, &encoded(&Entry::VerifyEpoch));
        }
        epoch
    }

    /// The leaf that a client computes for itself.
    pub(crate) fn leaf(
        &self,
        connection: &Connection,
        (sequence, transition, parts): (u64, u16, &[&[u8]]),
        answer: &Told,
        (thread, timestamp): (ThreadId, Timestamp),
    ) -> Leaf {
        let client = public_key(&connection.secret);
        let kind =
            if connection.secret == CLIENT { ClientKind::Client } else { ClientKind::Gateway };
        Leaf {
            scope: self.scope,
            asker: Asker::Session { kind, client, session: connection.id, sequence },
            request: request_digest(transition, &arguments(parts)),
            ruling: match answer {
                Told::Done(result) => Ruling::Done(result_digest(result)),
                Told::Failed(code) => Ruling::Failed(*code),
                Told::Refused(code) => Ruling::Refused(*code),
                other => panic!("{other:?}"),
            },
            thread: thread.0,
            epoch: timestamp.epoch().0,
            counter: timestamp.counter(),
        }
    }

    /// Sends a request of slot 1 and gives the answer and its leaf's hash, after the client's check
    /// of both.
    pub(crate) fn ask(
        &mut self,
        connection: &Connection,
        request: (u64, u16, &[&[u8]]),
        slots: &[u16],
    ) -> (Told, Hash) {
        let (sequence, transition, parts) = request;
        let told = self.run(0, &connection.request(sequence, transition, parts, slots));
        let [answer, Told::Receipt { timestamp, leaf, mac }] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(*timestamp, self.verifier.threads[0].clock());
        let expected = self.leaf(connection, request, answer, (ThreadId(0), *timestamp)).hash();
        assert_eq!(*leaf, expected);
        assert_eq!(*mac, Some(connection.keys.reply(&expected)));
        (answer.clone(), expected)
    }
}
