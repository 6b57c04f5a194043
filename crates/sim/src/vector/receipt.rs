//! Vectors of files that clients keep: true ones, and twins that show nothing, each with its error.

use super::file::hex;
use serde::Serialize;
use std::io;
use zeta_receipt::{
    Answered, Receipt, ReceiptError, decode_certification, decode_introduction,
    encode_certification, encode_introduction, path,
};
use zeta_session::{
    Asker, Certification, ClientKind, Frontier, Hash, Identity, PublicIdentity, Scope, thread_hash,
};

const COMMENT: &str = "made by `cargo run -p zeta-sim --bin make_vectors`; bytes are hex; \
    do not edit";
const SCOPE: Scope = Scope { instance: [1; 16], incarnation: [2; 16], program: [3; 32] };
const EPOCH: u32 = 6;
const THREADS: u16 = 3;
/// Receipts of each thread: the tree of one has a lone last leaf, that of another no leaf at all.
const COUNTS: [u64; THREADS as usize] = [7, 0, 2];

#[derive(Serialize)]
pub(super) struct ReceiptFile {
    _comment: &'static str,
    about: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    twin: Option<String>,
    /// `accepted`, or the error.
    expected: String,
    /// What the bytes claim to be: receipt, certification or introduction.
    kind: &'static str,
    bytes: String,
    /// Whom the reader believes, and what it expects.
    identity: String,
    instance: String,
    incarnation: String,
    program: String,
    /// What a reader computes on the way; of accepted receipts.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Steps>,
}

#[derive(Serialize)]
struct Steps {
    leaf: String,
    leaf_hash: String,
    epoch_root: String,
}

impl ReceiptFile {
    /// The file's content.
    pub(super) fn text(&self) -> io::Result<String> {
        Ok(serde_json::to_string_pretty(self).map_err(io::Error::other)? + "\n")
    }
}

fn identity() -> Identity {
    Identity::new(&[5; 32])
}

/// A receipt of thread 0, by number, without its place.
fn bare(number: u64) -> Receipt {
    let client = zeta_session::public_key(&[4; 32]);
    let session = |kind| Asker::Session { kind, client, session: 9, sequence: number + 1 };
    let (asker, answer) = match number {
        1 => (session(ClientKind::Gateway), Answered::Failed(256)),
        2 => (session(ClientKind::Client), Answered::Refused(262)),
        3 => (Asker::Embedded, Answered::Done(vec![0])),
        _ => (session(ClientKind::Client), Answered::Done(b"\x01\x05\0\0\0hello".to_vec())),
    };
    Receipt {
        scope: SCOPE,
        asker,
        transition: 1,
        arguments: vec![b'k'; 20 * number as usize],
        answer,
        thread: 0,
        epoch: EPOCH,
        counter: 300 * number as u32,
        index: number,
        count: COUNTS[0],
        path: vec![],
        threads: THREADS,
        receipts: COUNTS.iter().sum(),
        thread_path: vec![],
        signature: [0; 64],
    }
}

fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// The receipt with its paths, certified by `identity` as of `epoch`.
fn placed(number: u64, identity: &Identity, epoch: u32) -> Receipt {
    let mut receipt = bare(number);
    let leaves: Vec<Hash> = (0..COUNTS[0]).map(|number| bare(number).leaf().hash()).collect();
    let roots = [root(&leaves), root(&[]), root(&[[8; 32], [9; 32]])];
    let threads: Vec<Hash> = (0..THREADS)
        .zip(COUNTS.iter().zip(&roots))
        .map(|(thread, (count, root))| thread_hash(thread, *count, root))
        .collect();
    receipt.path = path(&leaves, number as usize);
    receipt.thread_path = path(&threads, 0);
    let sealed = (THREADS, receipt.receipts, root(&threads));
    receipt.signature = Certification::sign(identity, SCOPE, epoch, sealed).signature;
    receipt
}

fn good(number: u64) -> Receipt {
    placed(number, &identity(), EPOCH)
}

struct Case {
    name: &'static str,
    about: &'static str,
    expected: Result<(), ReceiptError>,
    bytes: Vec<u8>,
}

fn case(name: &'static str, about: &'static str, error: ReceiptError, bytes: Vec<u8>) -> Case {
    Case { name, about, expected: Err(error), bytes }
}

fn accepted(name: &'static str, about: &'static str, number: u64) -> Case {
    Case { name, about, expected: Ok(()), bytes: good(number).encode() }
}

