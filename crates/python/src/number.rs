//! Numbers that Python passes in: what does not fit is the caller's fault, and told so.

use crate::errors::{class_name, invalid_type, invalid_value};
use core::fmt::Display;
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
