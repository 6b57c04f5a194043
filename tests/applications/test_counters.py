"""Counters: they only grow, no two calls get the same value, and a rolled back one is caught."""

from __future__ import annotations

from typing import Any

import pytest
import zeta
from hypothesis import given
from hypothesis import strategies as st
from zeta.applications.counters import Counters

LAST = 2**64 - 1
NAMES = st.sampled_from(["", "ballot", "lease", "x" * 64])
VALUES = st.sampled_from([0, 1, 2, LAST - 1, LAST]) | st.integers(0, LAST)
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.tuples(NAMES)),
        st.tuples(st.just("add"), st.tuples(NAMES, VALUES)),
        st.tuples(st.just("raise_to"), st.tuples(NAMES, VALUES)),
        st.just(("turn", ())),
    ),
    max_size=30,
)


class Model:
    def __init__(self, refused: type[Exception]) -> None:
        self.refused = refused
        self.values: dict[str, int] = {}

    def read(self, name: str) -> int:
        return self.values.get(name, 0)

    def add(self, name: str, amount: int) -> int:
        if amount == 0:
            raise self.refused("a counter grows by at least 1")
        value = self.read(name) + amount
        if value > LAST:
            raise self.refused("a number is outside its type")
        self.values[name] = value
        return value

    def raise_to(self, name: str, value: int) -> int:
        self.values[name] = max(self.read(name), value)
        return self.values[name]


@given(calls=CALLS)
def test_counters_are_those_of_the_model(compared: Any, calls: Any) -> None:
    pair = compared(Counters, Model(compared.refused))
    pair.run(calls)


def test_each_check_fails(fails: Any) -> None:
    fails(Counters, {"a counter grows by at least 1": [("add", ("a", 0))]})


def test_no_two_calls_of_a_batch_get_the_same_value() -> None:
    with zeta.open(app=Counters, workers=2) as store:
        assert sorted(store.add.many(["ballot"] * 500, 1)) == list(range(1, 501))


def test_a_host_that_only_looks_is_not_accused(lying: Any) -> None:
    def look() -> None:
        with lying(Counters) as liar:
            liar.store.add("firmware", 6)
            liar.store.certify()
            liar.keep("counters", "firmware")
            assert liar.store.add("firmware", 1) == 7

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        look()


def test_a_counter_that_was_rolled_back_is_caught(lying: Any) -> None:
    with lying(Counters) as liar:
        liar.store.add("firmware", 6)
        liar.store.certify()
        bring_back = liar.keep("counters", "firmware")
        assert liar.store.add("firmware", 1) == 7
        bring_back()
        # The answer is a lie, and nobody is told that it is certified.
        assert liar.store.read("firmware") == 6


def test_a_counter_that_was_forgotten_is_caught(lying: Any) -> None:
    with lying(Counters, workers=2) as liar:
        liar.store.add("ballot", 41)
        liar.store.certify()
        liar.set("counters", "ballot", None)
        assert liar.store.add("ballot", 1) == 1
