//! Every check of the protocol: one pure function for each entry, from one fixed view to an update.
//!
//! A view holds facts that `thread` has read or computed; nothing here touches a slot, a hash or
//! shared memory. Checks stand in the order in which they are made; fatal checks come before those
//! that end in `Retry`, but for RunApp, whose rows are asked for after the floor has let it in. The
//! rules are told in words in `docs/reference/rejections.md`.

mod session;

pub use session::{
    HandshakeView, OldSession, QuestionView, RequestView, decide_access, decide_embedded,
    decide_handshake, decide_number, decide_question, decide_request, decide_revoke, decide_right,
    decide_room,
};

use crate::board::EPOCH_WINDOW;
use crate::ids::{Direction, Epoch, SlotId, Timestamp};
use crate::path::Path;
use crate::reason::{NotYet, Reason, Stop, require};
use crate::record::{Hash, Link, Pointer};

use NotYet::{ByteBudget, Floor, PublishedClock, Window};
use Stop::{Rejected, Retry};

/// How a record came into its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddMethod {
    Tree,
    Deferred,
}

/// Bytes of keys and values in a thread's slots, and what the entry would add to them.
#[derive(Clone, Copy, Debug)]
pub struct ByteUse {
    pub used: u64,
    pub added: u64,
    pub budget: u64,
}

pub struct AddMView {
    pub slot_in_range: bool,
    pub ancestor_in_range: bool,
    pub ancestor_occupied: bool,
    pub slot_empty: bool,
    pub path: Path,
    pub ancestor_path: Path,
    /// Of the ancestor, on the side where the record lies.
    pub pointer: Pointer,
    /// Likewise.
    pub child: Option<SlotId>,
    pub value_is_initial: bool,
    /// Computed only where the pointer names the record.
    pub value_hash: Hash,
    pub bytes: ByteUse,
}

/// A new node between the ancestor and what it pointed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The side of the new node on which the old descendant lies.
    pub direction: Direction,
    /// What the new node points to on that side, as the ancestor did.
    pub link: Link,
    /// The old descendant's slot, where it is in one: the new node becomes its parent.
    pub child: Option<SlotId>,
}

/// The three ways in which a record is added through the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddMUpdate {
    /// The tree had nothing there: the ancestor now points to the record.
    NewEdge,
    /// The ancestor's hash vouches for the value.
    PointerNamesKey,
    CutEdge(Cut),
}

pub fn decide_add_m(view: &AddMView) -> Result<AddMUpdate, Stop> {
    require(view.slot_in_range, Rejected(Reason::SlotOutOfRange))?;
    require(view.ancestor_in_range, Rejected(Reason::AncestorOutOfRange))?;
    require(view.ancestor_occupied, Rejected(Reason::AncestorEmpty))?;
    let below = view.path.is_proper_descendant_of(&view.ancestor_path);
    require(below, Rejected(Reason::NotDescendant))?;
    require(view.slot_empty, Rejected(Reason::SlotOccupied))?;
    let update = decide_edge(view)?;
    require(fits(&view.bytes), Retry(ByteBudget))?;
    Ok(update)
}

/// Which of the three ways it is, from where the ancestor points.
fn decide_edge(view: &AddMView) -> Result<AddMUpdate, Stop> {
    match view.pointer {
        Pointer::Empty => decide_new_edge(view),
        Pointer::To(link) => {
            if link.path == view.path {
                decide_named(view, &link)
            } else {
                decide_cut(view, &link)
            }
        }
    }
}

fn decide_new_edge(view: &AddMView) -> Result<AddMUpdate, Stop> {
    require(view.value_is_initial, Rejected(Reason::ValueNotInitial))?;
    // Defence in depth: a side that points nowhere has no child.
    require(view.child.is_none(), Rejected(Reason::ChildInStore))?;
    Ok(AddMUpdate::NewEdge)
}

fn decide_named(view: &AddMView, link: &Link) -> Result<AddMUpdate, Stop> {
    require(!link.deferred, Rejected(Reason::PointerDeferred))?;
    require(view.child.is_none(), Rejected(Reason::ChildInStore))?;
    require(link.hash == view.value_hash, Rejected(Reason::HashMismatch))?;
    Ok(AddMUpdate::PointerNamesKey)
}

fn decide_cut(view: &AddMView, link: &Link) -> Result<AddMUpdate, Stop> {
    let between = link.path.is_proper_descendant_of(&view.path);
    require(between, Rejected(Reason::PointerElsewhere))?;
    require(view.value_is_initial, Rejected(Reason::ValueNotInitial))?;
    let direction = link.path.direction_at(view.path.len());
    Ok(AddMUpdate::CutEdge(Cut { direction, link: *link, child: view.child }))
}

