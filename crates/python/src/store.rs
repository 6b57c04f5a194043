//! The native part of `zeta.Store`: each call straight to the host.

use crate::bytes_like::BytesLike;
use crate::call_results::PyCallResults;
use crate::class::Class;
use crate::column::PyColumn;
use crate::errors::{epoch_error, host_error, invalid_value, status_error};
use crate::number::{number, number_or_none, timeout};
use crate::options::OpenOptions;
use crate::outcome::outcome_object;
use crate::results::{Kinds, PyResults};
use crate::summary::{RelationData, strings_of};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use zeta_host::{
    Batch, COMPARE_AND_SET, Column, DELETE, GET, HostError, PUT, RENAME, Results, Status, Store,
    Summary, Transitions,
};
use zeta_verifier::{Epoch, KEY_LEN_MAX, VALUE_LEN_MAX, decode_node};

static EPOCH_INFO: Class = Class::new("zeta.store", "EpochInfo");
static STATS: Class = Class::new("zeta.store", "Stats");

/// How often a wait looks whether the user has pressed Ctrl-C.
const WAIT_SLICE: Duration = Duration::from_millis(100);
/// Memory for results that a Python thread keeps between single operations.
const KEPT_CAPACITY_MAX: usize = 64 << 10;

thread_local! {
    static RESULTS: Cell<Results> = Cell::default();
}

#[pyclass(module = "zeta._native", name = "Store", frozen, subclass)]
pub(crate) struct PyStore {
    store: ManuallyDrop<Store>,
    /// Whoever holds a worker may wait for the interpreter: nobody may wait the other way round.
    never_wait_attached: AtomicBool,
}

#[pymethods]
impl PyStore {
    #[new]
    #[pyo3(signature = (options, data, summary = None))]
    fn new(
        py: Python<'_>,
        options: OpenOptions,
        data: Vec<RelationData<'_>>,
        summary: Option<(BytesLike<'_>, u64)>,
    ) -> PyResult<Self> {
        let options = options.into_host()?;
        let summary = match summary {
            None => Summary::EMPTY,
            Some((root, records)) => {
                let root = decode_node(&root).map_err(|reason| invalid_value(reason.text()))?;
                Summary { root, records }
            }
        };
        let data = strings_of(py, &data)?;
        let opened = py.detach(|| {
            let mut rows = data.iter().flat_map(|(relation, keys, values)| {
                let row =
                    |(key, value): (&&[u8], &&[u8])| (*relation, key.to_vec(), value.to_vec());
                keys.iter().zip(values).map(row)
            });
            Store::adopt(options, &mut rows, &summary)
        });
        let store = opened.map_err(|cause| host_error(&cause))?;
        Ok(Self { store: ManuallyDrop::new(store), never_wait_attached: AtomicBool::new(false) })
    }

    #[pyo3(signature = (key, default = None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        key: BytesLike<'_>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.read(py, &key, |results| bytes_of(py, results))?;
        Ok(found.map(Bound::into_any).or(default))
    }

    fn put(&self, py: Python<'_>, key: BytesLike<'_>, value: BytesLike<'_>) -> PyResult<()> {
        self.write(py, &key, &value).map(|_| ())
    }

    fn delete(&self, py: Python<'_>, key: BytesLike<'_>) -> PyResult<bool> {
        self.remove(py, &key).map(|(present, _)| present)
    }

    fn compare_and_set(
        &self,
        py: Python<'_>,
        key: BytesLike<'_>,
        expected: Option<BytesLike<'_>>,
        new: Option<BytesLike<'_>>,
    ) -> PyResult<bool> {
        self.exchange(py, &key, expected.as_deref(), new.as_deref()).map(|(done, _)| done)
    }

    fn rename(
        &self,
        py: Python<'_>,
        source: BytesLike<'_>,
        target: BytesLike<'_>,
    ) -> PyResult<bool> {
        self.move_value(py, &source, &target).map(|(done, _)| done)
    }

