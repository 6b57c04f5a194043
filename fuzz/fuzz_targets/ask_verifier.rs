//! Fuzzes the requests of a session: each number is answered once, and none that was changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use std::sync::OnceLock;
use zeta_program::{Program, key_value};
use zeta_session::{
    AccessList, Ask, Client, ClientKind, Entropy, Identity, Initiator, Scope, SessionKeys,
    public_key, request_digest,
};
use zeta_verifier::{
    Answer, Authentication, Config, Entry, Incarnation, Node, Refusal, RunApp, Serving,
    SessionEntry, SlotList, Standard, StopCause, TransitionId, Verifier,
};

const CONFIG: Config = Config {
    threads: 2,
    slots: 6,
    byte_budget: 1 << 12,
    root: Node::EMPTY,
    nonce: [1; 16],
    incarnation: Incarnation([2; 16]),
    secret: [3; 32],
};
const SECRET: [u8; 32] = [4; 32];
/// No arguments are of this type: the request is refused, and answered, and claims its number.
const ILL_TYPED: &[u8] = b"";
const ILL_TYPED_CODE: u16 = 2;
const GET: TransitionId = TransitionId(0);

fn opened() -> (Verifier<Standard>, u32, SessionKeys) {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| Program::load(&key_value()).expect("the program is ours"));
    let client = Client {
        key: public_key(&SECRET),
        kind: ClientKind::Client,
        lifetime: 1,
        transitions: vec![GET],
        grants: vec![],
    };
    let list = AccessList { embedded: false, embedded_receipts: false, clients: vec![client] };
    let serving = Serving {
        access: &list.encode(),
        identity: Identity::new(&[4; 32]),
        entropy: Entropy::new([5; 32]),
        sessions_per_thread: 1,
    };
    let made = Verifier::serving(&CONFIG, program.clone(), serving);
    let mut verifier = made.expect("the configuration is good");
    let introduced = *verifier.certifier.as_ref().expect("there is a client").introduction();
    let scope: Scope = introduced.scope;
    let mut entropy = Entropy::new([6; 32]);
    let started =
        Initiator::start(&scope, &introduced.static_key, &SECRET, Ask::default(), &mut entropy);
    let (initiator, message) = started.expect("the keys are good");
    let answers = say(&mut verifier, 0, &Entry::Session(SessionEntry::Open { message: &message }));
    let Some((Answer::Done(welcome), _)) = Answer::decode(&answers) else {
        panic!("the session is not opened: {answers:?}");
    };
    let (welcome, keys) = initiator.finish(welcome).expect("the answer is good");
    (verifier, welcome.session, keys)
}

fn say(verifier: &mut Verifier<Standard>, thread: usize, entry: &Entry<'_>) -> Vec<u8> {
    let (mut log, mut answers) = (Vec::new(), Vec::new());
    entry.encode(&mut log);
    let progress = verifier.threads[thread].verify_log(&log, &mut answers);
    assert_eq!(progress.stop, StopCause::Done, "no client can stop a thread");
    answers
}

/// The refusal of the first answer, and whether the verifier settled the number by a reply.
fn refused(answers: &[u8]) -> (u16, bool) {
    let Some((Answer::Refused(code), rest)) = Answer::decode(answers) else {
        panic!("it is not refused: {answers:?}");
    };
    (code, matches!(Answer::decode(rest), Some((Answer::Receipt { mac: Some(_), .. }, _))))
}

fuzz_target!(|data: &[u8]| {
    let (mut verifier, session, keys) = opened();
    let digest = request_digest(GET.0, ILL_TYPED);
    let mut used = HashSet::new();
    let mut highest = 0;
    for [how, number, place, flipped] in data.as_chunks::<4>().0 {
        // Near the last ones, or far beyond what the window holds.
        let sequence = match how >> 4 {
            0..12 => u64::from(*number) + 1,
            far => u64::from(far) * 500 + u64::from(*number),
        };
        let mut mac = keys.request(session, sequence, &digest);
        let (mut asked, mut named) = (sequence, session);
        match how & 3 {
            1 => mac[usize::from(*place) % 16] ^= flipped,
            2 => asked ^= u64::from(*flipped) << (place % 57),
            3 => named ^= u32::from(*flipped) << (place % 25),
            _ => {}
        }
        let good =
            (mac, asked, named) == (keys.request(session, sequence, &digest), sequence, session);
        let entry = Entry::RunApp(RunApp {
            transition: GET,
            authentication: Authentication::Session { session: named, sequence: asked, mac: &mac },
            arguments: ILL_TYPED,
            slots: SlotList::from_bytes(&[]).expect("no slots are a list"),
        });
        let (code, settled) = refused(&say(&mut verifier, usize::from(how >> 2 & 1), &entry));
        assert_eq!(settled, good && code == ILL_TYPED_CODE);
        if settled {
            assert!(used.insert(sequence), "a number is answered twice");
            highest = highest.max(sequence);
        } else if good {
            let expected =
                if used.contains(&sequence) { Refusal::Replayed } else { Refusal::TooOld };
            // What is far below is known to be used, or too old: either is no.
            let far = sequence + 1007 < highest;
            assert!(code == expected.code() || far && code == Refusal::TooOld.code());
            assert!(far || used.contains(&sequence), "a free number is refused");
        } else {
            assert!([256, 257, 263].contains(&code), "a changed request is refused for {code}");
        }
    }
});
