//! The printed checks, and the primitives under them, answer as the Coq functions do.
//!
//! Each sweep walks the grid of the same name in `proofs/checks/sweep.v`, in its order. What Coq
//! computed is in `decide_sweep.txt`, which `make -C proofs check` computes again.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic is a failed test"
)]

use std::collections::BTreeMap;
use zeta_session::Number;
use zeta_verifier::decide::*;
use zeta_verifier::*;

const MAX: u32 = u32::MAX;

/// Walks a grid: what is picked last changes first.
#[derive(Default)]
struct Grid {
    /// Of each pick: which value, and how many there are.
    digits: Vec<(usize, usize)>,
    picked: usize,
}

impl Grid {
    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        if self.picked == self.digits.len() {
            self.digits.push((0, values.len()));
        }
        self.picked += 1;
        values[self.digits[self.picked - 1].0]
    }

    fn flag(&mut self) -> bool {
        self.pick(&[false, true])
    }

    /// Goes to the next point, if there is one.
    fn next(&mut self) -> bool {
        self.picked = 0;
        for (digit, count) in self.digits.iter_mut().rev() {
            *digit += 1;
            if *digit < *count {
                return true;
            }
            *digit = 0;
        }
        false
    }

    fn stamp(&mut self) -> Timestamp {
        self.pick(&stamps())
    }

    fn epoch(&mut self) -> Epoch {
        self.pick(&[0, 1, 5, 36, 37, MAX - 1, MAX].map(Epoch))
    }

    fn element_count(&mut self) -> u64 {
        self.pick(&[0, u64::MAX - 1, u64::MAX])
    }

    fn few_path(&mut self) -> Path {
        let (root, right) = (Path::ROOT, path(|_| true, None, 1));
        let long = [(None, 64), (None, 65), (None, 256), (Some(70), 256), (Some(64), 66)];
        let [a, b, c, d, e] = long.map(|(flip, len)| path(thirds, flip, len));
        self.pick(&[root, right, a, b, c, d, e])
    }

    fn few_hash(&mut self) -> Hash {
        self.pick(&[hash(1, 0), hash(1, 1)])
    }
}

fn stamps() -> [Timestamp; 7] {
    [(4, 7), (5, 6), (5, 7), (5, MAX), (36, MAX - 1), (37, 0), (MAX, MAX)]
        .map(|(epoch, counter)| Timestamp::new(Epoch(epoch), counter))
}

const USES: [ByteUse; 5] = [
    ByteUse { used: 11, added: 0, budget: 10 },
    ByteUse { used: 5, added: 5, budget: 10 },
    ByteUse { used: 5, added: 6, budget: 10 },
    ByteUse { used: u64::MAX, added: 1, budget: u64::MAX - 1 },
    ByteUse { used: u64::MAX, added: 1, budget: u64::MAX },
];

/// The first `len` bits of a pattern, of which the one at `flip` may be turned.
fn path(pattern: fn(usize) -> bool, flip: Option<usize>, len: u16) -> Path {
    let mut bits = [0; 32];
    for place in 0..usize::from(len) {
        let bit = pattern(place) != (flip == Some(place));
        bits[place / 8] |= u8::from(bit) << (7 - place % 8);
    }
    Path::new(&bits, len).unwrap()
}

fn thirds(place: usize) -> bool {
    place % 3 == 1
}

fn hash(first: u8, last: u8) -> Hash {
    let mut hash = [0; 32];
    (hash[0], hash[31]) = (first, last);
    hash
}

/// An answer as numbers, of which the first says which one it was.
fn answer<T>(decided: Result<T, Stop>, numbers: impl Fn(T) -> Vec<u64>) -> Vec<u64> {
    match decided {
        Ok(update) => [vec![0], numbers(update)].concat(),
        Err(stop) => vec![stop_code(stop)],
    }
}

fn stop_code(stop: Stop) -> u64 {
    match stop {
        Stop::Rejected(reason) => reason.code().into(),
        Stop::Retry(not_yet) => 1000 + u64::from(not_yet.code()),
    }
}

fn verdict(decided: Result<(), Halt>) -> Vec<u64> {
    vec![match decided {
        Ok(()) => 0,
        Err(Halt::Refused(refusal)) => refusal.code().into(),
        Err(Halt::Stopped(stop)) => stop_code(stop),
    }]
}

fn of_stamp(stamp: Timestamp) -> Vec<u64> {
    vec![stamp.epoch().0.into(), stamp.counter().into()]
}

