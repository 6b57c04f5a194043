//! Cases of sessions: requests that are refused or must wait, and control entries at fault.

use super::script::{A, ENTROPY, Script, run_app_bytes};
use super::{Case, Expected, SETTING, Setting};
use crate::connection::{self, Connection, hello_bytes, revoke_bytes, session_bytes};
use crate::operation::Operation;
use zeta_session::{Access, AccessList, Ask, Client, ClientKind, Grant, Initiator, public_key};
use zeta_verifier::{Answer, NotYet, Refusal, RelationId, SessionEntry, TransitionId};

const SERVED: Setting = Setting { serving: Some(access_list), ..SETTING };
/// May get and put the keys that begin with a; its sessions last one epoch more.
const CLIENT: [u8; 32] = [11; 32];
/// May get all keys.
const GATEWAY: [u8; 32] = [12; 32];

/// The host may ask too, and has receipts.
fn access_list() -> AccessList {
    let grant = |prefix: &[u8], write: bool| Grant {
        relation: RelationId(0),
        access: Access { read: true, write },
        prefix: prefix.to_vec(),
    };
    let client = |secret: &[u8; 32], kind, transitions: &[u16], grant: Grant| Client {
        key: public_key(secret),
        kind,
        lifetime: 1,
        transitions: transitions.iter().copied().map(TransitionId).collect(),
        grants: vec![grant],
    };
    let mut clients = vec![
        client(&CLIENT, ClientKind::Client, &[0, 1], grant(A, true)),
        client(&GATEWAY, ClientKind::Gateway, &[0], grant(b"", false)),
    ];
    clients.sort_by_key(|client| client.key);
    AccessList { embedded: true, embedded_receipts: true, clients }
}

pub(super) fn cases() -> Vec<Case> {
    use Refusal as R;
    let refused = |refusal: Refusal, name, about, play| {
        Case::new(Expected::Refused(name_of(refusal), refusal.code()), name, about, play).on(SERVED)
    };
    let retry = Expected::Retry(NotYet::Order);
    let accepted = Case::new(Expected::Accepted, "session", "every entry of sessions", every_entry);
    vec![
        accepted.on(SERVED),
        Case::new(retry, "run_app", "number 2 before number 1", out_of_order).on(SERVED),
        refused(R::UnknownSession, "served", "no session has this id", unknown),
        refused(R::UnknownSession, "revoke", "a session that does not exist", revoke_unknown),
        refused(R::WrongMac, "run_app", "one bit of the MAC", wrong_mac),
        refused(R::WrongMac, "arguments", "the host puts other arguments in", other_arguments),
        refused(R::WrongMac, "ask", "a question's MAC", wrong_question),
        refused(R::Replayed, "run_app", "a number a second time", replayed),
        refused(R::TooOld, "run_app", "a number below the window", too_old),
        refused(R::Expired, "run_app", "after the session's last epoch", expired),
        refused(R::Revoked, "run_app", "after its session was revoked", revoked),
        refused(R::MissingRight, "transition", "a gateway that may not put", missing_call),
        refused(R::MissingRight, "row", "a key that begins otherwise", missing_row),
        refused(R::NoSuchNumber, "run_app", "number 0", number_zero),
        refused(R::NotEmbedded, "run_app", "the host asks where only clients may", not_embedded)
            .on(Setting { serving: Some(clients_only), ..SETTING }),
        refused(R::BadHandshake, "open", "one bit of a handshake", bad_handshake),
        refused(R::BadHandshake, "rotate", "a handshake that names another session", bad_rotate),
        refused(R::UnknownClient, "open", "a key that is not listed", unknown_client),
        refused(R::NoRoom, "open", "a third session where two fit", no_room),
    ]
}