pub struct AddBView {
    pub slot_in_range: bool,
    pub is_root: bool,
    pub slot_empty: bool,
    pub thread_in_range: bool,
    /// The element was evicted by this very thread.
    pub own_element: bool,
    pub timestamp: Timestamp,
    pub clock: Timestamp,
    /// Of the element's thread.
    pub published: Timestamp,
    /// The first epoch that this thread has not closed.
    pub next_epoch: Epoch,
    /// Elements added in the timestamp's epoch so far.
    pub element_count: u64,
    pub bytes: ByteUse,
}

pub struct AddBUpdate {
    pub clock: Timestamp,
    pub element_count: u64,
}

pub fn decide_add_b(view: &AddBView) -> Result<AddBUpdate, Stop> {
    let epoch = view.timestamp.epoch();
    require(view.slot_in_range, Rejected(Reason::SlotOutOfRange))?;
    require(!view.is_root, Rejected(Reason::RootAddedFromDeferred))?;
    require(view.slot_empty, Rejected(Reason::SlotOccupied))?;
    require(view.thread_in_range, Rejected(Reason::ThreadOutOfRange))?;
    require(epoch >= view.next_epoch, Rejected(Reason::AddToVerifiedEpoch))?;
    require(view.timestamp.counter() < u32::MAX, Rejected(Reason::CounterOverflow))?;
    let element_count = next_count(view.element_count)?;
    require(in_window(epoch, view.next_epoch), Retry(Window))?;
    // The eviction is past, or can no longer happen: an add never precedes it in real time.
    let evicted = view.own_element || view.timestamp <= view.published;
    require(evicted, Retry(PublishedClock))?;
    require(fits(&view.bytes), Retry(ByteBudget))?;
    Ok(AddBUpdate { clock: view.clock.max(view.timestamp.after()), element_count })
}

pub struct EvictMView {
    pub slot_in_range: bool,
    pub ancestor_in_range: bool,
    pub slot_occupied: bool,
    pub ancestor_occupied: bool,
    pub path: Path,
    pub ancestor_path: Path,
    pub has_children: bool,
    /// The ancestor points to the record, on the side where it lies.
    pub pointer_names_key: bool,
    /// The ancestor has a child on that side.
    pub ancestor_has_child: bool,
    pub has_parent: bool,
    /// The record's parent is the ancestor.
    pub parent_is_ancestor: bool,
}

pub fn decide_evict_m(view: &EvictMView) -> Result<(), Stop> {
    require(view.slot_in_range, Rejected(Reason::SlotOutOfRange))?;
    require(view.ancestor_in_range, Rejected(Reason::AncestorOutOfRange))?;
    require(view.slot_occupied, Rejected(Reason::SlotEmpty))?;
    require(view.ancestor_occupied, Rejected(Reason::AncestorEmpty))?;
    let below = view.path.is_proper_descendant_of(&view.ancestor_path);
    require(below, Rejected(Reason::NotDescendant))?;
    require(!view.has_children, Rejected(Reason::ChildrenInStore))?;
    require(view.pointer_names_key, Rejected(Reason::PointerNotKey))?;
    // Defence in depth: no lemma needs the two that follow.
    let parent_agrees = !view.has_parent || view.parent_is_ancestor;
    require(parent_agrees, Rejected(Reason::ParentMismatch))?;
    let link_agrees = view.has_parent || !view.ancestor_has_child;
    require(link_agrees, Rejected(Reason::ChildInStore))
}

pub struct EvictBView {
    pub slot_in_range: bool,
    pub slot_occupied: bool,
    pub is_root: bool,
    pub timestamp: Timestamp,
    pub clock: Timestamp,
    pub has_children: bool,
    pub added: AddMethod,
    pub next_epoch: Epoch,
    /// Elements evicted in the timestamp's epoch so far.
    pub element_count: u64,
}

/// Gives the new element count; the clock becomes the timestamp.
pub fn decide_evict_b(view: &EvictBView) -> Result<u64, Stop> {
    require(view.slot_in_range, Rejected(Reason::SlotOutOfRange))?;
    require(view.slot_occupied, Rejected(Reason::SlotEmpty))?;
    require(!view.is_root, Rejected(Reason::RootEvicted))?;
    require(view.clock < view.timestamp, Rejected(Reason::EvictNotAfterClock))?;
    require(!view.has_children, Rejected(Reason::ChildrenInStore))?;
    require(view.added == AddMethod::Deferred, Rejected(Reason::NotAddedFromDeferred))?;
    let element_count = next_count(view.element_count)?;
    require(in_window(view.timestamp.epoch(), view.next_epoch), Retry(Window))?;
    Ok(element_count)
}

