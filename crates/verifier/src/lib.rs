//! TRUSTED. The verifier: bytes of a log in, answers and verdicts out.
//!
//! It opens no file and no socket, draws no random number, reads no clock, and believes nothing
//! but what is in a slot, in a sum of an epoch, or in the entry at hand. `decide` holds every
//! check, as pure functions; `thread` reads slots into views and applies what was decided; `board`
//! is the only memory that threads share.
//!
//! INVARIANTS
//! - No key, output of the pseudo-random function, or sum ever leaves in clear.
//! - A rejected thread accepts nothing more, and no epoch that it had not closed certifies.
//! - Any bytes give an answer; none gives a panic.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answer;
mod board;
mod board_model;
mod byte_string;
pub mod decide;
mod element;
mod epoch;
mod ids;
mod instance;
mod log_entry;
mod path;
mod primitives;
mod reason;
mod receipts;
mod record;
mod rejection;
mod rows;
mod service;
mod store;
mod summary;
mod thread;
mod tree_hash;
mod verifier;

pub use answer::{Answer, EvictedValue};
pub use board::{Board, Outcome};
pub use decide::EPOCH_WINDOW;
pub use element::{ELEMENT_VALUE_LEN_MAX, ShortElement};
pub use ids::{Direction, Epoch, SlotId, ThreadId, Timestamp};
pub use instance::{Config, Incarnation, InstanceId};
pub use log_entry::{
    ARGUMENTS_LEN_MAX, Authentication, Entry, RunApp, SessionEntry, SlotList, decode_node,
    encode_node,
};
pub use path::{PATH_BITS, PATH_BYTES, Path};
pub use primitives::{Primitives, Standard, StandardEpochKey, sha256};
pub use reason::{Halt, NotYet, Reason, Refusal, Stop};
pub use record::{Hash, Link, Node, Pointer, Record};
pub use rejection::{Progress, Rejection, StopCause};
pub use service::{Certifier, NotCertified, Serving};
pub use summary::{DuplicateKey, Leaf, summarize};
pub use thread::VerifierThread;
pub use tree_hash::{leaf_path, node_hash, value_hash};
pub use verifier::{ConfigError, Verifier};
pub use zeta_program::{KEY_LEN_MAX, RelationId, TransitionId, VALUE_LEN_MAX};
pub use zeta_session::EMBEDDED_ONLY;
