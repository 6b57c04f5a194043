"""The embedded store: its operations, its mapping, its handles, its epochs and its errors."""

import pickle
import re
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import assert_type

import pytest
import zeta
from zeta import errors, hazmat
from zeta.store import EpochInfo, Policy

POLICIES: list[Policy] = ["hybrid", "deferred", "merkle", *zeta.UNVERIFIED]
VERIFIED: list[Policy] = ["hybrid", "deferred", "merkle"]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("policy", POLICIES)
def test_operations(policy: Policy, workers: int) -> None:
    with zeta.open(policy=policy, workers=workers) as store:
        assert store.get(b"a") is None
        assert store.get(b"a", b"none") == b"none"
        store.put(b"a", b"1")
        assert store.get(b"a", b"none") == b"1"
        assert store.compare_and_set(b"a", b"0", b"2") is False
        assert store.compare_and_set(b"a", b"1", b"2") is True
        assert store.compare_and_set(b"b", None, b"3") is True
        assert store.compare_and_set(b"b", b"3", None) is True
        assert store.get(b"b") is None
        assert store.rename(b"a", b"c") is True
        assert store.rename(b"a", b"c") is False
        assert store.get(b"c") == b"2"
        assert store.delete(b"c") is True
        assert store.delete(b"c") is False
        store.put(b"", b"")
        assert store.get(b"") == b""


@pytest.mark.parametrize("workers", [1, 2])
def test_mapping(workers: int) -> None:
    with zeta.open(workers=workers) as store:
        assert isinstance(store, MutableMapping)
        store[b"a"] = b"1"
        store.update({b"b": b"2", b"c": b"3"})
        assert store[b"b"] == b"2"
        assert b"b" in store
        assert b"x" not in store
        del store[b"b"]
        for lookup in (store.__getitem__, store.__delitem__, store.pop):
            with pytest.raises(KeyError, match="b'b'"):
                lookup(b"b")
        assert len(store) == 2
        assert set(store) == set(store.keys()) == {b"a", b"c"}
        assert dict(store) == dict(store.items()) == {b"a": b"1", b"c": b"3"}
        assert sorted(store.values()) == [b"1", b"3"]
        assert store.pop(b"a") == b"1"
        assert store.setdefault(b"a", b"4") == b"4"
        store.clear()
        assert len(store) == 0
        assert store == store
        assert store != {}
        assert len({store}) == 1


def test_any_kind_of_bytes() -> None:
    with zeta.open() as store:
        store.put(bytearray(b"key"), memoryview(b"value"))
        assert store.get(memoryview(bytearray(b"key"))) == b"value"


@pytest.mark.parametrize("policy", VERIFIED)
def test_handles_say_which_epoch_certifies(policy: Policy) -> None:
    with zeta.open(policy=policy, epoch=0.05) as store:
        put = store.op.put(b"a", b"1")
        get = store.op.get(b"a")
        assert_type(get.result, bytes | None)
        assert get.result == b"1"
        assert put.epoch <= get.epoch
        assert get.certified(timeout=30) == zeta.Certified()
        assert put.outcome == get.outcome == zeta.Certified()
        assert store.op.delete(b"a").result is True
        assert store.op.compare_and_set(b"a", None, b"2").result is True
        assert store.op.rename(b"a", b"b").certified() == zeta.Certified()
        assert "b'1'" in repr(get)


def test_a_store_without_a_clock_turns_when_asked() -> None:
    with zeta.open(epoch=None) as store:
        operation = store.op.put(b"a", b"1")
        assert operation.epoch == store.epoch == 0
        assert isinstance(operation.outcome, zeta.Pending)
        with pytest.raises(errors.CertificationTimeout):
            store.wait_for(0, 0.05)
        assert operation.certified() == zeta.Certified()
        assert store.certified_epoch == 0
        assert store.epoch == 1
        assert store.certify() == 1
        with pytest.raises(TimeoutError):
            store.wait(store.epoch + 5, timeout=0.01)


