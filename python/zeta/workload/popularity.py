"""Popularity: which record an access asks for, drawn from a seed."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from zeta.workload.operations import Numbers


class Popularity(Protocol):
    """Draws ranks: 0 is the most popular of `count` records."""

    def ranks(self, count: int, random: np.random.Generator) -> Numbers: ...


class Uniform:
    def __init__(self, records: int) -> None:
        self._records = records

    def ranks(self, count: int, random: np.random.Generator) -> Numbers:
        return random.integers(0, self._records, count, dtype=np.uint64)


class Zipfian:
    """Rank r is asked for in proportion to 1 / (r + 1) ** theta, with 0 < theta < 1.

    By the closed form of Gray et al. (SIGMOD 1994) that YCSB uses: exact for the first two ranks, a
    close approximation for the others, and without a table that would not fit the caches.
    """

    def __init__(self, records: int, theta: float) -> None:
        if not 0.0 < theta < 1.0:
            raise ValueError(f"theta must lie between 0 and 1, and is `{theta}`")
        self._records = records
        self._theta = theta
        self._zeta = _zeta(records, theta)
        first_two = _zeta(min(2, records), theta)
        self._eta = (
            (1.0 - (2.0 / records) ** (1.0 - theta)) / (1.0 - first_two / self._zeta)
            if records > 2
            else 1.0
        )

    def ranks(self, count: int, random: np.random.Generator) -> Numbers:
        drawn = random.random(count)
        tail = (self._eta * drawn - self._eta + 1.0) ** (1.0 / (1.0 - self._theta))
        ranks = (self._records * tail).astype(np.uint64)
        weighted = drawn * self._zeta
        ranks[weighted < 1.0 + 0.5**self._theta] = 1
        ranks[weighted < 1.0] = 0
        return np.minimum(ranks, np.uint64(self._records - 1))


class TraceShape:
    """The popularity of the objects of a busy shop's database, for any number of records.

    Measured on the trace `orm-busy` (copyright headissue GmbH, Jens Wilke; CC BY 4.0), see
    docs/reference/cli.md: the share of all accesses that its most popular objects draw.
    """

    def __init__(self, records: int) -> None:
        scale = records / _TRACE_RECORDS
        ranks = np.array([rank for rank, _ in _TRACE_SHARES], np.float64)
        shares = np.array([share for _, share in _TRACE_SHARES])
        # Below the first knot the share starts from zero; ranks are interpolated as logarithms.
        self._shares = np.concatenate(([0.0], shares))
        self._log_ranks = np.log(np.concatenate(([0.5], ranks)) * scale)
        self._records = records

    def ranks(self, count: int, random: np.random.Generator) -> Numbers:
        drawn = random.random(count)
        ranks = np.exp(np.interp(drawn, self._shares, self._log_ranks)).astype(np.uint64)
        return np.minimum(ranks, np.uint64(self._records - 1))


def scatter(ranks: Numbers, records: int) -> Numbers:
    """Gives the ranks to records all over the key space: a bijection, the same at every run."""
    stride = max(1, int(records * 0.6180339887))
    while math.gcd(stride, records) != 1:
        stride += 1
    return (ranks * np.uint64(stride) + np.uint64(records // 3)) % np.uint64(records)


def _zeta(records: int, theta: float) -> float:
    step = 1 << 20
    return math.fsum(
        float(np.sum(np.arange(start, min(start + step, records + 1), dtype=np.float64) ** -theta))
        for start in range(1, records + 1, step)
    )


_TRACE_RECORDS = 76_349
_TRACE_SHARES = (
    (1, 0.00544),
    (2, 0.01027),
    (5, 0.02371),
    (10, 0.03927),
    (20, 0.0536),
    (50, 0.07787),
    (100, 0.10693),
    (200, 0.16318),
    (500, 0.28733),
    (1000, 0.37146),
    (2000, 0.47939),
    (5000, 0.67912),
    (10000, 0.80046),
    (20000, 0.90425),
    (30000, 0.94886),
    (40000, 0.9732),
    (50000, 0.98692),
    (60000, 0.99486),
    (70000, 0.99873),
    (76349, 1.0),
)
