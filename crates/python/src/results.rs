//! What a batch returned, as Python reads it.

use crate::errors::status_error;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_host::{DELETE, GET, Results, Status};

/// The transitions of a batch, owned.
pub(crate) enum Kinds {
    All(u16),
    Each(Vec<u16>),
}

impl Kinds {
    fn get(&self, index: usize) -> u16 {
        match self {
            Self::All(kind) => *kind,
            Self::Each(kinds) => kinds.get(index).copied().unwrap_or_default(),
        }
    }
}

/// The results of a batch; immutable.
#[pyclass(module = "zeta._native", name = "Results", frozen)]
pub(crate) struct PyResults {
    pub(crate) results: Results,
    pub(crate) kinds: Kinds,
    pub(crate) width: Option<usize>,
}

#[pymethods]
impl PyResults {
    fn __len__(&self) -> usize {
        self.results.len()
    }

    fn __getitem__<'py>(
        &self,
        py: Python<'py>,
        index: isize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let len = self.results.len();
        let from_start =
            if index < 0 { len.checked_add_signed(index) } else { Some(index as usize) };
        let index = from_start
            .filter(|index| *index < len)
            .ok_or_else(|| PyIndexError::new_err("a batch has no such operation"))?;
        match self.results.status(index) {
            Status::Done if self.kinds.get(index) == GET => {
                Ok(Some(PyBytes::new(py, self.results.result(index))))
            }
            Status::Done | Status::Absent => Ok(None),
            status => Err(status_error(status, self.results.codes[index], self.width)),
        }
    }

    /// One byte for each operation: whether a get found a value and a delete removed one.
    #[getter]
    fn present<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let present = |index| match (self.results.status(index), self.kinds.get(index)) {
            (Status::Done | Status::OtherWidth, GET) => 1,
            (Status::Done, DELETE) => 1,
            _ => 0,
        };
        let present: Vec<u8> = (0..self.results.len()).map(present).collect();
        PyBytes::new(py, &present)
    }

    /// One byte for each operation: 0 done, 1 absent, 4 a value of another width.
    #[getter]
    fn statuses<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.results.statuses)
    }

    /// Of a batch with a width, all values, one after the other.
    #[getter]
    fn content<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.results.bytes)
    }

    #[getter]
    fn width(&self) -> Option<usize> {
        self.width
    }

    #[getter]
    fn epoch(&self) -> u32 {
        self.results.epoch.0
    }
}
