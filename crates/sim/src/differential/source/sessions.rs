//! Clients and a host that carries their requests, repeats them, delays them, changes them, and
//! opens, ends and rotates their sessions, on two threads over many epochs.

use super::domain::{add_b, add_m, at, encoded, evict_bm, run_app};
use crate::connection::{self, Connection, hello_bytes, revoke_bytes};
use crate::differential::case::Move;
use crate::differential::compare::Played;
use crate::differential::mutate::{self, Log, Range};
use crate::differential::player::{OUTPUTS, Player, Stopped};
use crate::differential::setup::{Clients, Setup};
use crate::operation::Operation;
use crate::owned_record::OwnedRecord;
use crate::random::Random;
use zeta_session::{Access, AccessList, Ask, Client, ClientKind, Grant, Scope, public_key};
use zeta_verifier::{Answer, Entry, RelationId, TransitionId};

/// The last one is in no access list.
const SECRETS: [[u8; 32]; 3] = [[11; 32], [12; 32], [13; 32]];
const RANGE: Range = Range { threads: 2, slots: 4 };
/// Two keys on different sides of the root, which thread 0 and thread 1 have in slot 1.
const KEYS: [&[u8]; 2] = [b"a", b"c"];

/// A session, where it is, and the next number that its client would use.
struct Open {
    connection: Connection,
    next: u64,
}

struct Traffic<'a> {
    random: &'a mut Random,
    scope: Scope,
    entropy: [u8; 32],
    sessions: Vec<Open>,
    log: Log,
    hellos: u8,
}

pub fn batch(random: &mut Random, name: &str) -> Vec<Played> {
    (0..6).map(|_| one(random, name)).collect()
}

fn one(random: &mut Random, name: &str) -> Played {
    let entropy = [random.bits() as u8; 32];
    let clients = Clients {
        access: access_list(random).encode(),
        entropy,
        sessions_per_thread: 1 + random.below(2) as u16,
    };
    let setup = Setup { clients: Some(clients), ..Setup::key_value(2, 4) };
    let loaded = setup.load();
    let mut player = Player::new(name.into(), &setup, loaded.as_ref());
    let Some(loaded) = &loaded else { return player.into() };
    let scope = loaded.scope();
    let (sessions, log) = (Vec::new(), Vec::new());
    let mut traffic = Traffic { random, scope, entropy, sessions, log, hellos: 0 };
    traffic.deal(&mut player);
    for _ in 0..30 + traffic.random.below(60) {
        traffic.step(&mut player);
    }
    player.make(Move::Outcomes);
    player.into()
}

fn access_list(random: &mut Random) -> AccessList {
    let embedded = random.chance(70);
    let prefixes: [&[u8]; 3] = [b"", b"a", b"c"];
    let mut clients: Vec<Client> = SECRETS[..2]
        .iter()
        .map(|secret| {
            let mut transitions: Vec<u16> = (0..5).filter(|_| random.chance(70)).collect();
            transitions.sort_unstable();
            let access = Access { read: true, write: random.chance(70) };
            let prefix = random.pick(&prefixes).map(|prefix| prefix.to_vec()).unwrap_or_default();
            Client {
                key: public_key(secret),
                kind: *random
                    .pick(&[ClientKind::Client, ClientKind::Gateway])
                    .unwrap_or(&ClientKind::Client),
                lifetime: random.below(4) as u32,
                transitions: transitions.into_iter().map(TransitionId).collect(),
                grants: vec![Grant { relation: RelationId(0), access, prefix }],
            }
        })
        .collect();
    clients.sort_by_key(|client| client.key);
    AccessList { embedded, embedded_receipts: embedded && random.chance(60), clients }
}

