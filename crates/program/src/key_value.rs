//! The key-value application, which `python/zeta/applications/key_value.py` says.

use alloc::vec::Vec;

/// The bytes of the key-value program, which `make generate` writes.
///
/// Its transitions are `get`, `put`, `delete`, `compare_and_set` and `rename`, in this order.
pub fn key_value() -> Vec<u8> {
    include_bytes!("../key_value.program").to_vec()
}
