//! Fuzzes the codec: whatever decodes is what it would be encoded as.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zeta_verifier::{Answer, Entry, decode_node, encode_node};

fuzz_target!(|data: &[u8]| {
    let mut rest = data;
    while let Ok((entry, after)) = Entry::decode(rest) {
        let mut log = Vec::new();
        entry.encode(&mut log);
        assert_eq!(log, rest[..rest.len() - after.len()]);
        rest = after;
    }
    if let Ok(node) = decode_node(data) {
        let mut bytes = Vec::new();
        encode_node(&node, &mut bytes);
        assert_eq!(bytes, data);
    }
    let mut rest = data;
    while let Some((_, after)) = Answer::decode(rest) {
        assert!(after.len() < rest.len());
        rest = after;
    }
});
