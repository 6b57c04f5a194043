"""Serving a mixed load while people look on: a line for each epoch that is certified."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import zeta
from zeta.cli.measure import Call
from zeta.cli.screen import Screen


@dataclass(frozen=True, slots=True)
class Served:
    operations: int
    seconds: float
    epochs_certified: int
    latencies_ms: tuple[float, ...]


def serve(
    screen: Screen, store: zeta.Store, parts: Sequence[Sequence[Call]], seconds: float
) -> Served:
    """Runs each part again and again in a thread of its own, and tells of every epoch."""
    stop = threading.Event()
    teller = _Teller(screen, store)
    began = time.perf_counter()
    with ThreadPoolExecutor(len(parts), "client") as pool:
        running = [pool.submit(_client, store, part, stop) for part in parts]
        try:
            while time.perf_counter() - began < seconds and not _failed(running):
                time.sleep(0.05)
                teller.tell()
        finally:
            stop.set()
        operations = sum(client.result() for client in running)
    passed = time.perf_counter() - began
    store.certify()
    teller.tell()
    return Served(operations, passed, teller.certified, tuple(teller.latencies_ms))


def _failed(running: Sequence[Future[int]]) -> bool:
    return any(client.done() for client in running)


def _client(store: zeta.Store, calls: Sequence[Call], stop: threading.Event) -> int:
    done = 0
    for call in itertools.cycle(calls):
        if stop.is_set():
            break
        store.run_many(call.kinds, call.keys, call.values, width=call.width)
        done += len(call.operations)
    return done


class _Teller:
    """Tells of each epoch once, when it is decided."""

    def __init__(self, screen: Screen, store: zeta.Store) -> None:
        self._screen = screen
        self._store = store
        self._next = store.epoch
        self.certified = 0
        self.latencies_ms: list[float] = []

    def tell(self) -> None:
        for info in self._store.epochs(self._next):
            if info.seconds is None or info.seconds_to_certify is None:
                return
            self._next = info.epoch + 1
            self.certified += 1
            latency = info.seconds_to_certify * 1000
            self.latencies_ms.append(latency)
            self._screen.say(
                f"  epoch {info.epoch:>3}  {info.operations:>11,} operations  "
                f"{info.operations / max(info.seconds, 1e-3) / 1e6:5.2f} M/s  "
                f"certified {latency:6.1f} ms after its end;  {places(self._store)}"
            )


def places(store: zeta.Store) -> str:
    """Where the records live: in slots, deferred, in the tree."""
    stats = store.stats()
    counts = {"slots": stats.in_slots, "deferred": stats.deferred, "tree": stats.in_tree}
    total = max(1, sum(counts.values()))
    return "  ".join(f"{name} {100 * count / total:3.0f} %" for name, count in counts.items())
