//! The files of what an identity signs: introductions and certifications.

use crate::cbor::{Reader, Writer};
use crate::error::ReceiptError;
use crate::require;
use alloc::vec::Vec;
use zeta_session::{Certification, Introduction, ORIGIN_INITIAL, PublicIdentity};

#[must_use]
pub fn encode_introduction(introduction: &Introduction) -> Vec<u8> {
    let mut map = Writer::map(7);
    map.unsigned(1, 1);
    map.scope(&introduction.scope);
    map.bytes(5, &introduction.identity.0);
    map.bytes(6, &introduction.static_key);
    map.bytes(7, &introduction.signature);
    map.finish()
}

/// Whether it is genuine is another question.
pub fn decode_introduction(bytes: &[u8]) -> Result<Introduction, ReceiptError> {
    let mut map = Reader::map(bytes, 7)?;
    require(map.unsigned(1, u64::MAX)? == 1, ReceiptError::UnknownVersion)?;
    let scope = map.scope()?;
    let identity = PublicIdentity(map.array(5)?);
    let (static_key, signature) = (map.array(6)?, map.array(7)?);
    map.finish()?;
    Ok(Introduction { scope, identity, static_key, signature })
}

#[must_use]
pub fn encode_certification(certification: &Certification) -> Vec<u8> {
    let mut map = Writer::map(10);
    map.unsigned(1, 1);
    map.scope(&certification.scope);
    map.unsigned(5, u64::from(ORIGIN_INITIAL));
    map.unsigned(6, u64::from(certification.epoch));
    map.unsigned(7, u64::from(certification.threads));
    map.unsigned(8, certification.receipts);
    map.bytes(9, &certification.root);
    map.bytes(10, &certification.signature);
    map.finish()
}

/// Whether it is signed is another question.
pub fn decode_certification(bytes: &[u8]) -> Result<Certification, ReceiptError> {
    let mut map = Reader::map(bytes, 10)?;
    require(map.unsigned(1, u64::MAX)? == 1, ReceiptError::UnknownVersion)?;
    let scope = map.scope()?;
    let origin = map.unsigned(5, u64::MAX)?;
    require(origin == u64::from(ORIGIN_INITIAL), ReceiptError::UnknownOrigin)?;
    let certification = Certification {
        scope,
        epoch: map.u32(6)?,
        threads: map.u16(7)?,
        receipts: map.unsigned(8, u64::MAX)?,
        root: map.array(9)?,
        signature: map.array(10)?,
    };
    map.finish()?;
    Ok(certification)
}