impl Traffic<'_> {
    fn feed(&mut self, player: &mut Player<'_>, thread: u16, log: Vec<u8>) -> Vec<u8> {
        let reply = player.call(thread, &log).to_vec();
        self.log.push((thread, log));
        reply
    }

    /// Gives each thread its record.
    fn deal(&mut self, player: &mut Player<'_>) {
        let [a, c] = KEYS.map(OwnedRecord::null);
        self.feed(player, 0, add_m(1, 0, &a));
        self.feed(player, 0, add_m(2, 0, &c));
        self.feed(player, 0, evict_bm(2, 0, at(0, 1)));
        self.feed(player, 1, add_b(1, 0, at(0, 1), &c));
    }

    fn step(&mut self, player: &mut Player<'_>) {
        let thread = self.random.below(2) as u16;
        match self.random.below(20) {
            0..2 => self.shake_hands(player, thread),
            2 => {
                let session = self.any_id();
                self.submit(player, thread, revoke_bytes(session));
            }
            3..5 => {
                if let Some((connection, sequence)) = self.numbered() {
                    self.submit(player, thread, connection.question(sequence));
                }
            }
            5 => self.submit(player, thread, encoded(&Entry::NextEpoch)),
            6 => self.submit(player, thread, encoded(&Entry::VerifyEpoch)),
            7 if self.random.chance(10) => {
                // Beyond the window of receipts.
                for _ in 0..33 {
                    self.feed(player, thread, encoded(&Entry::NextEpoch));
                }
            }
            7 if self.random.chance(5) => self.turn_epochs(player),
            7..9 => {
                let operation = self.operation(thread);
                self.submit(player, thread, run_app(&operation, &[1]));
            }
            _ => {
                if let Some((connection, sequence)) = self.numbered() {
                    let operation = self.operation(thread);
                    let request = connection.request(sequence, &operation, &[1]);
                    self.submit(player, thread, request);
                }
            }
        }
    }

    /// Closes so many epochs that the receipts of the first are forgotten.
    fn turn_epochs(&mut self, player: &mut Player<'_>) {
        for _ in 0..36 {
            for turn in [Entry::NextEpoch, Entry::VerifyEpoch] {
                self.feed(player, 0, encoded(&turn));
                self.feed(player, 1, encoded(&turn));
            }
        }
        player.make(Move::Outcomes);
    }

    /// Submits an entry; before that, now and then, tries a changed one and takes it back.
    fn submit(&mut self, player: &mut Player<'_>, thread: u16, entry: Vec<u8>) {
        if self.random.chance(25) {
            let changed = mutate::entry(&entry, &self.log, RANGE, self.random);
            player.probe(&[(thread, changed)]);
        }
        // Of an operation that a poisoned thread would have to answer, nothing is learnt.
        player.make(Move::Try);
        let reply = player.call(thread, &entry);
        if matches!(Stopped::of(reply), Some(Stopped::Rejected(_))) {
            player.make(Move::Back);
        } else {
            self.log.push((thread, entry));
        }
        if self.random.chance(20) {
            player.make(Move::Outcomes);
        }
    }

    fn shake_hands(&mut self, player: &mut Player<'_>, thread: u16) {
        let replaces = if self.random.chance(40) { self.any_id() } else { 0 };
        let ask = Ask { strict_order: self.random.chance(40), replaces };
        let secret = SECRETS[self.random.below(12) % 3];
        self.hellos = self.hellos.wrapping_add(1);
        let (scope, entropy) = (self.scope, self.entropy);
        let (initiator, message) = connection::hello(scope, entropy, &secret, ask, self.hellos);
        let mut entry = hello_bytes(ask, &message);
        if self.random.chance(15) {
            // The entry names another session than the message.
            let other = Ask { replaces: self.any_id(), ..ask };
            entry = hello_bytes(other, &message);
        }
        let reply = self.feed(player, thread, entry);
        if let Some((Answer::Done(answer), _)) = Answer::decode(&reply[OUTPUTS..])
            && let Ok((welcome, keys)) = initiator.finish(answer)
        {
            let connection = Connection { id: welcome.session, keys };
            self.sessions.push(Open { connection, next: 1 });
        }
    }

    fn any_id(&mut self) -> u32 {
        let open = self.random.pick(&self.sessions).map_or(1, |open| open.connection.id);
        if self.random.chance(15) { self.random.below(5) as u32 } else { open }
    }

    /// A session, mostly a late one, and a number: the next, or one used before or far away.
    fn numbered(&mut self) -> Option<(Connection, u64)> {
        let latest = self.sessions.len().checked_sub(1)?;
        let index = if self.random.chance(60) { latest } else { self.random.below(latest + 1) };
        let kind = self.random.below(12);
        let back = self.random.below(6) as u64;
        let open = self.sessions.get_mut(index)?;
        let sequence = match kind {
            0 => open.next.saturating_sub(back),
            1 => open.next + back,
            // To the ends of the window and beyond.
            2 => {
                open.next += 1020 + back;
                open.next
            }
            3 => open.next.saturating_sub(1020 + back),
            _ => open.next,
        };
        open.next = open.next.max(sequence + 1);
        Some((open.connection.clone(), sequence))
    }

    /// Mostly on the key that the thread has.
    fn operation(&mut self, thread: u16) -> Operation {
        let own = KEYS[usize::from(thread)];
        let key = if self.random.chance(95) { own } else { KEYS[self.random.below(2)] }.to_vec();
        match self.random.below(5) {
            0 | 1 => Operation::Get { key },
            2 => Operation::Delete { key },
            _ => Operation::Put { key, value: vec![b'0' + self.random.below(3) as u8] },
        }
    }
}
