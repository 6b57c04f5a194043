//! `zeta._native.Program`: a program that the loader took, and its machine over rows in a dict.

use crate::bytes_like::BytesLike;
use crate::errors::{internal, invalid_value, load_error};
use crate::number::number;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use std::convert::Infallible;
use zeta_program::{Machine, Outcome, Program, RelationId, RowHandle, Rows, TransitionId};

#[pyclass(module = "zeta._native", name = "Program", frozen)]
pub(crate) struct PyProgram {
    program: Program,
}

/// The bytes of a result, and each row that was written: relation, key, and the row or none.
type Ran<'py> = (u16, Bound<'py, PyBytes>, Vec<Written<'py>>);
type Written<'py> = (u16, Bound<'py, PyBytes>, Option<Bound<'py, PyBytes>>);

#[pymethods]
impl PyProgram {
    #[new]
    fn new(data: BytesLike<'_>) -> PyResult<Self> {
        Ok(Self { program: Program::load(&data).map_err(load_error)? })
    }

    #[getter]
    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.program.digest())
    }

    /// The most rows, bytes of scratch memory, and time that a call takes.
    fn cost(
        &self,
        #[pyo3(from_py_with = number)] transition: u16,
    ) -> PyResult<(usize, usize, u64)> {
        let cost = self.program.cost(TransitionId(transition));
        let cost = cost.ok_or_else(|| invalid_value(format!("no transition `{transition}`")))?;
        Ok((cost.rows, cost.scratch, cost.time))
    }

    /// Runs one call; `rows` holds the rows by relation and key.
    ///
    /// Returns the code of its failure (0: none), its result, and what it has written.
    fn run<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number)] transition: u16,
        args: BytesLike<'_>,
        #[pyo3(from_py_with = number)] epoch: u32,
        rows: &Bound<'py, PyDict>,
    ) -> PyResult<Ran<'py>> {
        let mut machine = Machine::new();
        let begun = machine.begin(&self.program, TransitionId(transition), &args);
        begun.map_err(|refusal| invalid_value(refusal.to_string()))?;
        let mut lent = Lent { rows: rows.clone(), bound: Vec::new(), failed: None };
        let mut result = Vec::new();
        let Ok(outcome) = machine.run(&self.program, &args, epoch, &mut lent, &mut result);
        if let Some(error) = lent.failed {
            return Err(error);
        }
        let code = match outcome {
            Outcome::Done => 0,
            Outcome::Failed(failure) => failure.code(),
        };
        let mut written = Vec::new();
        for (handle, row) in machine.writes(&args) {
            let Some(bound) = lent.bound.get(usize::from(handle.0)) else {
                return Err(internal("a write to a row that was not lent"));
            };
            let row = row.map(|bytes| PyBytes::new(py, bytes));
            written.push((bound.relation.0, PyBytes::new(py, &bound.key), row));
        }
        Ok((code, PyBytes::new(py, &result), written))
    }
}

/// The rows of a dict; a key that is not there is a null record.
struct Lent<'py> {
    rows: Bound<'py, PyDict>,
    bound: Vec<LentRow>,
    failed: Option<PyErr>,
}

struct LentRow {
    relation: RelationId,
    key: Vec<u8>,
    row: Option<Vec<u8>>,
}

impl Lent<'_> {
    fn find(&self, relation: RelationId, key: &[u8]) -> PyResult<Option<Vec<u8>>> {
        let found = self.rows.get_item((relation.0, PyBytes::new(self.rows.py(), key)))?;
        found.map(|row| row.extract()).transpose()
    }
}

impl Rows for Lent<'_> {
    type Stop = Infallible;

    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Infallible> {
        let row = self.find(relation, key).unwrap_or_else(|error| {
            self.failed = Some(error);
            None
        });
        self.bound.push(LentRow { relation, key: key.to_vec(), row });
        Ok(RowHandle(self.bound.len() as u16 - 1))
    }

    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        self.bound.get(usize::from(row.0))?.row.as_deref()
    }
}
