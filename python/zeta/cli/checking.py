"""Checking answers against an oracle's, after the watch has stopped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import zeta
from zeta.cli.measure import Answer, Call
from zeta.workload.operations import DELETE, GET, Numbers, Operations, value_bytes
from zeta.workload.oracle import ABSENT, Oracle


class Checker:
    def __init__(self, oracle: Oracle, value_size: int) -> None:
        self.oracle = oracle
        self.wrong = 0
        self._value_size = value_size
        # A value that a file gave is looked up by its number, beside its record's.
        self._given: dict[int, bytes] = {}

    def check(self, operations: Operations, answers: Sequence[Answer[Call, zeta.Batch]]) -> None:
        """Counts the wrong ones among the answers to these operations, however they were split."""
        if not len(operations):
            return
        if operations.values is not None:
            self._given.update(zip(operations.numbers.tolist(), operations.values, strict=True))
        expected = self.oracle.answers(operations)
        # Numbers are consecutive, so that a number tells the place of its operation.
        first = operations.numbers[0]
        for answer in answers:
            wanted = expected[answer.call.operations.numbers - first]
            self.wrong += self._wrong(answer, wanted)

    def _wrong(self, answer: Answer[Call, zeta.Batch], expected: Numbers) -> int:
        operations = answer.call.operations
        kinds = operations.kinds
        present = np.asarray(answer.batch.present, dtype=bool)
        wrong = (present != (expected != ABSENT)) & ((kinds == GET) | (kinds == DELETE))
        places = np.flatnonzero((kinds == GET) & present & ~wrong)
        if operations.values is None:
            wanted = value_bytes(expected[places], self._value_size)
            found = answer.batch.values.to_numpy()[places]
            return int(np.count_nonzero(wrong)) + int(np.count_nonzero((wanted != found).any(1)))
        values = answer.batch.values
        differing = [self._given[int(expected[place])] != values[int(place)] for place in places]
        return int(np.count_nonzero(wrong)) + sum(differing)
