//! `zeta.Verifier`: threads behind batons, for those who bring their own host.

use crate::bytes_like::BytesLike;
use crate::class::Class;
use crate::entry::timestamp_object;
use crate::errors::{config_error, internal, invalid_value, load_error, not_yet_name};
use crate::number::number;
use crate::outcome::{outcome_object, reason_object};
use crate::record::pointers;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex};
use zeta_program::Program;
use zeta_verifier::{
    Board, Config, Epoch, Incarnation, InstanceId, Node, Progress, Standard, StopCause, Verifier,
    VerifierThread,
};

static DONE: Class = Class::new("zeta.verifier", "Done");
static RETRY: Class = Class::new("zeta.verifier", "Retry");
static REJECTED: Class = Class::new("zeta.verifier", "Rejected");
static PROGRESS: Class = Class::new("zeta.verifier", "Progress");
static NOT_YET: Class = Class::new("zeta.reason", "NotYet");

/// A log of up to so many bytes is verified while other Python threads wait.
const ATTACHED_LEN_MAX: usize = 4096;
/// Slots of all threads together: they are all made at once, and memory that is not there would
/// end the process.
const SLOT_COUNT_MAX: u32 = 1 << 24;

/// The bytes of the key-value application's program.
#[pyfunction]
pub(crate) fn key_value<'py>(py: Python<'py>) -> Bound<'py, PyBytes> {
    PyBytes::new(py, &zeta_program::key_value())
}

#[pyclass(module = "zeta", name = "Verifier", frozen)]
pub(crate) struct PyVerifier {
    instance: InstanceId,
    board: Arc<Board>,
    threads: Vec<Mutex<VerifierThread<Standard>>>,
}

#[pymethods]
impl PyVerifier {
    #[new]
    #[pyo3(signature = (
        threads = 1, slots = 64, *, app = None, byte_budget = 67_108_864, root = None,
        nonce = None, incarnation = None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "named in Python, each with a default")]
    fn new(
        py: Python<'_>,
        #[pyo3(from_py_with = number)] threads: u16,
        #[pyo3(from_py_with = number)] slots: u16,
        app: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = number)] byte_budget: u64,
        root: Option<&Bound<'_, PyAny>>,
        nonce: Option<BytesLike<'_>>,
        incarnation: Option<BytesLike<'_>>,
    ) -> PyResult<Self> {
        let slot_count = u32::from(threads) * u32::from(slots);
        if slot_count > SLOT_COUNT_MAX {
            return Err(invalid_value(format!(
                "`threads` with `slots` each make `{slot_count}` slots, the limit is \
                 `{SLOT_COUNT_MAX}`"
            )));
        }
        let program = match app {
            Some(app) => Program::load(&program_bytes(app)?),
            None => Program::load(&zeta_program::key_value()),
        };
        let config = Config {
            threads,
            slots,
            byte_budget,
            root: root.map_or(Ok(Node::EMPTY), pointers)?,
            nonce: given_or_random(py, "nonce", nonce)?,
            incarnation: Incarnation(given_or_random(py, "incarnation", incarnation)?),
            secret: random(py)?,
        };
        let made = Verifier::new(&config, program.map_err(load_error)?).map_err(config_error)?;
        let threads = made.threads.into_iter().map(Mutex::new).collect();
        Ok(Self { instance: made.instance, board: made.board, threads })
    }

    /// Checks and applies a log entry by entry.
    fn verify_log<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number)] thread: usize,
        data: BytesLike<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let baton = self.thread(thread)?;
        let log: &[u8] = &data;
        let mut outputs = Vec::new();
        let attached = if log.len() <= ATTACHED_LEN_MAX { baton.try_lock().ok() } else { None };
        let progress = match attached {
            Some(mut state) => state.verify_log(log, &mut outputs),
            None => py.detach(|| match baton.lock() {
                Ok(mut state) => Ok(state.verify_log(log, &mut outputs)),
                Err(_) => Err(internal("a thread of the verifier panicked")),
            })?,
        };
        progress_object(py, &progress, &outputs)
    }

    /// What became of an epoch.
    fn outcome<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number)] epoch: u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        outcome_object(py, &self.board.outcome(Epoch(epoch)))
    }

    /// The last certified epoch.
    #[getter]
    fn certified(&self) -> Option<u32> {
        self.board.certified().map(|epoch| epoch.0)
    }

    /// Names the application with its initial state: 16 bytes.
    #[getter]
    fn instance<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.instance.0)
    }

    #[getter]
    fn threads(&self) -> usize {
        self.threads.len()
    }

    /// A thread's clock.
    fn clock<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number)] thread: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let baton = self.thread(thread)?;
        let clock = py.detach(|| match baton.lock() {
            Ok(state) => Ok(state.clock()),
            Err(_) => Err(internal("a thread of the verifier panicked")),
        })?;
        timestamp_object(py, clock)
    }
}

impl PyVerifier {
    fn thread(&self, thread: usize) -> PyResult<&Mutex<VerifierThread<Standard>>> {
        let count = self.threads.len();
        self.threads.get(thread).ok_or_else(|| {
            invalid_value(format!("there is no thread `{thread}`: the verifier has `{count}`"))
        })
    }
}

/// The program of an application, a class, or the bytes of one.
fn program_bytes(app: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let program = app.py().import("zeta.program")?.getattr("program_of")?;
    program.call1((app,))?.extract()
}

fn progress_object<'py>(
    py: Python<'py>,
    progress: &Progress,
    outputs: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let stop = match progress.stop {
        StopCause::Done => DONE.make(py, ())?,
        StopCause::Retry(not_yet) => {
            RETRY.make(py, (NOT_YET.make(py, (not_yet_name(not_yet),))?,))?
        }
        StopCause::Rejected(rejection) => {
            let reason = reason_object(py, rejection.reason)?;
            REJECTED.make(py, (rejection.thread.0, rejection.position, reason))?
        }
    };
    PROGRESS.make(py, (progress.consumed, PyBytes::new(py, outputs), stop))
}

fn random<const N: usize>(py: Python<'_>) -> PyResult<[u8; N]> {
    py.import("os")?.call_method1("urandom", (N,))?.extract()
}

fn given_or_random(py: Python<'_>, name: &str, given: Option<BytesLike<'_>>) -> PyResult<[u8; 16]> {
    let Some(bytes) = given else { return random(py) };
    <[u8; 16]>::try_from(&*bytes)
        .map_err(|_| invalid_value(format!("`{name}` has 16 bytes, not `{}`", bytes.len())))
}