def test_epochs_are_listed_with_their_outcomes() -> None:
    seen: list[EpochInfo] = []
    decided = threading.Event()

    def note(info: EpochInfo) -> None:
        seen.append(info)
        decided.set()

    with zeta.open(epoch=None, on_epoch=note) as store:
        for number in range(5):
            store.put(b"%d" % number, b"value")
        assert store.certify() == 0
        [first, second] = store.epochs()
        assert (first.epoch, first.outcome, first.operations) == (0, zeta.Certified(), 5)
        assert first.seconds is not None
        assert first.seconds_to_certify is not None
        assert isinstance(second.outcome, zeta.Pending)
        assert store.epochs(1) == [second]
        assert decided.wait(30)
        assert seen[0].epoch == 0


def test_whoever_watches_was_told_of_all_epochs_when_close_returns() -> None:
    for _ in range(20):
        told: list[EpochInfo] = []
        store = zeta.open(epoch=0.001, on_epoch=told.append)
        store.put_many([b"a"] * 1000, [b"1"] * 1000)
        store.close()
        certified = [info for info in store.epochs() if info.outcome == zeta.Certified()]
        assert told == certified != []


def test_whoever_watches_is_told_of_a_lie_and_may_close() -> None:
    told: list[EpochInfo] = []

    def note(info: EpochInfo) -> None:
        told.append(info)
        with pytest.raises(errors.MismatchError):
            store.close()

    store = zeta.open(epoch=None, policy="deferred", on_epoch=note)
    store.put(b"a", b"1")
    hazmat.tamper(store).set_value(b"a", b"2")
    with pytest.raises(errors.MismatchError):
        store.close()
    assert [info.outcome for info in told] == [zeta.Mismatch(first=0)]


def test_stats_say_where_records_live() -> None:
    with zeta.open(workers=2) as store:
        store.put_many([b"%d" % number for number in range(100)], [b"value"] * 100)
        store.delete(b"7")
        stats = store.stats()
        assert stats.records == 100
        assert stats.in_slots + stats.deferred + stats.in_tree + stats.lent == 100
        assert stats.operations >= 101
        assert stats.bytes > 0
        assert len(store) == 99


def test_long_idle_values_go_to_the_tree_and_short_ones_stay() -> None:
    keys = [b"%d" % number for number in range(80)]
    with zeta.open(epoch=None) as store:
        store.put_many(keys, [key * ((1 << 20) // len(key)) for key in keys])
        store.put_many([b"short " + key for key in keys * 300], keys * 300)
        # One is used in each epoch: where that is not in a slot, it stays deferred.
        for _ in range(4):
            assert store.get(keys[0]) is not None
            store.certify()
        assert 30 < store.stats().in_tree < 80
        for key in keys:
            assert store.get(key) == key * ((1 << 20) // len(key))


def test_closing_certifies_and_ends() -> None:
    store = zeta.open(epoch=None)
    store.put(b"a", b"1")
    store.close()
    assert store.outcome(0) == zeta.Certified()
    store.close()
    for call in (
        lambda: store.get(b"a"),
        lambda: store.put(b"a", b"2"),
        lambda: store.get_many([b"a"]),
        lambda: store.certify(),
        lambda: len(store),
        lambda: list(store),
    ):
        with pytest.raises(errors.StoreClosed, match="closed"):
            call()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_lie_that_closing_found_is_told_whenever_it_is_closed(workers: int) -> None:
    store = zeta.open(epoch=None, policy="deferred", workers=workers)
    store.put(b"a", b"1")
    hazmat.tamper(store).set_value(b"a", b"2")
    for _ in range(3):
        with pytest.raises(errors.MismatchError):
            store.close()
    with pytest.raises(errors.MismatchError), store:
        pass
    with pytest.raises(errors.MismatchError), store, suppress(errors.MismatchError):
        store.close()
    assert store.outcome(0) == zeta.Mismatch(0)


def test_what_a_store_cannot_do() -> None:
    with zeta.open() as store:
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(store)
        with pytest.raises(TypeError, match="encode the text"):
            store.get("key")  # type: ignore[call-overload]
        with pytest.raises(errors.InvalidType, match="encode the text"):
            store.put(b"key", "value")  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidType, match="not `int`"):
            store.get(7)  # type: ignore[call-overload]
        with pytest.raises(errors.InvalidType):
            store.__contains__("key")


def test_limits() -> None:
    with zeta.open() as store:
        store.put(b"k" * 4096, b"v" * (1 << 20))
        assert store.get(b"k" * 4096) == b"v" * (1 << 20)
        with pytest.raises(errors.InvalidValue, match="`4097` bytes is longer than the limit"):
            store.get(b"k" * 4097)
        with pytest.raises(errors.InvalidValue, match="`1048577` bytes is longer than the limit"):
            store.put(b"k", b"v" * ((1 << 20) + 1))
        with pytest.raises(errors.InvalidValue, match="longer than the limit"):
            store.compare_and_set(b"k", None, b"v" * ((1 << 20) + 1))
        with pytest.raises(errors.InvalidValue, match="longer than the limit"):
            store.rename(b"k", b"k" * 5000)
        with pytest.raises(errors.InvalidValue, match="longer than the limit"):
            store.get_many([b"k", b"k" * 4097])
        with pytest.raises(errors.InvalidValue, match="longer than the limit"):
            store.put_many([b"k"], [b"v" * ((1 << 20) + 1)])
        assert store.get(b"k") is None


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 0},
        {"workers": 257},
        {"workers": "two"},
        {"slots": 1},
        {"slots": 70_000},
        {"byte_budget": 1},
        {"policy": "best"},
        {"policy": None},
        {"epoch": 0},
        {"on_epoch": 3},
        {"epoch": -1.0},
        {"epoch": float("nan")},
        {"epoch": "fast"},
        {"data": 7},
        {"data": b"bytes"},
        {"data": [b"no pair"]},
        {"data": {b"key": 7}},
        {"unknown": 1},
    ],
    ids=repr,
)
def test_bad_options(options: dict[str, object]) -> None:
    with pytest.raises((errors.ApiMisuse, TypeError)):
        zeta.open(**options)  # type: ignore[call-overload]


