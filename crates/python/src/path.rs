//! Paths of the tree, as a class of Python.

use crate::bytes_like::BytesLike;
use crate::errors::{class_name, invalid_type, invalid_value};
use crate::number::number;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_verifier::{Direction, PATH_BITS, Path};

/// A path that Python passes in; for `from_py_with`.
pub(crate) fn path(object: &Bound<'_, PyAny>) -> PyResult<PyPath> {
    object
        .extract()
        .map_err(|_| invalid_type(format!("expected a `Path`, not `{}`", class_name(object))))
}

/// A place in the tree: up to 256 bits, the most significant bit of byte 0 first.
#[pyclass(module = "zeta.log", name = "Path", frozen, eq, ord, hash, from_py_object)]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PyPath(pub(crate) Path);

#[pymethods]
impl PyPath {
    #[new]
    #[pyo3(signature = (bits, length = 256))]
    fn new(bits: BytesLike<'_>, #[pyo3(from_py_with = number)] length: u16) -> PyResult<Self> {
        let given = bits.len();
        let bits = bits.first_chunk::<32>().filter(|_| given == 32);
        let bits = bits
            .ok_or_else(|| invalid_value(format!("a path has 32 bytes of bits, not `{given}`")))?;
        Path::new(bits, length).map(Self).ok_or_else(|| {
            invalid_value(format!(
                "a path has at most `{PATH_BITS}` bits and none set beyond its length `{length}`"
            ))
        })
    }

    #[classattr]
    const ROOT: Self = Self(Path::ROOT);

    #[getter]
    fn bits<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.bits())
    }

    #[getter]
    fn length(&self) -> u16 {
        self.0.len()
    }

    #[getter]
    fn is_leaf(&self) -> bool {
        self.0.is_leaf()
    }

    /// The first `length` bits; the path itself where it is shorter.
    fn truncated(&self, #[pyo3(from_py_with = number)] length: u16) -> Self {
        Self(self.0.truncated(length))
    }

    /// Whether this path is strictly below `ancestor`.
    fn is_below(&self, #[pyo3(from_py_with = path)] ancestor: Self) -> bool {
        self.0.is_proper_descendant_of(&ancestor.0)
    }

    /// The bit at `depth`, 0 for left and 1 for right; 0 where the path ends before.
    fn bit(&self, #[pyo3(from_py_with = number)] depth: u16) -> u8 {
        u8::from(self.0.direction_at(depth) == Direction::Right)
    }

    /// The longest path above or at both.
    fn common_prefix(&self, #[pyo3(from_py_with = path)] other: Self) -> Self {
        Self(self.0.common_prefix(&other.0))
    }

    fn __reduce__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let path = slf.get();
        let arguments = (PyBytes::new(slf.py(), &path.0.bits()), path.0.len());
        Ok((slf.get_type(), arguments).into_pyobject(slf.py())?.into_any())
    }

    fn __repr__(&self) -> String {
        if self.0.is_root() {
            return "Path.ROOT".into();
        }
        let hex: String = self.0.bits().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("Path(bytes.fromhex('{hex}'), {})", self.0.len())
    }
}
