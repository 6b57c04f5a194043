//! Sessions: control entries, the requests of clients, and receipts of whatever was answered.

use super::VerifierThread;
use super::application::refuse;
use crate::answer::{self, Answer};
use crate::decide::{self, HandshakeView, QuestionView, RequestView};
use crate::log_entry::{RunApp, SessionEntry};
use crate::primitives::Primitives;
use crate::reason::{Halt, Refusal, Stop};
use crate::service::Service;
use alloc::vec::Vec;
use zeta_program::Outcome;
use zeta_session::{
    Asker, Found, HandshakeError, Hash, Incoming, Leaf, Mac, Number, Ruling, Scope, Session,
    Status, Terms, Welcome, request_digest, result_digest,
};

/// Stands for the leaf of a number that was claimed so that it never runs.
const NEVER: Hash = [0; 32];

/// What a RunApp says about its session.
pub(super) struct Claimed<'a> {
    pub(super) id: u32,
    pub(super) sequence: u64,
    pub(super) mac: &'a Mac,
}

impl<P: Primitives> VerifierThread<P> {
    fn receipts_fit(&self) -> bool {
        decide::in_window(self.clock.epoch(), self.next_epoch)
    }

    /// Whether the host itself may ask now, where it is not as free as in an embedded store.
    #[inline(never)]
    pub(super) fn admit_host(&self) -> Result<(), Halt> {
        let allowed = self.service.as_ref().is_some_and(|service| service.access.embedded);
        decide::decide_embedded(allowed, self.receipts_fit())
    }

    /// A receipt of the host's own operation, whose answer begins at `start`.
    #[inline(never)]
    pub(super) fn keep_host_receipt(
        &mut self,
        run: &RunApp<'_>,
        start: usize,
        outputs: &mut Vec<u8>,
    ) {
        let Some(service) = &self.service else { return };
        let request = request_digest(run.transition.0, run.arguments);
        let scope = service.scope;
        let leaf = self.keep_receipt(scope, Asker::Embedded, request, ruling(outputs, start));
        answer::put_receipt(outputs, self.clock, &leaf, None);
    }

    /// RunApp of a client.
    #[inline(never)]
    pub(super) fn run_session(
        &mut self,
        run: &RunApp<'_>,
        claimed: &Claimed<'_>,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let (service, start) = (self.service.take(), outputs.len());
        let answered = match &service {
            Some(service) => self.serve_request(service, run, claimed, outputs),
            None => refuse(outputs, start, Halt::Refused(Refusal::UnknownSession)).map(|_| ()),
        };
        self.service = service;
        answered
    }

    fn serve_request(
        &mut self,
        service: &Service,
        run: &RunApp<'_>,
        claimed: &Claimed<'_>,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let (sessions, start) = (&service.sessions, outputs.len());
        let (request, sequence) =
            (request_digest(run.transition.0, run.arguments), claimed.sequence);
        let found = sessions.find(claimed.id);
        let decided =
            decide::decide_request(&self.request_view(service, &found, claimed, &request));
        let Found::Open(session) = found else {
            return decided.or_else(|halt| refuse(outputs, start, halt).map(|_| ()));
        };
        if let Err(halt) = decided {
            return refuse_number(service, &session, sequence, halt, outputs);
        }
        let client = service.access.client(session.terms.client);
        let Some(client) = client else { return Ok(()) };
        let attempted = self.attempt(run, client, outputs);
        if let Err(halt) = attempted {
            refuse(outputs, start, halt)?;
        }
        // The claim comes last, so that whatever ends in not yet has claimed nothing.
        let stand = sessions.claim(&session, sequence).err().unwrap_or(Number::Free);
        if let Err(halt) = decide::decide_number(stand) {
            outputs.truncate(start);
            return refuse_number(service, &session, sequence, halt, outputs);
        }
        if let Ok(Outcome::Done) = attempted {
            self.commit(run);
        }
        let (kind, key) = (client.kind, client.key);
        let asker = Asker::Session { kind, client: key, session: session.id, sequence };
        let leaf = self.keep_receipt(service.scope, asker, request, ruling(outputs, start));
        sessions.settle(&session, sequence, &leaf);
        answer::put_receipt(outputs, self.clock, &leaf, Some(session.keys.reply(&leaf)));
        Ok(())
    }

