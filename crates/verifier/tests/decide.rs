//! Checks that no log can reach in reasonable time, or at all: from constructed views.

use zeta_verifier::decide::*;
use zeta_verifier::*;

const BYTES: ByteUse = ByteUse { used: 0, added: 0, budget: 0 };

fn at(epoch: u32, counter: u32) -> Timestamp {
    Timestamp::new(Epoch(epoch), counter)
}

fn add_m_view() -> AddMView {
    AddMView {
        slot_in_range: true,
        ancestor_in_range: true,
        ancestor_occupied: true,
        slot_empty: true,
        path: Path::leaf(&[0; 32]),
        ancestor_path: Path::ROOT,
        pointer: None,
        child: None,
        value_is_initial: true,
        value_hash: [0; 32],
        bytes: BYTES,
    }
}

fn add_b_view() -> AddBView {
    AddBView {
        slot_in_range: true,
        is_root: false,
        slot_empty: true,
        thread_in_range: true,
        own_element: false,
        timestamp: at(0, 5),
        clock: at(0, 3),
        published: at(0, 5),
        next_epoch: Epoch(0),
        element_count: 0,
        bytes: BYTES,
    }
}

fn evict_view(added: AddMethod) -> EvictBView {
    EvictBView {
        slot_in_range: true,
        slot_occupied: true,
        is_root: false,
        timestamp: at(0, 5),
        clock: at(0, 4),
        has_children: false,
        added,
        next_epoch: Epoch(0),
        element_count: 0,
    }
}

fn evict_bm_view() -> EvictBMView {
    EvictBMView {
        ancestor_in_range: true,
        ancestor_occupied: true,
        path: Path::leaf(&[0; 32]),
        ancestor_path: Path::ROOT,
        pointer_names_key: true,
        pointer_deferred: false,
        parent_is_ancestor: true,
        evict: evict_view(AddMethod::Tree),
    }
}

#[test]
fn counts_of_elements_do_not_wrap() {
    let overflow = Err(Stop::Rejected(Reason::ElementCountOverflow));
    for (count, expected) in [(u64::MAX - 1, Ok(u64::MAX)), (u64::MAX, overflow)] {
        let view = AddBView { element_count: count, ..add_b_view() };
        assert_eq!(decide_add_b(&view).map(|update| update.element_count), expected);
        let view = EvictBView { element_count: count, ..evict_view(AddMethod::Deferred) };
        assert_eq!(decide_evict_b(&view), expected);
        let evict = EvictBView { element_count: count, ..evict_view(AddMethod::Tree) };
        assert_eq!(decide_evict_bm(&EvictBMView { evict, ..evict_bm_view() }), expected);
    }
}

#[test]
fn the_last_epoch_has_no_successor() {
    let last = Epoch(u32::MAX);
    let next = decide_next_epoch(at(u32::MAX - 1, 9));
    assert_eq!(next, Ok(Timestamp::new(last, 0)));
    let overflow = Err(Stop::Rejected(Reason::EpochOverflow));
    assert_eq!(decide_next_epoch(Timestamp::new(last, 0)), overflow);
}

#[test]
fn the_last_epoch_can_never_be_closed() {
    let view = VerifyEpochView {
        clock: at(u32::MAX, u32::MAX),
        next_epoch: Epoch(u32::MAX),
        board_has_room: true,
    };
    assert_eq!(decide_verify_epoch(&view), Err(Stop::Rejected(Reason::EpochNotPassed)));
}

#[test]
fn a_side_that_points_nowhere_has_no_child() {
    assert_eq!(decide_add_m(&add_m_view()), Ok(AddMUpdate::NewEdge));
    let view = AddMView { child: Some(SlotId(1)), ..add_m_view() };
    assert_eq!(decide_add_m(&view), Err(Stop::Rejected(Reason::ChildInStore)));
}

#[test]
fn a_record_from_the_tree_has_a_clear_pointer() {
    assert_eq!(decide_evict_bm(&evict_bm_view()), Ok(1));
    let view = EvictBMView { pointer_deferred: true, ..evict_bm_view() };
    assert_eq!(decide_evict_bm(&view), Err(Stop::Rejected(Reason::PointerDeferred)));
}

#[test]
fn an_add_moves_the_clock_past_its_element_and_never_back() {
    let clock = |clock, timestamp| {
        let view = AddBView { clock, timestamp, published: timestamp, ..add_b_view() };
        decide_add_b(&view).map(|update| update.clock).ok()
    };
    assert_eq!(clock(at(0, 3), at(0, 5)), Some(at(0, 6)));
    assert_eq!(clock(at(0, 5), at(0, 5)), Some(at(0, 6)));
    assert_eq!(clock(at(0, 6), at(0, 5)), Some(at(0, 6)));
    assert_eq!(clock(at(0, 9), at(0, 5)), Some(at(0, 9)));
    assert_eq!(clock(at(1, 0), at(0, 5)), Some(at(1, 0)));
    assert_eq!(clock(at(0, 9), at(2, 0)), Some(at(2, 1)));
}

#[test]
fn fatal_checks_come_before_those_that_wait() {
    // Everything that could wait does, and one fatal check fails.
    let waiting = AddBView {
        timestamp: at(100, 5),
        published: at(0, 0),
        bytes: ByteUse { used: 1, added: 1, budget: 1 },
        ..add_b_view()
    };
    assert_eq!(decide_add_b(&waiting).err(), Some(Stop::Retry(NotYet::Window)));
    let fatal = AddBView { slot_empty: false, ..waiting };
    assert_eq!(decide_add_b(&fatal).err(), Some(Stop::Rejected(Reason::SlotOccupied)));
    let commit = |slots_used| {
        let bytes = ByteUse { used: 1, added: 1, budget: 1 };
        decide_commit(&CommitView { slots_listed: 1, slots_used, bytes })
    };
    assert_eq!(commit(1), Err(Stop::Retry(NotYet::ByteBudget)));
    assert_eq!(commit(0), Err(Stop::Rejected(Reason::SlotUnused)));
}

#[test]
fn only_what_grows_needs_room() {
    let fits = |used, added, budget| {
        let bytes = ByteUse { used, added, budget };
        decide_commit(&CommitView { slots_listed: 0, slots_used: 0, bytes }).is_ok()
    };
    assert!(fits(10, 0, 5));
    assert!(fits(4, 1, 5));
    assert!(!fits(5, 1, 5));
    assert!(!fits(u64::MAX, u64::MAX, u64::MAX));
}
