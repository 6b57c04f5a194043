"""YCSB: the core workloads A, B, C, D and F as operations over numbered records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zeta.workload.operations import GET, PUT, Bytes, Numbers, Operations
from zeta.workload.popularity import Popularity, Uniform, Zipfian, scatter


@dataclass(frozen=True, slots=True)
class Mix:
    """What a workload is made of. Shares are of requests; what is left over reads."""

    name: str
    about: str
    update_share: float = 0.0
    insert_share: float = 0.0
    # A read and then a write of the same record: two operations for one request.
    read_modify_write_share: float = 0.0


MIXES = {
    mix.name: mix
    for mix in (
        Mix("ycsb-a", "half reads, half updates", update_share=0.5),
        Mix("ycsb-b", "95 % reads, 5 % updates", update_share=0.05),
        Mix("ycsb-c", "reads only"),
        Mix("ycsb-d", "95 % reads of the latest records, 5 % inserts", insert_share=0.05),
        Mix("ycsb-f", "half reads, half read-modify-writes", read_modify_write_share=0.5),
    )
}


class Ycsb:
    """Draws the operations of one workload; the same seed draws the same ones."""

    def __init__(
        self, mix: Mix, records: int, distribution: str, theta: float, seed: int = 1
    ) -> None:
        self._mix = mix
        self._loaded = records
        self._popularity: Popularity = (
            Zipfian(records, theta) if distribution == "zipfian" else Uniform(records)
        )
        self._random = np.random.default_rng(seed)
        # Numbers of values begin above those of the load, whose values carry the records' own.
        self._next_number = records
        self.records = records

    def draw(self, requests: int) -> Operations:
        """The operations of the next `requests` requests, in order."""
        kinds, records = self._latest(requests) if self._mix.insert_share else self._mixed(requests)
        numbers = np.arange(self._next_number, self._next_number + len(kinds), dtype=np.uint64)
        self._next_number += len(kinds)
        return Operations(kinds, records, numbers)

    def _mixed(self, requests: int) -> tuple[Bytes, Numbers]:
        ranks = self._popularity.ranks(requests, self._random)
        records = scatter(ranks, self._loaded)
        drawn = self._random.random(requests)
        kinds = np.where(drawn < self._mix.update_share, PUT, GET).astype(np.uint8)
        share = self._mix.read_modify_write_share
        if not share:
            return kinds, records
        repeats = np.where(drawn < share, 2, 1)
        kinds, records = np.repeat(kinds, repeats), np.repeat(records, repeats)
        # The second of a pair is the write.
        kinds[np.cumsum(repeats)[repeats == 2] - 1] = PUT
        return kinds, records

    def _latest(self, requests: int) -> tuple[Bytes, Numbers]:
        inserts = self._random.random(requests) < self._mix.insert_share
        # How many records there are when each request is made; an insert takes the next number.
        present = np.uint64(self.records) + np.cumsum(inserts).astype(np.uint64) - inserts
        ranks = self._popularity.ranks(requests, self._random)
        records = np.where(inserts, present, present - np.uint64(1) - ranks)
        self.records += int(np.count_nonzero(inserts))
        return np.where(inserts, PUT, GET).astype(np.uint8), records
