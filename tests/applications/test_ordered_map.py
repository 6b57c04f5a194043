"""The ordered map: hints are checked, scans are whole, and a key that was left out is caught."""

from __future__ import annotations

import random
import threading
from bisect import bisect_left
from dataclasses import replace
from typing import Any

import pytest
import zeta
from hypothesis import given
from hypothesis import strategies as st
from zeta import errors
from zeta.applications.counters import Counters
from zeta.applications.ordered_map import KEY_BYTES_MAX, PAGE, Entry, Item, OrderedMap, linked
from zeta.applications.ordered_store import OrderedStore
from zeta.errors import CheckFailed

LONG = b"\xff" * KEY_BYTES_MAX
# Neighbours in every way: an extension, the longest, the ends of the order.
KEYS = [b"", b"\0", b"\0\0", b"a", b"a\0", b"ab", b"b", b"\xff", b"\xff\xff", LONG[:-1], LONG]
KEY = st.sampled_from(KEYS)
VALUE = st.sampled_from([b"", b"1", b"2"])
WRONG = "the key named as the one before is"


class Model:
    """A dict; `before` is compared with the sorted keys."""

    def __init__(self, refused: type[Exception]) -> None:
        self.refused = refused
        self.epoch = 0
        self.items: dict[bytes, bytes] = {}

    def _check_before(self, key: bytes, before: bytes) -> None:
        if before >= key:
            raise self.refused(f"{WRONG} not")
        if before and before not in self.items:
            raise self.refused(f"{WRONG} absent")
        if any(before < other < key for other in self.items):
            raise self.refused(f"{WRONG} not the last")

    def get(self, key: bytes) -> bytes | None:
        return self.items.get(key)

    def put(self, key: bytes, value: bytes, before: bytes) -> bool:
        if not key:
            raise self.refused("a key has at least one byte")
        is_new = key not in self.items
        if is_new:
            self._check_before(key, before)
        self.items[key] = value
        return is_new

    def delete(self, key: bytes, before: bytes) -> bool:
        if key not in self.items:
            return False
        self._check_before(key, before)
        del self.items[key]
        return True

    def scan(self, start: bytes, before: bytes) -> list[Item]:
        if not start:
            raise self.refused("a key has at least one byte")
        self._check_before(start, before)
        keys = [key for key in sorted(self.items) if key >= start]
        return [Item(key, self.items[key]) for key in keys[:PAGE]]

    def size(self) -> int:
        return len(self.items)

    def right_hint(self, key: bytes) -> bytes:
        return max((other for other in self.items if other < key), default=b"")


HINTED = [("put", (KEY, VALUE)), ("delete", (KEY,)), ("scan", (KEY,))]
CALLS = st.lists(
    st.one_of(
        # The last part says whether the hint is right, or which wrong one it is.
        *(
            st.tuples(st.just(name), st.tuples(*args), st.none() | KEY)
            for name, args in [HINTED[0], *HINTED]
        ),
        st.tuples(st.just("get"), st.tuples(KEY), st.just("")),
        st.just(("size", (), "")),
        st.just(("turn", (), "")),
    ),
    max_size=50,
)


@given(calls=CALLS)
def test_the_map_is_that_of_the_model_with_right_and_wrong_hints(compared: Any, calls: Any) -> None:
    model = Model(compared.refused)
    compared(OrderedMap, model).run(
        (name, args if hint == "" else (*args, model.right_hint(args[0]) if hint is None else hint))
        for name, args, hint in calls
    )


def test_each_check_fails(fails: Any) -> None:
    put = ("put", (b"b", b"", b""))
    reasons = {
        "a key has at least one byte": [("put", (b"", b"", b""))],
        f"{WRONG} not": [put, ("delete", (b"b", b"b"))],
        f"{WRONG} absent": [put, ("put", (b"c", b"", b"a"))],
        f"{WRONG} not the last": [put, ("scan", (b"c", b""))],
    }
    fails(OrderedMap, reasons)


ASKED = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEY.filter(bool), VALUE),
        st.tuples(st.just("put"), st.binary(min_size=1, max_size=2), VALUE),
        st.tuples(st.just("delete"), KEY, st.just(b"")),
        st.tuples(st.just("get"), KEY, st.just(b"")),
        st.tuples(st.just("range"), KEY, KEY | st.none()),
        st.tuples(st.just("prefix"), KEY | st.binary(max_size=2), st.just(b"")),
    ),
    max_size=60,
)


@pytest.mark.parametrize("workers", [1, 2])
@given(items=st.dictionaries(st.binary(min_size=1, max_size=2), VALUE, max_size=40), asked=ASKED)
def test_ranges_and_prefixes_are_those_of_a_sorted_dict(
    workers: int, items: dict[bytes, bytes], asked: Any
) -> None:
    held = dict(items)
    with zeta.open(linked(items), app=OrderedMap, workers=workers, epoch=None, slots=128) as opened:
        store = OrderedStore(opened, keys=None if workers == 1 else items)
        for name, key, other in asked:
            match name:
                case "put":
                    assert store.put(key, other) == (key not in held)
                    held[key] = other
                case "delete":
                    assert store.delete(key) == (held.pop(key, None) is not None)
                case "get":
                    assert store.get(key) == held.get(key)
                case "range":
                    inside = {k: v for k, v in held.items() if key <= k}
                    if other is not None:
                        inside = {k: v for k, v in inside.items() if k < other}
                    assert list(store.range(key, other)) == sorted(inside.items())
                case _:
                    begin = {k: v for k, v in held.items() if k.startswith(key)}
                    assert list(store.prefix(key)) == sorted(begin.items())
        assert list(store.range()) == sorted(held.items())
        assert len(store) == len(held)
        assert list(OrderedStore(opened).range()) == sorted(held.items())


