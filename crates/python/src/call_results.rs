//! What a batch of calls returned, as Python reads it.

use crate::errors::invalid_type;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_host::Results;

/// The answers to the calls of a batch; immutable.
#[pyclass(module = "zeta._native", name = "CallResults", frozen)]
pub(crate) struct PyCallResults {
    pub(crate) results: Results,
    pub(crate) has_width: bool,
}

#[pymethods]
impl PyCallResults {
    fn __len__(&self) -> usize {
        self.results.len()
    }

    /// The status of a call, its code, and its encoded result.
    fn answer<'py>(
        &self,
        py: Python<'py>,
        index: usize,
    ) -> PyResult<(u8, u16, Bound<'py, PyBytes>)> {
        let status = self.results.statuses.get(index).copied();
        let status = status.ok_or_else(|| PyIndexError::new_err("a batch has no such call"))?;
        let result = PyBytes::new(py, self.results.result(index));
        Ok((status, self.results.codes[index], result))
    }

    /// One byte for each call: 0 done, 2 failed, 3 refused.
    #[getter]
    fn statuses<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.results.statuses)
    }

    /// Two bytes for each call, in this machine's order: the codes of those that failed.
    #[getter]
    fn codes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let codes: Vec<u8> = self.results.codes.iter().flat_map(|c| c.to_ne_bytes()).collect();
        PyBytes::new(py, &codes)
    }

    /// Of results of one width, all of them, one after the other.
    #[getter]
    fn content<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        match self.has_width {
            true => Ok(PyBytes::new(py, &self.results.bytes)),
            false => Err(invalid_type("results of any length are no array")),
        }
    }

    #[getter]
    fn epoch(&self) -> u32 {
        self.results.epoch.0
    }
}
