//! Hints to the machine about memory; they change how fast things go, never what happens.

/// Asks for huge pages behind a vector's capacity: random access then misses the page tables less.
pub(crate) fn advise_huge<T>(memory: &Vec<T>) {
    #[cfg(target_os = "linux")]
    {
        const PAGE: usize = 4096;
        let start = (memory.as_ptr() as usize).next_multiple_of(PAGE);
        let end = (memory.as_ptr() as usize + memory.capacity() * size_of::<T>()) / PAGE * PAGE;
        if end >= start + (2 << 20) {
            // SAFETY: the range lies within the vector's own allocation, and the advice changes
            // no content. A refusal does no harm.
            let _ = unsafe {
                libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE)
            };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}

/// Begins to fetch the cache line of `target`.
#[inline(always)]
pub(crate) fn prefetch<T>(target: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch of a valid reference reads nothing and cannot fault.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(target).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = target;
}
