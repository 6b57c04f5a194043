//! An application's program: its typed instructions, its canonical bytes, its loader, its machine.
//!
//! TRUSTED. An application is data: relations, and transitions written in a small typed
//! instruction set. People approve a program by its digest; the verifier loads its bytes and runs
//! its transitions over the records that sit in slots.
//!
//! What holds after [`Program::load`] has accepted some bytes:
//! - the bytes are the only encoding of what they say;
//! - every operand is a register of the right type, and was assigned on every path to its use;
//! - jumps go forward only, so that a call executes each instruction at most once;
//! - rows, scratch bytes, result bytes and cost of a call stay within the bounds of `bound`.
//!
//! So [`Machine`] can neither panic nor loop nor grow without limit, whatever the program, the
//! arguments and the rows are. A call ends in one of four ways: the arguments are refused
//! ([`Refusal`]), the transition is done or has failed ([`Outcome`]), or the rows stopped it
//! ([`Rows::Stop`]). A call that failed or was stopped writes nothing.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod arithmetic;
mod assembly;
pub mod bound;
mod call;
mod cell;
mod check;
mod cost;
mod decode;
mod encode;
mod error;
mod flow;
mod instruction;
mod key_value;
mod machine;
mod part;
mod program;
mod row_access;
mod rows;
mod step;
mod value;
mod value_list;
mod value_type;

pub use assembly::{Assembly, Field, Relation, Transition};
pub use bound::{KEY_LEN_MAX, VALUE_LEN_MAX};
pub use cost::Cost;
pub use encode::encode;
pub use error::{Failure, LoadError, Outcome, Refusal};
pub use instruction::{Arithmetic, Comparison, Instruction, Logic, Register};
pub use key_value::key_value;
pub use machine::Machine;
pub use program::Program;
pub use rows::{RelationId, RowHandle, Rows, TransitionId};
pub use value_type::{Integer, Type, ValueType};
