//! Calls of an application against a sequential run of its meaning: the same answers, however
//! records are divided among workers, and every epoch certifies.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod ledger;

use ledger::{ABSENT, EITHER, FOLLOW, GET, LINK, NOT_ENOUGH, PAY, SET, TRANSFER, name};
use proptest::prelude::*;
use std::collections::BTreeMap;
use zeta_host::hazmat;
use zeta_host::{
    Batch, Column, Entropy, HostError, Options, Policy, Results, Status, Store, Transitions,
    slots_min,
};
use zeta_verifier::{Entry, Outcome};

/// One call; numbers stand for names.
#[derive(Clone, Debug)]
enum Call {
    Set { account: u16, balance: u64 },
    Get { account: u16 },
    Transfer { lazy: bool, source: u16, target: u16, amount: u64 },
    Link { name: u16, account: u16 },
    Follow { name: u16, amount: u64 },
    Either { even: u16, odd: u16 },
    Malformed { transition: u16, arguments: Vec<u8> },
}

#[derive(Clone, Debug)]
enum Action {
    Batch(Vec<Call>),
    Turn,
}

#[derive(Default)]
struct Model {
    accounts: BTreeMap<u16, u64>,
    links: BTreeMap<u16, u16>,
}

/// What a call gives: its result, or the code of a failed check, or that it is refused.
type Answer = (Status, u16, Vec<u8>);

/// A name of a length of its own, some too long for a record's own line.
fn name_of(number: u16) -> Vec<u8> {
    let mut name = number.to_be_bytes().to_vec();
    name.resize(2 + usize::from(number * 7 % 60), b'n');
    name
}

fn done(result: Vec<u8>) -> Answer {
    (Status::Done, 0, result)
}

fn failed(code: u16) -> Answer {
    (Status::Failed, code, Vec::new())
}

impl Call {
    fn encoded(&self) -> (u16, Vec<u8>) {
        let named = |numbers: &[u16]| numbers.iter().flat_map(|n| name(&name_of(*n))).collect();
        let with = |numbers: &[u16], amount: &u64| {
            let mut bytes: Vec<u8> = named(numbers);
            bytes.extend(amount.to_le_bytes());
            bytes
        };
        match self {
            Self::Set { account, balance } => (SET, with(&[*account], balance)),
            Self::Get { account } => (GET, named(&[*account])),
            Self::Transfer { lazy, source, target, amount } => {
                (if *lazy { PAY } else { TRANSFER }, with(&[*source, *target], amount))
            }
            Self::Link { name, account } => (LINK, named(&[*name, *account])),
            Self::Follow { name, amount } => (FOLLOW, with(&[*name], amount)),
            Self::Either { even, odd } => (EITHER, named(&[*even, *odd])),
            Self::Malformed { transition, arguments } => (*transition, arguments.clone()),
        }
    }

    /// What the call should give, and does to the model. The epoch is whatever the answer says.
    fn apply(&self, model: &mut Model, answer: &Answer) -> Answer {
        match self {
            Self::Set { account, balance } => {
                model.accounts.insert(*account, *balance);
                done(Vec::new())
            }
            Self::Get { account } => done(match model.accounts.get(account) {
                None => vec![0],
                Some(balance) => [&[1][..], &balance.to_le_bytes()].concat(),
            }),
            Self::Transfer { source, target, amount, .. } => {
                let Some(payer) = model.accounts.get(source).copied() else {
                    return failed(ABSENT);
                };
                if payer < *amount {
                    return failed(NOT_ENOUGH);
                }
                if !model.accounts.contains_key(target) {
                    return failed(ABSENT);
                }
                *model.accounts.get_mut(source).unwrap() -= amount;
                *model.accounts.get_mut(target).unwrap() += amount;
                done(Vec::new())
            }
            Self::Link { name, account } => {
                model.links.insert(*name, *account);
                done(Vec::new())
            }
            Self::Follow { name, amount } => {
                let linked = model.links.get(name);
                let Some(balance) = linked.and_then(|to| model.accounts.get_mut(to)) else {
                    return failed(ABSENT);
                };
                *balance += amount;
                done(balance.to_le_bytes().to_vec())
            }
            Self::Either { even, odd } => {
                if answer.0 == Status::Failed {
                    let all = [even, odd].iter().all(|name| model.accounts.contains_key(name));
                    assert!(!all, "an account is not there");
                    return failed(ABSENT);
                }
                let epoch = u32::from_le_bytes(answer.2[..4].try_into().unwrap());
                let chosen = if epoch.is_multiple_of(2) { even } else { odd };
                let balance = model.accounts.get_mut(chosen).unwrap();
                *balance += 1;
                done([&epoch.to_le_bytes()[..], &balance.to_le_bytes()].concat())
            }
            Self::Malformed { .. } => (Status::Refused, answer.1, Vec::new()),
        }
    }
}

