//! Makes a difference small: fewer calls, one entry each, fewer threads and slots, simpler bytes.

use super::case::{Case, Move};
use super::compare::{Difference, Played, compare};
use super::oracle::Judge;
use super::player::Stopped;
use super::setup::Setup;
use std::io;
use zeta_verifier::Entry;

/// Tries that it may take: each asks both sides once.
const TRIES_MAX: usize = 4000;

type Calls = Vec<(u16, Vec<u8>)>;

struct Search<'a> {
    judge: &'a dyn Judge,
    name: String,
    setup: Setup,
    calls: Calls,
    /// How both sides end the last call.
    stops: Option<(Option<Stopped>, Option<Stopped>)>,
    tries: usize,
}

/// The same difference, or another of its kind, in as little as was found to show it.
pub fn minimise(judge: &dyn Judge, found: &Difference) -> io::Result<Difference> {
    let calls = calls_of(&found.case);
    let (name, setup) = (found.case.name.clone(), found.case.setup.clone());
    let mut search = Search { judge, name, setup, calls, stops: found.stops, tries: 0 };
    search.split_calls()?;
    loop {
        let before = (search.calls.clone(), search.setup.clone());
        search.drop_calls()?;
        search.shrink_setup()?;
        search.simplify_bytes()?;
        if before == (search.calls.clone(), search.setup.clone()) || search.tries >= TRIES_MAX {
            break;
        }
    }
    let last = search.differs(&search.setup, &search.calls)?;
    Ok(last.unwrap_or_else(|| found.clone()))
}

fn calls_of(case: &Case) -> Calls {
    let calls = case.moves.iter().filter_map(|made| match made {
        Move::Call { thread, log } => Some((*thread, log.clone())),
        _ => None,
    });
    calls.collect()
}

impl Search<'_> {
    fn differs(&self, setup: &Setup, calls: &Calls) -> io::Result<Option<Difference>> {
        let case = Case::linear(self.name.clone(), setup.clone(), calls.clone());
        let found = compare(self.judge, &[Played::new(case)])?.err();
        Ok(found.filter(|found| found.stops == self.stops))
    }

    /// Keeps what was tried where both sides still differ.
    fn keep_if_differs(&mut self, setup: Setup, calls: Calls) -> io::Result<bool> {
        self.tries += 1;
        let Some(found) = self.differs(&setup, &calls)? else { return Ok(false) };
        self.setup = setup;
        // The difference may come earlier now, and the rest is not needed.
        self.calls = calls_of(&found.case);
        Ok(true)
    }

    /// One entry a call, where that keeps the difference.
    fn split_calls(&mut self) -> io::Result<()> {
        let mut calls = Vec::new();
        for (thread, log) in &self.calls {
            let mut rest = log.as_slice();
            while !rest.is_empty() {
                let after = Entry::decode(rest).map_or(&[][..], |(_, after)| after);
                calls.push((*thread, rest[..rest.len() - after.len()].to_vec()));
                rest = after;
            }
        }
        self.keep_if_differs(self.setup.clone(), calls).map(|_| ())
    }

    /// Takes calls away: halves first, then ever smaller pieces.
    fn drop_calls(&mut self) -> io::Result<()> {
        let mut piece = self.calls.len().div_ceil(2);
        while piece > 0 {
            let mut start = 0;
            while start < self.calls.len() && self.tries < TRIES_MAX {
                let end = (start + piece).min(self.calls.len());
                let mut fewer = self.calls.clone();
                fewer.drain(start..end);
                if !self.keep_if_differs(self.setup.clone(), fewer)? {
                    start = end;
                }
            }
            piece /= 2;
        }
        Ok(())
    }

    fn shrink_setup(&mut self) -> io::Result<()> {
        let threads_used = self.calls.iter().map(|(thread, _)| thread + 1).max().unwrap_or(1);
        let mut smaller = vec![
            Setup { threads: threads_used, ..self.setup.clone() },
            Setup { weak_tree: false, ..self.setup.clone() },
            Setup { weak_elements: false, ..self.setup.clone() },
            Setup { clients: None, ..self.setup.clone() },
        ];
        let fewer_slots = (1..self.setup.slots).map(|slots| Setup { slots, ..self.setup.clone() });
        smaller.extend(fewer_slots.take(16));
        for setup in smaller {
            if setup != self.setup && self.keep_if_differs(setup, self.calls.clone())? {
                break;
            }
        }
        Ok(())
    }

    /// Sets bytes to zero, or to one where zero hides the difference.
    fn simplify_bytes(&mut self) -> io::Result<()> {
        let mut call = 0;
        while call < self.calls.len() {
            let mut at = 0;
            while call < self.calls.len() && at < self.calls[call].1.len() {
                for simple in [0, 1] {
                    let differs = self.calls.get(call).and_then(|(_, log)| log.get(at).copied());
                    if differs.is_none_or(|byte| byte <= simple) || self.tries >= TRIES_MAX {
                        break;
                    }
                    let mut calls = self.calls.clone();
                    calls[call].1[at] = simple;
                    self.keep_if_differs(self.setup.clone(), calls)?;
                }
                at += 1;
            }
            call += 1;
        }
        Ok(())
    }
}
