//! Fuzzes what clients and verifiers read of each other: files, access lists, handshake messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use zeta_receipt::{
    Receipt, decode_certification, decode_introduction, encode_certification, encode_introduction,
};
use zeta_session::{AccessList, Ask, Entropy, Initiator, Responder, Scope, public_key};

const SCOPE: Scope = Scope { instance: [1; 16], incarnation: [2; 16], program: [3; 32] };
const SECRET: [u8; 32] = [5; 32];

fuzz_target!(|data: &[u8]| {
    if let Ok(receipt) = Receipt::decode(data) {
        assert_eq!(receipt.encode(), data);
        let _ = receipt.certification();
    }
    if let Ok(certification) = decode_certification(data) {
        assert_eq!(encode_certification(&certification), data);
    }
    if let Ok(introduction) = decode_introduction(data) {
        assert_eq!(encode_introduction(&introduction), data);
        let _ = introduction.is_genuine();
    }
    if let Ok(list) = AccessList::decode(data) {
        assert_eq!(list.encode(), data);
    }
    let mut entropy = Entropy::new([7; 32]);
    let responder = Responder::new(Entropy::new(SECRET).draw(), SCOPE);
    // Whoever makes a good message 1 knows the static key; nothing that is made blindly is one.
    assert!(responder.read(data, &mut entropy).is_err());
    let verifier = public_key(&SECRET);
    let start = Initiator::start(&SCOPE, &verifier, &[4; 32], Ask::default(), &mut entropy);
    assert!(start.expect("the keys are good").0.finish(data).is_err());
});