    fn get_in_epoch<'py>(
        &self,
        py: Python<'py>,
        key: BytesLike<'_>,
    ) -> PyResult<(Option<Bound<'py, PyBytes>>, u32)> {
        self.read(py, &key, |results| Ok((bytes_of(py, results)?, results.epoch.0)))
    }

    fn put_in_epoch(
        &self,
        py: Python<'_>,
        key: BytesLike<'_>,
        value: BytesLike<'_>,
    ) -> PyResult<u32> {
        self.write(py, &key, &value)
    }

    fn delete_in_epoch(&self, py: Python<'_>, key: BytesLike<'_>) -> PyResult<(bool, u32)> {
        self.remove(py, &key)
    }

    fn compare_and_set_in_epoch(
        &self,
        py: Python<'_>,
        key: BytesLike<'_>,
        expected: Option<BytesLike<'_>>,
        new: Option<BytesLike<'_>>,
    ) -> PyResult<(bool, u32)> {
        self.exchange(py, &key, expected.as_deref(), new.as_deref())
    }

    fn rename_in_epoch(
        &self,
        py: Python<'_>,
        source: BytesLike<'_>,
        target: BytesLike<'_>,
    ) -> PyResult<(bool, u32)> {
        self.move_value(py, &source, &target)
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        key: BytesLike<'_>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.read(py, &key, |results| bytes_of(py, results))?.ok_or_else(|| absent(&key))
    }

    fn __setitem__(
        &self,
        py: Python<'_>,
        key: BytesLike<'_>,
        value: BytesLike<'_>,
    ) -> PyResult<()> {
        self.write(py, &key, &value).map(|_| ())
    }

    fn __delitem__(&self, py: Python<'_>, key: BytesLike<'_>) -> PyResult<()> {
        if self.remove(py, &key)?.0 { Ok(()) } else { Err(absent(&key)) }
    }

    fn __contains__(&self, py: Python<'_>, key: BytesLike<'_>) -> PyResult<bool> {
        self.read(py, &key, |results| Ok(results.status(0) == Status::Done))
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let mut count = 0_usize;
        detached(py, || {
            self.store.keys(&mut |_, _| {
                count = count.saturating_add(1);
                true
            })
        })?;
        Ok(count)
    }

    /// Every key that has a value, by the host's word.
    fn key_list<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let mut keys = Vec::new();
        detached(py, || {
            self.store.keys(&mut |_, key| {
                keys.push(key.to_vec());
                true
            })
        })?;
        Ok(keys.iter().map(|key| PyBytes::new(py, key)).collect())
    }

    /// Runs gets, puts and deletes, while other Python threads run.
    fn run(
        &self,
        py: Python<'_>,
        kinds: &Bound<'_, PyAny>,
        keys: &PyColumn,
        values: Option<PyRef<'_, PyColumn>>,
        #[pyo3(from_py_with = number_or_none)] width: Option<usize>,
    ) -> PyResult<PyResults> {
        let kinds = match kinds.extract::<u16>() {
            Ok(kind) => Kinds::All(kind),
            Err(_) => Kinds::Each(numbers(kinds)?),
        };
        if width.is_some_and(|width| !(1..=VALUE_LEN_MAX).contains(&width)) {
            return Err(invalid_value(format!("`width` is `1` to `{VALUE_LEN_MAX}` bytes")));
        }
        keys.check_lens(py, KEY_LEN_MAX, "key")?;
        let values = match &values {
            None => Column::Same(&[]),
            Some(values) => {
                values.check_lens(py, VALUE_LEN_MAX, "value")?;
                values.view(py)
            }
        };
        let keys = keys.view(py);
        let mut results = width.map_or_else(Results::new, Results::fixed);
        let transitions = match &kinds {
            Kinds::All(kind) => Transitions::All(*kind),
            Kinds::Each(kinds) => Transitions::Each(kinds),
        };
        let batch = Batch::KeyValue { transitions, keys, values };
        detached(py, || self.store.run(&batch, &mut results))?;
        Ok(PyResults { results, kinds, width })
    }

    /// Runs one call: its status, its code, its encoded result, and the epoch that certifies it.
    fn call<'py>(
        &self,
        py: Python<'py>,
        transition: u16,
        arguments: &[u8],
    ) -> PyResult<(u8, u16, Bound<'py, PyBytes>, u32)> {
        self.answered(py, &call(transition, arguments), |results| {
            let result = PyBytes::new(py, results.result(0));
            Ok((results.statuses[0], results.codes[0], result, results.epoch.0))
        })
    }

    /// Runs calls of one transition, while other Python threads run; each has its encoded
    /// arguments. Where all results have one width, they are told in an array.
    fn call_many(
        &self,
        py: Python<'_>,
        transition: u16,
        arguments: &PyColumn,
        width: Option<usize>,
    ) -> PyResult<PyCallResults> {
        let mut results = width.map_or_else(Results::new, Results::fixed);
        let transitions = Transitions::All(transition);
        let batch = Batch::Calls { transitions, arguments: arguments.view(py) };
        detached(py, || self.store.run(&batch, &mut results))?;
        Ok(PyCallResults { results, has_width: width.is_some() })
    }

    /// Turns the epoch: the one that ended certifies what was answered so far.
    fn turn(&self, py: Python<'_>) -> PyResult<u32> {
        // A worker is held for moments only: single operations of other threads go on.
        let ended = py.detach(|| self.store.turn());
        ended.map(|epoch| epoch.0).map_err(|cause| epoch_error(&cause))
    }

    /// Waits until an epoch is certified, at most so many seconds.
    fn wait_for(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number)] epoch: u32,
        #[pyo3(from_py_with = timeout)] timeout: Option<Duration>,
    ) -> PyResult<()> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let slice = left.map_or(WAIT_SLICE, |left| left.min(WAIT_SLICE));
            match py.detach(|| self.store.wait(Epoch(epoch), slice)) {
                Ok(()) => return Ok(()),
                Err(HostError::TimedOut { .. }) if left.is_none_or(|left| left > slice) => {
                    py.check_signals()?;
                }
                Err(cause) => return Err(epoch_error(&cause)),
            }
        }
    }

    fn outcome<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number)] epoch: u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        outcome_object(py, &self.store.outcome(Epoch(epoch)))
    }

    /// The latest epochs, oldest first, none before `first`.
    #[pyo3(signature = (first = 0))]
    fn epochs<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number)] first: u32,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let infos = py.detach(|| self.store.epochs());
        infos
            .iter()
            .filter(|info| info.epoch.0 >= first)
            .map(|info| {
                let outcome = outcome_object(py, &info.outcome)?;
                let seconds = |from: Option<Instant>, to: Option<Instant>| {
                    Some(to?.saturating_duration_since(from?).as_secs_f64())
                };
                let length = seconds(Some(info.opened), info.closed);
                let to_certify = seconds(info.closed, info.certified);
                EPOCH_INFO.make(py, (info.epoch.0, outcome, info.operations, length, to_certify))
            })
            .collect()
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let stats = detached(py, || self.store.stats())?;
        let places = (stats.in_slots, stats.deferred, stats.in_tree, stats.lent);
        STATS.make(
            py,
            (
                stats.records,
                places.0,
                places.1,
                places.2,
                places.3,
                stats.bytes,
                stats.operations,
                stats.nodes,
            ),
        )
    }

    /// The epoch in which operations run now.
    #[getter]
    fn epoch(&self) -> u32 {
        self.store.epoch().0
    }

    #[getter]
    fn certified_epoch(&self) -> Option<u32> {
        self.store.certified().map(|epoch| epoch.0)
    }

    #[getter]
    fn instance<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.store.instance().0)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        detached(py, || self.store.close())
    }
}