    fn request_view(
        &self,
        service: &Service,
        found: &Found,
        claimed: &Claimed<'_>,
        request: &Hash,
    ) -> RequestView {
        let (id, sequence, mac) = (claimed.id, claimed.sequence, claimed.mac);
        let mut view = RequestView {
            known: !matches!(found, Found::Unknown),
            revoked: matches!(found, Found::Revoked),
            mac_matches: false,
            expired: false,
            sequence,
            number: Number::Free,
            in_order: true,
            receipts_fit: self.receipts_fit(),
        };
        if let Found::Open(session) = found {
            view.mac_matches = session.keys.is_request(id, sequence, request, mac);
            view.expired = self.clock.epoch().0 > session.terms.last_epoch;
            view.number = service.sessions.stand(session, sequence);
            view.in_order = service.sessions.is_in_order(session, sequence);
        }
        view
    }

    /// Adds a leaf to the tree of the clock's epoch.
    fn keep_receipt(&mut self, scope: Scope, asker: Asker, request: Hash, ruling: Ruling) -> Hash {
        let (thread, epoch, counter) = (self.id.0, self.clock.epoch(), self.clock.counter());
        let leaf = Leaf { scope, asker, request, ruling, thread, epoch: epoch.0, counter };
        let hash = leaf.hash();
        self.receipts.push(epoch, hash);
        hash
    }

    /// A control entry.
    #[inline(never)]
    pub(super) fn session(
        &mut self,
        entry: &SessionEntry<'_>,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let (service, start) = (self.service.take(), outputs.len());
        let answered = match (entry, &service) {
            (SessionEntry::Open { message }, Some(service)) => {
                self.open_session(service, message, None, outputs)
            }
            (SessionEntry::Rotate { session, message }, Some(service)) => {
                self.open_session(service, message, Some(*session), outputs)
            }
            (SessionEntry::Revoke { session }, Some(service)) => {
                revoke_session(service, *session, outputs)
            }
            (SessionEntry::Ask { session, sequence, mac }, Some(service)) => {
                let claimed = Claimed { id: *session, sequence: *sequence, mac };
                answer_question(service, &claimed, outputs)
            }
            (_, None) => Err(Halt::Refused(Refusal::UnknownSession)),
        };
        self.service = service;
        answered.or_else(|halt| refuse(outputs, start, halt).map(|_| ()))
    }

