//! An operation's view of the slots that the host listed for it.

use crate::decide::{BindView, decide_bind};
use crate::log_entry::SlotList;
use crate::reason::Stop;
use crate::store::{Content, Store};
use zeta_program::{RelationId, RowHandle, Rows};

/// Each new record that the program asks for must lie in the next listed slot.
pub(crate) struct SlotRows<'a> {
    store: &'a Store,
    slots: SlotList<'a>,
    used: usize,
}

impl<'a> SlotRows<'a> {
    pub(crate) fn new(store: &'a Store, slots: SlotList<'a>) -> Self {
        Self { store, slots, used: 0 }
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

impl Rows for SlotRows<'_> {
    type Stop = Stop;

    #[inline]
    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Stop> {
        let listed = self.slots.get(self.used);
        let cell = listed.and_then(|slot| self.store.get(slot));
        decide_bind(&BindView {
            slot_listed: listed.is_some(),
            slot_in_range: cell.is_some(),
            slot_occupied: cell.is_some_and(|cell| cell.is_occupied()),
            key_matches: cell.is_some_and(|cell| {
                let same =
                    matches!(cell.content, Content::App { relation: r, .. } if r == relation);
                same && cell.key.as_slice() == key
            }),
        })?;
        let row = RowHandle(self.used as u16);
        self.used = self.used.saturating_add(1);
        Ok(row)
    }

    #[inline]
    fn read(&self, row: RowHandle) -> Option<&[u8]> {
        let cell = self.store.get(self.slots.get(usize::from(row.0))?)?;
        match cell.content {
            Content::App { present: true, .. } => Some(cell.value.as_slice()),
            _ => None,
        }
    }
}
