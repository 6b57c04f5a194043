//! A case: a verifier and what is done to it, as a tree of logs that share their beginnings.

use super::setup::Setup;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Bytes of the log of one thread.
    Call { thread: u16, log: Vec<u8> },
    /// Asks what became of the epochs.
    Outcomes,
    /// Notes the state.
    Try,
    /// Goes back to the state that was noted last.
    Back,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Where it comes from, for people.
    pub name: String,
    pub setup: Setup,
    pub moves: Vec<Move>,
}

impl Case {
    #[must_use]
    pub fn new(name: String, setup: Setup) -> Self {
        Self { name, setup, moves: Vec::new() }
    }

    /// One log, from its calls.
    #[must_use]
    pub fn linear(name: String, setup: Setup, calls: Vec<(u16, Vec<u8>)>) -> Self {
        let mut moves: Vec<Move> =
            calls.into_iter().map(|(thread, log)| Move::Call { thread, log }).collect();
        moves.push(Move::Outcomes);
        Self { name, setup, moves }
    }

    /// The records that the oracle reads.
    pub fn encode(&self, records: &mut Vec<u8>) {
        put_record(records, b'C', |body| self.setup.encode(body));
        for made in &self.moves {
            match made {
                Move::Call { thread, log } => put_record(records, b'L', |body| {
                    body.extend_from_slice(&thread.to_le_bytes());
                    body.extend_from_slice(log);
                }),
                Move::Outcomes => put_record(records, b'E', |_| {}),
                Move::Try => put_record(records, b'P', |_| {}),
                Move::Back => put_record(records, b'Q', |_| {}),
            }
        }
    }

    /// How many logs are compared to their ends.
    #[must_use]
    pub fn logs(&self) -> u64 {
        self.moves.iter().filter(|made| **made == Move::Outcomes).count() as u64
    }

    /// The calls that lead to the move of this index, and that move.
    #[must_use]
    pub fn path_to(&self, index: usize) -> Vec<(u16, Vec<u8>)> {
        let (mut path, mut notes) = (Vec::new(), Vec::new());
        for made in self.moves.iter().take(index + 1) {
            match made {
                Move::Call { thread, log } => path.push((*thread, log.clone())),
                Move::Outcomes => {}
                Move::Try => notes.push(path.len()),
                Move::Back => path.truncate(notes.pop().unwrap_or(0)),
            }
        }
        path
    }
}

fn put_record(records: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    records.extend_from_slice(&[tag, 0, 0, 0, 0]);
    let start = records.len();
    body(records);
    let len = (records.len() - start) as u32;
    records[start - 4..start].copy_from_slice(&len.to_le_bytes());
}
