//! Sessions: control entries, the requests of clients, and receipts of whatever was answered.

use super::VerifierThread;
use super::application::{refuse, ruling};
use crate::answer;
use crate::decide::{self, HandshakeView, OldSession, QuestionView, RequestView};
use crate::log_entry::{Authentication, RunApp, SessionEntry};
use crate::primitives::Primitives;
use crate::reason::{Halt, Refusal, Stop};
use crate::service::Service;
use alloc::vec::Vec;
use zeta_session::{
    Asker, Client, Found, HandshakeError, Hash, Incoming, Leaf, Mac, Number, Ruling, Session,
    Status, Terms, Welcome, request_digest,
};

/// Stands for the leaf of a number that was claimed so that it never runs.
const NEVER: Hash = [0; 32];

/// What a RunApp says about its session.
struct Claimed<'a> {
    id: u32,
    sequence: u64,
    mac: &'a Mac,
}

impl<P: Primitives> VerifierThread<P> {
    /// RunApp where there may be clients and receipts.
    #[inline(never)]
    pub(super) fn run_for_receipt(
        &mut self,
        run: &RunApp<'_>,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let Some(service) = self.service.take() else {
            let start = outputs.len();
            return refuse(outputs, start, Halt::Refused(Refusal::UnknownSession)).map(|_| ());
        };
        let answered = match run.authentication {
            Authentication::Embedded => self.run_embedded(&service, run, outputs),
            Authentication::Session { session, sequence, mac } => {
                let claimed = Claimed { id: session, sequence, mac };
                self.run_session(&service, run, &claimed, outputs)
            }
        };
        self.service = Some(service);
        answered
    }

    fn receipts_fit(&self) -> bool {
        decide::in_window(self.clock.epoch(), self.next_epoch)
    }

    fn run_embedded(
        &mut self,
        service: &Service,
        run: &RunApp<'_>,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let (start, access) = (outputs.len(), &service.access);
        let fit = self.receipts_fit() || !access.embedded_receipts;
        if let Err(halt) = decide::decide_embedded(access.embedded, fit) {
            return refuse(outputs, start, halt).map(|_| ());
        }
        let ruling = self.rule(run, None, outputs)?;
        if let Ruling::Done(_) = ruling {
            self.commit(run);
        }
        if access.embedded_receipts {
            let request = request_digest(run.transition.0, run.arguments);
            let leaf = self.keep_receipt(service, Asker::Embedded, request, ruling);
            answer::put_receipt(outputs, self.clock, &leaf, None);
        }
        Ok(())
    }

    /// Attempts an operation and answers it; nothing is committed.
    #[inline(never)]
    fn rule(
        &mut self,
        run: &RunApp<'_>,
        client: Option<&Client>,
        outputs: &mut Vec<u8>,
    ) -> Result<Ruling, Stop> {
        let start = outputs.len();
        let halt = match self.attempt(run, client, outputs) {
            Ok(outcome) => return Ok(ruling(outcome, outputs, start)),
            Err(halt) => halt,
        };
        refuse(outputs, start, halt).map(|refused| Ruling::Refused(refused.code()))
    }

    fn run_session(
        &mut self,
        service: &Service,
        run: &RunApp<'_>,
        claimed: &Claimed<'_>,
        outputs: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let (sessions, start) = (&service.sessions, outputs.len());
        let request = request_digest(run.transition.0, run.arguments);
        let found = sessions.find(claimed.id);
        let decided =
            decide::decide_request(&self.request_view(service, &found, claimed, &request));
        let Found::Open(session) = found else {
            return decided.or_else(|halt| refuse(outputs, start, halt).map(|_| ()));
        };
        if let Err(halt) = decided {
            return refuse_number(service, &session, claimed.sequence, halt, outputs);
        }
        let client = service.access.client(session.terms.client);
        let Some(client) = client else { return Ok(()) };
        let ruling = self.rule(run, Some(client), outputs)?;
        // The claim comes last, so that whatever ends in not yet has claimed nothing.
        let stand = sessions.claim(&session, claimed.sequence).err().unwrap_or(Number::Free);
        if let Err(halt) = decide::decide_number(stand) {
            outputs.truncate(start);
            return refuse_number(service, &session, claimed.sequence, halt, outputs);
        }
        if let Ruling::Done(_) = ruling {
            self.commit(run);
        }
        let asker = Asker::Session {
            kind: client.kind,
            client: client.key,
            session: session.id,
            sequence: claimed.sequence,
        };
        let leaf = self.keep_receipt(service, asker, request, ruling);
        sessions.settle(&session, claimed.sequence, &leaf);
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
    fn keep_receipt(
        &mut self,
        service: &Service,
        asker: Asker,
        request: Hash,
        ruling: Ruling,
    ) -> Hash {
        let (epoch, counter) = (self.clock.epoch(), self.clock.counter());
        let scope = service.scope;
        let leaf =
            Leaf { scope, asker, request, ruling, thread: self.id.0, epoch: epoch.0, counter };
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

fn handshake_view(
    service: &Service,
    read: &Result<Incoming, HandshakeError>,
    client: Option<u16>,
    replaces: Option<u32>,
) -> HandshakeView {
    let asked = read.as_ref().map(|incoming| incoming.ask.replaces).ok();
    let old = replaces.map(|old| match service.sessions.find(old) {
        Found::Unknown => OldSession { known: false, revoked: false, same_client: false },
        Found::Revoked => OldSession { known: true, revoked: true, same_client: false },
        Found::Open(session) => OldSession {
            known: true,
            revoked: false,
            same_client: Some(session.terms.client) == client,
        },
    });
    HandshakeView {
        readable: read.is_ok(),
        replaces_named: asked == Some(replaces.unwrap_or(0)),
        client_listed: client.is_some(),
        old,
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
