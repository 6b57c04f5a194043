//! Maps in CBOR's core deterministic encoding (RFC 8949, section 4.2.1), and nothing else of it.
//!
//! A map's keys are 1, 2, 3 and so on; whoever reads asks for them in this order.

use crate::error::ReceiptError;
use crate::require;
use alloc::vec::Vec;
use zeta_session::{Hash, Scope};

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const ARRAY: u8 = 4;
const MAP: u8 = 5;

pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn map(count: u64) -> Self {
        let mut writer = Self(Vec::new());
        writer.head(MAP, count);
        writer
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn unsigned(&mut self, key: u64, number: u64) {
        self.head(UNSIGNED, key);
        self.head(UNSIGNED, number);
    }

    pub(crate) fn bytes(&mut self, key: u64, bytes: &[u8]) {
        self.head(UNSIGNED, key);
        self.string(bytes);
    }

    pub(crate) fn hashes(&mut self, key: u64, hashes: &[Hash]) {
        self.head(UNSIGNED, key);
        self.head(ARRAY, hashes.len() as u64);
        hashes.iter().for_each(|hash| self.string(hash));
    }

    /// The keys 2, 3 and 4 of every map.
    pub(crate) fn scope(&mut self, scope: &Scope) {
        self.bytes(2, &scope.instance);
        self.bytes(3, &scope.incarnation);
        self.bytes(4, &scope.program);
    }

    fn string(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// The type and the number, in the fewest bytes.
    fn head(&mut self, kind: u8, number: u64) {
        let kind = kind << 5;
        let bytes = number.to_be_bytes();
        let (info, len) = match number {
            0..=23 => (number as u8, 0),
            24..=0xff => (24, 1),
            0x100..=0xffff => (25, 2),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 8),
        };
        self.0.push(kind | info);
        self.0.extend_from_slice(bytes.get(8_usize.saturating_sub(len)..).unwrap_or_default());
    }
}

pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins a map of so many pairs.
    pub(crate) fn map(bytes: &'a [u8], count: u64) -> Result<Self, ReceiptError> {
        let mut reader = Self(bytes);
        require(reader.head(MAP)? == count, ReceiptError::WrongKeys)?;
        Ok(reader)
    }

    /// Ends it: nothing follows.
    pub(crate) fn finish(self) -> Result<(), ReceiptError> {
        require(self.0.is_empty(), ReceiptError::TrailingBytes)
    }

    /// A number of at most `max`.
    pub(crate) fn unsigned(&mut self, key: u64, max: u64) -> Result<u64, ReceiptError> {
        self.key(key)?;
        let number = self.head(UNSIGNED)?;
        require(number <= max, ReceiptError::OutOfRange)?;
        Ok(number)
    }

    pub(crate) fn u8(&mut self, key: u64) -> Result<u8, ReceiptError> {
        Ok(self.unsigned(key, u64::from(u8::MAX))? as u8)
    }

    pub(crate) fn u16(&mut self, key: u64) -> Result<u16, ReceiptError> {
        Ok(self.unsigned(key, u64::from(u16::MAX))? as u16)
    }

    pub(crate) fn u32(&mut self, key: u64) -> Result<u32, ReceiptError> {
        Ok(self.unsigned(key, u64::from(u32::MAX))? as u32)
    }

    pub(crate) fn bytes(&mut self, key: u64) -> Result<&'a [u8], ReceiptError> {
        self.key(key)?;
        self.string()
    }

    pub(crate) fn array<const N: usize>(&mut self, key: u64) -> Result<[u8; N], ReceiptError> {
        self.key(key)?;
        self.fixed()
    }

    pub(crate) fn hashes(&mut self, key: u64) -> Result<Vec<Hash>, ReceiptError> {
        self.key(key)?;
        let count = self.head(ARRAY)?;
        // No memory is set aside for what the bytes do not hold.
        let mut hashes = Vec::new();
        for _ in 0..count {
            hashes.push(self.fixed()?);
        }
        Ok(hashes)
    }

    pub(crate) fn scope(&mut self) -> Result<Scope, ReceiptError> {
        let (instance, incarnation) = (self.array(2)?, self.array(3)?);
        Ok(Scope { instance, incarnation, program: self.array(4)? })
    }

    fn key(&mut self, key: u64) -> Result<(), ReceiptError> {
        require(self.head(UNSIGNED)? == key, ReceiptError::WrongKeys)
    }

    fn string(&mut self) -> Result<&'a [u8], ReceiptError> {
        let len = usize::try_from(self.head(BYTES)?).unwrap_or(usize::MAX);
        self.take(len)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], ReceiptError> {
        let bytes = self.string()?;
        require(bytes.len() == N, ReceiptError::WrongLength)?;
        Ok(bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], ReceiptError> {
        require(len <= self.0.len(), ReceiptError::Truncated)?;
        let (taken, rest) = self.0.split_at_checked(len).unwrap_or_default();
        self.0 = rest;
        Ok(taken)
    }

    /// The number of a head of this type, which must take the fewest bytes.
    fn head(&mut self, kind: u8) -> Result<u64, ReceiptError> {
        let first = self.take(1)?.first().copied().unwrap_or(0);
        require(first >> 5 == kind, ReceiptError::WrongType)?;
        let info = first & 0x1f;
        require(info <= 27, ReceiptError::NotShortest)?;
        let (len, least) = match info {
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Ok(u64::from(info)),
        };
        let bytes = self.take(len)?.iter();
        let number = bytes.fold(0, |number, byte| (number << 8) | u64::from(*byte));
        require(number >= least, ReceiptError::NotShortest)?;
        Ok(number)
    }
}
