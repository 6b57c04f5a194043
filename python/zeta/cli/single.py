"""`zeta bench single`: one get or put at a time, as a Python program calls them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

import zeta
from zeta.cli.loading import load
from zeta.cli.screen import Screen
from zeta.workload.operations import key_bytes, value_bytes
from zeta.workload.popularity import Zipfian, scatter

_CALLS = 20_000


def bench_single(screen: Screen, records: int, seconds: float, value_size: int) -> dict[str, Any]:
    """Nanoseconds of a call: verified, unverified and a plain dict, by turns; the loop included."""
    screen.say(f"single calls from one thread: {records:,} records of 8+{value_size} bytes, zipf")
    numbers = np.arange(records, dtype=np.uint64)
    drawn = scatter(Zipfian(records, 0.9).ranks(_CALLS, np.random.default_rng(1)), records)
    keys = [row.tobytes() for row in key_bytes(drawn)]
    values = [row.tobytes() for row in value_bytes(drawn + np.uint64(1), value_size)]
    with ExitStack() as stack:
        calls: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}
        policies: dict[str, zeta.Policy] = {"verified": "hybrid", "unverified": "unverified"}
        for name, policy in policies.items():
            store = stack.enter_context(zeta.open(policy=policy, epoch=1.0))
            load(store, numbers, numbers, value_size, screen)
            calls[name] = store.get, store.put
        table = dict(zip(keys, values, strict=True))
        calls["dict"] = table.get, table.__setitem__
        best: dict[str, list[float]] = {name: [] for name in calls}
        spent = 0.0
        while spent < seconds or not best["dict"]:
            for name, (get, put) in calls.items():
                took = time_gets(get, keys), time_puts(put, keys, values)
                spent += sum(took) * _CALLS / 1e9
                best[name].extend(took)
    result = {
        name: {
            "get_ns": round(float(np.median(taken[0::2])), 1),
            "put_ns": round(float(np.median(taken[1::2])), 1),
        }
        for name, taken in best.items()
    }
    rows = [(n, f"{r['get_ns']:,.0f}", f"{r['put_ns']:,.0f}") for n, r in result.items()]
    screen.columns(("", "get, ns", "put, ns"), rows)
    return {"operations": 2 * _CALLS * len(best["dict"]) // 2, "wrong_answers": 0, **result}


def time_gets(get: Callable[[bytes], Any], keys: Sequence[bytes]) -> float:
    began = time.perf_counter()
    for key in keys:
        get(key)
    return (time.perf_counter() - began) / len(keys) * 1e9


def time_puts(
    put: Callable[[bytes, bytes], Any], keys: Sequence[bytes], values: Sequence[bytes]
) -> float:
    began = time.perf_counter()
    for key, value in zip(keys, values, strict=True):
        put(key, value)
    return (time.perf_counter() - began) / len(keys) * 1e9
