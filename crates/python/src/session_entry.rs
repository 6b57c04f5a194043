//! The control entries of sessions between their Python classes and the codec.

use crate::bytes_like::BytesLike;
use crate::class::Class;
use crate::errors::invalid_value;
use crate::number::number;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_verifier::{Entry, SessionEntry};

pub(crate) static OPEN: Class = Class::new("zeta.log", "SessionOpen");
pub(crate) static REVOKE: Class = Class::new("zeta.log", "SessionRevoke");
pub(crate) static ROTATE: Class = Class::new("zeta.log", "SessionRotate");
pub(crate) static ASK: Class = Class::new("zeta.log", "SessionAsk");

pub(crate) fn encode_open(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let message = object.getattr("message")?;
    let message: BytesLike<'_> = message.extract()?;
    put(log, SessionEntry::Open { message: countable(&message)? })
}

pub(crate) fn encode_revoke(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    put(log, SessionEntry::Revoke { session: number(&object.getattr("session")?)? })
}

pub(crate) fn encode_rotate(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let session = number(&object.getattr("session")?)?;
    let message = object.getattr("message")?;
    let message: BytesLike<'_> = message.extract()?;
    put(log, SessionEntry::Rotate { session, message: countable(&message)? })
}

pub(crate) fn encode_ask(object: &Bound<'_, PyAny>, log: &mut Vec<u8>) -> PyResult<()> {
    let session = number(&object.getattr("session")?)?;
    let sequence = number(&object.getattr("sequence")?)?;
    let mac = object.getattr("mac")?;
    let mac: BytesLike<'_> = mac.extract()?;
    let mac = <&[u8; 16]>::try_from(&*mac).map_err(|_| invalid_value("a MAC has 16 bytes"))?;
    put(log, SessionEntry::Ask { session, sequence, mac })
}

fn put(log: &mut Vec<u8>, entry: SessionEntry<'_>) -> PyResult<()> {
    Entry::Session(entry).encode(log);
    Ok(())
}

fn countable(message: &[u8]) -> PyResult<&[u8]> {
    match u32::try_from(message.len()) {
        Ok(_) => Ok(message),
        Err(_) => Err(invalid_value("the message is more than an entry can hold")),
    }
}

pub(crate) fn object<'py>(
    py: Python<'py>,
    entry: &SessionEntry<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    match entry {
        SessionEntry::Open { message } => OPEN.make(py, (PyBytes::new(py, message),)),
        SessionEntry::Revoke { session } => REVOKE.make(py, (*session,)),
        SessionEntry::Rotate { session, message } => {
            ROTATE.make(py, (*session, PyBytes::new(py, message)))
        }
        SessionEntry::Ask { session, sequence, mac } => {
            ASK.make(py, (*session, *sequence, PyBytes::new(py, *mac)))
        }
    }
}
