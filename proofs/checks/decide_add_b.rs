//! The printed `decide_add_b` answers as the Coq function does; a test of the printer.
#[path = "../generated/decide_add_b.rs"]
mod printed;
use printed::*;

const fn at(epoch: u32, counter: u32) -> Timestamp {
    Timestamp { epoch, counter }
}

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
    bytes_used: 90,
    record_bytes: 10,
    byte_budget: 100,
};

#[test]
fn a_published_element_is_added() {
    let update = AddBUpdate { new_clock: at(3, 8), new_element_count: 1 };
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
    let view = AddBView { slot_empty: false, published: at(0, 0), bytes_used: u64::MAX, ..GOOD };
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
        },
        Err(Stop::Retry(not_yet)) => match not_yet {
            NotYet::Window => 8,
            NotYet::PublishedClock => 9,
            NotYet::ByteBudget => 10,
        },
    }
}

/// The grid of `sweep.v`, in its order.
fn for_each_view(mut visit: impl FnMut(&AddBView)) {
    const MAX: u32 = u32::MAX;
    let stamps =
        [at(4, 7), at(5, 6), at(5, 7), at(5, MAX), at(68, MAX - 1), at(69, 0), at(MAX, MAX)];
    let bytes = [(0, 0, 0), (5, 5, 10), (5, 6, 10), (u64::MAX, 1, u64::MAX)];
    for flags in 0..32_u8 {
        for (timestamp, clock, published) in stamps.iter().flat_map(|&timestamp| {
            stamps.iter().flat_map(move |&clock| stamps.map(|seen| (timestamp, clock, seen)))
        }) {
            for element_count in [0, u64::MAX - 1, u64::MAX] {
                for (bytes_used, record_bytes, byte_budget) in bytes {
                    visit(&AddBView {
                        slot_in_range: flags & 16 != 0,
                        is_root: flags & 8 != 0,
                        slot_empty: flags & 4 != 0,
                        thread_in_range: flags & 2 != 0,
                        own_element: flags & 1 != 0,
                        timestamp,
                        clock,
                        published,
                        next_epoch: 5,
                        element_count,
                        bytes_used,
                        record_bytes,
                        byte_budget,
                    });
                }
            }
        }
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
        if let Ok(AddBUpdate { new_clock, new_element_count }) = answer {
            mix(new_clock.epoch.into());
            mix(new_clock.counter.into());
            mix(new_element_count);
        }
    });
    let numbers: Vec<String> =
        tally.into_iter().chain([sum.into()]).map(|n| n.to_string()).collect();
    assert_eq!(numbers.join(" "), env!("SWEEP"));
}