/// Every file: its name below `vectors/`, and its content.
#[must_use]
pub(super) fn all() -> Vec<(String, ReceiptFile)> {
    let mut cases = vec![
        accepted("client", "of a client's session, done", 0),
        accepted("gateway", "of a gateway's session; a check of the application failed", 1),
        accepted("refused", "the client had no right to a row", 2),
        accepted("embedded", "of the host itself", 3),
        accepted("lone_leaf", "the last leaf of seven has a shorter path", 6),
    ];
    cases.extend(false_operations());
    cases.extend(false_certifications());
    cases.extend(false_places());
    cases.extend(re_encoded());
    cases.extend(out_of_range());
    let mut files: Vec<_> = cases.into_iter().map(|case| file("receipt", case)).collect();
    files.extend(signed_cases());
    files
}

/// A receipt after one change.
fn lie(change: fn(&mut Receipt)) -> Vec<u8> {
    let mut receipt = good(0);
    change(&mut receipt);
    receipt.encode()
}

/// Well formed, but another operation than was certified.
fn false_operations() -> Vec<Case> {
    use ReceiptError::NotCertified;
    vec![
        case(
            "result",
            "another result",
            NotCertified,
            lie(|r| {
                r.answer = Answered::Done(b"\x01\x05\0\0\0Hello".to_vec());
            }),
        ),
        case(
            "failed",
            "an operation that was done is said to have failed",
            NotCertified,
            lie(|r| {
                r.answer = Answered::Failed(256);
            }),
        ),
        case("arguments", "other arguments", NotCertified, lie(|r| r.arguments = vec![b'k'])),
        case("transition", "another transition", NotCertified, lie(|r| r.transition = 2)),
        case(
            "sequence",
            "another request of the session",
            NotCertified,
            lie(|r| {
                if let Asker::Session { sequence, .. } = &mut r.asker {
                    *sequence += 1;
                }
            }),
        ),
        case("asker", "said to be embedded", NotCertified, lie(|r| r.asker = Asker::Embedded)),
        case("counter", "another time of the epoch", NotCertified, lie(|r| r.counter += 1)),
    ]
}

/// Well formed, but not certified like this.
fn false_certifications() -> Vec<Case> {
    use ReceiptError::NotCertified;
    vec![
        case("epoch", "said to be of the next epoch", NotCertified, lie(|r| r.epoch += 1)),
        case(
            "mismatch",
            "of an epoch that ended in a mismatch: the signature is of the one before",
            NotCertified,
            placed(0, &identity(), EPOCH - 1).encode(),
        ),
        case("signature", "one bit of the signature", NotCertified, lie(|r| r.signature[0] ^= 1)),
        case(
            "signature_form",
            "the group's order added to the signature's second half",
            NotCertified,
            lie(|r| add_order(&mut r.signature)),
        ),
        case(
            "identity",
            "certified by another verifier",
            NotCertified,
            placed(0, &Identity::new(&[6; 32]), EPOCH).encode(),
        ),
    ]
}

/// Well formed, but in another place than was certified, or under other names.
fn false_places() -> Vec<Case> {
    use ReceiptError::{NotCertified, WrongPath, WrongScope};
    let scoped = |scope: Scope| Receipt { scope, ..good(0) }.encode();
    vec![
        case("thread", "said to be of another thread", NotCertified, lie(|r| r.thread = 1)),
        case("path", "one bit of a path", NotCertified, lie(|r| r.path[1][31] ^= 1)),
        case("index", "another leaf's place", NotCertified, lie(|r| r.index = 1)),
        case("receipts", "more receipts in the epoch", NotCertified, lie(|r| r.receipts += 1)),
        case("path_short", "a path without its last hash", WrongPath, lie(|r| r.path.truncate(2))),
        case("path_long", "a path with one hash more", WrongPath, lie(|r| r.path.push([0; 32]))),
        case("index_beyond", "a place beyond the tree", WrongPath, lie(|r| r.index = 7)),
        case(
            "count_beyond",
            "more leaves in the thread than in the epoch",
            WrongPath,
            lie(|r| {
                r.receipts = 6;
            }),
        ),
        case("thread_beyond", "a thread beyond the threads", WrongPath, lie(|r| r.threads = 0)),
        case(
            "instance",
            "of another instance",
            WrongScope,
            scoped(Scope { instance: [9; 16], ..SCOPE }),
        ),
        case(
            "incarnation",
            "of another incarnation",
            WrongScope,
            scoped(Scope { incarnation: [9; 16], ..SCOPE }),
        ),
        case(
            "program",
            "of another program",
            WrongScope,
            scoped(Scope { program: [9; 32], ..SCOPE }),
        ),
    ]
}

