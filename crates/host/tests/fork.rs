//! A store in a forked child: its batons and threads stayed with the parent.
#![cfg(unix)]

use zeta_host::{Batch, Column, Entropy, GET, HostError, Options, Results, Store, Transitions};

#[test]
fn a_forked_child_is_told_and_the_parent_goes_on() {
    let mut options = Options::new(zeta_program::key_value(), Entropy::from_seed(1));
    options.workers = 2;
    let store = Store::open(options).unwrap();
    // Enough for threads of the store's own to help.
    let keys: Vec<u8> = (0..10_000_u64).flat_map(u64::to_le_bytes).collect();
    let (keys, values) = (Column::Fixed { bytes: &keys, width: 8 }, Column::Same(b""));
    let batch = Batch::KeyValue { transitions: Transitions::All(GET), keys, values };
    let mut results = Results::new();
    store.run(&batch, &mut results).unwrap();
    // SAFETY: the child only makes calls that take no lock, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let refused = store.run(&batch, &mut results) == Err(HostError::ForkedProcess)
            && store.certify() == Err(HostError::ForkedProcess)
            && store.close() == Err(HostError::ForkedProcess);
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!refused)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0, "the child was refused everything");
    store.run(&batch, &mut results).unwrap();
    store.close().unwrap();
}
