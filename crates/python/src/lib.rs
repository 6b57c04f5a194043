//! Untrusted. The extension module `zeta._native`: a list of what Python sees.

mod bytes_like;
mod class;
mod entry;
mod errors;
mod log;
mod outcome;
mod path;
mod record;
mod verifier;

#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::errors::reasons;
    #[pymodule_export]
    use crate::log::{
        decode, decode_answers, decode_pointers, encode, encode_pointers, leaf_path, node_hash,
        value_hash,
    };
    #[pymodule_export]
    use crate::path::PyPath;
    #[pymodule_export]
    use crate::verifier::{PyVerifier, key_value};
}
