//! An arena: values at stable places, found by a number, never moved and never freed one by one.

/// Elements of a chunk: megabytes, so that huge pages can hold them.
const CHUNK_LEN: usize = 1 << 19;

pub(crate) struct Arena<T> {
    chunks: Vec<Vec<T>>,
    len: u32,
}

impl<T> Arena<T> {
    pub(crate) fn new() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }

    #[inline(always)]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Adds a value and gives its number; `None` when 2^31 - 1 are there already.
    pub(crate) fn push(&mut self, value: T) -> Option<u32> {
        let id = self.len;
        if id >= (1 << 31) - 1 {
            return None;
        }
        if (id as usize).is_multiple_of(CHUNK_LEN) {
            let chunk = Vec::with_capacity(CHUNK_LEN);
            crate::memory::advise_huge(&chunk);
            self.chunks.push(chunk);
        }
        // A chunk never outgrows its capacity, so that values stay where they are.
        self.chunks.last_mut()?.push(value);
        self.len += 1;
        Some(id)
    }

    #[inline(always)]
    pub(crate) fn get(&self, id: u32) -> &T {
        &self.chunks[id as usize / CHUNK_LEN][id as usize % CHUNK_LEN]
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, id: u32) -> &mut T {
        &mut self.chunks[id as usize / CHUNK_LEN][id as usize % CHUNK_LEN]
    }

    /// Bytes of memory that the values take.
    pub(crate) fn byte_len(&self) -> u64 {
        u64::from(self.len) * size_of::<T>() as u64
    }
}
