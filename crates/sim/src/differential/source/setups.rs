//! Verifiers of all kinds, some of which cannot be made: programs, roots and access lists that are
//! changed, adopted data, numbers at their ends; each with a short log.

use super::domain::{add_m, at, evict_bm, evict_m, run_app};
use crate::differential::case::Case;
use crate::differential::compare::Played;
use crate::differential::mutate::Log;
use crate::differential::setup::{Clients, Setup};
use crate::operation::Operation;
use crate::owned_record::{OwnedRecord, RELATION};
use crate::random::Random;
use zeta_session::{Access, AccessList, Client, ClientKind, Grant, public_key};
use zeta_verifier::{Link, Node, Path, Pointer, RelationId, TransitionId, encode_node, sha256};

/// Where an access list has its flags.
const FLAGS: usize = 15;
/// The hash domain of a value.
const VALUE: u8 = 0x12;

pub fn batch(random: &mut Random, name: &str) -> Vec<Played> {
    (0..300).map(|_| Played::new(one(random, name))).collect()
}

fn one(random: &mut Random, name: &str) -> Case {
    let mut setup = Setup::key_value(1 + random.below(3) as u16, 3);
    let adopted = OwnedRecord::some(b"a", b"x");
    match random.below(8) {
        0 => setup.threads = random.below(2) as u16,
        1 => setup.slots = random.below(2) as u16,
        2..5 => setup.program = changed(&setup.program, random),
        5 => setup.root = root_of(&adopted, random),
        _ => {
            let mut access = access_list(random).encode();
            match random.below(4) {
                0 => {}
                // After the magic stand the flags.
                1 => access[FLAGS] = random.below(8) as u8,
                _ => access = changed(&access, random),
            }
            let sessions_per_thread = random.below(3) as u16;
            setup.clients = Some(Clients { access, entropy: [7; 32], sessions_per_thread });
        }
    }
    if setup.threads == 0 {
        return Case::linear(name.into(), setup, Vec::new());
    }
    let first = if random.chance(50) { adopted } else { OwnedRecord::null(b"a") };
    let put = Operation::Put { key: b"a".to_vec(), value: b"y".to_vec() };
    let get = Operation::Get { key: b"a".to_vec() };
    let log: Log = vec![
        (0, add_m(1, 0, &first)),
        (0, run_app(&get, &[1])),
        (0, run_app(&put, &[1])),
        (0, if random.chance(50) { evict_m(1, 0) } else { evict_bm(1, 0, at(0, 1)) }),
    ];
    Case::linear(name.into(), setup, log)
}

/// One to three bytes changed, put in or left out; or a word of which a bound may speak.
fn changed(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len().max(1));
        match random.below(8) {
            0 if at < bytes.len() => drop(bytes.remove(at)),
            1 => bytes.insert(at, random.below(3) as u8),
            2 => bytes.truncate(at),
            3 => bytes.push(0),
            4 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            5 if at < bytes.len() => bytes[at] = u8::MAX,
            // Parts that stand there twice.
            6 if at < bytes.len() => {
                let piece = bytes[at..].iter().take(1 + random.below(40)).copied();
                let piece: Vec<u8> = piece.collect();
                bytes.splice(at..at, piece);
            }
            _ if at < bytes.len() => bytes[at] = random.below(24) as u8,
            _ => {}
        }
    }
    bytes
}

/// The root over one record, or something near it.
fn root_of(record: &OwnedRecord, random: &mut Random) -> Vec<u8> {
    let OwnedRecord::App { key, value } = record else { return Vec::new() };
    let digest = sha256(0x10, &[&RELATION.0.to_le_bytes(), key]);
    let path = Path::leaf(&digest);
    let hash = sha256(VALUE, &[value.as_deref().unwrap_or_default()]);
    let mut node = Node::EMPTY;
    let mut link = Link { path, hash, deferred: random.chance(20) };
    match random.below(6) {
        0 => link.hash[0] ^= 1,
        1 => link.path = path.truncated(255),
        _ => {}
    }
    node.set_pointer(path.direction_at(0), Pointer::To(link));
    let mut root = Vec::new();
    encode_node(&node, &mut root);
    if random.chance(40) { changed(&root, random) } else { root }
}

/// Now and then with parts that are twice there, in another order, too long, or of no key.
fn access_list(random: &mut Random) -> AccessList {
    let mut clients = vec![client(1, random), client(2, random)];
    clients.sort_by_key(|client| client.key);
    match random.below(12) {
        0 => clients.swap(0, 1),
        1 => clients[1].key = clients[0].key,
        2 => clients[0].transitions.reverse(),
        3 => clients[0].transitions.extend([TransitionId(4), TransitionId(4)]),
        4 => clients[0].grants.reverse(),
        5 => clients[0].key = [0; 32],
        _ => {}
    }
    let embedded = random.chance(60);
    AccessList { embedded, embedded_receipts: random.chance(30), clients }
}

fn client(secret: u8, random: &mut Random) -> Client {
    let prefix = if random.chance(3) { 4096 + random.below(2) } else { random.below(3) };
    // Transition 5 and relation 1 are one more than there are.
    let transitions = if random.chance(10) { 6 } else { 5 };
    let relations = if random.chance(10) { 2 } else { random.below(2) as u16 };
    Client {
        key: public_key(&[secret; 32]),
        kind: ClientKind::Client,
        lifetime: random.below(3) as u32,
        transitions: (0..transitions).filter(|_| random.chance(40)).map(TransitionId).collect(),
        grants: (0..relations)
            .map(|relation| Grant {
                relation: RelationId(relation),
                access: Access { read: true, write: random.chance(50) },
                prefix: vec![b'a'; prefix],
            })
            .collect(),
    }
}
