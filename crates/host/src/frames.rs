//! Requests and their replies as frames of the native protocol, straight to a batch and back: they
//! come in great numbers. Every other message is Python's, in `zeta.network`.

use crate::batch::{Batch, Column, Results, Status, Transitions};
use crate::kept::KeptReplies;
use crate::proof::{Credential, Proof};
use zeta_session::Mac;
use zeta_verifier::{Refusal, Timestamp};

const LENGTH_LEN: usize = 4;
/// Kind, number, session, sequence, MAC, transition: of a request without arguments.
const REQUEST_LEN_MIN: usize = 1 + 4 + 4 + 8 + 16 + 2;

const REQUEST: u8 = 0x02;
const FAILED: u8 = 0x40;
const REPLY: u8 = 0x83;
const STATUS: u8 = 0x84;
const REFUSED: u8 = 0x85;
const NOT_YET: u8 = 0x86;

const FAULT_LIMIT: u8 = 2;
const TOO_LONG: &[u8] = b"the answer is longer than you take";

/// How many whole requests these bytes begin with, `most` at most, and where the last one ends.
///
/// What follows is cut, or no request, or no frame of up to `frame_max` bytes: that is for whoever
/// reads all messages to say.
#[must_use]
pub fn leading_requests(bytes: &[u8], frame_max: u32, most: usize) -> (usize, usize) {
    let (mut count, mut end) = (0, 0);
    while count < most {
        let Some((frame, _)) = split_request(&bytes[end..]) else { break };
        if frame.len() > frame_max as usize {
            break;
        }
        end += LENGTH_LEN + frame.len();
        count += 1;
    }
    (count, end)
}

/// The first frame and what follows it, where it is a whole request.
fn split_request(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_LEN>()?;
    let (frame, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    (frame.len() >= REQUEST_LEN_MIN && frame[0] == REQUEST).then_some((frame, rest))
}

/// Requests, as the columns of a batch.
#[derive(Clone, Debug)]
pub struct Requests {
    /// By which the clients will know the answers.
    numbers: Vec<u32>,
    credentials: Vec<Credential>,
    transitions: Vec<u16>,
    offsets: Vec<i64>,
    arguments: Vec<u8>,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            numbers: Vec::new(),
            credentials: Vec::new(),
            transitions: Vec::new(),
            offsets: vec![0],
            arguments: Vec::new(),
        }
    }
}

impl Requests {
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    pub fn push(&mut self, number: u32, by: Credential, transition: u16, arguments: &[u8]) {
        self.numbers.push(number);
        self.credentials.push(by);
        self.transitions.push(transition);
        self.arguments.extend_from_slice(arguments);
        self.offsets.push(self.arguments.len() as i64);
    }

    /// Takes frames that are whole requests; `None` where one is something else.
    #[must_use]
    pub fn push_frames(&mut self, mut frames: &[u8]) -> Option<()> {
        while !frames.is_empty() {
            let (frame, rest) = split_request(frames)?;
            let (number, fields) = frame[1..].split_first_chunk()?;
            let (session, fields) = fields.split_first_chunk()?;
            let (sequence, fields) = fields.split_first_chunk()?;
            let (mac, fields) = fields.split_first_chunk()?;
            let (transition, arguments) = fields.split_first_chunk()?;
            let by = Credential {
                session: u32::from_le_bytes(*session),
                sequence: u64::from_le_bytes(*sequence),
                mac: *mac,
            };
            let number = u32::from_le_bytes(*number);
            self.push(number, by, u16::from_le_bytes(*transition), arguments);
            frames = rest;
        }
        Some(())
    }

    /// As what they are: each authenticated by its session.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        Batch::Requests {
            credentials: &self.credentials,
            transitions: Transitions::Each(&self.transitions),
            arguments: self.arguments(),
        }
    }

    /// As calls of the host's own: nobody looks who asks.
    #[must_use]
    pub fn embedded_batch(&self) -> Batch<'_> {
        let transitions = Transitions::Each(&self.transitions);
        Batch::Calls { transitions, arguments: self.arguments() }
    }

    /// Appends the frame that answers request `index`, or a failure where that is too long for
    /// whoever asked. A request that came again gets the reply that it had, where that is kept.
    pub fn put_answer(
        &self,
        index: usize,
        results: &Results,
        kept: Option<&mut KeptReplies>,
        frame_max: u32,
        frames: &mut Vec<u8>,
    ) {
        let begin = frames.len();
        let asked = (self.numbers[index], self.credentials[index]);
        frames.extend_from_slice(&[0; LENGTH_LEN]);
        put_message(asked, results, index, kept, frames);
        if frames.len() - begin - LENGTH_LEN > frame_max as usize {
            frames.truncate(begin + LENGTH_LEN);
            put(frames, FAILED, &[&asked.0.to_le_bytes(), &[FAULT_LIMIT], TOO_LONG]);
        }
        let length = (frames.len() - begin - LENGTH_LEN) as u32;
        frames[begin..begin + LENGTH_LEN].copy_from_slice(&length.to_le_bytes());
    }

    fn arguments(&self) -> Column<'_> {
        Column::Offsets64 { bytes: &self.arguments, offsets: &self.offsets }
    }
}

