//! The checks of sessions: who may ask, and whether a request is new.
//!
//! What is refused is the client's fault, or nobody's; none of these checks poisons a thread.

use crate::reason::{Halt, NotYet, Refusal, Stop, require};
use zeta_session::{Number, SEQUENCE_MAX};

/// A request of a session, or a question about one, before anything is run.
#[derive(Clone, Copy)]
pub struct RequestView {
    pub known: bool,
    pub revoked: bool,
    pub mac_matches: bool,
    /// The thread's clock is beyond the session's last epoch.
    pub expired: bool,
    pub sequence: u64,
    /// Where the number stands.
    pub number: Number,
    /// The number before it is settled, or the session did not ask for order.
    pub in_order: bool,
    /// The thread keeps receipts of its clock's epoch.
    pub receipts_fit: bool,
}

pub fn decide_request(view: &RequestView) -> Result<(), Halt> {
    require(view.known, Halt::Refused(Refusal::UnknownSession))?;
    require(!view.revoked, Halt::Refused(Refusal::Revoked))?;
    require(view.mac_matches, Halt::Refused(Refusal::WrongMac))?;
    require(!view.expired, Halt::Refused(Refusal::Expired))?;
    decide_sequence(view.sequence)?;
    decide_number(view.number)?;
    decide_order(view.in_order)?;
    decide_receipts(view.receipts_fit)
}

#[derive(Clone, Copy)]
pub struct QuestionView {
    pub known: bool,
    pub revoked: bool,
    pub mac_matches: bool,
    pub sequence: u64,
    /// The number is used already, or the one before it is settled where order is strict.
    pub in_order: bool,
}

pub fn decide_question(view: &QuestionView) -> Result<(), Halt> {
    require(view.known, Halt::Refused(Refusal::UnknownSession))?;
    require(!view.revoked, Halt::Refused(Refusal::Revoked))?;
    require(view.mac_matches, Halt::Refused(Refusal::WrongMac))?;
    decide_sequence(view.sequence)?;
    decide_order(view.in_order)
}

fn decide_sequence(sequence: u64) -> Result<(), Halt> {
    let exists = (1..=SEQUENCE_MAX).contains(&sequence);
    require(exists, Halt::Refused(Refusal::NoSuchNumber))
}

fn decide_order(in_order: bool) -> Result<(), Halt> {
    require(in_order, Halt::Stopped(Stop::Retry(NotYet::Order)))
}

fn decide_receipts(fit: bool) -> Result<(), Halt> {
    require(fit, Halt::Stopped(Stop::Retry(NotYet::Window)))
}

/// Whether a number is free: asked before the run, and told by the claim after it.
pub fn decide_number(number: Number) -> Result<(), Halt> {
    require(number != Number::Used, Halt::Refused(Refusal::Replayed))?;
    require(number != Number::Below, Halt::Refused(Refusal::TooOld))
}

/// Whether the host itself may ask.
pub fn decide_embedded(allowed: bool, receipts_fit: bool) -> Result<(), Halt> {
    require(allowed, Halt::Refused(Refusal::NotEmbedded))?;
    decide_receipts(receipts_fit)
}

/// Whether whoever asks may call the transition.
pub fn decide_right(may_call: bool) -> Result<(), Halt> {
    require(may_call, Halt::Refused(Refusal::MissingRight))
}

/// Whether whoever asks may do to the rows what the run does.
pub fn decide_access(granted: bool) -> Result<(), Halt> {
    require(granted, Halt::Refused(Refusal::MissingRight))
}

/// The session whose place a new one takes.
#[derive(Clone, Copy)]
pub struct OldSession {
    pub known: bool,
    pub revoked: bool,
    pub same_client: bool,
}

#[derive(Clone, Copy)]
pub struct HandshakeView {
    /// The message is the pattern's, for this verifier and incarnation, and it names the session
    /// that the entry names.
    pub for_this_entry: bool,
    pub client_listed: bool,
    /// None where a session is opened beside the others.
    pub old: Option<OldSession>,
}

pub fn decide_handshake(view: &HandshakeView) -> Result<(), Halt> {
    require(view.for_this_entry, Halt::Refused(Refusal::BadHandshake))?;
    require(view.client_listed, Halt::Refused(Refusal::UnknownClient))?;
    if let Some(old) = view.old {
        require(old.known, Halt::Refused(Refusal::UnknownSession))?;
        require(!old.revoked, Halt::Refused(Refusal::Revoked))?;
        require(old.same_client, Halt::Refused(Refusal::UnknownClient))?;
    }
    Ok(())
}

/// Whether there is a place for one session more.
pub fn decide_room(room: bool) -> Result<(), Halt> {
    require(room, Halt::Refused(Refusal::NoRoom))
}

/// Whether there is a session to end.
pub fn decide_revoke(known: bool, revoked: bool) -> Result<(), Halt> {
    require(known, Halt::Refused(Refusal::UnknownSession))?;
    require(!revoked, Halt::Refused(Refusal::Revoked))
}
