"""Whatever a caller passes, it gets an answer or one of `zeta.errors`: nothing else comes out."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import zeta
from hypothesis import assume, given
from hypothesis import strategies as st
from zeta import aio, errors, hazmat, log


class Odd:
    """An object that is nothing of what a call takes, though it has items."""

    def __iter__(self) -> Iterator[object]:
        return iter([self])


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 1, 2**16, 2**31, 2**32, 2**63, 2**64, 2**200]),
    st.floats(),
    st.complex_numbers(max_magnitude=1),
    st.text(max_size=4),
    st.binary(max_size=4),
    st.sampled_from(
        [
            Odd,
            Odd(),
            object(),
            print,
            ...,
            [],
            {},
            (),
            [1],
            [b"a"],
            [None],
            ["a"],
            {b"a": b"b"},
            {b"a": 1},
            [(b"a", b"b", b"c")],
            ([b"a"], [b"b", b"c"]),
            range(3),
            memoryview(b"abcdef")[::2],
            bytearray(b"x"),
            np.int64(-1),
            np.float64("nan"),
            np.array([-1, 7]),
            np.array([[b"ab"]]),
            np.array(["a", 1], dtype=object),
            np.zeros((2, 0), dtype="u1"),
            np.zeros((0, 2), dtype="u1"),
            np.zeros((2, 2, 2), dtype="u1"),
            np.array([1.5]),
            np.array([0, 9], dtype="u2"),
            b"k" * 5000,
            [b"k" * 5000],
            [b"v" * ((1 << 20) + 1)],
            1 << 70,
            float("inf"),
        ]
    ),
)


@dataclass(frozen=True)
class Call:
    """A call with arguments that it takes, each of which may be replaced by anything."""

    name: str
    function: Callable[..., Any]
    good: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


STORE = zeta.open(epoch=None)
BLOCKING = zeta.open(epoch=None)
VERIFIER = zeta.Verifier()
KEY, VALUE = b"key", b"value"
SHORT = {"timeout": 0.001}


def store_call(name: str, **good: Any) -> Call:
    return Call(f"store.{name}", lambda **given: getattr(STORE, name)(**given), good)


def positional(name: str, owner: object, *good: Any) -> Call:
    """A call whose parameters have no names."""
    names = [f"argument_{number}" for number in range(len(good))]
    function = getattr(owner, name)
    return Call(
        f"{type(owner).__name__}.{name}",
        lambda **given: function(*given.values()),
        dict(zip(names, good, strict=True)),
    )


def of_aio(name: str, **good: Any) -> Call:
    async def run(**given: Any) -> None:
        async with await aio.open(epoch=None) as store:
            await store.put(KEY, VALUE)
            await getattr(store, name)(**given)

    return Call(f"aio.{name}", lambda **given: asyncio.run(run(**given)), good)


def opened(**given: Any) -> None:
    zeta.open(**{"epoch": None, **given}).close()


def audited(folder: Any) -> None:
    with suppress(errors.LogReadError):
        zeta.audit(folder)


def logged(log: Any) -> None:
    # A text would be the name of a folder, which then is there.
    if not isinstance(log, str | bytes):
        opened(log=log)


def tamper_call(name: str, **good: Any) -> Call:
    tamper = hazmat.tamper(TAMPERED)
    return Call(f"tamper.{name}", getattr(tamper, name), good)


HANDLE = STORE.op.put(KEY, VALUE)
VALUES = STORE.get_many([KEY], width=5)
TAMPERED = zeta.open(epoch=None)
TAMPERED.put_many([KEY, VALUE], [VALUE, KEY])

CALLS = [
    store_call("get", key=KEY),
    store_call("put", key=KEY, value=VALUE),
    store_call("delete", key=KEY),
    store_call("compare_and_set", key=KEY, expected=None, new=VALUE),
    store_call("rename", source=KEY, target=b"other"),
    store_call("get_many", keys=[KEY], width=5),
    store_call("put_many", keys=[KEY], values=[VALUE]),
    store_call("run_many", kinds=[0], keys=[KEY], values=[VALUE], width=5),
    store_call("certify", **SHORT),
    store_call("wait", epoch=0, **SHORT),
    store_call("wait_for", epoch=0, **SHORT),
    store_call("outcome", epoch=0),
    store_call("epochs", first=0),
    positional("__contains__", STORE, KEY),
    positional("__setitem__", STORE, KEY, VALUE),
    positional("setdefault", STORE, KEY, VALUE),
    Call("op.certified", HANDLE.certified, SHORT),
    Call("op.put", STORE.op.put, {"key": KEY, "value": VALUE}),
    Call("values.to_numpy", VALUES.to_numpy, {"dtype": "S5"}),
    positional("__getitem__", VALUES, 0),
    of_aio("get", key=KEY),
    of_aio("certify", **SHORT),
    of_aio("wait", epoch=0, **SHORT),
    of_aio("get_many", keys=[KEY], width=5),
    Call(
        "open",
        opened,
        {
            "data": None,
            "workers": 1,
            "policy": "hybrid",
            "slots": None,
            "byte_budget": None,
            "epoch": None,
            "summary": None,
            "on_epoch": None,
        },
    ),
    Call("summary", zeta.summary, {"data": {}}),
    Call("Summary.from_bytes", zeta.Summary.from_bytes, {"encoded": bytes(zeta.summary({}))}),
    Call("Summary.from_hex", zeta.Summary.from_hex, {"text": zeta.summary({}).hex()}),
    Call(
        "Verifier",
        zeta.Verifier,
        {
            "threads": 1,
            "slots": 4,
            "app": None,
            "byte_budget": 99,
            "root": None,
            "nonce": bytes(16),
            "incarnation": bytes(16),
        },
    ),
    positional("verify_log", VERIFIER, 0, b""),
    positional("outcome", VERIFIER, 0),
    positional("clock", VERIFIER, 0),
    Call("log.encode", log.encode, {"entries": []}),
    Call("log.decode", log.decode, {"log": b""}),
    Call("log.decode_answers", log.decode_answers, {"outputs": b""}),
    Call("log.leaf_path", log.leaf_path, {"relation": 0, "key": KEY}),
    Call("log.value_hash", log.value_hash, {"value": VALUE}),
    Call("log.node_hash", log.node_hash, {"node": log.EMPTY_ROOT}),
    Call("log.Path", lambda bits, length: log.Path(bits, length), {"bits": bytes(32), "length": 3}),
    positional("truncated", log.Path(bytes(32)), 3),
    positional("bit", log.Path(bytes(32)), 3),
    positional("is_below", log.Path(bytes(32)), log.Path.ROOT),
    positional("common_prefix", log.Path(bytes(32)), log.Path.ROOT),
    Call("log.arguments", lambda value: log.arguments(value), {"value": KEY}),
    Call("log.get", lambda key, slot: log.encode(log.get(key, slot)), {"key": KEY, "slot": 1}),
    Call(
        "log.compare_and_set",
        lambda key, expected, new, slot: log.encode(log.compare_and_set(key, expected, new, slot)),
        {"key": KEY, "expected": None, "new": VALUE, "slot": 1},
    ),
    Call(
        "log.RunApp",
        lambda **given: log.encode(log.RunApp(**given)),
        {"transition": 0, "arguments": b"", "slots": (), "authentication": None},
    ),
    Call(
        "log.Session",
        lambda **given: log.encode(log.RunApp(0, b"", (), log.Session(**given))),
        {"session": 1, "sequence": 2, "mac": bytes(16)},
    ),
    Call(
        "log.AddM",
        lambda **given: log.encode(log.AddM(**given)),
        {"slot": 1, "ancestor_slot": 0, "record": log.App(KEY, None)},
    ),
    Call(
        "log.App",
        lambda **given: log.encode(log.AddM(1, 0, log.App(**given))),
        {"key": KEY, "value": VALUE, "relation": 0},
    ),
    Call(
        "log.Node",
        lambda **given: log.encode(log.AddM(1, 0, log.Node(**given))),
        {"path": log.Path.ROOT, "left": None, "right": None},
    ),
    Call(
        "log.Pointer",
        lambda **given: log.encode(log.AddM(1, 0, log.Node(log.Path.ROOT, log.Pointer(**given)))),
        {"path": log.leaf_path(0, KEY), "hash": bytes(32), "deferred": False},
    ),
    Call(
        "log.AddB",
        lambda **given: log.encode(log.AddB(record=log.App(KEY, None), **given)),
        {"slot": 1, "thread": 0, "timestamp": log.Timestamp(0, 1)},
    ),
    Call(
        "log.Timestamp",
        lambda **given: log.encode(log.EvictB(1, log.Timestamp(**given))),
        {"epoch": 0, "counter": 1},
    ),
    Call(
        "log.EvictM",
        lambda **given: log.encode(log.EvictM(**given)),
        {"slot": 1, "ancestor_slot": 0},
    ),
    Call("log.value_of", log.value_of, {"answer": log.Done(b"\0")}),
    Call("log.flag_of", log.flag_of, {"answer": log.Done(b"\0")}),
    tamper_call("element", key=KEY),
    tamper_call("set_value", key=KEY, value=VALUE),
    tamper_call("swap_values", first=KEY, second=VALUE),
    tamper_call("skew_timestamp", key=KEY, by=1),
    Call("audit", audited, {"folder": "no-such-folder"}),
    Call("open", logged, {"log": None}),
]


@pytest.mark.parametrize("call", CALLS, ids=str)
@given(st.data())
def test_nothing_but_answers_and_errors_comes_out(call: Call, data: st.DataObject) -> None:
    call.function(**call.good)
    name = data.draw(st.sampled_from(sorted(call.good)))
    wrong = data.draw(ANYTHING)
    # What a caller's own function does when it is called is the caller's affair.
    assume(not callable(wrong))
    try:
        call.function(**{**call.good, name: wrong})
    except errors.InternalError:
        raise
    except errors.Error:
        pass
    except IndexError:
        assert "__getitem__" in call.name
