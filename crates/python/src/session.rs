//! Sessions and receipts of a store: bytes of clients to the verifier, and its answers back.

use crate::bytes_like::BytesLike;
use crate::errors::{host_error, invalid_value};
use crate::number::number;
use crate::store::{PyStore, detached};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_host::{
    Batch, Column, ControlAnswer, Credential, Proof, Requests, Results, Status, Transitions,
};
use zeta_verifier::{Epoch, SessionEntry};

/// Bytes of a request before its arguments: session, sequence, MAC, transition, length.
const REQUEST_HEAD_LEN: usize = 4 + 8 + 16 + 2 + 4;
/// Bytes of a reply before its result.
const REPLY_HEAD_LEN: usize = 75;

const NOTHING: u8 = 0;
const RECEIPT: u8 = 1;
const STATUS: u8 = 2;

/// What the verifier answered to a control entry: a tag, a code, and bytes.
type Control<'py> = (u8, u16, Bound<'py, PyBytes>);

/// A call's status, code and result, and what the verifier showed beside it.
type Shown<'py> = (u8, u16, Bound<'py, PyBytes>, Bound<'py, PyBytes>);

/// Count, path, threads, receipts, path of the thread, signature.
type Path<'py> =
    (u64, Vec<Bound<'py, PyBytes>>, u16, u64, Vec<Bound<'py, PyBytes>>, Bound<'py, PyBytes>);

#[pyfunction]
pub(crate) fn introduction<'py>(py: Python<'py>, store: &PyStore) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = store.host().introduction().map_err(|cause| host_error(&cause))?;
    Ok(PyBytes::new(py, &bytes))
}

/// A handshake's first message; `replaces` is a session or zero.
#[pyfunction]
pub(crate) fn handshake<'py>(
    py: Python<'py>,
    store: &PyStore,
    message: BytesLike<'_>,
    #[pyo3(from_py_with = number)] replaces: u32,
) -> PyResult<Control<'py>> {
    let message: &[u8] = &message;
    if u32::try_from(message.len()).is_err() {
        return Err(invalid_value("the message is more than an entry can hold"));
    }
    control(
        py,
        store,
        &match replaces {
            0 => SessionEntry::Open { message },
            session => SessionEntry::Rotate { session, message },
        },
    )
}

#[pyfunction]
pub(crate) fn revoke_session<'py>(
    py: Python<'py>,
    store: &PyStore,
    #[pyo3(from_py_with = number)] session: u32,
) -> PyResult<Control<'py>> {
    control(py, store, &SessionEntry::Revoke { session })
}

#[pyfunction]
pub(crate) fn ask_session<'py>(
    py: Python<'py>,
    store: &PyStore,
    #[pyo3(from_py_with = number)] session: u32,
    #[pyo3(from_py_with = number)] sequence: u64,
    mac: BytesLike<'_>,
) -> PyResult<Control<'py>> {
    let mac = <&[u8; 16]>::try_from(&*mac).map_err(|_| invalid_value("a MAC has 16 bytes"))?;
    control(py, store, &SessionEntry::Ask { session, sequence, mac })
}

fn control<'py>(
    py: Python<'py>,
    store: &PyStore,
    entry: &SessionEntry<'_>,
) -> PyResult<Control<'py>> {
    let answer = detached(py, || store.host().control(entry))?;
    let (tag, code, bytes) = match answer {
        ControlAnswer::Done(bytes) => (Status::Done as u8, 0, bytes),
        ControlAnswer::Refused(code) => (Status::Refused as u8, code, Vec::new()),
        ControlAnswer::NotYet => (Status::NotYet as u8, 0, Vec::new()),
        ControlAnswer::Status { status, leaf, mac } => {
            (Status::Done as u8, u16::from(status), [&leaf[..], &mac[..]].concat())
        }
    };
    Ok((tag, code, PyBytes::new(py, &bytes)))
}

/// Takes packed requests; nobody will ask for their answers by a number.
fn unpack(mut packed: &[u8]) -> Option<Requests> {
    let mut requests = Requests::default();
    while !packed.is_empty() {
        let (head, rest) = packed.split_first_chunk::<REQUEST_HEAD_LEN>()?;
        let (session, head) = head.split_first_chunk()?;
        let (sequence, head) = head.split_first_chunk()?;
        let (mac, head) = head.split_first_chunk()?;
        let (transition, head) = head.split_first_chunk()?;
        let len = u32::from_le_bytes(*head.first_chunk()?) as usize;
        let (arguments, rest) = rest.split_at_checked(len)?;
        let (session, sequence) = (u32::from_le_bytes(*session), u64::from_le_bytes(*sequence));
        let by = Credential { session, sequence, mac: *mac };
        requests.push(0, by, u16::from_le_bytes(*transition), arguments);
        packed = rest;
    }
    Some(requests)
}

