//! Replies that were given, kept for who lost one with its connection and sends the request again.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// What a reply takes beside its fields, about.
const OVERHEAD: usize = 64;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptLimits {
    /// Replies of a session.
    pub replies: usize,
    /// Bytes of a session, about; its last reply is kept however long it is.
    pub session_bytes: usize,
    /// Bytes of all sessions.
    pub bytes: usize,
}

/// The last replies of each session; the session not heard of for longest goes first.
#[derive(Debug)]
pub struct KeptReplies {
    limits: KeptLimits,
    sessions: HashMap<u32, Session>,
    /// When a session was last heard of, and which; the last of them is the latest.
    heard: BTreeMap<u64, u32>,
    next: u64,
    size: usize,
}

#[derive(Debug, Default)]
struct Session {
    heard: u64,
    size: usize,
    /// Sequence numbers, and a reply's fields after the client's number.
    replies: VecDeque<(u64, Box<[u8]>)>,
}

impl KeptReplies {
    #[must_use]
    pub fn new(limits: KeptLimits) -> Self {
        let (sessions, heard) = (HashMap::new(), BTreeMap::new());
        // Nobody was heard of just before the first one.
        Self { limits, sessions, heard, next: 2, size: 0 }
    }

    /// Keeps what a number was answered; forgets the oldest of what is too much.
    pub fn keep(&mut self, session: u32, sequence: u64, fields: &[u8]) {
        let limits = self.limits;
        let known = self.sessions.entry(session).or_default();
        if known.heard + 1 != self.next {
            self.heard.remove(&known.heard);
            known.heard = self.next;
            self.heard.insert(self.next, session);
            self.next += 1;
        }
        known.replies.push_back((sequence, fields.into()));
        let mut size = known.size + OVERHEAD + fields.len();
        // Where all are heard of, each has its share, and none pushes another out.
        let share = limits.session_bytes.min(limits.bytes / self.heard.len());
        while known.replies.len() > 1 && (known.replies.len() > limits.replies || size > share) {
            let old = known.replies.pop_front();
            size -= OVERHEAD + old.map_or(0, |(_, fields)| fields.len());
        }
        self.size = self.size - known.size + size;
        known.size = size;
        while self.size > limits.bytes && self.heard.len() > 1 {
            let Some((_, longest_ago)) = self.heard.first_key_value() else { break };
            self.forget(*longest_ago);
        }
    }

    /// What a number was answered, if it is kept.
    #[must_use]
    pub fn find(&self, session: u32, sequence: u64) -> Option<&[u8]> {
        let replies = self.sessions.get(&session)?.replies.iter();
        replies.rev().find(|(each, _)| *each == sequence).map(|(_, fields)| &**fields)
    }

    /// Forgets a session, which has ended or was not heard of for longest.
    pub fn forget(&mut self, session: u32) {
        if let Some(known) = self.sessions.remove(&session) {
            self.heard.remove(&known.heard);
            self.size -= known.size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(replies: usize, session_bytes: usize, bytes: usize) -> KeptReplies {
        KeptReplies::new(KeptLimits { replies, session_bytes, bytes })
    }

    #[test]
    fn the_last_replies_of_a_session_are_found() {
        let mut kept = kept(3, 1 << 20, 1 << 20);
        for sequence in 1..6 {
            kept.keep(7, sequence, &[sequence as u8]);
        }
        assert_eq!([kept.find(7, 1), kept.find(7, 2)], [None, None]);
        for sequence in 3..6 {
            assert_eq!(kept.find(7, sequence), Some(&[sequence as u8][..]));
        }
        assert_eq!(kept.find(8, 5), None);
    }

    #[test]
    fn long_replies_push_out_the_older_of_their_session_alone() {
        let mut kept = kept(1024, 2000, 1 << 20);
        kept.keep(1, 1, b"a");
        for sequence in 1..4 {
            kept.keep(2, sequence, &[0; 900]);
        }
        assert_eq!([kept.find(2, 1).is_some(), kept.find(2, 2).is_some()], [false, true]);
        kept.keep(2, 4, &[0; 5000]);
        assert_eq!([kept.find(2, 3).is_some(), kept.find(2, 4).is_some()], [false, true]);
        assert_eq!(kept.find(1, 1), Some(&b"a"[..]));
    }

    #[test]
    fn the_session_not_heard_of_for_longest_is_forgotten() {
        let mut kept = kept(1024, 2000, 3000);
        for session in [1, 2] {
            kept.keep(session, 1, &[0; 1300]);
        }
        kept.keep(1, 2, b"");
        kept.keep(3, 1, &[0; 900]);
        kept.keep(3, 2, &[0; 600]);
        assert_eq!(kept.find(2, 1), None);
        assert!(kept.find(1, 2).is_some() && kept.find(3, 2).is_some());
    }

    #[test]
    fn sessions_that_are_all_heard_of_do_not_push_each_other_out() {
        let mut kept = kept(1024, 1 << 20, 100 * 10 * (OVERHEAD + 40));
        for sequence in 1..200 {
            for session in 1..101 {
                kept.keep(session, sequence, &[0; 40]);
            }
        }
        for session in 1..101 {
            assert!((190..200).all(|sequence| kept.find(session, sequence).is_some()));
        }
        assert!(kept.size <= kept.limits.bytes);
    }

    #[test]
    fn what_is_forgotten_makes_room() {
        let mut kept = kept(1024, 2000, 3000);
        for session in 1..100 {
            kept.keep(session, 1, &[0; 1000]);
            kept.forget(session);
        }
        assert_eq!((kept.size, kept.heard.len()), (0, 0));
        kept.keep(100, 1, &[0; 1000]);
        kept.keep(101, 1, &[0; 1000]);
        assert!(kept.find(100, 1).is_some() && kept.find(99, 1).is_none());
    }
}
