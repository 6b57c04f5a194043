//! An operation's view of the slots that the host listed for it.

use crate::decide::{BindView, decide_access, decide_bind};
use crate::log_entry::SlotList;
use crate::reason::Halt;
use crate::store::{Content, Slot, Store};
use core::cell::Cell;
use zeta_program::{RelationId, RowHandle, Rows};
use zeta_session::{Access, Client};

/// Each new record that the program asks for must lie in the next listed slot.
pub(crate) struct SlotRows<'a> {
    store: &'a Store,
    slots: SlotList<'a>,
    used: usize,
    /// Whose rights are checked; none for the host itself.
    client: Option<&'a Client>,
    /// A row was read that the client may not read. The run goes on as the host foresaw, and is
    /// refused at its end.
    overread: Cell<bool>,
}

impl<'a> SlotRows<'a> {
    pub(crate) fn new(store: &'a Store, slots: SlotList<'a>, client: Option<&'a Client>) -> Self {
        Self { store, slots, used: 0, client, overread: Cell::new(false) }
    }

    pub(crate) fn overread(&self) -> bool {
        self.overread.get()
    }

    /// Whether a client may write a row that was bound.
    pub(crate) fn may_write(
        store: &Store,
        slots: SlotList<'_>,
        client: &Client,
        row: RowHandle,
    ) -> bool {
        let cell = slots.get(usize::from(row.0)).and_then(|slot| store.get(slot));
        cell.is_some_and(|cell| access_of(cell, client).write)
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

/// What a client may do to the record in a slot.
fn access_of(cell: &Slot, client: &Client) -> Access {
    match cell.content {
        Content::App { relation, .. } => client.access(relation, cell.key.as_slice()),
        _ => Access { read: false, write: false },
    }
}

impl Rows for SlotRows<'_> {
    type Stop = Halt;

    #[inline]
    fn bind(&mut self, relation: RelationId, key: &[u8]) -> Result<RowHandle, Halt> {
        if let Some(client) = self.client {
            let access = client.access(relation, key);
            decide_access(access.read || access.write)?;
        }
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
        if let Some(client) = self.client
            && !access_of(cell, client).read
        {
            self.overread.set(true);
        }
        match cell.content {
            Content::App { present: true, .. } => Some(cell.value.as_slice()),
            _ => None,
        }
    }
}