fn name_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Program(_) => "Program",
        Refusal::UnknownSession => "UnknownSession",
        Refusal::WrongMac => "WrongMac",
        Refusal::Replayed => "Replayed",
        Refusal::TooOld => "TooOld",
        Refusal::Expired => "Expired",
        Refusal::Revoked => "Revoked",
        Refusal::MissingRight => "MissingRight",
        Refusal::NoSuchNumber => "NoSuchNumber",
        Refusal::NotEmbedded => "NotEmbedded",
        Refusal::BadHandshake => "BadHandshake",
        Refusal::UnknownClient => "UnknownClient",
        Refusal::NoRoom => "NoRoom",
    }
}

fn clients_only() -> AccessList {
    AccessList { embedded: false, embedded_receipts: false, ..access_list() }
}

fn get(key: &[u8]) -> Operation {
    Operation::Get { key: key.to_vec() }
}

fn put(key: &[u8]) -> Operation {
    Operation::Put { key: key.to_vec(), value: b"v".to_vec() }
}

/// Message 1 of a client whose entropy is this byte.
fn hello(s: &Script, secret: &[u8; 32], ask: Ask, byte: u8) -> (Initiator, Vec<u8>) {
    connection::hello(s.scope(), ENTROPY, secret, ask, byte)
}

fn connect(s: &mut Script, secret: &[u8; 32], ask: Ask, byte: u8) -> Connection {
    let (initiator, message) = hello(s, secret, ask, byte);
    s.feed(0, &hello_bytes(ask, &message));
    let outputs = &s.run.steps.last().expect("a step was just made").outputs;
    let answer = match Answer::decode(outputs) {
        Some((Answer::Done(answer), [])) => Some(answer),
        _ => None,
    };
    let (welcome, keys) =
        initiator.finish(answer.expect("there is room")).expect("the verifier is ours");
    Connection { id: welcome.session, keys }
}

fn client(s: &mut Script) -> Connection {
    connect(s, &CLIENT, Ask::default(), 21)
}

fn every_entry(s: &mut Script) {
    s.add_new(1, A);
    let first = client(s);
    s.feed(0, &first.request(1, &put(A), &[1]));
    s.feed(0, &first.request(2, &get(A), &[1]));
    s.run_app(0, &get(A), &[1]);
    let gateway = connect(s, &GATEWAY, Ask::default(), 22);
    s.feed(0, &gateway.request(1, &get(A), &[1]));
    s.feed(0, &first.question(2));
    s.feed(0, &first.question(3));
    s.feed(0, &revoke_bytes(gateway.id));
    let ask = Ask { strict_order: true, replaces: first.id };
    let second = connect(s, &CLIENT, ask, 23);
    s.feed(0, &second.request(1, &get(A), &[1]));
    s.close();
}

/// A record, a client, and one request of it.
fn one_request(s: &mut Script, request: impl Fn(&Script, &Connection) -> Vec<u8>) {
    s.add_new(1, A);
    let client = client(s);
    let log = request(s, &client);
    s.feed(0, &log);
    s.close();
}

fn out_of_order(s: &mut Script) {
    s.add_new(1, A);
    let client = connect(s, &CLIENT, Ask { strict_order: true, replaces: 0 }, 21);
    s.feed(0, &client.request(s.twist(1, 2), &get(A), &[1]));
    s.close();
}

fn unknown(s: &mut Script) {
    one_request(s, |s, client| {
        let id = s.twist(client.id, client.id + 1);
        Connection { id, keys: client.keys.clone() }.request(1, &get(A), &[1])
    });
}

fn revoke_unknown(s: &mut Script) {
    one_request(s, |s, client| revoke_bytes(s.twist(client.id, client.id + 1)));
}

/// The bytes with one bit of the byte at `at` changed by the liar.
fn flipped(s: &Script, mut log: Vec<u8>, at: usize) -> Vec<u8> {
    log[at] ^= s.twist(0, 1);
    log
}

fn wrong_mac(s: &mut Script) {
    one_request(s, |s, client| flipped(s, client.request(1, &get(A), &[1]), 16));
}

