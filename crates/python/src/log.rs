//! The functions of `zeta.log`: the verifier's own codec and hashes.

use crate::bytes_like::BytesLike;
use crate::class::Class;
use crate::entry::{encode_entry, entry_object};
use crate::errors::{class_name, decode_error, invalid_type, invalid_value};
use crate::number::number;
use crate::path::PyPath;
use crate::record::{pointers, pointers_object};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use zeta_host::hasher;
use zeta_program::RelationId;
use zeta_verifier as verifier;
use zeta_verifier::{Answer, Entry, EvictedValue};

static DONE: Class = Class::new("zeta.answer", "Done");
static FAILED: Class = Class::new("zeta.answer", "Failed");
static REFUSED: Class = Class::new("zeta.answer", "Refused");
static EVICTED: Class = Class::new("zeta.answer", "Evicted");
static RECEIPT: Class = Class::new("zeta.answer", "Receipt");
static STATUS: Class = Class::new("zeta.answer", "Status");

/// Encodes one entry, or the entries of an iterable.
#[pyfunction]
pub(crate) fn encode<'py>(entries: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let mut log = Vec::new();
    if !encode_entry(entries, &mut log)? {
        let not_entry = |object: &Bound<'_, PyAny>| {
            let name = class_name(object);
            invalid_type(format!("expected an entry of a log or an iterable of them, not `{name}`"))
        };
        for entry in entries.try_iter().map_err(|_| not_entry(entries))? {
            let entry = entry?;
            if !encode_entry(&entry, &mut log)? {
                return Err(not_entry(&entry));
            }
        }
    }
    Ok(PyBytes::new(entries.py(), &log))
}

/// Decodes the entries of a log; raises where the bytes are not the one encoding of entries.
#[pyfunction]
pub(crate) fn decode<'py>(py: Python<'py>, log: BytesLike<'_>) -> PyResult<Bound<'py, PyList>> {
    let entries = PyList::empty(py);
    let mut rest: &[u8] = &log;
    while !rest.is_empty() {
        let position = log.len().saturating_sub(rest.len());
        let (entry, after) =
            Entry::decode(rest).map_err(|reason| decode_error(position, reason))?;
        entries.append(entry_object(py, &entry)?)?;
        rest = after;
    }
    Ok(entries)
}

/// Decodes the answers of a verifier.
#[pyfunction]
pub(crate) fn decode_answers<'py>(
    py: Python<'py>,
    outputs: BytesLike<'_>,
) -> PyResult<Bound<'py, PyList>> {
    let answers = PyList::empty(py);
    let mut rest: &[u8] = &outputs;
    while !rest.is_empty() {
        let position = outputs.len().saturating_sub(rest.len());
        let (answer, after) = Answer::decode(rest)
            .ok_or_else(|| invalid_value(format!("no answer begins at byte `{position}`")))?;
        answers.append(answer_object(py, &answer)?)?;
        rest = after;
    }
    Ok(answers)
}

fn answer_object<'py>(py: Python<'py>, answer: &Answer<'_>) -> PyResult<Bound<'py, PyAny>> {
    match answer {
        Answer::Done(result) => DONE.make(py, (PyBytes::new(py, result),)),
        Answer::Failed(code) => FAILED.make(py, (*code,)),
        Answer::Refused(code) => REFUSED.make(py, (*code,)),
        Answer::Evicted { value, hash } => {
            let value = match value {
                EvictedValue::Null => None,
                EvictedValue::Some(value) => Some(PyBytes::new(py, value).into_any()),
                EvictedValue::Node(node) => Some(decode_pointers_of(py, node)?),
            };
            let hash = hash.map(|hash| PyBytes::new(py, hash));
            EVICTED.make(py, (value, hash))
        }
        Answer::Receipt { timestamp, leaf, mac } => {
            let (epoch, counter) = (timestamp.epoch().0, timestamp.counter());
            let mac = mac.map(|mac| PyBytes::new(py, mac));
            RECEIPT.make(py, (epoch, counter, PyBytes::new(py, *leaf), mac))
        }
        Answer::Status { status, leaf, mac } => {
            STATUS.make(py, (*status, PyBytes::new(py, *leaf), PyBytes::new(py, *mac)))
        }
    }
}

fn decode_pointers_of<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let node = verifier::decode_node(bytes).map_err(|reason| decode_error(0, reason))?;
    pointers_object(py, &node)
}

/// Decodes a node's value.
#[pyfunction]
pub(crate) fn decode_pointers<'py>(
    py: Python<'py>,
    bytes: BytesLike<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    decode_pointers_of(py, &bytes)
}

/// Encodes the value of a node: anything with `left` and `right`.
#[pyfunction]
pub(crate) fn encode_pointers<'py>(node: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let mut bytes = Vec::new();
    verifier::encode_node(&pointers(node)?, &mut bytes);
    Ok(PyBytes::new(node.py(), &bytes))
}

/// The leaf of a record: where its key lies in the tree.
#[pyfunction]
pub(crate) fn leaf_path(
    #[pyo3(from_py_with = number)] relation: u16,
    key: BytesLike<'_>,
) -> PyPath {
    PyPath(verifier::leaf_path(&hasher(), RelationId(relation), &key))
}

/// The hash that the tree holds of an application's value; `None` is null.
#[pyfunction]
pub(crate) fn value_hash<'py>(
    py: Python<'py>,
    value: Option<BytesLike<'_>>,
) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &verifier::value_hash(&hasher(), value.as_deref()))
}

/// The hash that the tree holds of a node: anything with `left` and `right`.
#[pyfunction]
pub(crate) fn node_hash<'py>(node: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(node.py(), &verifier::node_hash(&hasher(), &pointers(node)?)))
}
