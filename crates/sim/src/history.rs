//! What clients saw, with real times: one line of JSON for each operation, for an outside judge.

use crate::operation::{Bytes, Model, Operation, Returned};
use serde::Serialize;
use zeta_verifier::Epoch;

/// An operation that was answered.
#[derive(Clone, Debug)]
pub struct Event {
    pub client: usize,
    pub operation: Operation,
    pub returned: Returned,
    /// Instants of the scheduler: when the client asked, and when it had the answer.
    pub called: u64,
    pub answered: u64,
    /// In which epoch the verifier ran it: what certifies it.
    pub epoch: Epoch,
    /// Its place in the order in which the verifier ran operations, over all threads.
    pub order: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    history: u64,
    client: usize,
    call: u64,
    #[serde(rename = "return")]
    answered: u64,
    op: &'static str,
    key: String,
    /// The value of a put, the expected one of a compare-and-set; the target of a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flag: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<&'a str>,
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The events as JSON lines, all with one history's number; `expect` is the verdict that a judge
/// must reach, for histories made to be judged ill.
#[must_use]
pub fn json_lines(history: u64, events: &[Event], expect: Option<&str>) -> String {
    let mut lines = String::new();
    for event in events {
        let mut line = Line {
            history,
            client: event.client,
            call: event.called,
            answered: event.answered,
            op: "",
            key: String::new(),
            value: None,
            new: None,
            target: None,
            found: None,
            flag: None,
            expect,
        };
        match &event.operation {
            Operation::Get { key } => (line.op, line.key) = ("get", text(key)),
            Operation::Put { key, value } => {
                (line.op, line.key, line.value) = ("put", text(key), Some(text(value)));
            }
            Operation::Delete { key } => (line.op, line.key) = ("delete", text(key)),
            Operation::CompareAndSet { key, expected, new } => {
                (line.op, line.key) = ("cas", text(key));
                (line.value, line.new) = (expected.as_ref().map(text), new.as_ref().map(text));
            }
            Operation::Rename { source, target } => {
                (line.op, line.key, line.target) = ("rename", text(source), Some(text(target)));
            }
        }
        match &event.returned {
            Returned::Value(value) => line.found = value.as_ref().map(text),
            Returned::Flag(flag) => line.flag = Some(*flag),
            Returned::Nothing => {}
        }
        lines += &serde_json::to_string(&line).unwrap_or_default();
        lines.push('\n');
    }
    lines
}

/// Whether the order in which the verifier ran operations explains all that was returned, as the
/// protocol promises: a first judge, quick and in process, beside the one that knows no order.
#[must_use]
pub fn replays_in_order(events: &[Event]) -> bool {
    let mut events: Vec<&Event> = events.iter().collect();
    events.sort_by_key(|event| event.order);
    let mut model = Model::new();
    events.iter().all(|event| event.operation.apply(&mut model) == event.returned)
}

/// The operations of certified epochs: a prefix in real time.
#[must_use]
pub fn certified(events: &[Event], certified: Option<Epoch>) -> Vec<Event> {
    let within = |event: &&Event| certified.is_some_and(|last| event.epoch <= last);
    events.iter().filter(within).cloned().collect()
}