fn other_arguments(s: &mut Script) {
    one_request(s, |s, client| {
        let log = client.request(1, &put(A), &[1]);
        let last_of_value = log.len() - 5;
        flipped(s, log, last_of_value)
    });
}

fn wrong_question(s: &mut Script) {
    one_request(s, |s, client| flipped(s, client.question(1), 13));
}

fn replayed(s: &mut Script) {
    s.add_new(1, A);
    let client = client(s);
    s.feed(0, &client.request(1, &put(A), &[1]));
    s.feed(0, &client.request(s.twist(2, 1), &put(A), &[1]));
    s.close();
}

fn too_old(s: &mut Script) {
    s.add_new(1, A);
    let client = client(s);
    s.feed(0, &client.request(2050, &get(A), &[1]));
    s.feed(0, &client.request(s.twist(2049, 1), &get(A), &[1]));
    s.close();
}

/// Of two sessions, the first ends with epoch 1 and the second with epoch 2.
fn expired(s: &mut Script) {
    s.add_new(1, A);
    let old = client(s);
    s.close();
    let new = connect(s, &CLIENT, Ask::default(), 22);
    s.close();
    let connection = s.twist(&new, &old);
    s.feed(0, &connection.request(1, &get(A), &[1]));
}

fn revoked(s: &mut Script) {
    s.add_new(1, A);
    let first = client(s);
    let second = connect(s, &CLIENT, Ask::default(), 22);
    s.feed(0, &revoke_bytes(s.twist(second.id, first.id)));
    s.feed(0, &first.request(1, &get(A), &[1]));
    s.close();
}

fn missing_call(s: &mut Script) {
    s.add_new(1, A);
    let client = client(s);
    let gateway = connect(s, &GATEWAY, Ask::default(), 22);
    let connection = s.twist(&client, &gateway);
    s.feed(0, &connection.request(1, &put(A), &[1]));
    s.close();
}

fn missing_row(s: &mut Script) {
    s.add_new(1, b"b");
    let client = client(s);
    let gateway = connect(s, &GATEWAY, Ask::default(), 22);
    let connection = s.twist(&gateway, &client);
    s.feed(0, &connection.request(1, &get(b"b"), &[1]));
    s.close();
}

fn number_zero(s: &mut Script) {
    one_request(s, |s, client| client.request(s.twist(1, 0), &get(A), &[1]));
}

fn not_embedded(s: &mut Script) {
    one_request(s, |s, client| {
        let embedded = run_app_bytes(&get(A), &[1]);
        s.twist(client.request(1, &get(A), &[1]), embedded)
    });
}

fn bad_handshake(s: &mut Script) {
    let (_, message) = hello(s, &CLIENT, Ask::default(), 21);
    let log = session_bytes(SessionEntry::Open { message: &message });
    s.feed(0, &flipped(s, log, 90));
    s.close();
}

fn bad_rotate(s: &mut Script) {
    let first = client(s);
    let second = connect(s, &CLIENT, Ask::default(), 22);
    let (_, message) = hello(s, &CLIENT, Ask { strict_order: false, replaces: first.id }, 23);
    s.feed(0, &revoke_bytes(second.id));
    let session = s.twist(first.id, second.id + 1);
    s.feed(0, &session_bytes(SessionEntry::Rotate { session, message: &message }));
    s.close();
}

fn unknown_client(s: &mut Script) {
    let secret = s.twist(CLIENT, [99; 32]);
    let (_, message) = hello(s, &secret, Ask::default(), 21);
    s.feed(0, &session_bytes(SessionEntry::Open { message: &message }));
    s.close();
}

fn no_room(s: &mut Script) {
    let first = client(s);
    connect(s, &CLIENT, Ask::default(), 22);
    // The liar revokes nothing, which is refused, and opens a third one all the same.
    s.feed(0, &revoke_bytes(s.twist(first.id, 0)));
    let (_, message) = hello(s, &CLIENT, Ask::default(), 23);
    s.feed(0, &session_bytes(SessionEntry::Open { message: &message }));
    s.close();
}
