"""Existing data: their summary, and a store that begins with them or not at all."""

import numpy as np
import pytest
import zeta
from zeta import errors, log

DATA = {b"key %d" % number: b"value %d" % number for number in range(500)}


def test_a_summary_is_of_the_data_not_of_their_order() -> None:
    summary = zeta.summary(DATA)
    assert summary == zeta.summary(sorted(DATA.items(), reverse=True))
    assert summary == zeta.summary((list(DATA), list(DATA.values())))
    assert summary != zeta.summary({**DATA, b"key 7": b"other"})
    assert summary.records == 500
    assert zeta.summary({}) == zeta.Summary(log.EMPTY_ROOT, 0)
    numbers = np.arange(9, dtype="<u8")
    pairs = [(number.tobytes(), number.tobytes()) for number in numbers]
    assert zeta.summary((numbers, numbers)) == zeta.summary(pairs)


def test_a_summary_can_be_written_down() -> None:
    summary = zeta.summary(DATA)
    assert zeta.Summary.from_bytes(bytes(summary)) == summary
    assert zeta.Summary.from_hex(summary.hex()) == summary
    assert len(summary.fingerprint) == 64
    assert str(summary) == summary.fingerprint
    for bad in (b"", b"no summary", bytes(summary)[:-1], b"\x07" + bytes(summary)):
        with pytest.raises(errors.InvalidValue):
            zeta.Summary.from_bytes(bad)


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_a_store_begins_with_its_data(workers: int) -> None:
    with zeta.open(DATA, workers=workers, summary=zeta.summary(DATA)) as store:
        assert dict(store) == DATA
        store[b"new"] = b"1"
        del store[b"key 3"]
        store.certify()
        assert store.get(b"key 3") is None
        assert len(store) == 500


def test_other_data_than_those_of_the_summary_are_refused() -> None:
    summary = zeta.summary(DATA)
    changed = {**DATA, b"key 7": b"forged"}
    without = {key: value for key, value in DATA.items() if key != b"key 7"}
    for data in (changed, without, {**DATA, b"new": b""}, {}, None):
        with pytest.raises(errors.InvalidValue, match="not those that were summarized"):
            zeta.open(data, summary=summary)


def test_bad_data() -> None:
    twice = [(b"a", b"1"), (b"a", b"1")]
    for data, message in (
        (twice, "one key"),
        ({b"k" * 4097: b""}, "limit"),
        ({b"k": b"v" * ((1 << 20) + 1)}, "limit"),
        (([b"a"], []), "`1` keys and `0` values"),
    ):
        with pytest.raises(errors.InvalidValue, match=message):
            zeta.summary(data)
        with pytest.raises(errors.InvalidValue, match=message):
            zeta.open(data)


def test_a_verifier_adopts_a_summary() -> None:
    """A log by hand over adopted data: the tree of two records is the root alone."""
    keys = [next(key for key in DATA if log.leaf_path(0, key).bit(0) == side) for side in (0, 1)]
    verifier = zeta.Verifier(root=zeta.summary({key: key for key in keys}))
    entries: list[log.Entry] = []
    for slot, key in enumerate(keys, 1):
        entries += [log.AddM(slot, 0, log.App(key, key)), log.get(key, slot)]
    outputs = verifier.verify_log(0, log.encode(entries)).outputs
    assert [log.value_of(answer) for answer in outputs] == keys
