"""`zeta.Verifier`: four answers to a log, four outcomes of an epoch, and who may call."""

import threading

import pytest
import zeta
from zeta import errors, log
from zeta.verifier import Done, Rejected, Retry

KEY = b"key"
BRING = log.AddM(slot=1, ancestor_slot=0, record=log.App(KEY, None))
CLOSE: list[log.Entry] = [log.NextEpoch(), log.VerifyEpoch()]


def test_an_honest_log_certifies() -> None:
    verifier = zeta.Verifier()
    progress = verifier.verify_log(0, log.encode([BRING, log.put(KEY, b"v", 1), *CLOSE]))
    assert progress.stop == Done()
    assert progress.outputs == [log.Done(b"")]
    assert log.decode_answers(progress.raw_outputs) == progress.outputs
    assert verifier.outcome(0) == zeta.Certified()
    assert verifier.outcome(1) == zeta.Pending(missing=(0,))
    assert verifier.certified == 0


def test_a_lie_is_rejected_with_its_position() -> None:
    verifier = zeta.Verifier(threads=2)
    honest = log.encode([BRING, log.put(KEY, b"v", 1)])
    lie = log.encode(log.get(KEY, 2))
    progress = verifier.verify_log(0, honest + lie)
    assert progress.consumed == len(honest)
    assert progress.stop == Rejected(0, len(honest), zeta.Reason.SLOT_EMPTY)
    again = verifier.verify_log(0, honest).stop
    assert again == Rejected(0, len(honest), zeta.Reason.THREAD_POISONED)
    assert verifier.outcome(0) == zeta.Poisoned(0, len(honest), zeta.Reason.SLOT_EMPTY)
    assert verifier.verify_log(1, log.encode(CLOSE)).stop == Done()
    assert verifier.certified is None


def test_a_request_at_fault_is_refused_and_the_log_goes_on() -> None:
    verifier = zeta.Verifier()
    entries = [
        log.RunApp(99, b"", ()),
        log.RunApp(0, b"no arguments", ()),
        log.RunApp(0, log.arguments(KEY), (), log.Session(1, 1, bytes(16))),
    ]
    progress = verifier.verify_log(0, log.encode(entries))
    assert progress.stop == Done()
    assert [type(answer) for answer in progress.outputs] == [log.Refused] * 3


def test_retry_changes_nothing() -> None:
    verifier = zeta.Verifier(threads=2)
    bring_and_defer: list[log.Entry] = [BRING, log.EvictBM(1, 0, log.Timestamp(0, 1))]
    early = log.encode(log.AddB(0, 0, log.Timestamp(0, 1), log.App(KEY, None)))
    for _ in range(2):
        progress = verifier.verify_log(1, early)
        assert (progress.consumed, progress.stop) == (0, Retry(zeta.NotYet.PUBLISHED_CLOCK))
    assert verifier.verify_log(0, log.encode(bring_and_defer)).stop == Done()
    assert verifier.verify_log(1, early).stop == Done()
    assert verifier.clock(1) == log.Timestamp(0, 2)


def test_a_changed_value_is_a_mismatch() -> None:
    verifier = zeta.Verifier()
    entries = [
        BRING,
        log.EvictBM(1, 0, log.Timestamp(0, 1)),
        log.AddB(1, 0, log.Timestamp(0, 1), log.App(KEY, b"forged")),
        *CLOSE,
    ]
    assert verifier.verify_log(0, log.encode(entries)).stop == Done()
    assert verifier.outcome(0) == zeta.Mismatch(first=0)
    assert verifier.outcome(7) == zeta.Mismatch(first=0)


def test_what_can_be_written_to_is_copied_first() -> None:
    data = bytearray(log.encode(BRING))
    verifier = zeta.Verifier()
    assert verifier.verify_log(0, memoryview(data)).stop == Done()
    assert verifier.verify_log(0, bytearray(log.encode(CLOSE))).stop == Done()
    data.clear()  # no buffer is held any more


def test_a_known_instance() -> None:
    nonce = bytes(16)
    one, two = zeta.Verifier(nonce=nonce), zeta.Verifier(nonce=nonce, threads=3)
    assert one.instance == two.instance
    assert len(one.instance) == 16
    assert one.instance != zeta.Verifier().instance
    assert two.threads == 3
    adopted = log.Pointers(log.Pointer(log.leaf_path(0, KEY).truncated(256), bytes(32)))
    assert zeta.Verifier(nonce=nonce, root=adopted).instance != one.instance


def test_an_adopted_root_vouches_for_its_records() -> None:
    leaf = log.leaf_path(0, KEY)
    pointer = log.Pointer(leaf, log.value_hash(b"old"))
    sides = (pointer, None) if leaf.bit(0) == 0 else (None, pointer)
    verifier = zeta.Verifier(root=log.Pointers(*sides))
    bring = log.AddM(1, 0, log.App(KEY, b"old"))
    progress = verifier.verify_log(0, log.encode([bring, log.get(KEY, 1)]))
    assert log.value_of(progress.outputs[0]) == b"old"


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 0},
        {"slots": 0},
        {"app": b"no program"},
        {"nonce": b"short"},
        {"incarnation": b"short"},
        {"threads": 65_536},
        {"slots": -1},
        {"byte_budget": 2**64},
        # More memory than there is must not end the process.
        {"threads": 65_535, "slots": 65_535},
    ],
    ids=repr,
)
def test_bad_configurations(options: dict[str, object]) -> None:
    with pytest.raises(errors.InvalidValue):
        zeta.Verifier(**options)  # type: ignore[arg-type]


def test_bad_calls() -> None:
    verifier = zeta.Verifier()
    with pytest.raises(errors.InvalidValue, match="there is no thread `1`"):
        verifier.verify_log(1, b"")
    with pytest.raises(errors.InvalidType):
        verifier.verify_log(0, "text")  # type: ignore[arg-type]
    for number in (-1, 2**32):
        with pytest.raises(errors.InvalidValue):
            verifier.verify_log(number, b"")
        with pytest.raises(errors.InvalidValue):
            verifier.outcome(number)
    with pytest.raises(errors.InvalidType):
        zeta.Verifier(root=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        zeta.Verifier(unknown=1)  # type: ignore[call-arg]


def test_many_python_threads_share_a_verifier() -> None:
    threads, rounds = 4, 200
    verifier = zeta.Verifier(threads=threads)
    failed: list[object] = []

    def drive(thread: int) -> None:
        # Long and short calls, so that both ways of taking the baton are used.
        step = log.encode([log.RunApp(99, bytes(5000 * (thread % 2)), ())])
        for _ in range(rounds):
            progress = verifier.verify_log(thread, step)
            if progress.stop != Done():
                failed.append(progress)
        verifier.verify_log(thread, log.encode(CLOSE))

    workers = [threading.Thread(target=drive, args=(i % threads,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed
    assert verifier.outcome(0) == zeta.Certified()
