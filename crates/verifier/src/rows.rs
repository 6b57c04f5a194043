//! An operation's view of the slots that the host listed for it.

use crate::byte_string;
use crate::decide::{BindView, decide_access, decide_bind};
use crate::log_entry::SlotList;
use crate::reason::Halt;
use crate::store::{Content, Slot, Store};
use core::cell::Cell;
use zeta_program::{RelationId, RowHandle, Rows, TransitionId};
use zeta_session::{Access, Client};

/// What whoever asks may do. The host's own operations are compiled without a check.
pub(crate) trait Rights: Copy {
    /// Whether there is anything to check.
    const LIMITED: bool;

    fn may_call(self, transition: TransitionId) -> bool;
    fn access(self, relation: RelationId, key: &[u8]) -> Access;
}

/// The rights of the host itself.
#[derive(Clone, Copy)]
pub(crate) struct AllRights;

impl Rights for AllRights {
    const LIMITED: bool = false;

    #[inline(always)]
    fn may_call(self, _: TransitionId) -> bool {
        true
    }

    #[inline(always)]
    fn access(self, _: RelationId, _: &[u8]) -> Access {
        Access { read: true, write: true }
    }
}

impl Rights for &Client {
    const LIMITED: bool = true;

    fn may_call(self, transition: TransitionId) -> bool {
        Client::may_call(self, transition)
    }

    fn access(self, relation: RelationId, key: &[u8]) -> Access {
        Client::access(self, relation, key)
    }
}

/// Each new record that the program asks for must lie in the next listed slot.
pub(crate) struct SlotRows<'a, R> {
    store: &'a Store,
    slots: SlotList<'a>,
    used: usize,
    rights: R,
    /// A row was read that may not be read. The run goes on as the host foresaw, and is
    /// refused at its end.
    overread: Cell<bool>,
}

impl<'a, R: Rights> SlotRows<'a, R> {
    pub(crate) fn new(store: &'a Store, slots: SlotList<'a>, rights: R) -> Self {
        Self { store, slots, used: 0, rights, overread: Cell::new(false) }
    }

    pub(crate) fn overread(&self) -> bool {
        self.overread.get()
    }

    /// Whether a row that was bound may be written.
    pub(crate) fn may_write(store: &Store, slots: SlotList<'_>, rights: R, row: RowHandle) -> bool {
        let cell = slots.get(usize::from(row.0)).and_then(|slot| store.get(slot));
        let Some(Slot { content: Content::App { relation, .. }, key, .. }) = cell else {
            return false;
        };
        rights.access(*relation, key.as_slice()).write
    }

    /// Number of slots that were asked for.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// Bytes of the value that the row has in its slot.
    pub(crate) fn value_len(store: &Store, slots: SlotList<'_>, row: RowHandle) -> u64 {
        let slot = slots.get(usize::from(row.0));
        let cell = slot.and_then(|slot| store.get(slot));
        cell.map_or(0, |cell| cell.value.as_slice().len() as u64)
    }
}

impl<R: Rights> Rows for SlotRows<'_, R> {
    type Stop = Halt;

    #[inline]
    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Halt> {
        let access = self.rights.access(relation, key);
        decide_access(access.read || access.write)?;
        let listed = self.slots.get(self.used);
        let cell = listed.and_then(|slot| self.store.get(slot));
        decide_bind(&BindView {
            slot_listed: listed.is_some(),
            slot_in_range: cell.is_some(),
            slot_occupied: cell.is_some_and(|cell| cell.is_occupied()),
            key_matches: cell.is_some_and(|cell| {
                let same =
                    matches!(cell.content, Content::App { relation: r, .. } if r == relation);
                same && byte_string::same(cell.key.as_slice(), key)
            }),
        })?;
        let row = RowHandle(self.used as u16);
        self.used = self.used.saturating_add(1);
        Ok(row)
    }

    #[inline]
    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        let cell = self.store.get(self.slots.get(usize::from(row.0))?)?;
        if R::LIMITED
            && let Content::App { relation, .. } = cell.content
            && !self.rights.access(relation, cell.key.as_slice()).read
        {
            self.overread.set(true);
        }
        match cell.content {
            Content::App { present: true, .. } => Some(cell.value.as_slice()),
            _ => None,
        }
    }
}
