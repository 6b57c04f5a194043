//! Receipts from a running verifier: what was certified convinces a third party, nothing else does.

use crate::{
    CLIENT, GET, IDENTITY, PUT, Served, Told, access, arguments, embedded, encoded, session_entry,
};
use zeta_receipt::{Answered, Receipt, ReceiptError, path};
use zeta_session::{
    Asker, Certification, ClientKind, Frontier, Hash, Identity, PublicIdentity, public_key,
    thread_hash,
};
use zeta_verifier::{
    Entry, Epoch, NotCertified, Outcome, Record, RelationId, SessionEntry, SlotId, ThreadId,
    Timestamp,
};

fn identity() -> PublicIdentity {
    Identity::new(&IDENTITY).public()
}

/// What the host keeps of one operation.
struct Kept {
    receipt: Receipt,
    leaf: Hash,
}

fn answered(told: &Told) -> Answered {
    match told {
        Told::Done(result) => Answered::Done(result.clone()),
        Told::Failed(code) => Answered::Failed(*code),
        Told::Refused(code) => Answered::Refused(*code),
        other => panic!("{other:?}"),
    }
}

/// A receipt without its place, from an answer and what follows it.
fn keep(served: &Served, asker: Asker, transition: u16, parts: &[&[u8]], told: &[Told]) -> Kept {
    let [answer, Told::Receipt { timestamp, leaf, .. }] = told else { panic!("{told:?}") };
    let receipt = Receipt {
        scope: served.scope,
        asker,
        transition,
        arguments: arguments(parts),
        answer: answered(answer),
        thread: 0,
        epoch: timestamp.epoch().0,
        counter: timestamp.counter(),
        index: 0,
        count: 0,
        path: vec![],
        threads: 2,
        receipts: 0,
        thread_path: vec![],
        signature: [0; 64],
    };
    assert_eq!(receipt.leaf().hash(), *leaf);
    Kept { receipt, leaf: *leaf }
}

/// Puts the receipts of thread 0 in their places; thread 1 has none.
fn place(kept: &mut [Kept], certification: &Certification) {
    let leaves: Vec<Hash> = kept.iter().map(|kept| kept.leaf).collect();
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    let empty = Frontier::default();
    let threads =
        [thread_hash(0, frontier.count(), &frontier.root()), thread_hash(1, 0, &empty.root())];
    for (index, kept) in kept.iter_mut().enumerate() {
        kept.receipt.index = index as u64;
        kept.receipt.count = frontier.count();
        kept.receipt.path = path(&leaves, index);
        kept.receipt.receipts = certification.receipts;
        kept.receipt.thread_path = path(&threads, 0);
        kept.receipt.signature = certification.signature;
    }
}

/// Some operations of epoch 0: the host's own, a client's, and one that is refused.
fn some_operations(served: &mut Served) -> Vec<Kept> {
    let client = served.client();
    served.add(1, b"a");
    let asker = |sequence| Asker::Session {
        kind: ClientKind::Client,
        client: public_key(&CLIENT),
        session: client.id,
        sequence,
    };
    let mut kept = Vec::new();
    let requests: [(u16, &[&[u8]]); 4] =
        [(PUT, &[b"a", b"v"]), (GET, &[b"a"]), (GET, &[b"z"]), (9, &[])];
    for (sequence, (transition, parts)) in (1..).zip(requests) {
        let slots: &[u16] = if parts.first() == Some(&&b"a"[..]) { &[1] } else { &[] };
        let told = served.run(0, &client.request(sequence, transition, parts, slots));
        kept.push(keep(served, asker(sequence), transition, parts, &told));
    }
    for (transition, parts) in requests.iter().take(2) {
        let told = served.run(0, &embedded(*transition, parts, &[1]));
        kept.push(keep(served, Asker::Embedded, *transition, parts, &told));
    }
    let told = served.run(0, &embedded(9, &[], &[]));
    kept.push(keep(served, Asker::Embedded, 9, &[], &told));
    kept
}

