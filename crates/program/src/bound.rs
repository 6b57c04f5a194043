//! The bounds that the loader enforces on every program.

/// The longest key of a record, in bytes.
pub const KEY_LEN_MAX: usize = 4096;
/// The longest row of a record, and the longest byte string in a register, in bytes.
pub const VALUE_LEN_MAX: usize = 1 << 20;
/// The longest program, in bytes.
pub const PROGRAM_LEN_MAX: usize = 1 << 20;
/// The longest name of a program, relation, transition or field, in bytes.
pub const NAME_LEN_MAX: usize = 64;
/// The longest text of a check's reason, in bytes.
pub const REASON_LEN_MAX: usize = 256;
/// The most relations of a program.
pub const RELATION_COUNT_MAX: usize = 256;
/// The most constant byte strings of a program.
pub const CONSTANT_COUNT_MAX: usize = 4096;
/// The most reasons of a program.
pub const REASON_COUNT_MAX: usize = 4096;
/// The most transitions of a program.
pub const TRANSITION_COUNT_MAX: usize = 1024;
/// The most arguments of a transition.
pub const ARGUMENT_COUNT_MAX: usize = 64;
/// The most values in a key, and in a row.
pub const FIELD_COUNT_MAX: usize = 64;
/// The most cases of an enum.
pub const CASE_COUNT_MAX: u16 = 256;
/// The most values in the result of a transition.
pub const RESULT_COUNT_MAX: usize = 64;
/// The most registers of a transition.
pub const REGISTER_COUNT_MAX: usize = 4096;
/// The most instructions of a transition.
pub const INSTRUCTION_COUNT_MAX: usize = 4096;
/// The most operands of one instruction.
pub const OPERAND_COUNT_MAX: usize = 256;
/// The most rows that one call binds.
pub const ROW_COUNT_MAX: usize = 32;
/// The longest byte string of fixed length, in bytes.
pub const FIXED_LEN_MAX: usize = 1024;
/// The longest encoding of a call's arguments, in bytes.
pub const ARGUMENTS_LEN_MAX: usize = 1 << 24;
/// The longest encoding of a call's result, in bytes.
pub const RESULT_LEN_MAX: usize = 1 << 24;
/// The most bytes that one call writes to scratch memory.
pub const SCRATCH_LEN_MAX: usize = 1 << 24;
/// The highest cost of a call; see [`crate::Cost`].
pub const COST_MAX: u64 = 1 << 20;
