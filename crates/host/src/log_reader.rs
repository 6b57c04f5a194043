//! One thread's log, read entry by entry: a piece of the file is in memory, never all of it.

use crate::error::HostError;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use zeta_verifier::{Entry, Reason};

/// Bytes that are read at once, unless an entry is longer.
const PIECE_LEN: usize = 1 << 20;

/// A log as long as it was when it was opened.
pub(crate) struct LogReader {
    path: PathBuf,
    file: File,
    len: u64,
    /// What is in memory: from `position` on after the first `used` bytes.
    piece: Vec<u8>,
    used: usize,
    position: u64,
}

impl LogReader {
    pub(crate) fn open(path: PathBuf) -> Result<Self, HostError> {
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            Ok((len, file)) => {
                Ok(Self { path, file, len, piece: Vec::new(), used: 0, position: 0 })
            }
            Err(error) => Err(HostError::LogRead { path, why: error.to_string() }),
        }
    }

    /// Bytes of the log.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Bytes before the next entry.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.position == self.len
    }

    /// The bytes of the next entry; where none can be read, bytes of which the verifier says why.
    pub(crate) fn entry(&mut self) -> Result<&[u8], HostError> {
        let len = loop {
            let rest = &self.piece[self.used..];
            match Entry::decode(rest) {
                Ok((_, after)) => break rest.len() - after.len(),
                // An entry has bounds, so this ends however the bytes were chosen.
                Err(Reason::Truncated) if self.position + (rest.len() as u64) < self.len => {
                    self.read_on()?;
                }
                Err(_) => break rest.len(),
            }
        };
        Ok(&self.piece[self.used..self.used + len])
    }

    /// Goes on behind bytes that `entry` gave.
    pub(crate) fn advance(&mut self, len: usize) {
        self.used += len;
        self.position += len as u64;
    }

    fn read_on(&mut self) -> Result<(), HostError> {
        self.piece.drain(..self.used);
        self.used = 0;
        let left = self.len - self.position - self.piece.len() as u64;
        let wanted = left.min(PIECE_LEN as u64);
        let read = self.file.by_ref().take(wanted).read_to_end(&mut self.piece);
        let why = match read {
            Ok(read) if read as u64 == wanted => return Ok(()),
            Ok(_) => "it became shorter while it was read".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(HostError::LogRead { path: self.path.clone(), why })
    }
}
