"""A store beside a dict: any operations, each policy, tiny slots, certified at any time."""

from typing import Any

import pytest
import zeta
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from zeta.store import Policy

KEYS = st.integers(0, 40).map(lambda number: b"key %d" % number)
VALUES = st.binary(max_size=40) | st.integers(0, 5000).map(lambda length: b"v" * length)
OPTIONAL = st.none() | VALUES


class StoreMachine(RuleBasedStateMachine):
    """Every answer of the store is that of the dict."""

    policy: Policy = "hybrid"
    workers = 1

    @initialize(data=st.dictionaries(KEYS, VALUES, max_size=8))
    def begin(self, data: dict[bytes, bytes]) -> None:
        self.store = zeta.open(
            data,
            policy=self.policy,
            workers=self.workers,
            slots=96,
            epoch=None,
            summary=zeta.summary(data),
        )
        self.model = dict(data)
        self.epoch = 0

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        assert self.store.get(key) == self.model.get(key)

    @rule(key=KEYS, value=VALUES)
    def put(self, key: bytes, value: bytes) -> None:
        self.store.put(key, value)
        self.model[key] = value

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        assert self.store.delete(key) == (self.model.pop(key, None) is not None)

    @rule(key=KEYS, expected=OPTIONAL, new=OPTIONAL, right=st.booleans())
    def compare_and_set(
        self, key: bytes, expected: bytes | None, new: bytes | None, right: bool
    ) -> None:
        if right:
            expected = self.model.get(key)
        same = self.model.get(key) == expected
        assert self.store.compare_and_set(key, expected, new) == same
        if same and new is None:
            self.model.pop(key, None)
        elif same and new is not None:
            self.model[key] = new

    @rule(source=KEYS, to=KEYS)
    def rename(self, source: bytes, to: bytes) -> None:
        assert self.store.rename(source, to) == (source in self.model)
        if source in self.model:
            self.model[to] = self.model.pop(source)

    @rule(operations=st.lists(st.tuples(st.sampled_from([0, 1, 2]), KEYS, VALUES), max_size=60))
    def run_many(self, operations: list[tuple[int, bytes, bytes]]) -> None:
        kinds, keys, values = zip(*operations, strict=True) if operations else ((), (), ())
        batch = self.store.run_many(kinds, keys, values)
        for index, (kind, key, value) in enumerate(operations):
            found = self.model.get(key)
            assert batch.values[index] == (found if kind == zeta.KINDS["get"] else None)
            assert batch.present[index] == (found is not None and kind != zeta.KINDS["put"])
            if kind == zeta.KINDS["put"]:
                self.model[key] = value
            elif kind == zeta.KINDS["delete"]:
                self.model.pop(key, None)

    @rule()
    def certify(self) -> None:
        epoch = self.store.certify()
        assert epoch >= self.epoch
        assert self.store.outcome(epoch) == zeta.Certified()
        self.epoch = epoch

    @rule()
    def turn(self) -> None:
        self.store.turn()

    @rule()
    def list_keys(self) -> None:
        assert set(self.store) == set(self.model)
        assert len(self.store) == len(self.model)

    @invariant()
    def answers_one_key(self) -> None:
        if hasattr(self, "store"):
            assert self.store.get(b"key 0") == self.model.get(b"key 0")

    def teardown(self) -> None:
        if hasattr(self, "store"):
            keys = list(self.model)
            assert self.store.get_many(keys).to_list() == list(self.model.values())
            self.store.close()
            assert self.store.certified_epoch is not None


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("policy", ["hybrid", "deferred", "merkle"])
def test_a_store_is_a_dict(policy: Policy, workers: int) -> None:
    machine: Any = type("Machine", (StoreMachine,), {"policy": policy, "workers": workers})
    machine.TestCase.settings = settings(max_examples=20, stateful_step_count=40, deadline=None)
    machine.TestCase().runTest()
