//! Columns of typed values, joined into the encodings of calls' arguments, of keys or of rows.

use crate::column::PyColumn;
use crate::errors::invalid_value;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use zeta_host::Column;

/// One value of each encoding: its name, form and limit, a column of its bytes, and where it is
/// optional, a byte for each row that says whether it is there.
type PythonPart<'py> = (String, String, u64, PyRef<'py, PyColumn>, Option<PyBackedBytes>);

struct Part<'a> {
    name: &'a str,
    form: Form,
    column: Column<'a>,
    present: Option<&'a [u8]>,
}

/// How the bytes of a value are checked and written.
#[derive(Clone, Copy)]
enum Form {
    /// Exactly so many bytes: an integer, or a byte string of fixed length.
    Fixed(usize),
    /// One byte below this: a bool or a case of an enum.
    Case(u64),
    /// At most so many bytes, after their length.
    Counted { longest: u64, text: bool },
}

/// What is wrong with a value.
struct Fault {
    name: String,
    row: usize,
    what: String,
}

/// Joins columns of equal length, or of one value for all rows. In a key or a row (`bare`) the last
/// value has no length.
#[pyfunction]
pub(crate) fn join_columns(
    py: Python<'_>,
    rows: usize,
    parts: Vec<PythonPart<'_>>,
    bare: bool,
) -> PyResult<PyColumn> {
    let mut joined = Vec::new();
    for (name, form, limit, column, present) in &parts {
        let form = match form.as_str() {
            "fixed" => Form::Fixed(*limit as usize),
            "case" => Form::Case(*limit),
            "bytes" => Form::Counted { longest: *limit, text: false },
            "text" => Form::Counted { longest: *limit, text: true },
            other => return Err(invalid_value(format!("no value has the form `{other}`"))),
        };
        let len = column.len(py);
        let column = column.view(py);
        let fits = matches!(column, Column::Same(_)) || len == rows;
        if !fits || present.as_ref().is_some_and(|present| present.len() != rows) {
            let message = format!("`{name}` has `{len}` values, and others have `{rows}`");
            return Err(invalid_value(message));
        }
        joined.push(Part { name, form, column, present: present.as_deref() });
    }
    let encoded = py.detach(|| encode(rows, &joined, bare));
    let (bytes, offsets) = encoded
        .map_err(|Fault { name, row, what }| invalid_value(format!("`{name}[{row}]` {what}")))?;
    Ok(PyColumn::joined(bytes, offsets))
}

/// The encodings, one after the other, and where each ends.
fn encode(rows: usize, parts: &[Part<'_>], bare: bool) -> Result<(Vec<u8>, Vec<i64>), Fault> {
    let (mut bytes, mut offsets) = (Vec::new(), Vec::with_capacity(rows + 1));
    offsets.push(0);
    let last = parts.len().saturating_sub(1);
    for row in 0..rows {
        for (at, part) in parts.iter().enumerate() {
            let counted = !bare || at < last;
            part.write(row, counted, &mut bytes).map_err(|what| {
                let name = part.name.to_owned();
                Fault { name, row, what }
            })?;
        }
        offsets.push(bytes.len() as i64);
    }
    Ok((bytes, offsets))
}

impl Part<'_> {
    #[inline]
    fn write(&self, row: usize, counted: bool, out: &mut Vec<u8>) -> Result<(), String> {
        if let Some(present) = self.present {
            let is_there = present[row] != 0;
            out.push(u8::from(is_there));
            if !is_there {
                return Ok(());
            }
        }
        let value = string_of(&self.column, row).ok_or("lies outside of its column")?;
        match self.form {
            Form::Fixed(len) if value.len() == len => {}
            Form::Fixed(len) => return Err(format!("has `{}` bytes, not `{len}`", value.len())),
            Form::Case(count) => match value {
                [case] if u64::from(*case) < count => {}
                _ => return Err(format!("is none of `{count}` cases")),
            },
            Form::Counted { longest, text } => {
                if value.len() as u64 > longest {
                    return Err(format!("has `{}` bytes, at most `{longest}`", value.len()));
                }
                if text && str::from_utf8(value).is_err() {
                    return Err("is not UTF-8".to_owned());
                }
                if counted {
                    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
                }
            }
        }
        out.extend_from_slice(value);
        Ok(())
    }
}

#[inline]
fn string_of<'a>(column: &Column<'a>, row: usize) -> Option<&'a [u8]> {
    match *column {
        Column::Same(bytes) => Some(bytes),
        Column::Fixed { bytes, width } => bytes.get(row * width..(row + 1) * width),
        Column::Offsets32 { bytes, offsets } => {
            bytes.get(*offsets.get(row)? as usize..*offsets.get(row + 1)? as usize)
        }
        Column::Offsets64 { bytes, offsets } => {
            bytes.get(*offsets.get(row)? as usize..*offsets.get(row + 1)? as usize)
        }
    }
}
