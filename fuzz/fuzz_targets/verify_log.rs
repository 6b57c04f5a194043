//! Fuzzes verify_log: any bytes, cut into calls on two threads, give the same answers twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use zeta_program::{Program, key_value};
use zeta_session::{AccessList, Client, ClientKind, Entropy, Identity};
use zeta_verifier::{
    Config, Epoch, Incarnation, Node, Outcome, Progress, Serving, StopCause, TransitionId, Verifier,
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

/// The calls of an input: a byte that names thread and length, then that many bytes.
fn calls(mut data: &[u8]) -> Vec<(usize, &[u8])> {
    let mut calls = Vec::new();
    while let Some((head, rest)) = data.split_first() {
        let (log, after) = rest.split_at(rest.len().min(usize::from(head >> 1)));
        calls.push((usize::from(head & 1), log));
        data = after;
    }
    calls
}

/// Everybody may ask, the host too.
fn access_list() -> Vec<u8> {
    let client = Client {
        key: [9; 32],
        kind: ClientKind::Client,
        lifetime: 1,
        transitions: vec![TransitionId(0)],
        grants: vec![],
    };
    AccessList { embedded: true, embedded_receipts: true, clients: vec![client] }.encode()
}

fn say(program: &Program, calls: &[(usize, &[u8])]) -> (Vec<(Progress, Vec<u8>)>, Outcome) {
    let access = access_list();
    let serving = Serving {
        access: &access,
        identity: Identity::new(&[4; 32]),
        entropy: Entropy::new([5; 32]),
        sessions_per_thread: 1,
    };
    let verifier = Verifier::serving(&CONFIG, program.clone(), serving);
    let mut verifier = verifier.expect("the configuration is good");
    let mut said = Vec::new();
    for (thread, log) in calls {
        let mut outputs = Vec::new();
        let progress = verifier.threads[*thread].verify_log(log, &mut outputs);
        assert!(progress.consumed <= log.len());
        assert_eq!(
            progress.stop == StopCause::Done,
            progress.consumed == log.len() && verifier.threads[*thread].rejection().is_none()
        );
        said.push((progress, outputs));
    }
    let outcome = verifier.board.outcome(Epoch(0));
    let signs = verifier.certifier.as_ref().expect("there is a client");
    assert_eq!(signs.certification(Epoch(0)).is_ok(), outcome == Outcome::Certified);
    (said, outcome)
}

fuzz_target!(|data: &[u8]| {
    static PROGRAM: OnceLock<Program> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| Program::load(&key_value()).expect("the program is ours"));
    let calls = calls(data);
    assert_eq!(say(program, &calls), say(program, &calls));
});