fn run(store: &Store, calls: &[Call]) -> Result<Vec<Answer>, HostError> {
    let encoded: Vec<_> = calls.iter().map(Call::encoded).collect();
    let transitions: Vec<u16> = encoded.iter().map(|(transition, _)| *transition).collect();
    let (mut bytes, mut offsets) = (Vec::new(), vec![0_i64]);
    for (_, arguments) in &encoded {
        bytes.extend_from_slice(arguments);
        offsets.push(bytes.len() as i64);
    }
    let batch = Batch::Calls {
        transitions: Transitions::Each(&transitions),
        arguments: Column::Offsets64 { bytes: &bytes, offsets: &offsets },
    };
    let mut results = Results::new();
    store.run(&batch, &mut results)?;
    let answer = |at| (results.status(at), results.codes[at], results.result(at).to_vec());
    Ok((0..calls.len()).map(answer).collect())
}

fn check(model: &mut Model, calls: &[Call], answers: &[Answer]) {
    assert_eq!(calls.len(), answers.len());
    for (at, (call, answer)) in calls.iter().zip(answers).enumerate() {
        assert_eq!(&call.apply(model, answer), answer, "call {at}: {call:?}");
    }
}

fn call(names: u16) -> impl Strategy<Value = Call> {
    let (n, amount) = (0..names, 0_u64..50);
    prop_oneof![
        2 => (n.clone(), 0_u64..200).prop_map(|(account, balance)| Call::Set { account, balance }),
        2 => n.clone().prop_map(|account| Call::Get { account }),
        6 => (any::<bool>(), n.clone(), n.clone(), amount.clone()).prop_map(
            |(lazy, source, target, amount)| Call::Transfer { lazy, source, target, amount }
        ),
        1 => (n.clone(), n.clone()).prop_map(|(name, account)| Call::Link { name, account }),
        3 => (n.clone(), amount).prop_map(|(name, amount)| Call::Follow { name, amount }),
        2 => (n.clone(), n).prop_map(|(even, odd)| Call::Either { even, odd }),
        1 => (0_u16..9, prop::collection::vec(any::<u8>(), 0..3))
            .prop_map(|(transition, arguments)| Call::Malformed { transition, arguments }),
    ]
}

fn eager_call(names: u16) -> impl Strategy<Value = Call> {
    let n = 0..names;
    prop_oneof![
        1 => (n.clone(), 0_u64..200).prop_map(|(account, balance)| Call::Set { account, balance }),
        1 => n.clone().prop_map(|account| Call::Get { account }),
        4 => (n.clone(), n, 0_u64..50).prop_map(
            |(source, target, amount)| Call::Transfer { lazy: false, source, target, amount }
        ),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => prop::collection::vec(call(60), 1..120).prop_map(Action::Batch),
        3 => prop::collection::vec(eager_call(300), 1..1500).prop_map(Action::Batch),
        1 => prop::collection::vec(call(2000), 1..400).prop_map(Action::Batch),
        2 => Just(Action::Turn),
    ]
}

fn open(policy: Policy, workers: u16, slots: u16, epoch_ms: Option<u64>) -> Store {
    let mut options = Options::new(ledger::program(), Entropy::from_seed(11));
    options.policy = policy;
    options.workers = workers;
    options.slots_per_worker = slots;
    options.idle_epochs = 1;
    options.epoch_ms = epoch_ms;
    Store::open(options).unwrap()
}

fn assert_certified(store: &Store) {
    store.close().unwrap();
    let last = store.certified().unwrap();
    for info in store.epochs().iter().filter(|info| info.epoch <= last) {
        assert_eq!(info.outcome, Outcome::Certified);
    }
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        5 => Just(Policy::Hybrid),
        1 => Just(Policy::DeferredOnly),
        1 => Just(Policy::MerkleOnly),
        1 => Just(Policy::Unverified),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn answers_are_those_of_a_sequential_run_and_every_epoch_certifies(
        policy in policy(),
        workers in prop_oneof![2 => Just(1_u16), 3 => 2_u16..6],
        more_slots in 0_u16..336,
        actions in prop::collection::vec(action(), 1..12),
    ) {
        let store = open(policy, workers, slots_min(workers) + more_slots, None);
        let mut model = Model::default();
        for action in &actions {
            match action {
                Action::Batch(calls) => check(&mut model, calls, &run(&store, calls).unwrap()),
                Action::Turn => {
                    store.certify().unwrap();
                }
            }
        }
        let mut listed = 0;
        store.keys(&mut |_, _| { listed += 1; true }).unwrap();
        prop_assert_eq!(listed, model.accounts.len() + model.links.len());
        prop_assert_eq!(store.stats().unwrap().lent, 0);
        match policy.is_verified() {
            true => assert_certified(&store),
            false => store.close().unwrap(),
        }
    }
}

