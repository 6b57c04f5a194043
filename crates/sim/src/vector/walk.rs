//! A longer honest walk through every entry and every case of AddM.

use super::script::{A, B, D, F, Script, at};
use super::{Case, Expected, TWO_THREADS};
use crate::operation::Operation;
use crate::owned_record::OwnedRecord;
use zeta_verifier::{Answer, Epoch, EvictedValue, Node, Timestamp, decode_node};

pub(super) fn cases() -> Vec<Case> {
    let case = |name, about, play| Case::new(Expected::Accepted, name, about, play);
    vec![
        case("empty_epoch", "two threads close an epoch in which nothing happened", |s| s.close())
            .on(TWO_THREADS),
        case("every_entry", "every entry, and AddM in its three ways, on two threads", every_entry)
            .on(TWO_THREADS),
        case("many_in_one_call", "the entries of several operations in one call", many_in_one_call),
        case("long_value", "a value that enters its element by its digest", long_value),
    ]
}

fn every_entry(s: &mut Script) {
    // A new edge, then a node that cuts it while its leaf is in a slot, then the second leaf.
    s.add_new(1, A);
    s.put(0, 1, A, b"one");
    let fork = s.fork(A, F);
    s.add_m(0, 2, 0, &fork);
    s.add_m(0, 3, 2, &OwnedRecord::null(F));
    s.put(0, 3, F, b"two");
    // One leaf goes into the tree and returns, the other goes to thread 1 and changes there.
    s.evict_m(0, 1, 2);
    s.add_m(0, 1, 2, &OwnedRecord::some(A, b"one"));
    s.evict_bm(0, 3, 2, at(1));
    s.add_b(1, 0, (0, at(1)), &OwnedRecord::some(F, b"two"));
    let (key, expected, new) = (F.to_vec(), Some(b"two".to_vec()), Some(b"three".to_vec()));
    s.run_app(1, &Operation::CompareAndSet { key, expected, new }, &[0]);
    s.evict_b(1, 0, at(5));
    // It returns to thread 0, and through the tree: the deferred bit is cleared.
    s.add_b(0, 3, (1, at(5)), &OwnedRecord::some(F, b"three"));
    let (source, target) = (F.to_vec(), A.to_vec());
    s.run_app(0, &Operation::Rename { source, target }, &[3, 1]);
    s.evict_m(0, 3, 2);
    s.add_m(0, 3, 2, &OwnedRecord::null(F));
    s.run_app(0, &Operation::Delete { key: F.to_vec() }, &[3]);
    s.evict_m(0, 3, 2);
    s.evict_m(0, 1, 2);
    // A node above the other, whose child is in its slot.
    let above = s.fork(A, D);
    s.add_m(0, 4, 0, &above);
    s.evict_m(0, 2, 4);
    let node = evicted_node(s);
    s.add_m(0, 2, 4, &OwnedRecord::Node { path: fork.path(&s.primitives), node });
    s.evict_m(0, 2, 4);
    s.evict_bm(0, 4, 0, Timestamp::new(Epoch(1), 3));
    let node = evicted_node(s);
    let above = OwnedRecord::Node { path: above.path(&s.primitives), node };
    s.add_b(1, 1, (0, Timestamp::new(Epoch(1), 3)), &above);
    s.add_new(5, B);
    s.run_app(0, &Operation::Get { key: B.to_vec() }, &[5]);
    s.close();
}

/// The node that the last call let go.
fn evicted_node(s: &Script) -> Node {
    let outputs = &s.run.steps.last().expect("a call was made").outputs;
    let Some((Answer::Evicted { value: EvictedValue::Node(bytes), .. }, _)) =
        Answer::decode(outputs)
    else {
        return Node::EMPTY;
    };
    decode_node(bytes).expect("the verifier wrote it")
}

fn many_in_one_call(s: &mut Script) {
    let mut log = Vec::new();
    log.extend(super::script::add_m_bytes(1, 0, &OwnedRecord::null(A)));
    log.extend(super::script::add_m_bytes(2, 0, &OwnedRecord::null(B)));
    for value in [&b"first"[..], b"second"] {
        let put = Operation::Put { key: A.to_vec(), value: value.to_vec() };
        log.extend(super::script::run_app_bytes(&put, &[1]));
    }
    let rename = Operation::Rename { source: A.to_vec(), target: B.to_vec() };
    log.extend(super::script::run_app_bytes(&rename, &[1, 2]));
    s.feed(0, &log);
    s.close();
}

fn long_value(s: &mut Script) {
    let value = vec![b'v'; zeta_verifier::ELEMENT_VALUE_LEN_MAX + 1];
    s.add_new(1, A);
    s.put(0, 1, A, &value);
    s.evict_bm(0, 1, 0, at(1));
    s.add_b(0, 1, (0, at(1)), &OwnedRecord::some(A, &value));
    s.close();
}
