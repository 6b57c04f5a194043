"""Batches: arrays, Arrow and lists in; values, arrays and Arrow out; nothing lost between."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import zeta
from zeta import errors

COUNT = 1000
NUMBERS = np.arange(COUNT, dtype="<u8")
KEYS = [number.tobytes() for number in NUMBERS]
VALUES = [(number * 7).astype("<u8").tobytes() for number in NUMBERS]

FIXED: dict[str, Any] = {
    "integers": NUMBERS,
    "strings": np.array(KEYS, dtype="S8"),
    "rows": NUMBERS.view("u1").reshape(-1, 8),
    "opaque": NUMBERS.view("V8"),
    "every second": np.repeat(NUMBERS, 2)[::2],
    "fortran": np.asfortranarray(NUMBERS.view("u1").reshape(-1, 8)),
    "memoryview": NUMBERS.data,
    "arrow fixed": pa.array(KEYS, pa.binary(8)),
    "arrow integers": pa.array(NUMBERS),
    "arrow slice": pa.concat_arrays([pa.array([7, 7], pa.uint64()), pa.array(NUMBERS)])[2:],
}
VARIABLE: dict[str, Any] = {
    "list": KEYS,
    "tuple": tuple(KEYS),
    "generator": None,
    "objects": np.array(KEYS, dtype=object),
    "mixed": [bytearray(key) if key[0] % 2 else memoryview(key) for key in KEYS],
    "arrow": pa.array(KEYS, pa.binary()),
    "arrow large": pa.array(KEYS, pa.large_binary()),
    "arrow view": pa.array(KEYS, pa.binary_view()),
    "arrow slice": pa.array([b"x", b"yy", *KEYS, b"z"], pa.binary())[2:-1],
    "arrow chunks": pa.chunked_array([KEYS[:10], KEYS[10:]], pa.binary()),
}


def column(name: str) -> Any:
    if name == "generator":
        return (key for key in KEYS)
    return {**FIXED, **VARIABLE}[name]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", [*FIXED, *VARIABLE])
def test_every_kind_of_column(name: str, workers: int) -> None:
    with zeta.open(workers=workers) as store:
        batch = store.put_many(column(name), VALUES)
        assert len(batch) == COUNT
        values = store.get_many(column(name))
        assert values.to_list() == VALUES
        assert store.get(KEYS[3]) == VALUES[3]


@pytest.mark.parametrize("name", FIXED)
def test_values_of_one_width_are_an_array(name: str) -> None:
    with zeta.open() as store:
        store.put_many(KEYS[:-1], VALUES[:-1])
        values = store.get_many(column(name), width=8)
        assert np.asarray(values.present).tolist() == [True] * (COUNT - 1) + [False]
        expected = NUMBERS * 7
        expected[-1] = 0
        assert values.to_numpy("<u8").tolist() == expected.tolist()
        assert values.to_numpy().shape == (COUNT, 8)
        assert values.to_list() == [*VALUES[:-1], None]


def test_values_are_a_sequence() -> None:
    with zeta.open() as store:
        store.put_many([b"a", b"b"], [b"1", b"22"])
        values = store.get_many([b"a", b"x", b"b"])
        assert list(values) == values.to_list() == [b"1", None, b"22"]
        assert values[-1] == b"22"
        assert values[::2] == [b"1", b"22"]
        assert values.present.tolist() == [True, False, True]
        assert values.to_arrow().equals(pa.array([b"1", None, b"22"], pa.binary()))
        assert b"22" in values
        with pytest.raises(IndexError):
            values[3]
        with pytest.raises(errors.InvalidValue, match="of one `width`"):
            values.to_numpy()
        with pytest.raises(errors.InvalidValue, match="value `2` does not have the width"):
            store.get_many([b"a", b"x", b"b"], width=1).to_numpy()


def test_operations_on_one_key_run_in_order() -> None:
    kinds = [zeta.KINDS[kind] for kind in ("put", "get", "put", "get", "delete", "get", "delete")]
    keys = [b"key"] * len(kinds)
    values = [b"1", b"", b"2", b"", b"", b"", b""]
    for numbers in (kinds, np.array(kinds), np.array(kinds, dtype="u2"), iter(kinds)):
        with zeta.open() as store:
            batch = store.run_many(numbers, keys, values)
            assert batch.values.to_list() == [None, b"1", None, b"2", None, None, None]
            assert batch.present.tolist() == [False, True, False, True, True, False, False]


@pytest.mark.parametrize("policy", ["hybrid", "merkle", "unverified"])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("width", [None, 1, 2, 8])
def test_deletes_say_what_they_found_at_any_width(
    width: int | None, workers: int, policy: zeta.store.Policy
) -> None:
    kinds = [zeta.KINDS[kind] for kind in ("put", "delete", "delete", "put", "get", "delete")]
    keys, values = [b"key"] * len(kinds), [b"12"] * len(kinds)
    with zeta.open(workers=workers, policy=policy) as store:
        batch = store.run_many(kinds, keys, values, width=width)
        assert batch.present.tolist() == [False, True, False, False, True, True]
        assert store.delete(b"key") is False
        store[b"key"] = b"1"
        assert store.delete(b"key") is True


def test_one_kind_for_all() -> None:
    with zeta.open(workers=2) as store:
        assert len(store.run_many("put", KEYS, VALUES)) == COUNT
        assert store.run_many("get", KEYS).values.to_list() == VALUES
        assert all(store.run_many("delete", KEYS).present)
        assert not any(store.run_many("get", KEYS).present)


def test_a_batch_has_one_epoch_that_certifies_it() -> None:
    with zeta.open(epoch=None) as store:
        batch = store.put_many(KEYS, VALUES)
        assert isinstance(store.outcome(batch.epoch), zeta.Pending)
        store.certify()
        assert store.outcome(batch.epoch) == zeta.Certified()


def test_an_empty_batch() -> None:
    with zeta.open() as store:
        arrays: list[Any] = [
            [],
            np.empty(0, "S8"),
            pa.array([], pa.binary()),
            pa.array([], "uint64"),
        ]
        for empty in arrays:
            assert store.get_many(empty).to_list() == []
        assert store.get_many([], width=8).to_numpy().shape == (0, 8)


def test_large_batches_over_several_workers() -> None:
    count = 50_000
    numbers = np.arange(count, dtype="<u8")
    with zeta.open(workers=3, slots=256) as store:
        store.put_many(numbers, numbers * 3)
        found = store.get_many(numbers[::-1], width=8).to_numpy("<u8")
        assert (found == numbers[::-1] * 3).all()
        store.certify()


@pytest.mark.parametrize(
    "keys",
    [
        b"bytes",
        "text",
        7,
        ["text"],
        [7],
        np.zeros(4),
        np.zeros(4, ">u8"),
        np.zeros(4, "u1"),
        np.zeros((2, 2), "u8"),
        np.zeros((2, 2, 2), "u1"),
        np.array(["text"]),
        pa.array(["text"]),
        pa.array([1.5]),
        pa.array([b"a", None]),
    ],
    ids=repr,
)
def test_what_is_no_column_is_refused(keys: Any) -> None:
    with zeta.open() as store, pytest.raises(errors.ApiMisuse):
        store.get_many(keys)


def test_bad_batches_are_refused() -> None:
    with zeta.open() as store:
        with pytest.raises(errors.InvalidValue, match="different lengths"):
            store.put_many([b"a", b"b"], [b"1"])
        with pytest.raises(errors.InvalidValue, match="different lengths"):
            store.run_many([0], [b"a", b"b"])
        with pytest.raises(errors.InvalidValue, match="`kinds` is one of"):
            store.run_many("set", [b"a"])  # type: ignore[arg-type]
        with pytest.raises(errors.InvalidValue, match="need `values`"):
            store.run_many("put", [b"a"])
        with pytest.raises(errors.ApiMisuse):
            store.run_many([3], [b"a"], [b""])
        with pytest.raises(errors.ApiMisuse):
            store.get_many([b"a"], width=0)
        assert len(store) == 0


def test_arrays_may_change_once_the_call_is_back() -> None:
    keys = NUMBERS.copy()
    with zeta.open() as store:
        store.put_many(keys, keys)
        values = store.get_many(keys, width=8)
        keys[:] = 0
        assert (values.to_numpy("<u8") == NUMBERS).all()
        assert not values.to_numpy().flags.writeable