fn put_message(
    asked: (u32, Credential),
    results: &Results,
    index: usize,
    kept: Option<&mut KeptReplies>,
    frames: &mut Vec<u8>,
) {
    let (number, by) = asked;
    let (status, code) = (results.status(index), results.codes[index]);
    let (number, code_bytes) = (number.to_le_bytes(), code.to_le_bytes());
    let proof = results.proofs.get(index).copied().unwrap_or_default();
    match proof {
        Proof::Receipt { thread, timestamp, index: leaf_index, leaf: _, mac } => {
            let begin = frames.len() + 1 + number.len();
            let place = (thread, timestamp, leaf_index);
            put_reply(number, (status, code), place, mac, results.result(index), frames);
            if let Some(kept) = kept {
                kept.keep(by.session, by.sequence, &frames[begin..]);
            }
        }
        Proof::Status { status, leaf, mac } => {
            let again = kept.as_ref().filter(|_| code == Refusal::Replayed.code());
            match again.and_then(|kept| kept.find(by.session, by.sequence)) {
                Some(fields) => put(frames, REPLY, &[&number, fields]),
                None => put(frames, STATUS, &[&number, &code_bytes, &[status], &leaf, &mac]),
            }
        }
        Proof::None if status == Status::NotYet => put(frames, NOT_YET, &[&number]),
        Proof::None if status == Status::Refused => put(frames, REFUSED, &[&number, &code_bytes]),
        // Of an instance without receipts: there is only the answer.
        Proof::None => {
            let place = (0, Timestamp::default(), 0);
            put_reply(number, (status, code), place, None, results.result(index), frames);
        }
    }
}

fn put_reply(
    number: [u8; 4],
    (status, code): (Status, u16),
    (thread, timestamp, leaf_index): (u16, Timestamp, u64),
    mac: Option<Mac>,
    result: &[u8],
    frames: &mut Vec<u8>,
) {
    let answer = match status {
        Status::Failed => 1,
        Status::Refused => 2,
        _ => 0,
    };
    let fields: [&[u8]; 9] = [
        &number,
        &[answer],
        &code.to_le_bytes(),
        &thread.to_le_bytes(),
        &timestamp.epoch().0.to_le_bytes(),
        &timestamp.counter().to_le_bytes(),
        &leaf_index.to_le_bytes(),
        &mac.unwrap_or_default(),
        result,
    ];
    put(frames, REPLY, &fields);
}

