//! The baton of a worker: who holds it drives the worker's verifier thread, inline.

use crate::error::HostError;
use crate::store::{Engine, Shared};
use parking_lot::{Mutex, MutexGuard};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

/// A worker and its baton.
pub(crate) struct Seat {
    engine: Mutex<Engine>,
    /// A thread panicked while it held the baton: the worker may be in any state.
    broken: AtomicBool,
}

/// The baton, in somebody's hand.
pub(crate) struct Baton<'a> {
    /// `None` only while it is dropped.
    guard: Option<MutexGuard<'a, Engine>>,
    broken: &'a AtomicBool,
}

impl Seat {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine: Mutex::new(engine), broken: AtomicBool::new(false) }
    }

    /// Whether somebody holds the baton just now.
    pub(crate) fn is_held(&self) -> bool {
        self.engine.is_locked()
    }
}

impl Shared {
    /// Takes a baton.
    #[inline]
    pub(crate) fn lock<'a>(&self, seat: &'a Seat) -> Result<Baton<'a>, HostError> {
        let guard = seat.engine.lock();
        if seat.broken.load(Ordering::Relaxed) {
            let why = "a thread panicked while it held a worker";
            return Err(self.fail(HostError::Internal { why }));
        }
        Ok(Baton { guard: Some(guard), broken: &seat.broken })
    }
}

impl Baton<'_> {
    /// Hands the baton to whoever has waited longest, if anybody does: one who takes it again at
    /// once would starve them.
    pub(crate) fn pass_on(mut self) {
        if let Some(guard) = self.guard.take() {
            MutexGuard::unlock_fair(guard);
        }
    }
}

impl Deref for Baton<'_> {
    type Target = Engine;

    #[inline(always)]
    fn deref(&self) -> &Engine {
        match &self.guard {
            Some(guard) => guard,
            None => unreachable_engine(),
        }
    }
}

impl DerefMut for Baton<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Engine {
        match &mut self.guard {
            Some(guard) => guard,
            None => unreachable_engine(),
        }
    }
}

impl Drop for Baton<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.guard.is_some() && std::thread::panicking() {
            self.broken.store(true, Ordering::Relaxed);
        }
    }
}

#[cold]
#[expect(clippy::unreachable, reason = "a baton is passed on by value, so nobody has it any more")]
fn unreachable_engine() -> ! {
    unreachable!("a baton was used after it was passed on")
}
