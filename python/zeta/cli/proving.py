"""`zeta bench receipts`: how many receipts a second Python verifies, alone and many at a time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from typing import Any

from zeta import receipts
from zeta.cli.screen import Screen
from zeta.workload.certified import Verifier, operation_of

_THREADS = 2
_OF_A_THREAD = 10_000
_EPOCHS = 2
_ALONE = 500


def bench_receipts(screen: Screen, seconds: float) -> dict[str, Any]:
    """Receipts a second: in the order of their leaves, shuffled, and each on its own; by turns."""
    screen.say(
        f"verifying receipts: {_EPOCHS} epochs of {_THREADS} threads with {_OF_A_THREAD:,} each"
    )
    verifier, ordered = made_up(screen)
    shuffled = ordered.copy()
    random.Random(2).shuffle(shuffled)
    known = verifier.identity, verifier.instance

    def alone(data: bytes) -> receipts.Verified:
        return receipts.verify(data, *known)

    rates: dict[str, list[float]] = {"in_order": [], "shuffled": [], "alone": []}
    spent, count = 0.0, 0
    with screen.progress("measuring", seconds) as bar:
        while spent < seconds or not count:
            # A fresh one each time: what it remembers is part of the cost.
            for name, verify, data in (
                ("in_order", receipts.Pinned(*known).verify, ordered),
                ("shuffled", receipts.Pinned(*known).verify, shuffled),
                ("alone", alone, shuffled[:_ALONE]),
            ):
                took = timed(verify, data)
                spent += took
                count += len(data)
                rates[name].append(len(data) / took)
            bar.to(min(spent, seconds))
    result = {f"{name}_per_s": round(sorted(each)[len(each) // 2]) for name, each in rates.items()}
    screen.columns(
        ("", "receipts/s", "us each"),
        [
            (name.replace("_", " "), f"{rate:,}", f"{1e6 / rate:,.1f}")
            for name, rate in zip(rates, result.values(), strict=True)
        ],
    )
    return {"operations": count, "wrong_answers": 0, **result}


def made_up(screen: Screen) -> tuple[Verifier, list[bytes]]:
    """A verifier and receipts of it, in the order of their leaves."""
    verifier, draw = Verifier(1), random.Random(1)
    data: list[bytes] = []
    with screen.progress("making receipts", _EPOCHS) as bar:
        for epoch in range(_EPOCHS):
            threads = [
                [operation_of(draw, number) for number in range(_OF_A_THREAD)]
                for _ in range(_THREADS)
            ]
            data += map(receipts.encode, verifier.certify(epoch, threads))
            bar.advance(1)
    return verifier, data


def timed(verify: Callable[[bytes], Any], data: Iterable[bytes]) -> float:
    began = time.process_time()
    for each in data:
        verify(each)
    return time.process_time() - began
