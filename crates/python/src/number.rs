//! Numbers that Python passes in: what does not fit is the caller's fault, and told so.

use crate::errors::{class_name, invalid_type, invalid_value};
use core::fmt::Display;
use core::time::Duration;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::prelude::*;
use pyo3::types::PyInt;

/// The numbers of a width.
pub(crate) trait Width<'py>: FromPyObjectOwned<'py> + Display {
    const LEAST: Self;
    const MOST: Self;
}

macro_rules! widths {
    ($($width:ty),*) => {$(
        impl Width<'_> for $width {
            const LEAST: Self = <$width>::MIN;
            const MOST: Self = <$width>::MAX;
        }
    )*};
}

widths!(u16, u32, u64, usize, i64);

/// A number, or none; for `from_py_with`.
pub(crate) fn number_or_none<'py, T: Width<'py>>(
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<T>> {
    if object.is_none() { Ok(None) } else { number(object).map(Some) }
}

/// How long to wait at most, in seconds; for `from_py_with`.
pub(crate) fn timeout(object: &Bound<'_, PyAny>) -> PyResult<Option<Duration>> {
    if object.is_none() {
        return Ok(None);
    }
    let wrong = "`timeout` is a number of seconds, or `None`";
    let seconds: f64 = object.extract().map_err(|_| invalid_type(wrong))?;
    Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| invalid_value(wrong))
}

/// A number of the width that is asked for; for `from_py_with`.
pub(crate) fn number<'py, T: Width<'py>>(object: &Bound<'py, PyAny>) -> PyResult<T> {
    object.extract().map_err(|_| {
        if object.is_instance_of::<PyInt>() {
            let (least, most) = (T::LEAST, T::MOST);
            return invalid_value(format!("`{object}` is not a number from `{least}` to `{most}`"));
        }
        invalid_type(format!("expected a whole number, not `{}`", class_name(object)))
    })
}
