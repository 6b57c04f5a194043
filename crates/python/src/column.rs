//! Columns of byte strings: what a batch takes, copied out of the reach of other writers.

use crate::bytes_like::BytesLike;
use crate::errors::{class_name, invalid_type, invalid_value};
use core::ops::Sub;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use zeta_host::Column;

/// A column of byte strings for a batch; immutable.
#[pyclass(module = "zeta._native", name = "Column", frozen)]
pub(crate) struct PyColumn(Strings);

enum Strings {
    Fixed { bytes: Py<PyBytes>, width: usize },
    Offsets32 { bytes: Py<PyBytes>, offsets: Vec<i32> },
    Offsets64 { bytes: Py<PyBytes>, offsets: Vec<i64> },
    Joined { bytes: Vec<u8>, offsets: Vec<i64> },
    Same(Vec<u8>),
}

#[pymethods]
impl PyColumn {
    /// Strings of `width` bytes, one after the other.
    #[staticmethod]
    fn fixed(bytes: Py<PyBytes>, width: usize) -> Self {
        Self(Strings::Fixed { bytes, width })
    }

    /// `bytes` begin with the string at `offsets[0]`: string `i` lies between `offsets[i]` and
    /// `offsets[i + 1]`, counted from there. Offsets are a buffer of i32 or i64.
    #[staticmethod]
    fn offsets(py: Python<'_>, bytes: Py<PyBytes>, offsets: &Bound<'_, PyAny>) -> PyResult<Self> {
        let strings = match PyBuffer::<i32>::get(offsets) {
            Ok(offsets) => {
                let offsets = from_zero(offsets.to_vec(py)?);
                Strings::Offsets32 { bytes, offsets: offsets.ok_or_else(bad_offsets)? }
            }
            Err(_) => {
                let offsets = from_zero(PyBuffer::<i64>::get(offsets)?.to_vec(py)?);
                Strings::Offsets64 { bytes, offsets: offsets.ok_or_else(bad_offsets)? }
            }
        };
        Ok(Self(strings))
    }

    /// One string in every place.
    #[staticmethod]
    fn same(string: BytesLike<'_>) -> Self {
        Self(Strings::Same(string.to_vec()))
    }

