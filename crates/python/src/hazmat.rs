//! DANGER: `zeta.hazmat`, the host's own tampering within reach of Python.

use crate::bytes_like::BytesLike;
use crate::errors::{host_error, invalid_type, invalid_value};
use crate::number::number;
use crate::store::PyStore;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_host::hazmat::{self, Intercept, NodePart};
use zeta_host::{HostError, Store};
use zeta_verifier::{Epoch, RelationId, Timestamp};

/// A value, the epoch and counter of its eviction, and the thread that evicted it.
type Element<'py> = (Option<Bound<'py, PyBytes>>, u32, u32, u16);

fn act<T: Send>(
    py: Python<'_>,
    store: &PyStore,
    body: impl FnOnce(&Store) -> Result<T, HostError> + Send,
) -> PyResult<T> {
    py.detach(|| body(store.host())).map_err(|cause| host_error(&cause))
}

#[pyfunction]
pub(crate) fn element<'py>(
    py: Python<'py>,
    store: &PyStore,
    relation: u16,
    key: BytesLike<'_>,
) -> PyResult<Element<'py>> {
    let found = act(py, store, |host| hazmat::element(host, RelationId(relation), &key))?;
    let value = found.value.map(|value| PyBytes::new(py, &value));
    Ok((value, found.timestamp.epoch().0, found.timestamp.counter(), found.thread))
}

#[pyfunction]
pub(crate) fn set_value(
    py: Python<'_>,
    store: &PyStore,
    relation: u16,
    key: BytesLike<'_>,
    value: Option<BytesLike<'_>>,
) -> PyResult<()> {
    act(py, store, |host| hazmat::set_value(host, RelationId(relation), &key, value.as_deref()))
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "one caller, in Python, which names each")]
pub(crate) fn set_element(
    py: Python<'_>,
    store: &PyStore,
    relation: u16,
    key: BytesLike<'_>,
    value: Option<BytesLike<'_>>,
    #[pyo3(from_py_with = number)] epoch: u32,
    #[pyo3(from_py_with = number)] counter: u32,
    #[pyo3(from_py_with = number)] thread: u16,
) -> PyResult<()> {
    let value = value.map(|value| value.to_vec());
    let timestamp = Timestamp::new(Epoch(epoch), counter);
    let element = hazmat::Element { value, timestamp, thread };
    act(py, store, |host| hazmat::set_element(host, RelationId(relation), &key, &element))
}

#[pyfunction]
pub(crate) fn swap_values(
    py: Python<'_>,
    store: &PyStore,
    relation: u16,
    first: BytesLike<'_>,
    second: BytesLike<'_>,
) -> PyResult<()> {
    act(py, store, |host| hazmat::swap_values(host, RelationId(relation), &first, &second))
}

#[pyfunction]
pub(crate) fn skew_timestamp(
    py: Python<'_>,
    store: &PyStore,
    relation: u16,
    key: BytesLike<'_>,
    #[pyo3(from_py_with = number)] by: i64,
) -> PyResult<()> {
    act(py, store, |host| hazmat::skew_timestamp(host, RelationId(relation), &key, by))
}

#[pyfunction]
pub(crate) fn retire(
    py: Python<'_>,
    store: &PyStore,
    relation: u16,
    key: BytesLike<'_>,
) -> PyResult<()> {
    act(py, store, |host| hazmat::retire(host, RelationId(relation), &key))
}

#[pyfunction]
pub(crate) fn corrupt_node(
    py: Python<'_>,
    store: &PyStore,
    relation: u16,
    key: BytesLike<'_>,
    part: &str,
) -> PyResult<()> {
    let part = match part {
        "hash" => NodePart::Hash,
        "deferred" => NodePart::DeferredFlag,
        _ => return Err(invalid_value(format!("`part` is `hash` or `deferred`, not `{part}`"))),
    };
    act(py, store, |host| hazmat::corrupt_node(host, RelationId(relation), &key, part))
}

#[pyfunction]
pub(crate) fn duplicate(
    py: Python<'_>,
    store: &PyStore,
    relation: u16,
    key: BytesLike<'_>,
) -> PyResult<()> {
    act(py, store, |host| hazmat::duplicate(host, RelationId(relation), &key))
}

/// Puts a Python function between the host and its verifier threads.
#[pyfunction]
pub(crate) fn intercept(py: Python<'_>, store: &PyStore, change: Py<PyAny>) -> PyResult<()> {
    if !change.bind(py).is_callable() {
        return Err(invalid_type("expected a function of a thread and its log"));
    }
    // The function needs the interpreter while a worker is held: from now on nobody may wait for
    // a worker and hold the interpreter.
    store.never_wait_attached();
    let mut make = || -> Intercept {
        let change = Python::attach(|py| change.clone_ref(py));
        Box::new(move |thread, log| {
            // At the interpreter's end there is nobody left to lie.
            let _ = Python::try_attach(|py| replace(py, &change, thread, log));
        })
    };
    act(py, store, |host| hazmat::intercept(host, &mut make))
}

fn replace(py: Python<'_>, change: &Py<PyAny>, thread: u16, log: &mut Vec<u8>) {
    let changed = change
        .call1(py, (thread, PyBytes::new(py, log)))
        .and_then(|changed| changed.extract::<Option<Vec<u8>>>(py));
    match changed {
        Ok(Some(changed)) => *log = changed,
        Ok(None) => {}
        Err(error) => error.write_unraisable(py, None),
    }
}