fn put(frames: &mut Vec<u8>, kind: u8, fields: &[&[u8]]) {
    frames.push(kind);
    for field in fields {
        frames.extend_from_slice(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::KeptLimits;
    use zeta_verifier::Epoch;

    /// As `tests/network` states them for Python, too: `NAME HEX`, without lengths.
    const MESSAGES: &str = include_str!("../../../tests/network/messages.txt");

    fn stated(name: &str) -> Vec<u8> {
        let line = MESSAGES.lines().find(|line| line.split(' ').next() == Some(name));
        let hex: String = line.unwrap().split(' ').skip(1).collect();
        let pairs = hex.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
        let message: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        [&(message.len() as u32).to_le_bytes(), &message[..]].concat()
    }

    fn answered(status: Status, code: u16, proof: Option<Proof>) -> Results {
        let mut results = Results::with_proofs();
        results.reset(1);
        results.set(0, status, if status == Status::Done { b"ab" } else { b"" });
        results.codes[0] = code;
        results.proofs[0] = proof.unwrap_or_default();
        results
    }

    fn frames_of(results: &Results, kept: Option<&mut KeptReplies>, frame_max: u32) -> Vec<u8> {
        let mut requests = Requests::default();
        requests.push_frames(&stated("Requested")).unwrap();
        let mut frames = Vec::new();
        requests.put_answer(0, results, kept, frame_max, &mut frames);
        frames
    }

    fn receipt() -> Option<Proof> {
        let timestamp = Timestamp::new(Epoch(5), 6);
        let mac = Some([b'm'; 16]);
        Some(Proof::Receipt { thread: 4, timestamp, index: 7, leaf: [0; 32], mac })
    }

    #[test]
    fn requests_are_found_and_read_as_stated() {
        let request = stated("Requested");
        let all = [&request[..], &request, &stated("Ask"), &request].concat();
        assert_eq!(leading_requests(&all, 8192, 9), (2, 2 * request.len()));
        assert_eq!(leading_requests(&all, 8192, 1), (1, request.len()));
        assert_eq!(leading_requests(&all, request.len() as u32 - 5, 9), (0, 0));
        for end in 0..request.len() {
            assert_eq!(leading_requests(&all[..request.len() + end], 8192, 9).0, 1);
        }
        let mut requests = Requests::default();
        assert!(requests.push_frames(&all).is_none());
        let mut requests = Requests::default();
        requests.push_frames(&request).unwrap();
        let credential = Credential { session: 2, sequence: 3, mac: [b'm'; 16] };
        assert_eq!((requests.numbers[0], requests.credentials[0]), (1, credential));
        assert_eq!((requests.transitions[0], &requests.arguments[..]), (4, &b"ab"[..]));
    }

    #[test]
    fn a_request_is_as_long_as_its_fields_and_of_its_kind() {
        let mut short = stated("Requested");
        short.truncate(4 + REQUEST_LEN_MIN);
        short[0] = REQUEST_LEN_MIN as u8;
        assert_eq!(leading_requests(&short, 8192, 9), (1, short.len()));
        short.pop();
        short[0] -= 1;
        assert_eq!(leading_requests(&short, 8192, 9), (0, 0));
        let mut other = stated("Requested");
        other[4] = 0x03;
        assert_eq!(leading_requests(&other, 8192, 9), (0, 0));
        assert_eq!(leading_requests(&[0xff; 64], u32::MAX, 9), (0, 0));
        assert_eq!(leading_requests(&[0; 64], u32::MAX, 9), (0, 0));
    }

    #[test]
    fn answers_have_the_bytes_that_are_stated() {
        let done = answered(Status::Done, 0, receipt());
        assert_eq!(frames_of(&done, None, 8192), stated("Replied-done"));
        let failed = answered(Status::Failed, 3, receipt());
        assert_eq!(frames_of(&failed, None, 8192), stated("Replied-failed"));
        let refused = answered(Status::Refused, 262, receipt());
        assert_eq!(frames_of(&refused, None, 8192), stated("Replied-refused"));
        let status = Proof::Status { status: 1, leaf: [b'h'; 32], mac: [b'm'; 16] };
        let replayed = answered(Status::Refused, 258, Some(status));
        assert_eq!(frames_of(&replayed, None, 8192), stated("Settled"));
        let refused = answered(Status::Refused, 257, None);
        assert_eq!(frames_of(&refused, None, 8192), stated("Refused"));
        assert_eq!(frames_of(&answered(Status::NotYet, 0, None), None, 8192), stated("NotYet"));
    }

    #[test]
    fn an_answer_that_is_too_long_for_its_client_is_a_failure() {
        let done = answered(Status::Done, 0, receipt());
        let len = stated("Replied-done").len() as u32 - 4;
        assert_eq!(frames_of(&done, None, len), stated("Replied-done"));
        assert_eq!(frames_of(&done, None, len - 1), stated("Failed-too-long"));
    }

    #[test]
    fn a_request_that_comes_again_gets_the_reply_that_is_kept() {
        let limits = KeptLimits { replies: 2, session_bytes: 999, bytes: 999 };
        let mut kept = KeptReplies::new(limits);
        let done = answered(Status::Done, 0, receipt());
        frames_of(&done, Some(&mut kept), 8192);
        let status = Proof::Status { status: 1, leaf: [b'h'; 32], mac: [b'm'; 16] };
        let replayed = answered(Status::Refused, 258, Some(status));
        assert_eq!(frames_of(&replayed, Some(&mut kept), 8192), stated("Replied-done"));
        let too_old = answered(Status::Refused, 259, Some(status));
        assert_ne!(frames_of(&too_old, Some(&mut kept), 8192), stated("Replied-done"));
        kept.forget(2);
        assert_eq!(frames_of(&replayed, Some(&mut kept), 8192), stated("Settled"));
    }
}
