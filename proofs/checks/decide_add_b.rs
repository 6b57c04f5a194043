//! The printed `decide_add_b` answers as the Coq function does; a test of the printer.
#[path = "../generated/decide_add_b.rs"]
#[expect(dead_code, reason = "AddB meets some of the answers alone")]
mod printed;

mod grid;

use grid::{at, for_each_view};
use printed::*;

const GOOD: AddBView = AddBView {
    slot_in_range: true,
    is_root: false,
    slot_empty: true,
    thread_in_range: true,
    own_element: false,
    timestamp: at(3, 7),
    clock: at(3, 2),
    published: at(3, 7),
    next_epoch: 3,
    element_count: 0,
    bytes: ByteUse { used: 90, added: 10, budget: 100 },
};

#[test]
fn a_published_element_is_added() {
    let update = AddBUpdate { clock: at(3, 8), element_count: 1 };
    assert_eq!(decide_add_b(&GOOD), Ok(update));
}

#[test]
fn an_element_that_is_not_published_waits() {
    let view = AddBView { published: at(3, 6), ..GOOD };
    assert_eq!(decide_add_b(&view), Err(Stop::Retry(NotYet::PublishedClock)));
    assert!(decide_add_b(&AddBView { own_element: true, ..view }).is_ok());
}

#[test]
fn a_lie_is_not_answered_with_not_yet() {
    let view = AddBView { slot_empty: false, published: at(0, 0), element_count: u64::MAX, ..GOOD };
    assert_eq!(decide_add_b(&view), Err(Stop::Rejected(Reason::SlotOccupied)));
}

fn answer_code(answer: &Result<AddBUpdate, Stop>) -> u32 {
    match answer {
        Ok(_) => 0,
        Err(Stop::Rejected(reason)) => match reason {
            Reason::SlotOutOfRange => 1,
            Reason::RootAddedFromDeferred => 2,
            Reason::SlotOccupied => 3,
            Reason::ThreadOutOfRange => 4,
            Reason::AddToVerifiedEpoch => 5,
            Reason::CounterOverflow => 6,
            Reason::ElementCountOverflow => 7,
            other => panic!("AddB is not rejected for {other:?}"),
        },
        Err(Stop::Retry(not_yet)) => match not_yet {
            NotYet::Window => 8,
            NotYet::PublishedClock => 9,
            NotYet::ByteBudget => 10,
            other => panic!("AddB does not wait for {other:?}"),
        },
    }
}

/// `SWEEP` is what Coq computed, given when this file is compiled.
#[test]
fn the_sweep_agrees_with_coq() {
    let (mut tally, mut sum) = ([0_u64; 11], 0_u32);
    let mut mix = |n: u64| sum = sum.wrapping_mul(33).wrapping_add(n as u32);
    for_each_view(|view| {
        let answer = decide_add_b(view);
        let code = answer_code(&answer);
        tally[code as usize] += 1;
        mix(code.into());
        if let Ok(AddBUpdate { clock, element_count }) = answer {
            mix(clock.epoch.into());
            mix(clock.counter.into());
            mix(element_count);
        }
    });
    let numbers: Vec<String> =
        tally.into_iter().chain([sum.into()]).map(|n| n.to_string()).collect();
    assert_eq!(numbers.join(" "), env!("SWEEP"));
}