/// Compares a whole grid with what Coq computed: a checksum, and how often there was each answer.
fn sweep(name: &str, answers: impl Fn(&mut Grid) -> Vec<u64>) {
    let (mut grid, mut tally, mut sum) = (Grid::default(), BTreeMap::new(), 0_u32);
    loop {
        let numbers = answers(&mut grid);
        *tally.entry(numbers[0]).or_insert(0_u64) += 1;
        for number in numbers {
            sum = sum.wrapping_mul(33).wrapping_add(number as u32);
        }
        if !grid.next() {
            break;
        }
    }
    let mut line = format!("{name} {sum}");
    for (answer, count) in tally {
        line += &format!(" {answer}:{count}");
    }
    let computed = include_str!("decide_sweep.txt").lines();
    let expected: Vec<_> = computed.filter(|line| line.split(' ').next() == Some(name)).collect();
    assert_eq!([line.as_str()], expected[..]);
}

#[test]
fn add_m() {
    sweep("add_m", |g| {
        let decided = decide_add_m(&AddMView {
            slot_in_range: g.flag(),
            ancestor_in_range: g.flag(),
            ancestor_occupied: g.flag(),
            slot_empty: g.flag(),
            path: g.few_path(),
            ancestor_path: g.few_path(),
            pointer: {
                let (present, path, hash) = (g.flag(), g.few_path(), g.few_hash());
                let link = Link { path, hash, deferred: g.flag() };
                present.then_some(link)
            },
            child: g.pick(&[None, Some(SlotId(7))]),
            value_is_initial: g.flag(),
            value_hash: hash(1, 0),
            bytes: g.pick(&USES[1..3]),
        });
        answer(decided, |update| match update {
            AddMUpdate::NewEdge => vec![1],
            AddMUpdate::PointerNamesKey => vec![2],
            AddMUpdate::CutEdge(Cut { direction, link, child }) => vec![
                3,
                (direction == Direction::Right).into(),
                link.path.len().into(),
                link.hash[0].into(),
                link.deferred.into(),
                child.map_or(0, |slot| u64::from(slot.0) + 1),
            ],
        })
    });
}

#[test]
fn add_b() {
    sweep("add_b", |g| {
        let decided = decide_add_b(&AddBView {
            slot_in_range: g.flag(),
            is_root: g.flag(),
            slot_empty: g.flag(),
            thread_in_range: g.flag(),
            own_element: g.flag(),
            timestamp: g.stamp(),
            clock: g.stamp(),
            published: g.stamp(),
            next_epoch: Epoch(5),
            element_count: g.element_count(),
            bytes: g.pick(&USES),
        });
        answer(decided, |update| [of_stamp(update.clock), vec![update.element_count]].concat())
    });
}

#[test]
fn evict_m() {
    sweep("evict_m", |g| {
        let decided = decide_evict_m(&EvictMView {
            slot_in_range: g.flag(),
            ancestor_in_range: g.flag(),
            slot_occupied: g.flag(),
            ancestor_occupied: g.flag(),
            path: g.few_path(),
            ancestor_path: g.few_path(),
            has_children: g.flag(),
            pointer_names_key: g.flag(),
            ancestor_has_child: g.flag(),
            has_parent: g.flag(),
            parent_is_ancestor: g.flag(),
        });
        answer(decided, |()| vec![])
    });
}

fn evict_view(g: &mut Grid, stamps: &[Timestamp]) -> EvictBView {
    EvictBView {
        slot_in_range: g.flag(),
        slot_occupied: g.flag(),
        is_root: g.flag(),
        timestamp: g.pick(stamps),
        clock: g.pick(stamps),
        has_children: g.flag(),
        added: g.pick(&[AddMethod::Tree, AddMethod::Deferred]),
        next_epoch: Epoch(5),
        element_count: g.element_count(),
    }
}

#[test]
fn evict_b() {
    sweep("evict_b", |g| answer(decide_evict_b(&evict_view(g, &stamps())), |count| vec![count]));
}

#[test]
fn evict_bm() {
    let short = |first: u8, len| Path::new(&hash(first, 0), len).unwrap();
    let (left, right, below) = (short(0, 1), short(0b1000_0000, 1), short(0b1000_0000, 2));
    sweep("evict_bm", |g| {
        let decided = decide_evict_bm(&EvictBMView {
            ancestor_in_range: g.flag(),
            ancestor_occupied: g.flag(),
            path: g.pick(&[right, below]),
            ancestor_path: g.pick(&[Path::ROOT, left]),
            pointer_names_key: g.flag(),
            pointer_deferred: g.flag(),
            parent_is_ancestor: g.flag(),
            evict: evict_view(g, &stamps()[3..6]),
        });
        answer(decided, |count| vec![count])
    });
}

#[test]
fn next_epoch() {
    sweep("next_epoch", |g| answer(decide_next_epoch(g.stamp()), of_stamp));
}

#[test]
fn verify_epoch() {
    sweep("verify_epoch", |g| {
        let decided = decide_verify_epoch(&VerifyEpochView {
            clock: g.stamp(),
            next_epoch: g.epoch(),
            board_has_room: g.flag(),
        });
        answer(decided, |next| vec![next.0.into()])
    });
}