/// A small generator, so that threads need no shared one.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % end
    }
}

#[test]
fn callers_whose_calls_cross_lose_no_money_while_epochs_turn() {
    const ACCOUNTS: u64 = 97;
    for (policy, workers) in [(Policy::Hybrid, 3), (Policy::Hybrid, 1), (Policy::DeferredOnly, 2)] {
        let store = open(policy, workers, 100, Some(2));
        let set = |account| Call::Set { account, balance: 1000 };
        let calls: Vec<_> = (0..ACCOUNTS as u16).map(set).collect();
        run(&store, &calls).unwrap();
        let links: Vec<_> =
            (0..ACCOUNTS as u16).map(|n| Call::Link { name: n, account: n * 31 % 97 }).collect();
        run(&store, &links).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let store = &store;
                scope.spawn(move || {
                    let mut random = Random(thread);
                    // As long as it takes for epochs to turn meanwhile.
                    for round in (0..).take_while(|round| *round < 40 || store.epoch().0 < 3) {
                        let mut some = || random.below(ACCOUNTS) as u16;
                        let mut transfer = |lazy| {
                            let (source, target) = (some(), some());
                            Call::Transfer { lazy, source, target, amount: 7 }
                        };
                        let calls: Vec<_> = match round % 3 {
                            0 => (0..50).map(|at| transfer(at % 5 == 0)).collect(),
                            1 => (0..300).map(|_| transfer(false)).collect(),
                            _ => vec![transfer(round % 2 == 0)],
                        };
                        for (status, code, _) in run(store, &calls).unwrap() {
                            assert!(status == Status::Done || code == NOT_ENOUGH);
                        }
                        // It pays nothing, and reads an account that only a link names.
                        let name = some();
                        run(store, &[Call::Follow { name, amount: 0 }]).unwrap();
                    }
                });
            }
        });
        let gets: Vec<_> = (0..ACCOUNTS as u16).map(|account| Call::Get { account }).collect();
        let total: u64 = run(&store, &gets)
            .unwrap()
            .iter()
            .map(|(_, _, result)| u64::from_le_bytes(result[1..].try_into().unwrap()))
            .sum();
        assert_eq!(total, ACCOUNTS * 1000);
        assert_certified(&store);
    }
}

/// A ledger whose record of account 1 is deferred, on one worker or two.
fn lying(workers: u16) -> Store {
    let store = open(Policy::Hybrid, workers, 200, None);
    let calls: Vec<_> = (0..100).map(|account| Call::Set { account, balance: 100 }).collect();
    run(&store, &calls).unwrap();
    let links: Vec<_> = (0..100).map(|n| Call::Link { name: n, account: (n + 1) % 100 }).collect();
    run(&store, &links).unwrap();
    store.certify().unwrap();
    store
}

fn calls_of_every_kind() -> Vec<Call> {
    let pay = |lazy, source| Call::Transfer { lazy, source, target: source + 1, amount: 5 };
    vec![pay(false, 1), pay(true, 1), pay(false, 0), Call::Follow { name: 0, amount: 1 }]
}

#[test]
fn forged_balances_mismatch_whatever_call_reads_them() {
    for (workers, call) in
        (1..3).flat_map(|w| calls_of_every_kind().into_iter().map(move |c| (w, c)))
    {
        let store = lying(workers);
        let forged = 1_000_000_u64.to_le_bytes();
        hazmat::set_value(&store, ledger::ACCOUNTS, &name_of(1), Some(&forged)).unwrap();
        // The lie is served for now, and believed by the host's own run, too.
        assert_eq!(
            run(&store, std::slice::from_ref(&call)).unwrap()[0].0,
            Status::Done,
            "{call:?}"
        );
        let caught = HostError::Mismatch { first: store.epoch() };
        assert_eq!(store.certify().unwrap_err(), caught);
        assert_eq!(run(&store, &[call]).unwrap_err(), caught);
    }
}