@pytest.mark.parametrize("policy", VERIFIED)
def test_the_fewest_slots_are_told_and_are_enough(policy: Policy) -> None:
    with pytest.raises(errors.InvalidValue, match=r"slots.*`2` are not `\d+` to") as told:
        zeta.open(policy=policy, slots=2)
    least = int(re.findall(r"`(\d+)` to", str(told.value))[0])
    with pytest.raises(errors.InvalidValue, match=f"`{least}` to"):
        zeta.open(policy=policy, slots=least - 1)
    keys = [b"%d" % number for number in range(20_000)]
    with zeta.open(policy=policy, slots=least) as store:
        store.put_many(keys, keys)
        for key in keys[:500]:
            store.rename(key, key + b"!")
        assert store.get_many(keys[500:]).to_list() == keys[500:]


def test_a_log_needs_a_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(errors.Error, match="file"):
        zeta.open(log=tmp_path / "file")
    with zeta.open(log=tmp_path / "new") as store:
        store.put(b"a", b"1")
    assert any((tmp_path / "new").iterdir())
    with pytest.raises(errors.Error):
        zeta.open(log=tmp_path / "new")


def test_an_error_in_the_block_is_not_hidden() -> None:
    store = zeta.open()
    with pytest.raises(ZeroDivisionError), store:
        _ = 1 / 0
    with pytest.raises(errors.StoreClosed):
        store.get(b"a")


def test_an_unverified_store_certifies_nothing() -> None:
    with zeta.open(policy="unverified") as store:
        operation = store.op.put(b"a", b"1")
        assert operation.outcome == zeta.Pending(missing=())
        for call in (store.certify, operation.certified, lambda: store.wait(0)):
            with pytest.raises(errors.InvalidValue, match="certifies nothing"):
                call()
        assert store.get(b"a") == b"1"
    with pytest.raises(errors.InvalidValue, match="never called"):
        zeta.open(policy="unverified", on_epoch=print)


def test_instances_differ() -> None:
    with zeta.open() as one, zeta.open() as two:
        assert len(one.instance) == 16
        assert one.instance != two.instance
        assert one.instance.hex() in repr(one)
