"""An append-only audit log for agents and services: who did what, in one hash chain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from zeta.app import (
    U8,
    U32,
    U64,
    Application,
    Exactly,
    Max,
    Relation,
    check,
    row,
    sha256,
    transition,
)

Who = Annotated[str, Max(64)]
What = Annotated[bytes, Max(4096)]
Digest = Annotated[bytes, Exactly(32)]


@row
class Line:
    """One line of a log; `chain` commits to it, to all before it, and to the log's number."""

    who: Who
    epoch: U32
    chain: Digest
    what: What


@row
class End:
    """Where a log ends."""

    length: U64
    chain: Digest


def first_chain(log: U8) -> Digest:
    """The hash over an empty log."""
    return sha256(log.to_bytes(1, "little"))


def next_chain(chain: Digest, who: Who, epoch: U32, what: What) -> Digest:
    """The hash over a log with one line more."""
    told = sha256(who.encode()) + epoch.to_bytes(4, "little") + sha256(what)
    return sha256(chain + told)


def follow(log: int, lines: Iterable[Line]) -> End:
    """Where the lines of an exported log lead, computed without any store.

    They are all and in order where it is the `end` that was certified. Raises `ValueError` at the
    first line whose chain does not follow from the lines before it.
    """
    number = 0
    chain = first_chain(U8(log))
    for number, line in enumerate(lines, 1):
        chain = next_chain(chain, line.who, U32(line.epoch), line.what)
        if chain != line.chain:
            raise ValueError(f"line `{number - 1}` does not follow from the lines before it")
    return End(U64(number), chain)


class AuditLog(Application):
    """Logs by number, each from an empty one. No transition changes or removes a line."""

    lines: Relation[tuple[U8, U64], Line]
    ends: Relation[U8, End]

    @transition
    def append(self, log: U8, who: Who, what: What) -> U64:
        """Adds a line; its number, from 0 without a gap."""
        end = self._end(log)
        chain = next_chain(end.chain, who, self.epoch, what)
        self.lines[(log, end.length)] = Line(who, self.epoch, chain, what)
        self.ends[log] = End(end.length + 1, chain)
        return end.length

    @transition
    def read(self, log: U8, number: U64) -> Line:
        """A line; fails where the log is not that long."""
        check(number < self._end(log).length, "the log is not that long")
        return self.lines[(log, number)]

    @transition
    def end(self, log: U8) -> End:
        """How long a log is, and the hash over all of it."""
        return self._end(log)

    def _end(self, log: U8) -> End:
        found = self.ends.get(log)
        return End(U64(0), first_chain(log)) if found is None else found