#[test]
fn swapped_and_rolled_back_balances_mismatch() {
    for workers in [1, 2] {
        let store = lying(workers);
        let old = hazmat::element(&store, ledger::ACCOUNTS, &name_of(1)).unwrap();
        run(&store, &calls_of_every_kind()).unwrap();
        hazmat::set_value(&store, ledger::ACCOUNTS, &name_of(1), old.value.as_deref()).unwrap();
        run(&store, &calls_of_every_kind()).unwrap();
        assert!(matches!(store.certify(), Err(HostError::Mismatch { .. })));
        let store = lying(workers);
        run(&store, &[Call::Transfer { lazy: false, source: 3, target: 1, amount: 9 }]).unwrap();
        hazmat::swap_values(&store, ledger::ACCOUNTS, &name_of(1), &name_of(2)).unwrap();
        run(&store, &calls_of_every_kind()).unwrap();
        assert!(matches!(store.certify(), Err(HostError::Mismatch { .. })));
    }
}

/// Changes the log of every thread: what is done to one entry, named by its kind.
fn tamper(store: &Store, change: fn(&Entry<'_>, &mut Vec<u8>) -> bool) {
    let mut make = || -> hazmat::Intercept {
        let mut done = false;
        Box::new(move |_, log| {
            let (mut kept, bytes) = (Vec::new(), std::mem::take(log));
            let mut rest = bytes.as_slice();
            while let Ok((entry, after)) = Entry::decode(rest) {
                if done || !change(&entry, &mut kept) {
                    entry.encode(&mut kept);
                } else {
                    done = true;
                }
                rest = after;
            }
            *log = kept;
        })
    };
    hazmat::intercept(store, &mut make).unwrap();
}

#[test]
fn a_call_over_other_slots_than_it_asks_for_is_rejected() {
    // Reversed, one too few, and one twice.
    let rewrite: [fn(&Entry<'_>, &mut Vec<u8>) -> bool; 3] = [
        |entry, log| rewrite_slots(entry, log, |slots| slots.iter().rev().copied().collect()),
        |entry, log| rewrite_slots(entry, log, |slots| slots[..1].to_vec()),
        |entry, log| rewrite_slots(entry, log, |slots| vec![slots[0], slots[0]]),
    ];
    for workers in [1, 2] {
        for change in rewrite {
            let store = lying(workers);
            tamper(&store, change);
            let failure = run(&store, &calls_of_every_kind()).unwrap_err();
            assert!(matches!(failure, HostError::Rejected { .. }), "{failure:?}");
            assert!(store.certify().is_err());
        }
    }
}

/// Writes a call over two slots with other slots; false where the entry is something else.
fn rewrite_slots(entry: &Entry<'_>, log: &mut Vec<u8>, change: fn(&[u16]) -> Vec<u16>) -> bool {
    let Entry::RunApp(call) = entry else { return false };
    let slots: Vec<u16> =
        (0..call.slots.len()).filter_map(|at| call.slots.get(at)).map(|slot| slot.0).collect();
    if slots.len() != 2 {
        return false;
    }
    let bytes: Vec<u8> = change(&slots).iter().flat_map(|slot| slot.to_le_bytes()).collect();
    let slots = zeta_verifier::SlotList::from_bytes(&bytes).unwrap();
    Entry::RunApp(zeta_verifier::RunApp { slots, ..*call }).encode(log);
    true
}

#[test]
fn calls_that_never_reach_the_verifier_are_not_answered() {
    for (workers, call) in
        (1..3).flat_map(|w| calls_of_every_kind().into_iter().map(move |c| (w, c)))
    {
        let store = lying(workers);
        tamper(&store, |entry, _| matches!(entry, Entry::RunApp(_)));
        let failure = run(&store, &[call]).unwrap_err();
        assert!(matches!(failure, HostError::Unanswered { .. }), "{failure:?}");
        assert!(store.certify().is_err());
    }
}

#[test]
fn a_loan_that_is_kept_or_forged_on_its_way_does_not_certify() {
    // The eviction before or after a loan is dropped, or the element that comes in is another.
    let drops: [fn(&Entry<'_>, &mut Vec<u8>) -> bool; 2] = [
        |entry, _| matches!(entry, Entry::EvictB { .. }),
        |entry, _| matches!(entry, Entry::AddB { .. }),
    ];
    for change in drops {
        let store = lying(2);
        tamper(&store, change);
        let calls: Vec<_> = (0..90)
            .map(|source| Call::Transfer { lazy: false, source, target: source + 5, amount: 1 })
            .collect();
        let served = run(&store, &calls);
        assert!(served.is_err() || store.certify().is_err());
    }
}
