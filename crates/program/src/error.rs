//! What can go wrong: bytes that are no program, arguments that do not fit, transitions that fail.

use core::fmt;

/// A check, in one line: `require(condition, error)?`.
#[inline(always)]
pub(crate) fn require<E>(condition: bool, error: E) -> Result<(), E> {
    if condition { Ok(()) } else { Err(error) }
}

/// An enum whose variants are numbered, listed in `ALL`, and told to people in one line each.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal, $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
        #[repr(u16)]
        pub enum $name {
            $(#[doc = $text] $variant = $code,)+
        }

        impl $name {
            /// Every variant, in the order of the numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The number of this variant; it never changes.
            pub const fn code(self) -> u16 {
                self as u16
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($name::$variant => $text,)+ })
            }
        }

        impl core::error::Error for $name {}
    };
}

numbered! {
    /// Why some bytes are not a program: one variant a check.
    LoadError {
        ProgramTooLong = 1, "the program is longer than the limit";
        Truncated = 2, "the program ends too early";
        TrailingBytes = 3, "bytes follow the end of the program";
        BadMagic = 4, "these bytes are not a program";
        UnknownVersion = 5, "the version of the program's format is not known";
        UnknownType = 6, "a type has an unknown tag";
        BadPresence = 7, "the mark of an optional type is neither 0 nor 1";
        UnknownOpcode = 8, "an instruction has an unknown opcode";
        UnknownOperation = 9, "an instruction has an unknown operation";
        BadText = 10, "a text is not utf-8";
        BadName = 11, "a name is not an ascii identifier within the limit of length";
        BadReason = 12, "the text of a reason is empty, too long, or has control characters";
        SameName = 13, "two relations, transitions, or fields of one list share a name";
        TooManyRelations = 14, "too many relations";
        TooManyFields = 15, "too many values in a key or a row";
        TooManyConstants = 16, "too many constants";
        TooManyReasons = 17, "too many reasons";
        TooManyTransitions = 18, "too many transitions";
        TooManyArguments = 19, "too many arguments";
        TooManyResults = 20, "too many values in a result";
        TooManyRegisters = 21, "too many registers";
        TooManyInstructions = 22, "too many instructions";
        TooManyOperands = 23, "too many operands";
        KeyTooLong = 24, "a relation's keys may be longer than the limit";
        RowTooLong = 25, "a relation's rows may be longer than the limit";
        BytesTooLong = 26, "a byte string type is longer than the limit";
        FixedTooLong = 27, "a fixed byte string type is longer than the limit";
        CaseCount = 28, "an enum has no case or too many";
        UnknownRelation = 29, "a row type names a relation that is not there";
        RowInSignature = 30, "an argument, a result, or a field of a relation has a row type";
        ArgumentsTooLong = 31, "the arguments of a transition may be longer than the limit";
        ResultTooLong = 32, "the result of a transition may be longer than the limit";
        UnknownRegister = 33, "an operand names a register that is not there";
        Unassigned = 34, "a register is read that some path has not assigned";
        Unreachable = 35, "no path reaches an instruction";
        FallsOffEnd = 36, "a path ends without a return or a failure";
        JumpNotForward = 37, "a jump does not go forward";
        JumpTooFar = 38, "a jump leaves the transition";
        NotBool = 39, "an operand should be a bool";
        NotInteger = 40, "an operand should be an integer";
        NotBytes = 41, "an operand should be a byte string";
        NotText = 42, "an operand should be a text";
        NotRow = 43, "an operand should be a row";
        NotLength = 44, "an operand that is a length or a position should be a u32";
        NotEpoch = 45, "the target of an epoch should be a u32";
        NotHash = 46, "the target of a hash should be 32 fixed bytes";
        NotWord = 47, "the target of a word should be a bool, an integer or an enum";
        RowPacked = 48, "a row cannot be packed";
        Unordered = 49, "operands of this type cannot be compared in this way";
        TypesDiffer = 50, "operands should be of one type";
        TooNarrow = 51, "the target cannot hold every value of the source";
        Inconvertible = 52, "the source cannot be converted to the type of the target";
        WordOutOfRange = 53, "a constant is not a value of its type";
        UnknownConstant = 54, "a constant is not in the table";
        UnknownReason = 55, "a failure is neither built in nor in the table of reasons";
        CountMismatch = 56, "an instruction names too few or too many registers of values";
        TooManyRows = 57, "a path binds too many rows";
        TooMuchScratch = 58, "a path may write too many bytes to scratch memory";
        TooCostly = 59, "a path may cost too much";
    }
}

numbered! {
    /// Why a call does not begin: the client's fault.
    Refusal {
        UnknownTransition = 1, "the program has no such transition";
        IllTypedArguments = 2, "the arguments do not have the types of the transition";
    }
}

/// Why a transition failed: it is part of the run, and has written nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Failure {
    /// A result of arithmetic or of a conversion is outside its type.
    Overflow,
    /// A division by zero.
    DivisionByZero,
    /// A row was loaded that is null.
    AbsentRow,
    /// A slice outside its byte string.
    Bounds,
    /// Bytes that do not decode at the type asked for.
    Malformed,
    /// A byte string longer than its type.
    TooLong,
    /// Our bug: the loader let through what it should have refused, or a call did not begin.
    Internal,
    /// The program's own reason: an index in its table of texts.
    Reason(u16),
}

impl Failure {
    /// The code of the first reason of a program's own.
    pub const REASON_BASE: u16 = 256;

    /// The number of this failure: below 256 it is built in, from 256 on the program's own.
    pub const fn code(self) -> u16 {
        match self {
            Failure::Overflow => 1,
            Failure::DivisionByZero => 2,
            Failure::AbsentRow => 3,
            Failure::Bounds => 4,
            Failure::Malformed => 5,
            Failure::TooLong => 6,
            Failure::Internal => 255,
            Failure::Reason(index) => Self::REASON_BASE.saturating_add(index),
        }
    }

    /// The failure that a program may name by `code`; `Internal` is not a program's to name.
    pub const fn from_code(code: u16) -> Option<Failure> {
        Some(match code {
            1 => Failure::Overflow,
            2 => Failure::DivisionByZero,
            3 => Failure::AbsentRow,
            4 => Failure::Bounds,
            5 => Failure::Malformed,
            6 => Failure::TooLong,
            _ => match code.checked_sub(Self::REASON_BASE) {
                Some(index) => Failure::Reason(index),
                None => return None,
            },
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Overflow => f.write_str("a number is outside its type"),
            Failure::DivisionByZero => f.write_str("a division by zero"),
            Failure::AbsentRow => f.write_str("a row is absent"),
            Failure::Bounds => f.write_str("a slice is outside its byte string"),
            Failure::Malformed => f.write_str("bytes do not decode at their type"),
            Failure::TooLong => f.write_str("a byte string is longer than its type"),
            Failure::Internal => f.write_str("an invariant of the loader is broken"),
            Failure::Reason(index) => write!(f, "reason `{index}` of the program"),
        }
    }
}

/// How a call that ran to its end did end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Outcome {
    /// The transition returned; its writes are to be applied.
    Done,
    /// The transition failed; it has no writes.
    Failed(Failure),
}
