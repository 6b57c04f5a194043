//! Frames of requests, from the bytes of many connections to the bytes that answer them.

use crate::errors::{host_error, invalid_value};
use crate::store::PyStore;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeta_host::{KeptLimits, KeptReplies, Requests, Results};

/// How many whole requests there are from `begin` on, `most` at most, and where the last one ends.
#[pyfunction]
pub(crate) fn leading_requests(
    bytes: &[u8],
    begin: usize,
    frame_max: u32,
    most: usize,
) -> PyResult<(usize, usize)> {
    let rest = bytes.get(begin..).ok_or_else(|| invalid_value("there are not so many bytes"))?;
    let (count, end) = zeta_host::leading_requests(rest, frame_max, most);
    Ok((count, begin + end))
}

/// The last replies of each session, for who lost one and sends its request again.
#[pyclass(module = "zeta._native", name = "KeptReplies", frozen)]
pub(crate) struct PyKeptReplies(Mutex<KeptReplies>);

#[pymethods]
impl PyKeptReplies {
    #[new]
    fn new(replies: usize, session_bytes: usize, bytes: usize) -> Self {
        Self(Mutex::new(KeptReplies::new(KeptLimits { replies, session_bytes, bytes })))
    }

    /// Forgets a session that has ended.
    fn forget(&self, py: Python<'_>, session: u32) {
        py.detach(|| self.lock().forget(session));
    }
}

impl PyKeptReplies {
    fn lock(&self) -> MutexGuard<'_, KeptReplies> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the requests of all connections in one batch, while other Python threads run. Each
/// connection comes as its frames and the longest frame that it takes, and gets the frames of its
/// answers. With `embedded` they run as the host's own, and nobody looks who asks.
#[pyfunction]
pub(crate) fn run_frames<'py>(
    py: Python<'py>,
    store: &PyStore,
    connections: Vec<(PyBackedBytes, u32)>,
    kept: Option<&PyKeptReplies>,
    embedded: bool,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let answers = py.detach(|| {
        let mut requests = Requests::default();
        let mut ends = Vec::with_capacity(connections.len());
        for (frames, _) in &connections {
            let none = || invalid_value("among the frames is one that is no request");
            requests.push_frames(frames).ok_or_else(none)?;
            ends.push(requests.len());
        }
        let (batch, mut results) = match embedded {
            true => (requests.embedded_batch(), Results::new()),
            false => (requests.batch(), Results::with_proofs()),
        };
        if !requests.is_empty() {
            store.host().run(&batch, &mut results).map_err(|cause| host_error(&cause))?;
        }
        let mut kept = kept.map(PyKeptReplies::lock);
        let mut begin = 0;
        let mut answers = Vec::with_capacity(connections.len());
        for ((_, frame_max), end) in connections.iter().zip(ends) {
            let mut frames = Vec::new();
            for index in begin..end {
                let kept = kept.as_deref_mut();
                requests.put_answer(index, &results, kept, *frame_max, &mut frames);
            }
            begin = end;
            answers.push(frames);
        }
        Ok::<_, PyErr>(answers)
    })?;
    Ok(answers.iter().map(|frames| PyBytes::new(py, frames)).collect())
}
