"""Measuring: the same operations through several stores by turns, each timed on its own watch.

What a verified store owes for its epochs is charged to it: epochs are turned only while its watch
runs, and its watch runs until the last of them is certified.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

import zeta
from zeta.workload.operations import Operations, key_column, mix, value_column


class Stopwatch:
    """Seconds that passed while it ran."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._since: float | None = None

    def now(self) -> float:
        since = self._since
        return self._passed + (0.0 if since is None else time.perf_counter() - since)

    def start(self) -> None:
        self._since = time.perf_counter()

    def stop(self) -> None:
        self._passed = self.now()
        self._since = None


@dataclass(frozen=True, slots=True)
class Call:
    """The columns of one batch call, made before the watch runs."""

    operations: Operations
    kinds: Any
    keys: Any
    values: Any
    width: int | None
    """Bytes of every value, where all have as many."""

    def __len__(self) -> int:
        return len(self.operations)


class Batch(Protocol):
    """What a call returned."""

    @property
    def epoch(self) -> int: ...


C = TypeVar("C", bound=Sized)
B = TypeVar("B", bound=Batch)


@dataclass(frozen=True, slots=True)
class Answer(Generic[C, B]):
    call: C
    batch: B
    at: float
    """When it was there, by the store's watch."""


def prepare(
    operations: Operations, *, threads: int, batch_size: int, value_size: int
) -> list[list[Call]]:
    """The calls of each thread. A record belongs to one thread, so its operations stay in order."""
    if threads == 1:
        parts = [operations]
    else:
        owners = mix(operations.records) % np.uint64(threads)
        parts = [operations.take(np.flatnonzero(owners == owner)) for owner in range(threads)]
    return [
        [
            _call(part.slice(start, start + batch_size), value_size)
            for start in range(0, len(part), batch_size)
        ]
        for part in parts
    ]


def _call(operations: Operations, value_size: int) -> Call:
    values = value_column(operations, value_size)
    width = value_size if operations.values is None else None
    return Call(operations, operations.kinds, key_column(operations), values, width)


def runner(store: zeta.Store) -> Callable[[Call], zeta.Batch]:
    """Runs calls on a key-value store."""
    run_many = store.run_many
    return lambda call: run_many(call.kinds, call.keys, call.values, width=call.width)


class Side(Generic[C, B]):
    """A store under measurement, with its watch and, where it has epochs, what turns them."""

    def __init__(
        self,
        store: zeta.Store | zeta.ApplicationStore,
        run: Callable[[C], B],
        *,
        threads: int,
        epoch_seconds: float | None,
    ) -> None:
        self.store = store
        self._run = run
        self.watch = Stopwatch()
        self.operations = 0
        self._answered: list[tuple[float, int, int]] = []
        self._certified: list[tuple[float, int]] = []
        self._pool = ThreadPoolExecutor(threads, "client")
        self._turner = None if epoch_seconds is None else _Turner(self, epoch_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._turner:
            self._turner.end()
        self._pool.shutdown()

    def serve(self, parts: Sequence[Sequence[C]]) -> list[Answer[C, B]]:
        """Runs the calls of each thread side by side; the watch runs meanwhile."""
        self.watch.start()
        try:
            if self._turner:
                self._turner.resume()
            if len(parts) == 1:
                answers = self._serve_one(parts[0])
            else:
                running = [self._pool.submit(self._serve_one, part) for part in parts]
                answers = [answer for part in running for answer in part.result()]
            if self._turner:
                self._turner.pause()
        finally:
            self.watch.stop()
        for answer in answers:
            count = len(answer.call)
            self.operations += count
            if self._turner:
                self._answered.append((answer.at, answer.batch.epoch, count))
        return answers

    def _serve_one(self, calls: Sequence[C]) -> list[Answer[C, B]]:
        run, now = self._run, self.watch.now
        return [Answer(call, run(call), now()) for call in calls]

    def settle(self) -> None:
        """Certifies what is open, on the watch."""
        if self._turner:
            self.watch.start()
            try:
                self.turn()
            finally:
                self.watch.stop()

    def turn(self) -> None:
        epoch = self.store.certify()
        self._certified.append((self.watch.now(), epoch))

    def forget(self) -> None:
        """Begins to measure anew: what ran until now was to warm up."""
        self.settle()
        self.watch = Stopwatch()
        self.operations = 0
        self._answered.clear()
        self._certified.clear()
        if self._turner:
            self._turner.restart()

    @property
    def epochs_certified(self) -> int:
        return len(self._certified)

    @property
    def operations_per_s(self) -> float:
        return self.operations / max(self.watch.now(), 1e-9)

    def certification_ms(self) -> dict[str, float | None]:
        """From an answer to the certification of its epoch, over all operations."""
        if not self._answered or not self._certified:
            return {"p50": None, "p99": None}
        answered = np.array(self._answered)
        certified = np.array(self._certified)
        which = np.searchsorted(certified[:, 1], answered[:, 1], side="left")
        passed = certified[np.minimum(which, len(certified) - 1), 0] - answered[:, 0]
        p50, p99 = _weighted_percentiles(passed * 1000, answered[:, 2], (0.5, 0.99))
        return {"p50": round(p50, 3), "p99": round(p99, 3)}


class _Turner:
    """Turns a store's epochs by its watch, in a thread of its own."""

    def __init__(self, side: Side[Any, Any], seconds: float) -> None:
        self._side = side
        self._seconds = seconds
        self._due = seconds
        self._changed = threading.Condition()
        self._active = False
        self._ended = False
        self._turning = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="epochs", daemon=True)
        self._thread.start()

    def resume(self) -> None:
        with self._changed:
            self._active = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Returns once no turn is under way; raises what a turn has raised."""
        with self._changed:
            self._active = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._turning)
            if self._error:
                raise self._error

    def restart(self) -> None:
        self._due = self._seconds

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._active = False
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while self._wait_until_due():
            try:
                self._side.turn()
            except BaseException as error:  # raised again where somebody waits for it
                self._error = error
            self._due = max(self._due + self._seconds, self._side.watch.now())
            with self._changed:
                self._turning = False
                self._changed.notify_all()
                if self._error:
                    return

    def _wait_until_due(self) -> bool:
        with self._changed:
            while not self._ended:
                left = self._due - self._side.watch.now()
                if self._active and left <= 0:
                    self._turning = True
                    return True
                self._changed.wait(left if self._active else None)
            return False


def _weighted_percentiles(
    values: NDArray[np.float64], weights: NDArray[np.float64], shares: Sequence[float]
) -> list[float]:
    order = np.argsort(values)
    passed = np.cumsum(weights[order])
    found = np.searchsorted(passed, np.array(shares) * passed[-1])
    return [float(values[order][min(i, len(values) - 1)]) for i in found]