impl Drop for PyStore {
    fn drop(&mut self) {
        // SAFETY: the store is taken once, here, and nobody sees this struct afterwards.
        let store = unsafe { ManuallyDrop::take(&mut self.store) };
        // The store waits for its epoch driver, which may wait for the interpreter.
        Python::attach(|py| py.detach(|| drop(store)));
    }
}

impl PyStore {
    pub(crate) fn host(&self) -> &Store {
        &self.store
    }

    /// From now on every call lets other Python threads run while it waits.
    pub(crate) fn never_wait_attached(&self) {
        self.never_wait_attached.store(true, Ordering::Relaxed);
    }

    /// Runs a batch of one and shows its results to `body`, if it is done.
    #[inline]
    fn one<T>(
        &self,
        py: Python<'_>,
        batch: &Batch<'_>,
        body: impl FnOnce(&Results) -> PyResult<T>,
    ) -> PyResult<T> {
        self.answered(py, batch, |results| match results.status(0) {
            Status::Done | Status::Absent => body(results),
            status => Err(status_error(status, results.codes[0], None)),
        })
    }

    /// Runs a batch of one and shows its results to `body`.
    #[inline]
    fn answered<T>(
        &self,
        py: Python<'_>,
        batch: &Batch<'_>,
        body: impl FnOnce(&Results) -> PyResult<T>,
    ) -> PyResult<T> {
        // Taken, not borrowed: what `body` makes may set off a finalizer that comes back here.
        let mut results = RESULTS.take();
        // A free worker takes a microsecond, less than it costs to let other threads in between.
        let waits = self.never_wait_attached.load(Ordering::Relaxed) || self.store.is_busy();
        let ran = if waits {
            py.detach(|| self.store.run(batch, &mut results))
        } else {
            self.store.run(batch, &mut results)
        };
        ran.map_err(|cause| host_error(&cause))?;
        let done = body(&results);
        if results.bytes.capacity() <= KEPT_CAPACITY_MAX {
            RESULTS.set(results);
        }
        done
    }

