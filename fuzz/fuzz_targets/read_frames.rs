//! Fuzzes the frames of requests: whoever cuts the bytes where, the same requests are found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zeta_host::{Requests, leading_requests};

const FRAME_MAX: u32 = 8192;

fuzz_target!(|data: &[u8]| {
    let (count, end) = leading_requests(data, FRAME_MAX, usize::MAX);
    let mut requests = Requests::default();
    assert!(requests.push_frames(&data[..end]).is_some());
    assert_eq!(requests.len(), count);
    // One at a time, and from every shorter beginning no other ones.
    let mut at = 0;
    for found in 0..count {
        let (one, len) = leading_requests(&data[at..], FRAME_MAX, 1);
        assert_eq!(one, 1);
        for cut in [at + 1, at + len - 1] {
            assert_eq!(leading_requests(&data[..cut], FRAME_MAX, usize::MAX), (found, at));
        }
        at += len;
    }
    assert_eq!(at, end);
    assert_eq!(leading_requests(&data[end..], FRAME_MAX, 1), (0, 0));
    // Bytes that are not only requests are never taken for them.
    let mut all = Requests::default();
    let taken = all.push_frames(data).is_some();
    assert!(!taken || all.len() >= count);
});
