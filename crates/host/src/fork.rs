//! Whether this process was forked since a store was opened: its threads and batons stayed behind.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static FORKS: AtomicU32 = AtomicU32::new(0);
static REGISTERED: Once = Once::new();

/// Number of forks between the first process that asked and this one.
#[inline]
pub(crate) fn count() -> u32 {
    REGISTERED.call_once(register);
    FORKS.load(Ordering::Relaxed)
}

#[cfg(unix)]
fn register() {
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler touches one atomic number, which is allowed after a fork. Where it
    // cannot be registered, forks go unnoticed, and nothing else changes.
    let _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

#[cfg(not(unix))]
fn register() {}
