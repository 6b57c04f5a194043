//! The manifest of a folder of logs: what an auditor needs besides them. Nothing in it is secret.

use crate::error::HostError;
use crate::options::{Options, WORKERS_MAX};
use std::path::Path;
use std::str::Lines;
use zeta_verifier::{Config, Incarnation, Node, decode_node, encode_node};

/// The file's name.
pub(crate) const MANIFEST: &str = "manifest";
const HEAD: &str = "zeta log 1";
/// The last line begins with this once the store was closed.
const CLOSED: &str = "closed";
/// The line before that, of a store that had clients or receipts.
const ACCESS: &str = "access";

/// What a manifest says.
pub(crate) struct Manifest {
    pub(crate) config: Config,
    /// The encoding of the access list, of a store that had clients or receipts.
    pub(crate) access: Option<Vec<u8>>,
    /// The bytes of each thread's log, where the store was closed.
    pub(crate) closed: Option<Vec<u64>>,
}

/// The manifest of a store that is open.
pub(crate) fn manifest(options: &Options, root: &Node) -> String {
    let mut root_bytes = Vec::new();
    encode_node(root, &mut root_bytes);
    let served = options.serving.as_ref();
    let access =
        served.map_or(String::new(), |served| format!("{ACCESS} {}\n", hex(&served.access)));
    format!(
        "{HEAD}\nthreads {}\nslots {}\nbyte_budget {}\nnonce {}\nincarnation {}\nroot {}\n{access}",
        options.workers,
        options.slots_per_worker,
        options.byte_budget,
        hex(&options.entropy.nonce),
        hex(&options.entropy.incarnation),
        hex(&root_bytes),
    )
}

/// The line that ends the manifest of a store that was closed: where each thread's log ends.
pub(crate) fn closed_line(lens: &[u64]) -> String {
    let lens: String = lens.iter().map(|len| format!(" {len}")).collect();
    format!("{CLOSED}{lens}\n")
}

impl Manifest {
    /// Reads the text of the manifest in `dir`, of which nothing is believed but what has the one
    /// form; `secret` is the auditor's own.
    pub(crate) fn parse(dir: &Path, text: &str, secret: [u8; 32]) -> Result<Self, HostError> {
        let malformed = |name: &str| unreadable(dir, &format!("`{name}` is malformed"));
        if !text.ends_with('\n') {
            return Err(unreadable(dir, "the manifest is cut"));
        }
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(unreadable(dir, "the manifest is not of this version"));
        }
        let mut field = |name: &str| field(dir, &mut lines, name);
        let threads = field("threads")?.parse().map_err(|_| malformed("threads"))?;
        // Who wrote the folder must not decide how much memory a replay takes.
        if threads > WORKERS_MAX {
            return Err(malformed("threads"));
        }
        let slots = field("slots")?.parse().map_err(|_| malformed("slots"))?;
        let byte_budget = field("byte_budget")?.parse().map_err(|_| malformed("byte_budget"))?;
        let nonce = unhex(field("nonce")?).and_then(|bytes| bytes.try_into().ok());
        let incarnation = unhex(field("incarnation")?).and_then(|bytes| bytes.try_into().ok());
        let root = unhex(field("root")?).and_then(|bytes| decode_node(&bytes).ok());
        let mut next = lines.next();
        let access = next.and_then(|line| line.strip_prefix(ACCESS)?.strip_prefix(' '));
        let access = match access {
            None => None,
            Some(encoded) => {
                next = lines.next();
                Some(unhex(encoded).ok_or_else(|| malformed(ACCESS))?)
            }
        };
        let closed = match next {
            None => None,
            Some(line) => Some(lens(line, threads).ok_or_else(|| malformed(CLOSED))?),
        };
        if lines.next().is_some() {
            return Err(unreadable(dir, "the manifest goes on after its end"));
        }
        let config = Config {
            threads,
            slots,
            byte_budget,
            root: root.ok_or_else(|| malformed("root"))?,
            nonce: nonce.ok_or_else(|| malformed("nonce"))?,
            incarnation: Incarnation(incarnation.ok_or_else(|| malformed("incarnation"))?),
            secret,
        };
        Ok(Self { config, access, closed })
    }
}

/// Why the manifest of a folder cannot be read.
pub(crate) fn unreadable(dir: &Path, why: &str) -> HostError {
    HostError::LogRead { path: dir.join(MANIFEST), why: why.to_owned() }
}

fn field<'a>(dir: &Path, lines: &mut Lines<'a>, name: &str) -> Result<&'a str, HostError> {
    match lines.next().and_then(|line| line.split_once(' ')) {
        Some((found, value)) if found == name => Ok(value),
        _ => Err(unreadable(dir, &format!("the manifest lacks `{name}`"))),
    }
}

/// The lengths in a `closed` line, one for each thread.
fn lens(line: &str, threads: u16) -> Option<Vec<u64>> {
    let rest = line.strip_prefix(CLOSED)?.strip_prefix(' ')?;
    let lens: Vec<u64> = rest.split(' ').map(|len| len.parse().ok()).collect::<Option<_>>()?;
    (lens.len() == usize::from(threads)).then_some(lens)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}
