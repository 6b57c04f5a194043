//! The rows that a program works on, as the verifier lends them to the machine.

/// A relation of a program: its index in the program's table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct RelationId(pub u16);

/// A transition of a program: its index in the program's table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct TransitionId(pub u16);

/// A row that a call has bound, as the lender of rows names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct RowHandle(pub u16);

/// The memory that holds the rows of a call.
///
/// The machine asks for each (relation, key) at most once a call. A handle stays good, and `read`
/// returns the same bytes for it, until the call has ended.
pub trait Rows {
    /// Why a call cannot go on: for instance, the host named no slot for a key.
    type Stop;

    /// Finds the row of `key`, or stops the call.
    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Self::Stop>;

    /// The bytes of a bound row; `None` is a null record.
    fn read(&self, row: RowHandle) -> Option<&[u8]>;
}
