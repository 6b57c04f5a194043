"""`zeta bench network`: gets over TCP with sessions and receipts, beside the same without."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

import zeta
from zeta import _native
from zeta.access import AccessList, Client, Grant
from zeta.cli.failure import found_wrong
from zeta.cli.loading import load
from zeta.cli.screen import Screen, milliseconds
from zeta.client.handshake import public_key
from zeta.server import Limits, Server
from zeta.serving import Serving
from zeta.workload.caller import Waited
from zeta.workload.calling import Callers
from zeta.workload.calling import Plan as Calling

T = TypeVar("T")

_KEY = bytes([7]) * 32
_VALUE_SIZE = 8
_ROUND_PER_SECOND, _ROUND_MAX = 20_000, 40_000
# More than callers in Python ask for, so that they never run out of what was made for them.
_CROWD_PER_SECOND = 60_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    records: int
    seconds: float
    epoch_seconds: float
    connections: int
    pipeline: int


class Bare:
    """A store whose server asks nobody who he is and gives no receipts, for comparison alone.

    The same frames come, and their sessions are not looked at: each is a call of the host's own.
    """

    def __init__(self, store: zeta.Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def run_frames(
        self, connections: list[tuple[bytes, int]], kept: _native.KeptReplies
    ) -> list[bytes]:
        return _native.run_frames(self._store._native_store, connections, None, True)


class Side:
    """One of the two servers, with what its requests have cost."""

    def __init__(self, name: str, store: zeta.Store) -> None:
        self.name, self.store = name, store
        self.requests = 0
        self.seconds = self.processor_seconds = 0.0

    def add(self, requests: int, seconds: float, processor_seconds: float) -> None:
        self.requests += requests
        self.seconds += seconds
        self.processor_seconds += processor_seconds

    @property
    def per_s(self) -> int:
        return round(self.requests / max(self.seconds, 1e-9))

    @property
    def cost_us(self) -> float:
        """Of this process's processor time; the callers are in another process."""
        return self.processor_seconds / max(self.requests, 1) * 1e6


def bench_network(screen: Screen, plan: Plan) -> None:
    """Measures the cost of a request, then a crowd that waits for certifications."""
    screen.say(
        f"network: {plan.connections:,} connections, each with {plan.pipeline} requests under way; "
        f"gets of {plan.records:,} records of 8+{_VALUE_SIZE} bytes, zipf"
    )
    sides, wrong = asyncio.run(_compare(screen, plan))
    crowd = asyncio.run(_wait(screen, plan))
    own, bare = sides
    ms = np.array(crowd.certification_seconds or [0.0]) * 1000
    p50, p99 = (round(float(np.percentile(ms, q)), 1) for q in (50, 99))
    ratio = own.cost_us / bare.cost_us
    screen.columns(
        ("", "requests/s", "server, us each"),
        [(side.name, f"{side.per_s:,}", f"{side.cost_us:,.2f}") for side in sides],
    )
    screen.table(
        [
            ("cost, the first by the second", f"{ratio:.2f}"),
            ("requests that failed", f"{crowd.failed:,} of {crowd.requests:,}"),
            ("crowd", f"{crowd.requests / max(crowd.seconds, 1e-9):,.0f} requests/s"),
            ("until certified, median", milliseconds(p50)),
            ("until certified, 99 of 100", milliseconds(p99)),
        ]
    )
    screen.result(
        {
            "operations": own.requests + bare.requests + crowd.requests,
            "wrong_answers": wrong,
            "connections": plan.connections,
            "pipeline": plan.pipeline,
            "authenticated_per_s": own.per_s,
            "bare_per_s": bare.per_s,
            "authenticated_us": round(own.cost_us, 3),
            "bare_us": round(bare.cost_us, 3),
            "cost_ratio": round(ratio, 3),
            "crowd_requests": crowd.requests,
            "crowd_failed": crowd.failed,
            "crowd_per_s": round(crowd.requests / max(crowd.seconds, 1e-9)),
            "certification_ms": {"p50": p50, "p99": p99},
        }
    )
    if wrong or crowd.failed:
        found_wrong(f"{wrong} answers are wrong, and {crowd.failed} requests failed")


async def _compare(screen: Screen, plan: Plan) -> tuple[tuple[Side, Side], int]:
    """Rounds of the same requests on both servers, until the slower has worked long enough."""
    with ExitStack() as stack:
        stores = [stack.enter_context(_opened(screen, plan, None)) for _ in range(2)]
        sides = Side("with sessions and receipts", stores[0]), Side("without", stores[1])
        served: list[Serving] = [stores[0], cast(Serving, Bare(stores[1]))]
        servers = [Server(_limits(plan)) for _ in sides]
        callers = stack.enter_context(closing(Callers(_calling(plan))))
        for server, store, checked in zip(servers, served, (True, False), strict=True):
            port = await server.listen(store, "127.0.0.1", 0)
            await _told(lambda: callers.connect(port, checked))  # noqa: B023
        count = max(1, min(_ROUND_MAX, int(_ROUND_PER_SECOND * plan.seconds)))
        wrong = warm = 0
        with screen.progress("measuring", plan.seconds) as bar:
            while warm < 2 or max(side.seconds for side in sides) < plan.seconds:
                for at, side in enumerate(sides):
                    await _told(lambda: callers.use(at))  # noqa: B023
                    await _told(lambda: callers.prepare(count))
                    spent = time.process_time()
                    began = time.perf_counter()
                    await _told(callers.run)
                    # Verification is charged with all that it owes.
                    await _told(side.store.certify)
                    seconds = time.perf_counter() - began
                    spent = time.process_time() - spent
                    wrong += await _told(callers.check)
                    if warm:
                        side.add(count, seconds, spent)
                warm += 1
                bar.to(max(side.seconds for side in sides))
        callers.close()
        for server in servers:
            await server.close(certify=False)
        return sides, wrong


async def _wait(screen: Screen, plan: Plan) -> Waited:
    """Everybody asks without a pause, while epochs turn by the clock."""
    server = Server(_limits(plan))
    with (
        _opened(screen, plan, server) as store,
        closing(Callers(_calling(plan))) as callers,
    ):
        port = await server.listen(store, "127.0.0.1", 0)
        await _told(lambda: callers.connect(port, subscribed=True))
        most = max(plan.connections * plan.pipeline, int(_CROWD_PER_SECOND * plan.seconds))
        await _told(lambda: callers.prepare(most))
        with screen.progress("waiting for certifications", None):
            waited = await _told(lambda: callers.work(plan.seconds))
        callers.close()
        await server.close(certify=False)
        return waited


def _opened(screen: Screen, plan: Plan, server: Server | None) -> zeta.Store:
    access = AccessList((Client(public_key(_KEY), ("get",), (Grant("records", "read"),)),))
    store = zeta.open(
        access=access,
        epoch=None if server is None else plan.epoch_seconds,
        on_epoch=None if server is None else server.epoch_decided,
        sessions=min(65_535, plan.connections + 1),
    )
    numbers = np.arange(plan.records, dtype=np.uint64)
    load(store, numbers, numbers, _VALUE_SIZE, screen)
    store.certify()
    return store


def _limits(plan: Plan) -> Limits:
    return Limits(connections=plan.connections + 1)


def _calling(plan: Plan) -> Calling:
    return Calling(_KEY, plan.records, plan.connections, plan.pipeline)


async def _told(what: Callable[[], T]) -> T:
    """Waits for what blocks, while the servers go on."""
    return await asyncio.to_thread(what)
