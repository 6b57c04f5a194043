//! The one map from what went wrong in Rust to the exceptions of `zeta.errors`.

use crate::class::Class;
use pyo3::PyErrArguments;
use pyo3::prelude::*;
use zeta_program::LoadError;
use zeta_verifier::{ConfigError, NotYet, Reason};

static INVALID_TYPE: Class = Class::new("zeta.errors", "InvalidType");
static INVALID_VALUE: Class = Class::new("zeta.errors", "InvalidValue");
static INTERNAL_ERROR: Class = Class::new("zeta.errors", "InternalError");

fn error(class: &Class, arguments: impl PyErrArguments + Send + Sync + 'static) -> PyErr {
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
    Reason::ALL
        .iter()
        .map(|reason| (reason_name(*reason), reason.code(), reason.text()))
        .collect()
}