/// Runs packed requests of sessions, while other Python threads run; packed replies in their order.
#[pyfunction]
pub(crate) fn run_requests<'py>(
    py: Python<'py>,
    store: &PyStore,
    packed: BytesLike<'_>,
) -> PyResult<Bound<'py, PyBytes>> {
    let packed: &[u8] = &packed;
    let replies = py.detach(|| {
        let cut = || invalid_value("the packed requests are cut");
        let requests = unpack(packed).ok_or_else(cut)?;
        let mut results = Results::with_proofs();
        if !requests.is_empty() {
            let ran = store.host().run(&requests.batch(), &mut results);
            ran.map_err(|cause| host_error(&cause))?;
        }
        let mut replies = Vec::with_capacity(results.len() * REPLY_HEAD_LEN + results.bytes.len());
        for index in 0..results.len() {
            replies.extend_from_slice(&[results.statuses[index]]);
            replies.extend_from_slice(&results.codes[index].to_le_bytes());
            put_proof(&results.proofs[index], &mut replies);
            let result = results.result(index);
            replies.extend_from_slice(&(result.len() as u32).to_le_bytes());
            replies.extend_from_slice(result);
        }
        Ok::<_, PyErr>(replies)
    })?;
    Ok(PyBytes::new(py, &replies))
}

/// Runs one call of the host's own; with what the verifier showed beside the answer.
#[pyfunction]
pub(crate) fn call_shown<'py>(
    py: Python<'py>,
    store: &PyStore,
    transition: u16,
    arguments: BytesLike<'_>,
) -> PyResult<Shown<'py>> {
    let mut results = Results::with_proofs();
    let transitions = Transitions::All(transition);
    let batch = Batch::Calls { transitions, arguments: Column::Same(&arguments) };
    detached(py, || store.host().run(&batch, &mut results))?;
    let mut proof = Vec::new();
    put_proof(&results.proofs[0], &mut proof);
    let result = PyBytes::new(py, results.result(0));
    Ok((results.statuses[0], results.codes[0], result, PyBytes::new(py, &proof)))
}

/// Of one width, whatever is shown: what, status, thread, epoch, counter, index, leaf, MAC.
fn put_proof(proof: &Proof, bytes: &mut Vec<u8>) {
    match proof {
        Proof::None => {
            bytes.extend_from_slice(&[NOTHING; REPLY_HEAD_LEN - 7]);
        }
        Proof::Receipt { thread, timestamp, index, leaf, mac } => {
            bytes.extend_from_slice(&[RECEIPT, 0]);
            bytes.extend_from_slice(&thread.to_le_bytes());
            bytes.extend_from_slice(&timestamp.epoch().0.to_le_bytes());
            bytes.extend_from_slice(&timestamp.counter().to_le_bytes());
            bytes.extend_from_slice(&index.to_le_bytes());
            bytes.extend_from_slice(leaf);
            bytes.extend_from_slice(&mac.unwrap_or_default());
        }
        Proof::Status { status, leaf, mac } => {
            bytes.extend_from_slice(&[STATUS, *status]);
            bytes.extend_from_slice(&[0; 2 + 4 + 4 + 8]);
            bytes.extend_from_slice(leaf);
            bytes.extend_from_slice(mac);
        }
    }
}

#[pyfunction]
pub(crate) fn certification<'py>(
    py: Python<'py>,
    store: &PyStore,
    #[pyo3(from_py_with = number)] epoch: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = detached(py, || store.host().certification(Epoch(epoch)))?;
    Ok(PyBytes::new(py, &bytes))
}

#[pyfunction]
pub(crate) fn receipt_path<'py>(
    py: Python<'py>,
    store: &PyStore,
    #[pyo3(from_py_with = number)] thread: u16,
    #[pyo3(from_py_with = number)] epoch: u32,
    #[pyo3(from_py_with = number)] index: u64,
) -> PyResult<Path<'py>> {
    let found = detached(py, || store.host().receipt_path(thread, Epoch(epoch), index))?;
    let hashes = |path: &[[u8; 32]]| path.iter().map(|hash| PyBytes::new(py, hash)).collect();
    Ok((
        found.count,
        hashes(&found.path),
        found.threads,
        found.receipts,
        hashes(&found.thread_path),
        PyBytes::new(py, &found.signature),
    ))
}