#[test]
fn floor() {
    sweep("floor", |g| answer(decide_floor(g.epoch(), g.epoch()), |()| vec![]));
}

#[test]
fn bind() {
    sweep("bind", |g| {
        let decided = decide_bind(&BindView {
            slot_listed: g.flag(),
            slot_in_range: g.flag(),
            slot_occupied: g.flag(),
            key_matches: g.flag(),
        });
        answer(decided, |()| vec![])
    });
}

#[test]
fn commit() {
    sweep("commit", |g| {
        let decided = decide_commit(&CommitView {
            slots_listed: g.pick(&[0, 1, 2]),
            slots_used: g.pick(&[0, 1, 2]),
            bytes: g.pick(&USES),
        });
        answer(decided, |()| vec![])
    });
}

/// The last number of a session, as Coq has it.
const SEQUENCE_MAX: u64 = 8_589_934_591;

fn sequence(g: &mut Grid) -> u64 {
    g.pick(&[0, 1, SEQUENCE_MAX, SEQUENCE_MAX + 1, u64::MAX])
}

fn number(g: &mut Grid) -> Number {
    g.pick(&[Number::Free, Number::Used, Number::Below])
}

#[test]
fn request() {
    sweep("request", |g| {
        verdict(decide_request(&RequestView {
            known: g.flag(),
            revoked: g.flag(),
            mac_matches: g.flag(),
            expired: g.flag(),
            sequence: sequence(g),
            number: number(g),
            in_order: g.flag(),
            receipts_fit: g.flag(),
        }))
    });
}

#[test]
fn question() {
    sweep("question", |g| {
        verdict(decide_question(&QuestionView {
            known: g.flag(),
            revoked: g.flag(),
            mac_matches: g.flag(),
            sequence: sequence(g),
            in_order: g.flag(),
        }))
    });
}

#[test]
fn handshake() {
    sweep("handshake", |g| {
        verdict(decide_handshake(&HandshakeView {
            for_this_entry: g.flag(),
            client_listed: g.flag(),
            replaces_one: g.flag(),
            old_known: g.flag(),
            old_revoked: g.flag(),
            same_client: g.flag(),
        }))
    });
}

#[test]
fn facts_of_sessions() {
    sweep("number", |g| verdict(decide_number(number(g))));
    sweep("embedded", |g| verdict(decide_embedded(g.flag(), g.flag())));
    sweep("revoke", |g| verdict(decide_revoke(g.flag(), g.flag())));
    sweep("right", |g| verdict(decide_right(g.flag())));
    sweep("access", |g| verdict(decide_access(g.flag())));
    sweep("room", |g| verdict(decide_room(g.flag())));
}

/// Short ones, and long ones about the bounds of the words that a path is made of.
fn many_paths() -> Vec<Path> {
    let short = [(0, 0), (0, 1), (0x80, 1), (0, 2), (0x40, 2), (0x80, 2), (0xc0, 2), (0xc0, 3)];
    let mut paths = Vec::new();
    for (bits, len) in short {
        paths.push(Path::new(&hash(bits, 0), len).unwrap());
    }
    for pattern in [|_| false, |_| true, thirds] {
        let lens = [63, 64, 65, 127, 128, 129, 192, 255, 256];
        paths.extend(lens.map(|len| path(pattern, None, len)));
    }
    let flips = [0, 63, 64, 127, 128, 191, 192, 254, 255];
    paths.extend(flips.map(|flip| path(thirds, Some(flip), 256)));
    paths.extend([62, 63, 64].map(|flip| path(thirds, Some(flip), 65)));
    paths
}

#[test]
fn paths() {
    let many = many_paths();
    sweep("paths", |g| {
        let (a, b) = (g.pick(&many), g.pick(&many));
        let right = a.direction_at(b.len()) == Direction::Right;
        vec![a.is_proper_descendant_of(&b).into(), (a == b).into(), a.len().into(), right.into()]
    });
}

#[test]
fn times() {
    sweep("times", |g| {
        let (a, b) = (g.stamp(), g.stamp());
        let made = Timestamp::new(a.epoch(), b.counter());
        let stamps = [a.max(b), a.after(), made].map(of_stamp);
        [vec![(a < b).into(), (a <= b).into()], stamps.concat()].concat()
    });
}

#[test]
fn epochs() {
    sweep("epochs", |g| {
        let (a, b) = (g.epoch(), g.epoch());
        let flags = (a < b, a == Epoch::LAST, in_window(a, b));
        vec![flags.0.into(), flags.1.into(), a.since(b).into(), a.after().0.into(), flags.2.into()]
    });
}

#[test]
fn hashes() {
    sweep("hashes", |g| {
        let (a, b) = (g.few_hash(), g.pick(&[hash(1, 0), hash(1, 1), hash(0, 0), hash(0, 1)]));
        vec![(a == b).into()]
    });
}
