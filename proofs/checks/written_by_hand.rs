//! The verifier's own `decide_add_b`, written by hand, answers as the printed one does.
#[path = "../generated/decide_add_b.rs"]
#[expect(dead_code, reason = "AddB meets some of the answers alone")]
mod printed;

mod grid;

use zeta_verifier::{Epoch, Timestamp, decide};

fn stamp(timestamp: printed::Timestamp) -> Timestamp {
    Timestamp::new(Epoch(timestamp.epoch), timestamp.counter)
}

fn view_by_hand(view: &printed::AddBView) -> decide::AddBView {
    let printed::ByteUse { used, added, budget } = view.bytes;
    decide::AddBView {
        slot_in_range: view.slot_in_range,
        is_root: view.is_root,
        slot_empty: view.slot_empty,
        thread_in_range: view.thread_in_range,
        own_element: view.own_element,
        timestamp: stamp(view.timestamp),
        clock: stamp(view.clock),
        published: stamp(view.published),
        next_epoch: Epoch(view.next_epoch),
        element_count: view.element_count,
        bytes: decide::ByteUse { used, added, budget },
    }
}

#[test]
fn the_window_is_the_same() {
    assert_eq!(zeta_verifier::EPOCH_WINDOW, printed::EPOCH_WINDOW);
}

/// Reasons bear the same names on both sides, so their names are compared.
#[test]
fn both_answer_alike() {
    grid::for_each_view(|view| {
        let printed = printed::decide_add_b(view)
            .map(|update| (stamp(update.clock), update.element_count))
            .map_err(|stop| format!("{stop:?}"));
        let by_hand = decide::decide_add_b(&view_by_hand(view))
            .map(|update| (update.clock, update.element_count))
            .map_err(|stop| format!("{stop:?}"));
        assert_eq!(printed, by_hand, "{view:?}");
    });
}
