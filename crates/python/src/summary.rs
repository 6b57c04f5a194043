//! The summary of a data set, computed by the verifier's own code.

use crate::column::PyColumn;
use crate::errors::invalid_value;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeta_host::hasher;
use zeta_verifier::{
    KEY_LEN_MAX, Leaf, RelationId, VALUE_LEN_MAX, encode_node, leaf_path, summarize as tree_of,
    value_hash,
};

/// The keys and values of a relation's records.
pub(crate) type RelationData<'py> = (u16, PyRef<'py, PyColumn>, PyRef<'py, PyColumn>);

/// The same, as bytes.
type RelationStrings<'a> = (RelationId, Vec<&'a [u8]>, Vec<&'a [u8]>);

/// The encoded root of the canonical tree over these records.
#[pyfunction]
pub(crate) fn summarize<'py>(
    py: Python<'py>,
    data: Vec<RelationData<'_>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let data = strings_of(py, &data)?;
    let hasher = hasher();
    let encoded = py.detach(|| {
        let mut leaves: Vec<Leaf> = Vec::new();
        for (relation, keys, values) in &data {
            for (key, value) in keys.iter().zip(values) {
                if key.len() > KEY_LEN_MAX || value.len() > VALUE_LEN_MAX {
                    return Err(());
                }
                leaves.push((leaf_path(&hasher, *relation, key), value_hash(&hasher, Some(value))));
            }
        }
        let mut encoded = Vec::new();
        let root = tree_of(&hasher, &mut leaves, &mut |_, _| {});
        Ok(root.map(|root| encode_node(&root, &mut encoded)).map(|()| encoded))
    });
    match encoded {
        Ok(Ok(encoded)) => Ok(PyBytes::new(py, &encoded)),
        Ok(Err(_)) => Err(invalid_value("two records of the data have one key")),
        Err(()) => Err(invalid_value("a key or value of the data is longer than the limit")),
    }
}

/// Every key and value of some relations.
pub(crate) fn strings_of<'a>(
    py: Python<'a>,
    data: &'a [RelationData<'_>],
) -> PyResult<Vec<RelationStrings<'a>>> {
    let strings = |(relation, keys, values): &'a RelationData<'_>| {
        Ok((RelationId(*relation), keys.strings_of(py)?, values.strings_of(py)?))
    };
    data.iter().map(strings).collect()
}
