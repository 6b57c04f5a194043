//! Writes a difference as a file in the form of a vector, so that it can become one.

use super::case::{Case, Move};
use super::compare::Difference;
use super::setup::{SECRET, Setup};
use crate::vector::{describe, hex};
use serde_json::{Value, json};

/// The file: configuration and calls as in a vector, and what both sides said at the end.
#[must_use]
pub fn text(found: &Difference) -> String {
    let mut file = json!({
        "about": format!("a difference, found in: {}", found.case.name),
        "config": config(&found.case.setup),
        "steps": steps(&found.case),
        "last_reply": { "verifier": hex(&found.rust), "oracle": hex(&found.oracle) },
    });
    file["_comment"] = "made by `make differential`; bytes are hex".into();
    format!("{file:#}\n")
}

fn config(setup: &Setup) -> Value {
    let mut config = json!({
        "threads": setup.threads,
        "slots": setup.slots,
        "byte_budget": setup.byte_budget,
        "program": hex(&setup.program),
        "root": hex(&setup.root),
        "secret": hex(&SECRET),
        "nonce": hex(&setup.nonce),
        "incarnation": hex(&setup.incarnation),
        "weak_tree": setup.weak_tree,
        "weak_elements": setup.weak_elements,
    });
    if let Some(clients) = &setup.clients {
        config["serving"] = json!({
            "access": hex(&clients.access),
            "entropy": hex(&clients.entropy),
            "sessions_per_thread": clients.sessions_per_thread,
        });
    }
    config
}

fn steps(case: &Case) -> Vec<Value> {
    let calls = case.moves.iter().filter_map(|made| match made {
        Move::Call { thread, log } => Some((thread, log)),
        _ => None,
    });
    calls
        .map(|(thread, log)| json!({ "thread": thread, "entry": describe(log), "log": hex(log) }))
        .collect()
}
