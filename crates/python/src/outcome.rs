//! Outcomes of epochs as the classes of `zeta.outcome`.

use crate::class::Class;
use crate::errors::reason_name;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use zeta_verifier::{Outcome, Reason};

static PENDING: Class = Class::new("zeta.outcome", "Pending");
static CERTIFIED: Class = Class::new("zeta.outcome", "Certified");
static MISMATCH: Class = Class::new("zeta.outcome", "Mismatch");
static POISONED: Class = Class::new("zeta.outcome", "Poisoned");
static REASON: Class = Class::new("zeta.reason", "Reason");

pub(crate) fn outcome_object<'py>(
    py: Python<'py>,
    outcome: &Outcome,
) -> PyResult<Bound<'py, PyAny>> {
    match outcome {
        Outcome::Pending { missing } => {
            PENDING.make(py, (PyTuple::new(py, missing.iter().map(|thread| thread.0))?,))
        }
        Outcome::Certified => CERTIFIED.make(py, ()),
        Outcome::Mismatch { first } => MISMATCH.make(py, (first.0,)),
        Outcome::Poisoned { thread, position, reason } => {
            POISONED.make(py, (thread.0, *position, reason_object(py, *reason)?))
        }
    }
}

/// The member of `zeta.Reason`.
pub(crate) fn reason_object(py: Python<'_>, reason: Reason) -> PyResult<Bound<'_, PyAny>> {
    REASON.make(py, (reason_name(reason),))
}
