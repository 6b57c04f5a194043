"""Columns of operations: what is asked, of which record, with which value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

GET, PUT, DELETE = 0, 1, 2

Bytes: TypeAlias = NDArray[np.uint8]
Numbers: TypeAlias = NDArray[np.uint64]

# Odd constants of splitmix64: neighbouring numbers give unrelated values.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Operations:
    """A run of operations in order. A record is named by a number, a value by another.

    `keys` holds the records' keys where they are not simply their numbers, and `values` the
    values where they do not follow from theirs.
    """

    kinds: Bytes
    records: Numbers
    numbers: Numbers
    keys: Sequence[bytes] | None = None
    values: Sequence[bytes] | None = None

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, positions: NDArray[np.intp]) -> Operations:
        """The operations at these positions, in their order."""
        return Operations(
            self.kinds[positions],
            self.records[positions],
            self.numbers[positions],
            None if self.keys is None else [self.keys[i] for i in positions],
            None if self.values is None else [self.values[i] for i in positions],
        )

    def slice(self, start: int, stop: int) -> Operations:
        span = slice(start, stop)
        return Operations(
            self.kinds[span],
            self.records[span],
            self.numbers[span],
            None if self.keys is None else self.keys[span],
            None if self.values is None else self.values[span],
        )


def key_column(operations: Operations) -> Bytes | Sequence[bytes]:
    """The keys as a store takes them: eight bytes for a record that is only a number."""
    return key_bytes(operations.records) if operations.keys is None else operations.keys


def value_column(operations: Operations, size: int) -> Bytes | Sequence[bytes]:
    """The values as a store takes them, `size` bytes each where they are derived."""
    if operations.values is None:
        return value_bytes(operations.numbers, size)
    return operations.values


def key_bytes(records: Numbers) -> Bytes:
    return np.ascontiguousarray(records, "<u8").view(np.uint8).reshape(-1, 8)


def value_bytes(numbers: Numbers, size: int) -> Bytes:
    """One value of `size` bytes for each number: the same number, the same value."""
    words = np.empty((len(numbers), -(-size // 8)), "<u8")
    steps = np.arange(1, words.shape[1] + 1, dtype=np.uint64) << np.uint64(48)
    # Along the longer side, or few long values would take a step for every eight bytes.
    if words.shape[1] > len(numbers):
        for row in range(len(numbers)):
            words[row] = mix(numbers[row : row + 1] + steps)
    else:
        for column in range(words.shape[1]):
            words[:, column] = mix(numbers + steps[column : column + 1])
    return np.ascontiguousarray(words.view(np.uint8)[:, :size])


def mix(numbers: Numbers) -> Numbers:
    """A bijection of the 64-bit numbers that looks like chance."""
    mixed = numbers * _STEP
    mixed ^= mixed >> np.uint64(30)
    mixed *= _MIX[0]
    mixed ^= mixed >> np.uint64(27)
    mixed *= _MIX[1]
    mixed ^= mixed >> np.uint64(31)
    return mixed


def write_share(read_share: float, count: int, first: int) -> NDArray[np.bool_]:
    """Which of the accesses `first`, `first + 1`, .. are writes: evenly spread, no chance.

    With a read share of 0.95 every twentieth is one, the last of each twenty.
    """
    passed = np.arange(first, first + count + 1, dtype=np.float64)
    # The small addend keeps 20 * 0.05 from falling just below one.
    written = np.floor(passed * (1.0 - read_share) + 1e-9)
    return np.diff(written) > 0