pub struct EvictBMView {
    pub ancestor_in_range: bool,
    pub ancestor_occupied: bool,
    pub path: Path,
    pub ancestor_path: Path,
    /// The ancestor points to the record, on the side where it lies.
    pub pointer_names_key: bool,
    pub pointer_deferred: bool,
    /// The record's parent is the ancestor.
    pub parent_is_ancestor: bool,
    /// What holds of every eviction to deferred state.
    pub evict: EvictBView,
}

/// Gives the new element count; the clock becomes the timestamp, and the ancestor's pointer becomes
/// deferred and keeps its stale hash.
pub fn decide_evict_bm(view: &EvictBMView) -> Result<u64, Stop> {
    let evict = &view.evict;
    require(evict.slot_in_range, Rejected(Reason::SlotOutOfRange))?;
    require(view.ancestor_in_range, Rejected(Reason::AncestorOutOfRange))?;
    require(evict.slot_occupied, Rejected(Reason::SlotEmpty))?;
    require(view.ancestor_occupied, Rejected(Reason::AncestorEmpty))?;
    require(!evict.is_root, Rejected(Reason::RootEvicted))?;
    require(evict.clock < evict.timestamp, Rejected(Reason::EvictNotAfterClock))?;
    require(!evict.has_children, Rejected(Reason::ChildrenInStore))?;
    require(evict.added == AddMethod::Tree, Rejected(Reason::NotAddedFromTree))?;
    let below = view.path.is_proper_descendant_of(&view.ancestor_path);
    require(below, Rejected(Reason::NotDescendant))?;
    require(view.pointer_names_key, Rejected(Reason::PointerNotKey))?;
    // Defence in depth: a record that came through the tree has this parent and a clear pointer.
    require(view.parent_is_ancestor, Rejected(Reason::ParentMismatch))?;
    require(!view.pointer_deferred, Rejected(Reason::PointerDeferred))?;
    let element_count = next_count(evict.element_count)?;
    require(in_window(evict.timestamp.epoch(), evict.next_epoch), Retry(Window))?;
    Ok(element_count)
}

pub fn decide_next_epoch(clock: Timestamp) -> Result<Timestamp, Stop> {
    require(clock.epoch().0 < u32::MAX, Rejected(Reason::EpochOverflow))?;
    Ok(Timestamp::new(clock.epoch().after(), 0))
}

pub struct VerifyEpochView {
    pub clock: Timestamp,
    pub next_epoch: Epoch,
    /// The board's cell for the epoch is free.
    pub board_has_room: bool,
}

/// Closes `next_epoch`; the next one to close follows.
pub fn decide_verify_epoch(view: &VerifyEpochView) -> Result<Epoch, Stop> {
    require(view.clock.epoch() > view.next_epoch, Rejected(Reason::EpochNotPassed))?;
    require(view.board_has_room, Retry(Window))?;
    Ok(view.next_epoch.after())
}

/// Whether an operation may run: `floor` is where the floor stood when it was raised to `epoch`.
pub fn decide_floor(epoch: Epoch, floor: Epoch) -> Result<(), Stop> {
    require(floor <= epoch, Retry(Floor))
}

pub struct BindView {
    pub slot_listed: bool,
    pub slot_in_range: bool,
    pub slot_occupied: bool,
    pub key_matches: bool,
}

/// Whether the next listed slot holds the record that an operation asks for.
pub fn decide_bind(view: &BindView) -> Result<(), Stop> {
    require(view.slot_listed, Rejected(Reason::SlotNotListed))?;
    require(view.slot_in_range, Rejected(Reason::SlotOutOfRange))?;
    require(view.slot_occupied, Rejected(Reason::SlotEmpty))?;
    require(view.key_matches, Rejected(Reason::SlotKeyMismatch))
}

pub struct CommitView {
    pub slots_listed: usize,
    pub slots_used: usize,
    pub bytes: ByteUse,
}

/// Whether what an operation wrote may be committed.
pub fn decide_commit(view: &CommitView) -> Result<(), Stop> {
    require(view.slots_used == view.slots_listed, Rejected(Reason::SlotUnused))?;
    require(fits(&view.bytes), Retry(ByteBudget))
}

/// One element more, in an epoch of a thread.
fn next_count(count: u64) -> Result<u64, Stop> {
    require(count < u64::MAX, Rejected(Reason::ElementCountOverflow))?;
    Ok(count.saturating_add(1))
}

/// Whether the thread keeps sums for `epoch`; it is never before `next_epoch`.
pub(crate) fn in_window(epoch: Epoch, next_epoch: Epoch) -> bool {
    epoch.0.saturating_sub(next_epoch.0) < EPOCH_WINDOW
}

fn fits(bytes: &ByteUse) -> bool {
    bytes.added <= bytes.budget.saturating_sub(bytes.used)
}
