//! The views of `sweep.v`, in its order: a grid about every bound.
use crate::printed::{AddBView, ByteUse, Timestamp};

pub const fn at(epoch: u32, counter: u32) -> Timestamp {
    Timestamp { epoch, counter }
}

const MAX: u32 = u32::MAX;

const STAMPS: [Timestamp; 7] =
    [at(4, 7), at(5, 6), at(5, 7), at(5, MAX), at(36, MAX - 1), at(37, 0), at(MAX, MAX)];

const USES: [ByteUse; 5] = [
    ByteUse { used: 11, added: 0, budget: 10 },
    ByteUse { used: 5, added: 5, budget: 10 },
    ByteUse { used: 5, added: 6, budget: 10 },
    ByteUse { used: u64::MAX, added: 1, budget: u64::MAX - 1 },
    ByteUse { used: u64::MAX, added: 1, budget: u64::MAX },
];

fn for_each_timestamps(mut visit: impl FnMut(Timestamp, Timestamp, Timestamp)) {
    for timestamp in STAMPS {
        for clock in STAMPS {
            for published in STAMPS {
                visit(timestamp, clock, published);
            }
        }
    }
}

pub fn for_each_view(mut visit: impl FnMut(&AddBView)) {
    for flags in 0..32_u8 {
        for_each_timestamps(|timestamp, clock, published| {
            for element_count in [0, u64::MAX - 1, u64::MAX] {
                for bytes in USES {
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
                        bytes,
                    });
                }
            }
        });
    }
}
