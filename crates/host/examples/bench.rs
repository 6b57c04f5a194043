//! YCSB-like loads over a store: `bench [records] [seconds] [policy] [workers] [reads] [theta]
//! [slots] [load|adopt] [batch length]`.
#![expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a bench may panic")]

use std::time::{Duration, Instant};
use zeta_host::{Batch, Column, Entropy, GET, Options, PUT, Policy, Results, Store, Transitions};
use zeta_verifier::RelationId;

/// A small generator of random numbers (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// YCSB's zipfian generator.
struct Zipf {
    items: f64,
    theta: f64,
    zeta: f64,
    alpha: f64,
    eta: f64,
}

impl Zipf {
    fn new(items: u64, theta: f64) -> Self {
        let sum = |n: u64| (1..=n).map(|i| 1.0 / (i as f64).powf(theta)).sum::<f64>();
        let (zeta, zeta2) = (sum(items), sum(2));
        let n = items as f64;
        let eta = (1.0 - (2.0 / n).powf(1.0 - theta)) / (1.0 - zeta2 / zeta);
        Self { items: n, theta, zeta, alpha: 1.0 / (1.0 - theta), eta }
    }

    fn draw(&self, random: &mut Random) -> u64 {
        let u = random.unit();
        let uz = u * self.zeta;
        if uz < 1.0 {
            return 0;
        }
        if uz < 1.0 + 0.5_f64.powf(self.theta) {
            return 1;
        }
        (self.items * (self.eta * u - self.eta + 1.0).powf(self.alpha)) as u64
    }
}

fn scramble(rank: u64, items: u64) -> u64 {
    Random(rank).next() % items
}

/// What the command line asks for.
struct Load {
    records: u64,
    seconds: f64,
    policies: Vec<Policy>,
    workers: u16,
    reads: f64,
    theta: f64,
    slots: u16,
    adopt: bool,
    batch_len: usize,
}

fn load_of_arguments() -> Result<Load, Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let arg = |i: usize, default: &str| args.get(i).cloned().unwrap_or(default.to_owned());
    let policies = match arg(3, "both").as_str() {
        "hybrid" => vec![Policy::Hybrid],
        "deferred" => vec![Policy::DeferredOnly],
        "merkle" => vec![Policy::MerkleOnly],
        "unverified" => vec![Policy::Unverified],
        "map" => vec![Policy::PlainMap],
        _ => vec![Policy::Unverified, Policy::Hybrid],
    };
    Ok(Load {
        records: arg(1, "1000000").parse()?,
        seconds: arg(2, "5").parse()?,
        policies,
        workers: arg(4, "1").parse()?,
        reads: arg(5, "0.5").parse()?,
        theta: arg(6, "0.9").parse()?,
        slots: arg(7, "16384").parse()?,
        adopt: arg(8, "load") == "adopt",
        batch_len: arg(9, "10000").parse()?,
    })
}

/// Keys and transitions to run, over and over.
fn draw(load: &Load) -> (Vec<u8>, Vec<u16>) {
    let mut random = Random(1);
    let zipf = Zipf::new(load.records, load.theta);
    let (mut keys, mut kinds) = (Vec::new(), Vec::new());
    for _ in 0..1 << 22 {
        let rank = match load.theta {
            0.0 => random.next() % load.records,
            _ => zipf.draw(&mut random),
        };
        keys.extend_from_slice(&scramble(rank, load.records).to_le_bytes());
        kinds.push(if random.unit() < load.reads { GET } else { PUT });
    }
    (keys, kinds)
}

fn open(load: &Load, policy: Policy) -> Result<Store, Box<dyn std::error::Error>> {
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(1));
    options.policy = policy;
    options.workers = load.workers;
    options.slots_per_worker = load.slots;
    if !load.adopt {
        let store = Store::open(options)?;
        put_all(&store, load.records)?;
        return Ok(store);
    }
    let row = |i: u64| (RelationId(0), i.to_le_bytes().to_vec(), i.to_le_bytes().to_vec());
    let summary = zeta_host::summary((0..load.records).map(row), &zeta_host::hasher())?;
    let store = Store::adopt(options, &mut (0..load.records).map(row), &summary)?;
    store.defer_all()?;
    Ok(store)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let load = load_of_arguments()?;
    let (keys, kinds) = draw(&load);
    for policy in &load.policies {
        let start = Instant::now();
        let store = open(&load, *policy)?;
        println!("{policy:?}: loaded in {:.2} s", start.elapsed().as_secs_f64());
        let (ops, elapsed) = serve(&store, &keys, &kinds, load.seconds, load.batch_len)?;
        let rate = ops as f64 / elapsed;
        println!("  {:.2} M ops/s, {:.0} ns an operation", rate / 1e6, 1e9 / rate);
        single(&store, &keys)?;
        if policy.is_verified() {
            let start = Instant::now();
            let epoch = store.certify()?;
            println!("  certified {epoch:?} in {:.3} s", start.elapsed().as_secs_f64());
        }
        println!("  {:?}", store.stats()?);
        store.close()?;
    }
    Ok(())
}

fn put_all(store: &Store, records: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut results = Results::new();
    let all: Vec<u8> = (0..records).flat_map(u64::to_le_bytes).collect();
    for chunk in all.chunks(8 * 1_000_000) {
        let column = Column::Fixed { bytes: chunk, width: 8 };
        let batch =
            Batch::KeyValue { transitions: Transitions::All(PUT), keys: column, values: column };
        store.run(&batch, &mut results)?;
    }
    Ok(())
}

fn serve(
    store: &Store,
    keys: &[u8],
    kinds: &[u16],
    seconds: f64,
    batch_len: usize,
) -> Result<(u64, f64), Box<dyn std::error::Error>> {
    let mut results = Results::fixed(8);
    let (start, processor) = (Instant::now(), processor_time());
    let limit = Duration::from_secs_f64(seconds);
    let (mut at, mut ops) = (0, 0);
    let mut times = Vec::new();
    while start.elapsed() < limit {
        let began = Instant::now();
        if at + batch_len > kinds.len() {
            at = 0;
        }
        let column = Column::Fixed { bytes: &keys[8 * at..8 * (at + batch_len)], width: 8 };
        let batch = Batch::KeyValue {
            transitions: Transitions::Each(&kinds[at..at + batch_len]),
            keys: column,
            values: column,
        };
        store.run(&batch, &mut results)?;
        times.push(began.elapsed().as_nanos() as f64 / batch_len as f64);
        at += batch_len;
        ops += batch_len as u64;
    }
    let busy = (processor_time() - processor).as_nanos() as f64 / ops as f64;
    times.sort_by(f64::total_cmp);
    let [best, tenth, half] = [0, times.len() / 10, times.len() / 2].map(|at| times[at]);
    println!("  batches: best {best:.0}, tenth {tenth:.0}, median {half:.0} ns an operation");
    println!("  {busy:.0} ns of all processors");
    Ok((ops, start.elapsed().as_secs_f64()))
}

/// What this process has used of all processors: a busy machine disturbs it less than the clock.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one time to a place that is there.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn single(store: &Store, keys: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let mut results = Results::new();
    let start = Instant::now();
    let count = 300_000;
    for at in 0..count {
        let batch = Batch::KeyValue {
            transitions: Transitions::All(GET),
            keys: Column::Same(&keys[8 * at..8 * at + 8]),
            values: Column::Same(&[]),
        };
        store.run(&batch, &mut results)?;
    }
    println!("  single get {:.0} ns", start.elapsed().as_nanos() as f64 / count as f64);
    Ok(())
}
