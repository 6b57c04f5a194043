//! Untrusted. The extension module `zeta._native`: a list of what Python sees.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "glue is trusted by nobody; overflow and bounds are checked anyway"
)]

mod audit;
mod bytes_like;
mod call_results;
mod class;
mod column;
mod comparison;
mod entry;
mod errors;
mod frames;
mod hazmat;
mod log;
mod number;
mod options;
mod outcome;
mod path;
mod program;
mod record;
mod results;
mod session;
mod session_entry;
mod store;
mod summary;
mod typed_column;
mod verifier;

#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::audit::audit;
    #[pymodule_export]
    use crate::call_results::PyCallResults;
    #[pymodule_export]
    use crate::column::PyColumn;
    #[pymodule_export]
    use crate::comparison::program_changes;
    #[pymodule_export]
    use crate::errors::reasons;
    #[pymodule_export]
    use crate::frames::{PyKeptReplies, leading_requests, run_frames};
    #[pymodule_export]
    use crate::hazmat::{
        corrupt_node, duplicate, element, intercept, retire, set_element, set_value,
        skew_timestamp, swap_values,
    };
    #[pymodule_export]
    use crate::log::{
        decode, decode_answers, decode_pointers, encode, encode_pointers, leaf_path, node_hash,
        value_hash,
    };
    #[pymodule_export]
    use crate::path::PyPath;
    #[pymodule_export]
    use crate::program::PyProgram;
    #[pymodule_export]
    use crate::results::PyResults;
    #[pymodule_export]
    use crate::session::{
        ask_session, call_shown, certification, handshake, introduction, receipt_path,
        revoke_session, run_requests,
    };
    #[pymodule_export]
    use crate::store::PyStore;
    #[pymodule_export]
    use crate::summary::summarize;
    #[pymodule_export]
    use crate::typed_column::join_columns;
    #[pymodule_export]
    use crate::verifier::{PyVerifier, key_value};
}