    fn open_session(
        &mut self,
        service: &Service,
        message: &[u8],
        replaces: Option<u32>,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Halt> {
        let entropy = self.entropy.as_mut().ok_or(Halt::Refused(Refusal::NoRoom))?;
        let read = service.responder.read(message, entropy);
        let client = read.as_ref().ok().and_then(|incoming| service.access.find(&incoming.client));
        decide::decide_handshake(&handshake_view(service, &read, client, replaces))?;
        let epoch = self.clock.epoch().0;
        let vacancy = service.sessions.vacancy(self.id.0, epoch);
        decide::decide_room(vacancy.is_some())?;
        let rights = client.and_then(|client| service.access.client(client));
        let (Some(vacancy), Some(client), Some(rights), Ok(incoming)) =
            (vacancy, client, rights, read)
        else {
            return Ok(());
        };
        let last_epoch = epoch.saturating_add(rights.lifetime);
        let strict_order = incoming.ask.strict_order;
        let welcome = Welcome { session: vacancy.id, last_epoch };
        let accepted = incoming.accept(&welcome);
        let (message, keys) = accepted.map_err(|_| Halt::Refused(Refusal::BadHandshake))?;
        let terms = Terms { client, strict_order, last_epoch };
        decide::decide_room(service.sessions.open(vacancy, &terms, &keys))?;
        replaces.map(|old| service.sessions.end(old));
        answer::put_done(outputs, &message);
        Ok(())
    }
}

/// What a receipt says of the answer that begins at `start`.
fn ruling(outputs: &[u8], start: usize) -> Ruling {
    match Answer::decode(outputs.get(start..).unwrap_or_default()) {
        Some((Answer::Done(result), _)) => Ruling::Done(result_digest(result)),
        Some((Answer::Failed(code), _)) => Ruling::Failed(code),
        Some((Answer::Refused(code), _)) => Ruling::Refused(code),
        _ => Ruling::Refused(0),
    }
}

fn handshake_view(
    service: &Service,
    read: &Result<Incoming, HandshakeError>,
    client: Option<u16>,
    replaces: Option<u32>,
) -> HandshakeView {
    let asked = read.as_ref().map(|incoming| incoming.ask.replaces).ok();
    let old = replaces.map_or(Found::Unknown, |old| service.sessions.find(old));
    HandshakeView {
        for_this_entry: asked == Some(replaces.unwrap_or(0)),
        client_listed: client.is_some(),
        replaces_one: replaces.is_some(),
        old_known: !matches!(old, Found::Unknown),
        old_revoked: matches!(old, Found::Revoked),
        same_client: match old {
            Found::Open(session) => Some(session.terms.client) == client,
            Found::Unknown | Found::Revoked => false,
        },
    }
}

/// The host may end any session: it can fall silent anyway. The MAC tells the client that none of
/// its requests will run any more.
fn revoke_session(service: &Service, id: u32, outputs: &mut Vec<u8>) -> Result<(), Halt> {
    let found = service.sessions.find(id);
    let known = !matches!(found, Found::Unknown);
    decide::decide_revoke(known, matches!(found, Found::Revoked))?;
    let Found::Open(session) = found else { return Ok(()) };
    // Where another thread was faster, the session has ended all the same.
    service.sessions.end(id);
    answer::put_done(outputs, &session.keys.revoked(id));
    Ok(())
}

/// Says what became of a number; one that is free is claimed, so that it never runs.
fn answer_question(
    service: &Service,
    claimed: &Claimed<'_>,
    outputs: &mut Vec<u8>,
) -> Result<(), Halt> {
    let (id, sequence, sessions) = (claimed.id, claimed.sequence, &service.sessions);
    let found = sessions.find(id);
    let mut view = QuestionView {
        known: !matches!(found, Found::Unknown),
        revoked: matches!(found, Found::Revoked),
        mac_matches: false,
        sequence,
        in_order: true,
    };
    if let Found::Open(session) = &found {
        view.mac_matches = session.keys.is_question(id, sequence, claimed.mac);
        let used = sessions.stand(session, sequence) != Number::Free;
        view.in_order = used || sessions.is_in_order(session, sequence);
    }
    decide::decide_question(&view)?;
    let Found::Open(session) = found else { return Ok(()) };
    let status = match sessions.claim(&session, sequence) {
        Ok(()) => {
            sessions.settle(&session, sequence, &NEVER);
            Status::NotExecuted
        }
        Err(_) => status_of(service, &session, sequence),
    };
    answer::put_status(outputs, &status, &session.keys.status(id, sequence, 0, &status));
    Ok(())
}

fn status_of(service: &Service, session: &Session, sequence: u64) -> Status {
    match service.sessions.settled(session, sequence) {
        None => Status::Unknown,
        Some(NEVER) => Status::NotExecuted,
        Some(leaf) => Status::Executed(leaf),
    }
}

/// Refuses a request of an open session, and says what became of its number where it was the
/// number, or the session's age, that it was refused for.
fn refuse_number(
    service: &Service,
    session: &Session,
    sequence: u64,
    halt: Halt,
    outputs: &mut Vec<u8>,
) -> Result<(), Stop> {
    let start = outputs.len();
    let refusal = refuse(outputs, start, halt)?;
    if [Refusal::Replayed, Refusal::TooOld, Refusal::Expired].contains(&refusal) {
        let status = status_of(service, session, sequence);
        let mac = session.keys.status(session.id, sequence, refusal.code(), &status);
        answer::put_status(outputs, &status, &mac);
    }
    Ok(())
}
