//! The lies: one function each, what it does, and how the run must end.

mod element;
mod entry;
mod tree;
mod value;

use crate::host::{Away, Host, Place, Trouble};
use crate::owned_record::OwnedRecord;
use crate::schedule::End;
use zeta_verifier::{Path, Primitives, Reason};

/// What may become of a run after the lie was told.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    Mismatch,
    Rejected(&'static [Reason]),
    /// The verifier keeps the host waiting, or the host has nothing left to say.
    Unanswered,
    /// Certified, and what is certified is still linearizable: the lie changed nothing.
    Harmless,
}

/// Of lies that may be anything: only soundness is stated.
const ANY: &[Fate] =
    &[Fate::Mismatch, Fate::Rejected(ANY_REASON), Fate::Unanswered, Fate::Harmless];
const ANY_REASON: &[Reason] = Reason::ALL;

impl Fate {
    /// Whether a run that ended like this met this fate.
    #[must_use]
    pub fn allows(&self, end: End) -> bool {
        match (self, end) {
            (Self::Mismatch, End::Mismatch)
            | (Self::Unanswered, End::Unanswered | End::Stuck)
            | (Self::Harmless, End::Certified) => true,
            (Self::Rejected(reasons), End::Rejected(reason)) => reasons.contains(&reason),
            _ => false,
        }
    }
}

pub struct Attack<P: Primitives> {
    pub name: &'static str,
    pub about: &'static str,
    /// Threads that it takes.
    pub threads: u16,
    pub fates: &'static [Fate],
    /// Tells the lie if this is the moment for it; false if not yet.
    pub strike: fn(&mut Host<P>) -> Result<bool, Trouble>,
}

impl<P: Primitives> Attack<P> {
    /// Whether a run that ended like this ended as stated. A host that stumbles over its own lie
    /// certifies nothing; that is rare, and says nothing of the verifier.
    #[must_use]
    pub fn allows(&self, end: End) -> bool {
        end == End::Stuck || self.fates.iter().any(|fate| fate.allows(end))
    }
}

/// Every attack, for a verifier over these primitives.
#[must_use]
pub fn all<P: Primitives>() -> Vec<Attack<P>> {
    let mut attacks = value::all();
    attacks.extend(element::all());
    attacks.extend(tree::all());
    attacks.extend(entry::all());
    attacks
}

/// The attack of this name.
#[must_use]
pub fn named<P: Primitives>(name: &str) -> Option<Attack<P>> {
    all().into_iter().find(|attack| attack.name == name)
}

/// Two lies in one run, drawn at random: only soundness is stated of them.
pub fn combination<P: Primitives>() -> Attack<P> {
    Attack {
        name: "combination",
        about: "two of the others, one after the other",
        threads: 2,
        fates: ANY,
        strike: |host| {
            let attacks = all();
            let mut struck = false;
            for _ in 0..2 {
                let Some(attack) = host.random.pick(&attacks) else { break };
                struck |= (attack.strike)(host)?;
            }
            Ok(struck)
        },
    }
}

impl<P: Primitives> Attack<P> {
    fn new(
        name: &'static str,
        about: &'static str,
        fates: &'static [Fate],
        strike: fn(&mut Host<P>) -> Result<bool, Trouble>,
    ) -> Self {
        Self { name, about, threads: 1, fates, strike }
    }

    fn with_threads(self, threads: u16) -> Self {
        Self { threads, ..self }
    }
}

/// The records that are away and of which `wanted` holds: their paths.
fn away_where<P: Primitives>(host: &Host<P>, wanted: fn(&Away) -> bool) -> Vec<Path> {
    host.away.iter().filter(|(_, away)| wanted(away)).map(|(path, _)| *path).collect()
}

fn is_leaf(away: &Away) -> bool {
    matches!(away.record, OwnedRecord::App { .. })
}

fn is_deferred(away: &Away) -> bool {
    matches!(away.place, Place::Deferred { .. })
}

fn is_deferred_leaf(away: &Away) -> bool {
    is_leaf(away) && is_deferred(away)
}
