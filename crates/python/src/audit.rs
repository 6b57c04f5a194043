//! `zeta.audit`: the host's replay of logs.

use crate::class::Class;
use crate::comparison::program_changes;
use crate::errors::{host_error, not_yet_name, other_program};
use crate::outcome::{outcome_object, reason_object};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use std::path::PathBuf;
use zeta_host::audit::{Problem, replay};
use zeta_host::{Entropy, HostError};

static REPORT: Class = Class::new("zeta.auditing", "AuditReport");
static EPOCH: Class = Class::new("zeta.auditing", "EpochReport");
static TRUNCATED: Class = Class::new("zeta.auditing", "Truncated");
static WRONG_LENGTH: Class = Class::new("zeta.auditing", "WrongLength");
static UNCERTIFIED: Class = Class::new("zeta.auditing", "Uncertified");
static SESSIONS: Class = Class::new("zeta.auditing", "Sessions");
static STUCK: Class = Class::new("zeta.auditing", "Stuck");
static REJECTED: Class = Class::new("zeta.verifier", "Rejected");
static MISMATCH: Class = Class::new("zeta.outcome", "Mismatch");
static NOT_YET: Class = Class::new("zeta.reason", "NotYet");

/// Replays the logs in a folder.
#[pyfunction]
pub(crate) fn audit<'py>(
    py: Python<'py>,
    folder: PathBuf,
    program: Option<Vec<u8>>,
    on_progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let secret = Entropy::draw().map_err(|cause| host_error(&cause))?.secret;
    let mut told = Ok(());
    let replayed = py.detach(|| {
        replay(&folder, secret, program.as_deref(), &mut |done, total| {
            if let (Some(function), Ok(())) = (&on_progress, &told) {
                told = Python::attach(|py| {
                    py.check_signals()?;
                    function.call1(py, (done, total)).map(drop)
                });
            }
        })
    });
    told?;
    let audit = match (replayed, program) {
        (Ok(audit), _) => audit,
        (Err(HostError::OtherProgram { found }), Some(program)) => {
            let where_ = format!("the log in `{}`", folder.display());
            return Err(other_program(where_, program_changes(&found, &program)?));
        }
        (Err(cause), _) => return Err(host_error(&cause)),
    };
    let problem = audit.problem.map(|problem| problem_object(py, &problem)).transpose()?;
    let operations = (audit.operations, audit.uncertified_operations);
    let certified = audit.certified.map(|epoch| epoch.0);
    let sizes = (audit.entries, audit.bytes);
    let mut epochs = Vec::new();
    for epoch in &audit.epochs {
        let outcome = outcome_object(py, &epoch.outcome)?;
        epochs.push(EPOCH.make(py, (epoch.epoch.0, epoch.operations, outcome))?);
    }
    let epochs = PyTuple::new(py, epochs)?;
    REPORT.make(
        py,
        (
            audit.threads,
            certified,
            operations.0,
            operations.1,
            sizes.0,
            sizes.1,
            epochs,
            audit.closed,
            problem,
        ),
    )
}

fn problem_object<'py>(py: Python<'py>, problem: &Problem) -> PyResult<Bound<'py, PyAny>> {
    match problem {
        Problem::Rejected(rejection) => {
            let reason = reason_object(py, rejection.reason)?;
            REJECTED.make(py, (rejection.thread.0, rejection.position, reason))
        }
        Problem::Mismatch { first } => MISMATCH.make(py, (first.0,)),
        Problem::Truncated { thread, position } => TRUNCATED.make(py, (thread.0, *position)),
        Problem::WrongLength { thread, position, closed_at } => {
            WRONG_LENGTH.make(py, (thread.0, *position, *closed_at))
        }
        Problem::Sessions { thread, position } => SESSIONS.make(py, (thread.0, *position)),
        Problem::Uncertified { first } => UNCERTIFIED.make(py, (first.0,)),
        Problem::Stuck { thread, position, not_yet } => {
            STUCK.make(py, (thread.0, *position, NOT_YET.make(py, (not_yet_name(*not_yet),))?))
        }
    }
}
