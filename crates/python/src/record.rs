//! Records, nodes and pointers between their Python classes and the codec.

use crate::bytes_like::BytesLike;
use crate::class::Class;
use crate::errors::{class_name, invalid_type, invalid_value};
use crate::number::number;
use crate::path::{PyPath, path};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_program::RelationId;
use zeta_verifier::{Hash, Link, Node, Pointer, Record, decode_node, encode_node};

static APP: Class = Class::new("zeta.log", "App");
static NODE: Class = Class::new("zeta.log", "Node");
static POINTER: Class = Class::new("zeta.log", "Pointer");
static POINTERS: Class = Class::new("zeta.log", "Pointers");

/// Reads a record and shows it to `body`.
pub(crate) fn with_record<T>(
    object: &Bound<'_, PyAny>,
    body: impl FnOnce(&Record<'_>) -> T,
) -> PyResult<T> {
    if NODE.is_class_of(object)? {
        let path = path(&object.getattr("path")?)?.0;
        let mut node = Vec::new();
        encode_node(&pointers(object)?, &mut node);
        return Ok(body(&Record::Node { path, node: &node }));
    }
    if !APP.is_class_of(object)? {
        let name = class_name(object);
        return Err(invalid_type(format!("expected a record, `App` or `Node`, not `{name}`")));
    }
    let relation = RelationId(number(&object.getattr("relation")?)?);
    let (key, value) = (object.getattr("key")?, object.getattr("value")?);
    let (key, value): (BytesLike<'_>, Option<BytesLike<'_>>) = (key.extract()?, value.extract()?);
    if u16::try_from(key.len()).is_err() {
        let len = key.len();
        return Err(invalid_value(format!("no log can hold a key of `{len}` bytes")));
    }
    Ok(body(&Record::App { relation, key: &key, value: value.as_deref() }))
}

/// The value of a node from an object with `left` and `right`.
pub(crate) fn pointers(object: &Bound<'_, PyAny>) -> PyResult<Node> {
    let (Ok(left), Ok(right)) = (object.getattr("left"), object.getattr("right")) else {
        let name = class_name(object);
        return Err(invalid_type(format!("expected `Pointers` or a `Node`, not `{name}`")));
    };
    let (left, right) = (pointer(&left)?, pointer(&right)?);
    Ok(Node { left, right })
}

fn pointer(object: &Bound<'_, PyAny>) -> PyResult<Pointer> {
    if object.is_none() {
        return Ok(Pointer::Empty);
    }
    if !POINTER.is_class_of(object)? {
        let name = class_name(object);
        return Err(invalid_type(format!("expected `Pointer` or `None`, not `{name}`")));
    }
    let path = path(&object.getattr("path")?)?.0;
    let hash = hash_from(&object.getattr("hash")?)?;
    let flag = object.getattr("deferred")?;
    let deferred = flag.extract().map_err(|_| {
        let name = class_name(&flag);
        invalid_type(format!("`deferred` is `True` or `False`, not `{name}`"))
    })?;
    Ok(Pointer::To(Link { path, hash, deferred }))
}

fn hash_from(object: &Bound<'_, PyAny>) -> PyResult<Hash> {
    let bytes: BytesLike<'_> = object.extract()?;
    Hash::try_from(&*bytes)
        .map_err(|_| invalid_value(format!("a hash has 32 bytes, not `{}`", bytes.len())))
}

pub(crate) fn record_object<'py>(
    py: Python<'py>,
    record: &Record<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    match record {
        Record::App { relation, key, value } => {
            let value = value.map(|value| PyBytes::new(py, value));
            APP.make(py, (PyBytes::new(py, key), value, relation.0))
        }
        Record::Node { path, node } => {
            let node =
                decode_node(node).map_err(|reason| crate::errors::decode_error(0, reason))?;
            let (left, right) = (pointer_object(py, &node.left)?, pointer_object(py, &node.right)?);
            NODE.make(py, (PyPath(*path), left, right))
        }
    }
}

pub(crate) fn pointers_object<'py>(py: Python<'py>, node: &Node) -> PyResult<Bound<'py, PyAny>> {
    POINTERS.make(py, (pointer_object(py, &node.left)?, pointer_object(py, &node.right)?))
}

fn pointer_object<'py>(py: Python<'py>, pointer: &Pointer) -> PyResult<Option<Bound<'py, PyAny>>> {
    match pointer {
        Pointer::Empty => Ok(None),
        Pointer::To(Link { path, hash, deferred }) => {
            POINTER.make(py, (PyPath(*path), PyBytes::new(py, hash), *deferred)).map(Some)
        }
    }
}