/// `S + L` would verify wherever the range of `S` is not checked.
fn add_order(signature: &mut [u8; 64]) {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0;
    for (byte, add) in signature.iter_mut().skip(32).zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
}

/// Bytes of a good receipt, and where some fields stand.
struct Pieces {
    bytes: Vec<u8>,
    /// Of the value of key 9.
    transition: usize,
    /// Of key 11.
    answer: usize,
}

impl Pieces {
    fn new() -> Self {
        let bytes = good(0).encode();
        // The first byte 9 that a 1 follows and a 10 after that.
        let transition = bytes.windows(3).position(|part| part == [9, 1, 10]).expect("key 9") + 1;
        let answer = bytes.windows(4).position(|part| part == [11, 0, 12, 0]).expect("key 11");
        Self { bytes, transition, answer }
    }

    /// The bytes with `new` in place of `len` bytes.
    fn spliced(&self, at: usize, len: usize, new: &[u8]) -> Vec<u8> {
        [&self.bytes[..at], new, &self.bytes[at + len..]].concat()
    }
}

/// Bytes that are not the one encoding of anything.
fn re_encoded() -> Vec<Case> {
    use ReceiptError as E;
    let pieces = Pieces::new();
    let (bytes, transition, answer) = (&pieces.bytes, pieces.transition, pieces.answer);
    let spliced = |at, len, new| pieces.spliced(at, len, new);
    let end = bytes.len();
    vec![
        case("truncated", "the last byte is missing", E::Truncated, bytes[..end - 1].to_vec()),
        case("empty", "no bytes at all", E::Truncated, vec![]),
        case("trailing", "a byte follows", E::TrailingBytes, spliced(end, 0, &[0])),
        case(
            "longer_number",
            "re-encoded: a number in two bytes that needs one",
            E::NotShortest,
            spliced(transition, 1, &[0x18, 1]),
        ),
        case(
            "longer_length",
            "re-encoded: a length in two bytes that needs one",
            E::NotShortest,
            spliced(4, 1, &[0x58, 16]),
        ),
        case(
            "indefinite_map",
            "re-encoded: a map without a length",
            E::NotShortest,
            [&[0xbf][..], &bytes[1..], &[0xff]].concat(),
        ),
        case(
            "tagged",
            "re-encoded: a tag before the map",
            E::WrongType,
            [&[0xd9, 0xd9, 0xf7][..], bytes].concat(),
        ),
        case(
            "swapped_keys",
            "re-encoded: keys 11 and 12 in the other order",
            E::WrongKeys,
            spliced(answer, 4, &[12, 0, 11, 0]),
        ),
        case(
            "repeated_key",
            "key 11 twice, and key 12 not at all",
            E::WrongKeys,
            spliced(answer, 4, &[11, 0, 11, 0]),
        ),
        case(
            "additional_key",
            "a key 24 at the end",
            E::WrongKeys,
            [&[0xb8, 24][..], &bytes[1..], &[0x18, 24, 0]].concat(),
        ),
    ]
}

/// One field of a value that it cannot have.
fn out_of_range() -> Vec<Case> {
    use ReceiptError as E;
    let pieces = Pieces::new();
    let (bytes, transition, answer) = (&pieces.bytes, pieces.transition, pieces.answer);
    let spliced = |at, len, new| pieces.spliced(at, len, new);
    vec![
        case("version", "version 2", E::UnknownVersion, spliced(2, 1, &[2])),
        case("text_key", "an instance that is text", E::WrongType, spliced(4, 1, &[0x70])),
        case(
            "short_instance",
            "an instance of fifteen bytes",
            E::WrongLength,
            spliced(4, 2, &[0x4f]),
        ),
        case(
            "wide_transition",
            "a transition of more than 16 bits",
            E::OutOfRange,
            spliced(transition, 1, &[0x1a, 0, 1, 0, 0]),
        ),
        case(
            "authentication",
            "a way of asking that does not exist",
            E::UnknownAuthentication,
            spliced(authentication_in(bytes), 1, &[3]),
        ),
        case(
            "embedded_client",
            "embedded, but with a client",
            E::WrongAsker,
            spliced(authentication_in(bytes), 1, &[0]),
        ),
        case(
            "answer",
            "an answer that does not exist",
            E::UnknownAnswer,
            spliced(answer, 2, &[11, 3]),
        ),
        case(
            "failed_result",
            "failed, but with a result",
            E::WrongAnswer,
            spliced(answer, 2, &[11, 1]),
        ),
        case(
            "done_code",
            "done, but with a code",
            E::WrongAnswer,
            spliced(answer, 4, &[11, 0, 12, 1]),
        ),
    ]
}

