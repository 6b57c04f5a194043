//! The one map from what went wrong in Rust to the exceptions of `zeta.errors`.

use crate::class::Class;
use pyo3::PyErrArguments;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use zeta_host::{HostError, Status};
use zeta_program::LoadError;
use zeta_verifier::{ConfigError, NotYet, Reason};

static INVALID_TYPE: Class = Class::new("zeta.errors", "InvalidType");
static INVALID_VALUE: Class = Class::new("zeta.errors", "InvalidValue");
static OTHER_PROGRAM: Class = Class::new("zeta.errors", "OtherProgram");
static STORE_CLOSED: Class = Class::new("zeta.errors", "StoreClosed");
static CHECK_FAILED: Class = Class::new("zeta.errors", "CheckFailed");
static TIMEOUT: Class = Class::new("zeta.errors", "CertificationTimeout");
static HOST_ERROR: Class = Class::new("zeta.errors", "HostError");
static REJECTED: Class = Class::new("zeta.errors", "Rejected");
static UNANSWERED: Class = Class::new("zeta.errors", "Unanswered");
static POISONED: Class = Class::new("zeta.errors", "PoisonedError");
static MISMATCH: Class = Class::new("zeta.errors", "MismatchError");
static LOG_WRITE: Class = Class::new("zeta.errors", "LogWriteError");
static LOG_READ: Class = Class::new("zeta.errors", "LogReadError");
static INTERNAL_ERROR: Class = Class::new("zeta.errors", "InternalError");

fn error(class: &Class, arguments: impl PyErrArguments + 'static) -> PyErr {
    Python::attach(|py| match class.get(py) {
        Ok(class) => PyErr::from_type(class.clone(), arguments),
        Err(error) => error,
    })
}

/// The caller passed an object of a wrong type.
pub(crate) fn invalid_type(message: impl Into<String>) -> PyErr {
    error(&INVALID_TYPE, message.into())
}

/// The caller passed a value that makes no sense.
pub(crate) fn invalid_value(message: impl Into<String>) -> PyErr {
    error(&INVALID_VALUE, message.into())
}

/// Something was made by another program than the one that was named.
pub(crate) fn other_program(place: String, changes: Vec<String>) -> PyErr {
    Python::attach(|py| match PyTuple::new(py, changes) {
        Ok(changes) => error(&OTHER_PROGRAM, (place, changes.unbind())),
        Err(error) => error,
    })
}

/// Whatever a call on a store failed with.
#[cold]
pub(crate) fn host_error(cause: &HostError) -> PyErr {
    let message = cause.to_string();
    match cause {
        HostError::Rejected { thread, position, reason } => {
            error(&REJECTED, (thread.0, *position, reason_name(*reason)))
        }
        HostError::Unanswered { .. } => error(&UNANSWERED, message),
        HostError::Mismatch { first } => error(&MISMATCH, (first.0,)),
        HostError::Closed | HostError::ForkedProcess => error(&STORE_CLOSED, message),
        HostError::BadOption { option, why } => {
            error(&INVALID_VALUE, format!("`{}`: {why}", option_name(option)))
        }
        HostError::BadProgram { .. }
        | HostError::OtherProgram { .. }
        | HostError::BadBatch { .. }
        | HostError::KeyTooLong { .. }
        | HostError::ValueTooLong { .. }
        | HostError::DuplicateKey { .. }
        | HostError::NoReceipt { .. }
        | HostError::SummaryMismatch => error(&INVALID_VALUE, message),
        HostError::LogWrite { .. } => error(&LOG_WRITE, message),
        HostError::LogRead { .. } => error(&LOG_READ, message),
        HostError::TimedOut { .. } => error(&TIMEOUT, message),
        HostError::Stuck { .. }
        | HostError::ByteBudgetTooSmall { .. }
        | HostError::SlotsTooFew { .. }
        | HostError::TooManyRecords
        | HostError::Entropy(_) => error(&HOST_ERROR, message),
        HostError::Internal { .. } => error(&INTERNAL_ERROR, message),
    }
}

/// What Python calls an option of the host.
fn option_name(option: &str) -> &str {
    match option {
        "slots_per_worker" => "slots",
        "epoch_ms" => "epoch",
        "log_dir" => "log",
        "serving" => "access",
        _ => option,
    }
}

/// Why an epoch that somebody waited for does not certify.
pub(crate) fn epoch_error(cause: &HostError) -> PyErr {
    match cause {
        HostError::Rejected { thread, position, reason } => {
            error(&POISONED, (thread.0, *position, reason_name(*reason)))
        }
        _ => host_error(cause),
    }
}

/// Why an operation that was answered has no result.
#[cold]
pub(crate) fn status_error(status: Status, code: u16, width: Option<usize>) -> PyErr {
    match status {
        Status::Failed => error(&CHECK_FAILED, (code,)),
        Status::Refused => {
            invalid_value(format!("the verifier refused the operation with code `{code}`"))
        }
        Status::OtherWidth => {
            let width = width.unwrap_or_default();
            invalid_value(format!("the value does not have the width of `{width}` bytes"))
        }
        Status::Done | Status::Absent | Status::NotYet => {
            internal("an operation was answered and not")
        }
    }
}

/// What to call an object of a wrong type.
pub(crate) fn class_name(object: &Bound<'_, PyAny>) -> String {
    object.get_type().name().map_or_else(|_| "object".into(), |name| name.to_string())
}

/// A bug of ours.
pub(crate) fn internal(message: impl Into<String>) -> PyErr {
    error(&INTERNAL_ERROR, message.into())
}

pub(crate) fn load_error(cause: LoadError) -> PyErr {
    invalid_value(format!("the bytes of `app` are not a program: {cause}"))
}

pub(crate) fn config_error(cause: ConfigError) -> PyErr {
    invalid_value(match cause {
        ConfigError::NoThreads => "a verifier needs at least one thread",
        ConfigError::NoSlots => "a verifier needs at least one slot for each thread",
        ConfigError::Access(_) => "the access list does not fit the program",
    })
}

/// The log ends or goes wrong where an entry should be.
pub(crate) fn decode_error(position: usize, reason: Reason) -> PyErr {
    let (text, name) = (reason.text(), reason_name(reason));
    invalid_value(format!("no entry begins at byte `{position}`: {text} (`{name}`)"))
}

/// A reason's name, as `zeta.Reason` spells it.
pub(crate) fn reason_name(reason: Reason) -> String {
    format!("{reason:?}")
}

pub(crate) fn not_yet_name(not_yet: NotYet) -> String {
    format!("{not_yet:?}")
}

/// Every reason: name, number and text.
#[pyfunction]
pub(crate) fn reasons() -> Vec<(String, u16, &'static str)> {
    Reason::ALL.iter().map(|reason| (reason_name(*reason), reason.code(), reason.text())).collect()
}