    /// The strings of an iterable.
    #[staticmethod]
    fn strings(strings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
        for string in strings.try_iter()? {
            let string = string?;
            bytes.extend_from_slice(&string.extract::<BytesLike<'_>>()?);
            offsets.push(bytes.len() as i64);
        }
        Ok(Self(Strings::Joined { bytes, offsets }))
    }

    /// The strings of an iterable of text, as UTF-8.
    #[staticmethod]
    fn texts(texts: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (mut bytes, mut offsets) = (Vec::new(), vec![0]);
        for text in texts.try_iter()? {
            let text = text?;
            let Ok(text) = text.cast::<PyString>() else {
                return Err(invalid_type(format!("expected text, not `{}`", class_name(&text))));
            };
            let encoded = text.encode_utf8();
            let encoded = encoded.map_err(|_| invalid_value("text that UTF-8 cannot hold"))?;
            bytes.extend_from_slice(encoded.as_bytes());
            offsets.push(bytes.len() as i64);
        }
        Ok(Self(Strings::Joined { bytes, offsets }))
    }

    /// Two columns from an iterable of pairs.
    #[staticmethod]
    fn pairs(pairs: &Bound<'_, PyAny>) -> PyResult<(Self, Self)> {
        let (mut keys, mut key_offsets) = (Vec::new(), vec![0]);
        let (mut values, mut value_offsets) = (Vec::new(), vec![0]);
        for pair in pairs.try_iter()? {
            let pair = pair?;
            let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) =
                pair.extract().map_err(|_| invalid_type("expected pairs of a key and a value"))?;
            keys.extend_from_slice(&key.extract::<BytesLike<'_>>()?);
            values.extend_from_slice(&value.extract::<BytesLike<'_>>()?);
            key_offsets.push(keys.len() as i64);
            value_offsets.push(values.len() as i64);
        }
        Ok((
            Self(Strings::Joined { bytes: keys, offsets: key_offsets }),
            Self(Strings::Joined { bytes: values, offsets: value_offsets }),
        ))
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.len(py)
    }
}

impl PyColumn {
    pub(crate) fn joined(bytes: Vec<u8>, offsets: Vec<i64>) -> Self {
        Self(Strings::Joined { bytes, offsets })
    }

    /// Number of strings.
    pub(crate) fn len(&self, py: Python<'_>) -> usize {
        match self.view(py) {
            Column::Fixed { bytes, width } => bytes.len().checked_div(width).unwrap_or(0),
            Column::Offsets32 { offsets, .. } => offsets.len().saturating_sub(1),
            Column::Offsets64 { offsets, .. } => offsets.len().saturating_sub(1),
            Column::Same(_) => 1,
        }
    }

    pub(crate) fn view<'a>(&'a self, py: Python<'a>) -> Column<'a> {
        match &self.0 {
            Strings::Fixed { bytes, width } => {
                Column::Fixed { bytes: bytes.as_bytes(py), width: *width }
            }
            Strings::Offsets32 { bytes, offsets } => {
                Column::Offsets32 { bytes: bytes.as_bytes(py), offsets }
            }
            Strings::Offsets64 { bytes, offsets } => {
                Column::Offsets64 { bytes: bytes.as_bytes(py), offsets }
            }
            Strings::Joined { bytes, offsets } => Column::Offsets64 { bytes, offsets },
            Strings::Same(string) => Column::Same(string),
        }
    }

    /// Every string.
    pub(crate) fn strings_of<'a>(&'a self, py: Python<'a>) -> PyResult<Vec<&'a [u8]>> {
        let (bytes, strings) = match self.view(py) {
            Column::Fixed { bytes, width: 0 } => (bytes, None),
            Column::Fixed { bytes, width } => (bytes, Some(bytes.chunks_exact(width).collect())),
            Column::Offsets32 { bytes, offsets } => (bytes, between(bytes, offsets)),
            Column::Offsets64 { bytes, offsets } => (bytes, between(bytes, offsets)),
            Column::Same(bytes) => (bytes, Some(vec![bytes])),
        };
        strings.ok_or_else(|| {
            let len = bytes.len();
            invalid_value(format!("the column's strings do not lie in its `{len}` bytes"))
        })
    }

    /// Refuses a column with a string that is too long for any store.
    pub(crate) fn check_lens(&self, py: Python<'_>, len_max: usize, what: &str) -> PyResult<()> {
        let longest = match self.view(py) {
            Column::Fixed { width, .. } => width,
            Column::Offsets32 { offsets, .. } => longest(offsets),
            Column::Offsets64 { offsets, .. } => longest(offsets),
            Column::Same(bytes) => bytes.len(),
        };
        if longest <= len_max {
            return Ok(());
        }
        Err(invalid_value(format!(
            "a {what} of `{longest}` bytes is longer than the limit of `{len_max}`"
        )))
    }
}

fn between<'a, T: Copy + TryInto<usize>>(bytes: &'a [u8], offsets: &[T]) -> Option<Vec<&'a [u8]>> {
    let string = |pair: &[T]| match pair {
        [start, end] => bytes.get((*start).try_into().ok()?..(*end).try_into().ok()?),
        _ => None,
    };
    offsets.windows(2).map(string).collect()
}

fn longest<T: Copy + TryInto<usize> + Sub<Output = T>>(offsets: &[T]) -> usize {
    let lens = offsets.windows(2).map(|pair| (pair[1] - pair[0]).try_into().unwrap_or(0));
    lens.max().unwrap_or(0)
}

fn from_zero<T: Copy + Sub<Output = T>>(offsets: Vec<T>) -> Option<Vec<T>> {
    let first = *offsets.first()?;
    Some(offsets.into_iter().map(|offset| offset - first).collect())
}

fn bad_offsets() -> PyErr {
    invalid_value("a column of strings has at least one offset")
}