def test_keys_are_bounded_and_are_bytes() -> None:
    with pytest.raises(errors.InvalidValue, match="at least one byte"):
        linked({b"": b"1"})
    with zeta.open(app=OrderedMap) as opened:
        store = OrderedStore(opened)
        with pytest.raises(CheckFailed, match="at least one byte"):
            store.put(b"", b"1")
        with pytest.raises(errors.InvalidValue):
            store.put(LONG + b"x", b"1")
        with pytest.raises(errors.InvalidType):
            store.put("text", b"1")  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidType):
            next(store.range(b"a", 7))  # type: ignore[arg-type]
        assert store.put(bytearray(b"a"), memoryview(b"1"))
        assert list(store.prefix(memoryview(b"a"))) == [(b"a", b"1")]
        assert not store.delete(b"b")
        assert list(store.range(b"b", b"a")) == []
    with zeta.open(app=Counters) as counters, pytest.raises(errors.InvalidType, match="OrderedMap"):
        OrderedStore(counters)


def test_pages_say_which_epoch_certifies_them() -> None:
    items = {b"%03d" % number: b"" for number in range(3 * PAGE)}
    with zeta.open(linked(items), app=OrderedMap, epoch=None) as opened:
        store = OrderedStore(opened)
        epochs = []
        for page in store.pages(b"001"):
            epochs.append(page.epoch)
            assert page.certified() == zeta.Certified()
        assert epochs == [0, 1, 2]
        assert [len(page.result) for page in store.pages(b"005", b"015")] == [PAGE, 2]
        # A full page does not say whether more follow: the empty one does.
        assert [len(page.result) for page in store.pages(b"000", b"008")] == [PAGE, 0]


def test_threads_share_a_store_and_its_index() -> None:
    def write(part: int) -> None:
        draw = random.Random(part)
        keys = [b"%d %d" % (draw.randrange(100), part) for _ in range(200)]
        for key in keys:
            store.put(key, b"x")
            sum(1 for _ in store.range(key, key + b"9"))
        for key in keys[::2]:
            store.delete(key)

    with zeta.open(app=OrderedMap, workers=2) as opened:
        store = OrderedStore(opened)
        threads = [threading.Thread(target=write, args=(part,)) for part in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = [key for key, _ in store.range()]
        assert found == sorted(set(found))
        assert len(found) == len(store)


def test_an_index_that_is_wrong_is_told_so_and_learns_anew() -> None:
    with zeta.open(linked({b"a": b"1", b"c": b"3"}), app=OrderedMap) as opened:
        store = OrderedStore(opened)
        assert opened.put(b"b", b"2", b"a")  # past the index
        with pytest.raises(CheckFailed, match="is not the last"):
            store.put(b"ba", b"2")
        with pytest.raises(CheckFailed, match="is not the last"):
            list(store.range(b"bb"))
        store.rebuild()
        assert store.put(b"ba", b"2")
        assert [key for key, _ in store.range(b"b", b"c")] == [b"b", b"ba"]
        assert opened.delete(b"b", b"a")
        with pytest.raises(CheckFailed, match="is absent"):
            store.delete(b"ba")


def test_an_index_that_leaves_keys_out_cannot_shorten_a_scan() -> None:
    items = {b"%03d" % number: b"" for number in range(100)}
    with zeta.open(linked(items), app=OrderedMap) as opened:
        store = OrderedStore(opened)
        draw = random.Random(1)
        whole = list(store.range())
        told = 0
        for _ in range(50):
            store._keys = sorted(draw.sample(sorted(items), 98))
            low = draw.choice(sorted(items))
            # Every answer is the whole truth, or there is none.
            try:
                found = list(store.range(low))
            except CheckFailed:
                told += 1
                continue
            assert found == whole[bisect_left(whole, (low, b"")) :]
        assert 0 < told < 50


@pytest.fixture
def names(lying: Any) -> Any:
    """A lying host's map of four keys, certified."""
    with lying(OrderedMap) as liar:
        store = OrderedStore(liar.store)
        for key in (b"ann", b"bob", b"eve", b"zoe"):
            store.put(key, b"1")
        liar.store.certify()
        yield liar


def scanned(liar: Any) -> list[bytes]:
    return [item.key for item in liar.store.scan(b"a", b"")]


def test_a_scan_that_leaves_a_key_out_is_caught(names: Any) -> None:
    names.set("entries", b"bob", Entry(b"zoe", b"1"))
    assert scanned(names) == [b"ann", b"bob", b"zoe"]


def test_a_scan_that_ends_early_is_caught(names: Any) -> None:
    names.set("entries", b"bob", Entry(None, b"1"))
    assert scanned(names) == [b"ann", b"bob"]


def test_a_scan_with_a_key_that_nobody_put_is_caught(names: Any) -> None:
    assert names.store.get(b"mal") is None
    names.set("entries", b"eve", Entry(b"mal", b"1"))
    names.set("entries", b"mal", Entry(b"zoe", b"1"))
    assert b"mal" in scanned(names)


def test_a_deleted_key_that_comes_back_is_caught(names: Any) -> None:
    links = [names.keep("entries", key) for key in (b"bob", b"eve")]
    assert names.store.delete(b"eve", b"bob")
    for bring_back in links:
        bring_back()
    assert b"eve" in scanned(names)


def test_a_value_of_a_scan_that_was_changed_is_caught(names: Any) -> None:
    row = Entry(b"zoe", b"1")
    names.set("entries", b"eve", replace(row, value=b"9"))
    assert names.store.scan(b"eve", b"bob")[0].value == b"9"