#[test]
fn certified_receipts_convince_a_third_party() {
    let mut served = Served::new(2, &access(true, true));
    let mut kept = some_operations(&mut served);
    assert_eq!(served.certifier.certification(Epoch(0)), Err(NotCertified));
    assert_eq!(served.close(), Epoch(0));
    let certification = served.certifier.certification(Epoch(0)).unwrap();
    assert_eq!(certification.receipts, 7);
    assert_eq!((certification.epoch, certification.threads), (0, 2));
    assert_eq!(served.certifier.certification(Epoch(0)), Ok(certification), "always the same");
    place(&mut kept, &certification);
    for Kept { receipt, .. } in &kept {
        assert_eq!(receipt.verify(&identity(), &served.scope), Ok(()));
        let decoded = Receipt::decode(&receipt.encode()).unwrap();
        assert_eq!(decoded.verify(&identity(), &served.scope), Ok(()));
    }
    let mut lie = kept.remove(1).receipt;
    lie.answer = Answered::Done(vec![0]);
    assert_eq!(lie.verify(&identity(), &served.scope), Err(ReceiptError::NotCertified));
}

#[test]
fn the_introduction_is_signed() {
    let served = Served::closed();
    let introduction = served.certifier.introduction();
    assert!(introduction.is_genuine());
    assert_eq!((introduction.identity, introduction.scope), (identity(), served.scope));
}

/// Every epoch has a certification, also one without a single receipt; its receipts are its own.
#[test]
fn each_epoch_has_its_own_receipts() {
    let mut served = Served::new(2, &access(true, true));
    let first = some_operations(&mut served);
    served.close();
    let told = served.run(0, &embedded(GET, &[b"a"], &[1]));
    let mut second = [keep(&served, Asker::Embedded, GET, &[b"a"], &told)];
    served.close();
    served.close();
    let counts = [first.len() as u64, 1, 0];
    for (epoch, count) in (0..).zip(counts) {
        let certification = served.certifier.certification(Epoch(epoch)).unwrap();
        assert_eq!((certification.epoch, certification.receipts), (epoch, count));
        assert!(certification.is_signed_by(&identity()));
    }
    place(&mut second, &served.certifier.certification(Epoch(1)).unwrap());
    let [Kept { receipt, .. }] = second;
    assert_eq!(receipt.verify(&identity(), &served.scope), Ok(()));
    assert_eq!(served.certifier.certification(Epoch(3)), Err(NotCertified));
}

/// What was asked about, revoked, opened, replayed or not allowed makes no receipt.
#[test]
fn only_operations_have_receipts() {
    let mut served = Served::closed();
    let client = served.client();
    served.add(1, b"a");
    let get = client.request(1, GET, &[b"a"], &[1]);
    for log in [
        get.clone(),
        get,
        client.question(2),
        client.request(2, GET, &[b"a"], &[1]),
        embedded(GET, &[b"a"], &[1]),
        session_entry(SessionEntry::Revoke { session: client.id }),
        client.request(3, GET, &[b"a"], &[1]),
    ] {
        served.run(0, &log);
    }
    served.close();
    assert_eq!(served.certifier.certification(Epoch(0)).unwrap().receipts, 1);
}

/// Embedded operations have none where the access list does not say so.
#[test]
fn the_hosts_own_receipts_are_optional() {
    let mut served = Served::new(2, &access(true, false));
    served.add(1, b"a");
    assert_eq!(served.run(0, &embedded(GET, &[b"a"], &[1])).len(), 1);
    served.close();
    assert_eq!(served.certifier.certification(Epoch(0)).unwrap().receipts, 0);
}

#[test]
fn an_epoch_that_mismatched_is_never_signed() {
    let mut served = Served::new(2, &access(true, true));
    some_operations(&mut served);
    let timestamp = Timestamp::new(Epoch(0), 5);
    let (relation, thread) = (RelationId(0), ThreadId(0));
    let record = Record::App { relation, key: b"forged", value: Some(b"") };
    served.run(0, &encoded(&Entry::AddB { slot: SlotId(9), thread, timestamp, record }));
    served.close();
    assert_eq!(served.verifier.board.outcome(Epoch(0)), Outcome::Mismatch { first: Epoch(0) });
    for epoch in 0..40 {
        assert_eq!(served.certifier.certification(Epoch(epoch)), Err(NotCertified));
    }
}

#[test]
fn roots_are_kept_for_a_while() {
    let mut served = Served::new(2, &access(true, true));
    let count = some_operations(&mut served).len() as u64;
    for _ in 0..32 {
        served.close();
    }
    let first = |served: &Served| served.certifier.certification(Epoch(0));
    assert_eq!(first(&served).map(|signed| signed.receipts), Ok(count));
    for _ in 0..40 {
        served.close();
        assert_eq!(first(&served), Err(NotCertified));
    }
}
