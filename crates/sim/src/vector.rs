//! Vectors: a log that is accepted, and its twin with one lie; made by running the verifier.
//!
//! A case is a function of a script and of whether to lie. What it expects is stated in the table
//! of cases, and making the vectors fails where the verifier says anything else.

mod application;
mod bytes;
mod deferred;
mod epoch;
mod file;
mod receipt;
mod script;
mod session;
mod slot;
mod tree;
mod walk;

pub(crate) use file::{describe, hex};
pub use file::{texts, write_all};
pub use script::{Script, add_m_bytes, encoded, run_app_bytes};
use zeta_session::AccessList;
use zeta_verifier::{NotYet, Reason};

/// What the lie must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The case has no lie.
    Accepted,
    Rejected(Reason),
    Retry(NotYet),
    /// Answered as the client's fault, with the name and the number of the refusal.
    Refused(&'static str, u16),
    /// Every entry is accepted, and epoch 0 ends like this.
    Outcome(&'static str),
}

/// What the verifier is made of, beside the fixed secret, nonce and incarnation.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub threads: u16,
    pub slots: u16,
    pub byte_budget: u64,
    pub program: fn() -> Vec<u8>,
    /// The access list of a verifier that has clients, two sessions for each thread.
    pub serving: Option<fn() -> AccessList>,
}

pub const SETTING: Setting = Setting {
    threads: 1,
    slots: 8,
    byte_budget: 1 << 20,
    program: zeta_program::key_value,
    serving: None,
};
pub const TWO_THREADS: Setting = Setting { threads: 2, ..SETTING };

impl Setting {
    /// The encoding of the access list, where there is one.
    fn access(&self) -> Option<Vec<u8>> {
        self.serving.map(|list| list().encode())
    }
}

/// One accepted log and its twin.
pub struct Case {
    /// The file's name; with the reason's it is unique.
    pub name: &'static str,
    pub expected: Expected,
    /// What the honest log does, and what the lie is.
    pub about: &'static str,
    pub setting: Setting,
    /// How epoch 0 of the honest log ends: the few cases that need a forged record mismatch.
    pub honest_outcome: &'static str,
    pub play: fn(&mut Script),
}

impl Case {
    const fn new(
        expected: Expected,
        name: &'static str,
        about: &'static str,
        play: fn(&mut Script),
    ) -> Self {
        Self { name, expected, about, setting: SETTING, honest_outcome: "certified", play }
    }

    const fn rejected(
        reason: Reason,
        name: &'static str,
        about: &'static str,
        play: fn(&mut Script),
    ) -> Self {
        Self::new(Expected::Rejected(reason), name, about, play)
    }

    const fn on(self, setting: Setting) -> Self {
        Self { setting, ..self }
    }

    /// The honest log, too, adds a record that was never evicted: no other way leads to the check.
    const fn forged(self) -> Self {
        Self { honest_outcome: "mismatch", ..self }
    }
}

/// Every case, in the order of the reasons.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = bytes::cases();
    cases.extend(slot::cases());
    cases.extend(tree::cases());
    cases.extend(deferred::cases());
    cases.extend(epoch::cases());
    cases.extend(application::cases());
    cases.extend(session::cases());
    cases.extend(walk::cases());
    cases
}