/// Where the value of key 5, the authentication, stands: right after the scope.
fn authentication_in(bytes: &[u8]) -> usize {
    let scope_end = 3 + 18 + 18 + 35;
    assert_eq!(bytes[scope_end], 5, "the map's order");
    scope_end + 1
}

/// Certifications and introductions, the true ones and a lie each.
fn signed_cases() -> Vec<(String, ReceiptFile)> {
    let certification = good(0).certification().expect("it has a place");
    let introduction = identity().introduce(SCOPE, zeta_session::public_key(&[7; 32]));
    let mut wrong_root = certification;
    wrong_root.root[0] ^= 1;
    let mut wrong_key = introduction;
    wrong_key.static_key[0] ^= 1;
    let certification = encode_certification(&certification);
    let origin = certification.windows(2).position(|part| part == [5, 0]).expect("key 5") + 1;
    let mut other_origin = certification.clone();
    other_origin[origin] = 1;
    let longer = |bytes: &[u8]| [bytes, &[0]].concat();
    let introduction = encode_introduction(&introduction);
    let (trailing, lie) = (ReceiptError::TrailingBytes, ReceiptError::NotCertified);
    let restarted = ReceiptError::UnknownOrigin;
    let true_one = |about: &'static str, bytes: &[u8]| Case {
        name: "good",
        about,
        expected: Ok(()),
        bytes: bytes.to_vec(),
    };
    vec![
        file("certification", true_one("of an epoch", &certification)),
        file("certification", case("root", "another root", lie, encode_certification(&wrong_root))),
        file(
            "certification",
            case("origin", "of a verifier that was restarted", restarted, other_origin),
        ),
        file("certification", case("trailing", "a byte follows", trailing, longer(&certification))),
        file("introduction", true_one("of an incarnation's static key", &introduction)),
        file(
            "introduction",
            case("key", "another static key", lie, encode_introduction(&wrong_key)),
        ),
        file("introduction", case("trailing", "a byte follows", trailing, longer(&introduction))),
    ]
}

/// What a reader who believes `identity` says.
fn read(kind: &str, bytes: &[u8], identity: &PublicIdentity) -> Result<(), ReceiptError> {
    let genuine = |genuine: bool| if genuine { Ok(()) } else { Err(ReceiptError::NotCertified) };
    match kind {
        "receipt" => Receipt::decode(bytes)?.verify(identity, &SCOPE),
        "certification" => genuine(decode_certification(bytes)?.is_signed_by(identity)),
        _ => {
            let read = decode_introduction(bytes)?;
            genuine(read.is_genuine() && read.identity == *identity)
        }
    }
}

fn file(kind: &'static str, case: Case) -> (String, ReceiptFile) {
    let identity = identity().public();
    let name = format!("receipts/{kind}/{}.json", case.name);
    let read = read(kind, &case.bytes, &identity);
    assert_eq!(read, case.expected, "`{name}`");
    let expected = match read {
        Ok(()) => "accepted".into(),
        Err(error) => format!("{error:?}"),
    };
    let honest = if kind == "receipt" { "client" } else { "good" };
    let twin = read.is_err().then(|| format!("receipts/{kind}/{honest}.json"));
    let receipt = Receipt::decode(&case.bytes).ok().filter(|_| read.is_ok());
    let steps = receipt.map(|receipt| Steps {
        leaf: hex(&receipt.leaf().encode()),
        leaf_hash: hex(&receipt.leaf().hash()),
        epoch_root: hex(&receipt.certification().expect("it was verified").root),
    });
    let file = ReceiptFile {
        _comment: COMMENT,
        about: case.about,
        twin,
        expected,
        kind,
        bytes: hex(&case.bytes),
        identity: hex(&identity.0),
        instance: hex(&SCOPE.instance),
        incarnation: hex(&SCOPE.incarnation),
        program: hex(&SCOPE.program),
        steps,
    };
    (name, file)
}