    #[inline]
    fn read<T>(
        &self,
        py: Python<'_>,
        key: &[u8],
        body: impl FnOnce(&Results) -> PyResult<T>,
    ) -> PyResult<T> {
        self.one(py, &key_value(GET, check_key(key)?, &[]), body)
    }

    #[inline]
    fn write(&self, py: Python<'_>, key: &[u8], value: &[u8]) -> PyResult<u32> {
        let batch = key_value(PUT, check_key(key)?, check_value(value)?);
        self.one(py, &batch, |results| Ok(results.epoch.0))
    }

    fn remove(&self, py: Python<'_>, key: &[u8]) -> PyResult<(bool, u32)> {
        self.one(py, &key_value(DELETE, check_key(key)?, &[]), |results| {
            Ok((results.status(0) == Status::Done, results.epoch.0))
        })
    }

    fn exchange(
        &self,
        py: Python<'_>,
        key: &[u8],
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
    ) -> PyResult<(bool, u32)> {
        let mut arguments = Vec::new();
        put_bytes(&mut arguments, check_key(key)?);
        for value in [expected, new] {
            arguments.push(u8::from(value.is_some()));
            if let Some(value) = value {
                put_bytes(&mut arguments, check_value(value)?);
            }
        }
        self.one(py, &call(COMPARE_AND_SET, &arguments), flag_of)
    }

    fn move_value(&self, py: Python<'_>, source: &[u8], target: &[u8]) -> PyResult<(bool, u32)> {
        let mut arguments = Vec::new();
        put_bytes(&mut arguments, check_key(source)?);
        put_bytes(&mut arguments, check_key(target)?);
        self.one(py, &call(RENAME, &arguments), flag_of)
    }
}

/// Runs what may take long, while other Python threads run.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    body: impl FnOnce() -> Result<T, HostError> + Send,
) -> PyResult<T> {
    py.detach(body).map_err(|cause| host_error(&cause))
}

/// The kinds of operations: an array of bytes or of 16-bit numbers, or a list.
fn numbers(kinds: &Bound<'_, PyAny>) -> PyResult<Vec<u16>> {
    if let Ok(buffer) = PyBuffer::<u8>::get(kinds) {
        return Ok(buffer.to_vec(kinds.py())?.into_iter().map(u16::from).collect());
    }
    match PyBuffer::<u16>::get(kinds) {
        Ok(buffer) => buffer.to_vec(kinds.py()),
        Err(_) => kinds.try_iter()?.map(|kind| number(&kind?)).collect(),
    }
}

#[inline]
fn key_value<'a>(kind: u16, key: &'a [u8], value: &'a [u8]) -> Batch<'a> {
    let (keys, values) = (Column::Same(key), Column::Same(value));
    Batch::KeyValue { transitions: Transitions::All(kind), keys, values }
}

fn call(transition: u16, arguments: &[u8]) -> Batch<'_> {
    let arguments = Column::Same(arguments);
    Batch::Calls { transitions: Transitions::All(transition), arguments }
}

fn put_bytes(encoded: &mut Vec<u8>, bytes: &[u8]) {
    encoded.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    encoded.extend_from_slice(bytes);
}

#[inline]
fn check_key(key: &[u8]) -> PyResult<&[u8]> {
    if key.len() <= KEY_LEN_MAX {
        return Ok(key);
    }
    Err(host_error(&HostError::KeyTooLong { len: key.len() }))
}

#[inline]
fn check_value(value: &[u8]) -> PyResult<&[u8]> {
    if value.len() <= VALUE_LEN_MAX {
        return Ok(value);
    }
    Err(host_error(&HostError::ValueTooLong { len: value.len() }))
}

fn flag_of(results: &Results) -> PyResult<(bool, u32)> {
    Ok((results.result(0) == [1], results.epoch.0))
}

#[inline]
fn bytes_of<'py>(py: Python<'py>, results: &Results) -> PyResult<Option<Bound<'py, PyBytes>>> {
    match results.status(0) {
        Status::Done => Ok(Some(PyBytes::new(py, results.result(0)))),
        _ => Ok(None),
    }
}

fn absent(key: &[u8]) -> PyErr {
    PyKeyError::new_err(key.to_vec())
}
