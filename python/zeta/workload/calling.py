"""A process of callers, told through a pipe what to do to the servers of another process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from zeta.applications.key_value import KeyValue
from zeta.workload.caller import Crowd, Waited, Writes, replies, result, work
from zeta.workload.operations import key_bytes, value_bytes
from zeta.workload.popularity import Zipfian, scatter

_VALUE_SIZE = 8
_GET = list(KeyValue.transitions).index("get")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the callers are."""

    key: bytes
    """Their secret key."""
    records: int
    connections: int
    pipeline: int


class Callers:
    """The other end of the pipe. Every call returns when the process has done what it says."""

    def __init__(self, plan: Plan) -> None:
        """Starts the process."""
        context = get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_obey, args=(other, plan), daemon=True)
        self._process.start()
        other.close()

    def connect(self, port: int, checked: bool = True, subscribed: bool = False) -> None:
        """Opens a session on each of a new crowd's connections."""
        self._told("connect", port, checked, subscribed)

    def prepare(self, requests: int) -> None:
        """Makes requests for the crowd of the last `use`."""
        self._told("prepare", requests)

    def use(self, crowd: int) -> None:
        """Turns to a crowd: the first is 0."""
        self._told("use", crowd)

    def run(self) -> float:
        """Sends what was prepared; seconds until the last answer came."""
        seconds: float = self._told("run")
        return seconds

    def check(self) -> int:
        """How many of the answers are not the right ones; raises what makes one no answer."""
        wrong: int = self._told("check")
        return wrong

    def work(self, seconds: float) -> Waited:
        """Sends what was prepared, and waits for certifications, too."""
        waited: Waited = self._told("work", seconds)
        return waited

    def close(self) -> None:
        """Ends the process."""
        self._process.terminate()
        self._process.join()
        self._pipe.close()

    def _told(self, *order: Any) -> Any:
        self._pipe.send(order)
        done = self._pipe.recv()
        if isinstance(done, BaseException):
            raise done
        return done


class _Worker:
    """What the process does."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._crowds: list[tuple[Crowd, bool, int]] = []
        self._popularity = Zipfian(plan.records, 0.9)
        self._draw = np.random.default_rng(1)
        self._signature = KeyValue.transitions["get"]

    def connect(self, port: int, checked: bool, subscribed: bool) -> None:
        crowd = Crowd(port, self._plan.key, self._plan.connections, subscribed)
        self._crowds.append((crowd, checked, 1))
        self.use(len(self._crowds) - 1)
        if subscribed:
            return
        # The first answer tells how long they all are.
        numbers = np.zeros(1, dtype=np.uint64)
        self._prepare(numbers)
        crowd.run(self._prepared, 1)
        self._crowds[-1] = crowd, checked, len(crowd.callers[0].answers)

    def use(self, at: int) -> None:
        self._crowd, self._checked, self._reply_len = self._crowds[at]

    def prepare(self, requests: int) -> None:
        ranks = self._popularity.ranks(requests, self._draw)
        self._prepare(scatter(ranks, self._plan.records))

    def _prepare(self, numbers: Any) -> None:
        self._numbers = numbers
        arguments = [
            self._signature.encode_arguments((key.tobytes(),), {}) for key in key_bytes(numbers)
        ]
        self._prepared: Sequence[Writes] = self._crowd.prepare(_GET, arguments, self._plan.pipeline)

    def run(self) -> float:
        return self._crowd.run(self._prepared, self._reply_len)

    def check(self) -> int:
        wrong = 0
        values = [row.tobytes() for row in value_bytes(self._numbers, _VALUE_SIZE)]
        callers = self._crowd.callers
        for at, (caller, writes) in enumerate(zip(callers, self._prepared, strict=True)):
            said = {getattr(each, "number", None): each for each in replies(caller)}
            expected = values[at :: len(callers)]
            for index, (request, value) in enumerate(zip(writes.requests, expected, strict=True)):
                found = result(caller, request, said[index], self._checked)
                wrong += self._signature.decode_result(found) != value
        return wrong

    def work(self, seconds: float) -> Waited:
        return work(self._crowd, self._prepared, seconds)


def _obey(pipe: Connection, plan: Plan) -> None:
    worker = _Worker(plan)
    while True:
        try:
            name, *rest = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            pipe.send(getattr(worker, name)(*rest))
        except Exception as error:
            pipe.send(error)
