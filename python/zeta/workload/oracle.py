"""The oracle: which value an honest store answers, worked out without one.

A value is known by its number here; ABSENT stands for a record that is not there.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from zeta.workload.operations import DELETE, PUT, Numbers, Operations

ABSENT = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


class Oracle(Protocol):
    def load(self, records: Numbers, numbers: Numbers) -> None: ...

    def answers(self, operations: Operations) -> Numbers:
        """The number of the value that each operation finds: before it, if it writes."""
        ...


class PlainDict:
    """A dict that runs beside the store, one operation after the other."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def load(self, records: Numbers, numbers: Numbers) -> None:
        self._numbers.update(zip(records.tolist(), numbers.tolist(), strict=True))

    def answers(self, operations: Operations) -> Numbers:
        table, absent = self._numbers, int(ABSENT)
        found: list[int] = []
        columns = (operations.kinds.tolist(), operations.records.tolist())
        for kind, record, number in zip(*columns, operations.numbers.tolist(), strict=True):
            found.append(table.get(record, absent))
            if kind == PUT:
                table[record] = number
            elif kind == DELETE:
                table.pop(record, None)
        return np.array(found, np.uint64)


class Table:
    """The same for millions of densely numbered records: whole columns at a time."""

    def __init__(self, records: int) -> None:
        self._numbers: Numbers = np.full(records, ABSENT)

    def load(self, records: Numbers, numbers: Numbers) -> None:
        self._numbers[records] = numbers

    def answers(self, operations: Operations) -> Numbers:
        self._grow(operations.records)
        # Sorted by record, and in order within each, what an operation finds is what the write
        # before it left, or what the table held.
        order = np.argsort(operations.records, kind="stable")
        records = operations.records[order]
        kinds = operations.kinds[order]
        places = np.arange(len(order))
        first = np.ones(len(order), bool)
        first[1:] = records[1:] != records[:-1]
        writes = (kinds == PUT) | (kinds == DELETE)
        # The place of the last write up to each operation; of a record's start where that is later.
        last = np.maximum.accumulate(np.where(writes, places, -1))
        start = np.maximum.accumulate(np.where(first, places, 0))
        before = np.concatenate(([-1], last[:-1]))
        left = np.where(kinds == DELETE, ABSENT, operations.numbers[order])
        sorted_answers = np.where(before >= start, left[before], self._numbers[records])
        ends = np.concatenate((first[1:], [True]))
        written = ends & (last >= start)
        self._numbers[records[written]] = left[last[written]]
        answers = np.empty_like(sorted_answers)
        answers[order] = sorted_answers
        return answers

    def _grow(self, records: Numbers) -> None:
        highest = int(records.max(initial=np.uint64(0)))
        if highest >= len(self._numbers):
            more = np.full(max(highest + 1 - len(self._numbers), len(self._numbers) // 8), ABSENT)
            self._numbers = np.concatenate((self._numbers, more))
