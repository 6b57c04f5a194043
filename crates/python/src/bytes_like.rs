//! Byte strings that Python passes in: `bytes`, `bytearray`, `memoryview` and the like.

use crate::errors::{class_name, invalid_type};
use core::ops::Deref;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// Immutable bytes are borrowed; what somebody could still write to is copied first.
pub(crate) enum BytesLike<'a> {
    Borrowed(&'a [u8]),
    Copied(Vec<u8>),
}

impl Deref for BytesLike<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Copied(bytes) => bytes,
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for BytesLike<'a> {
    type Error = PyErr;

    #[inline]
    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.extract() {
            Ok(bytes) => Ok(Self::Borrowed(bytes)),
            Err(_) => copied(&object).map(Self::Copied),
        }
    }
}

#[cold]
fn copied(object: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if object.is_instance_of::<PyString>() {
        let advice = "expected bytes, not `str`: encode the text, for instance with `.encode()`";
        return Err(invalid_type(advice));
    }
    match PyBuffer::<u8>::get(object) {
        Ok(buffer) => buffer.to_vec(object.py()),
        Err(_) => {
            let name = class_name(object);
            Err(invalid_type(format!("expected bytes or a buffer of bytes, not `{name}`")))
        }
    }
}
