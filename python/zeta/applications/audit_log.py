"""An append-only audit log for agents and services: who did what, in one hash chain."""

from __future__ import annotations

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
    """One line of a log; `chain` commits to it and to all before it."""

    who: Who
    epoch: U32
    chain: Digest
    what: What


@row
class End:
    """Where a log ends."""

    length: U64
    chain: Digest


class AuditLog(Application):
    """Logs by number, each from an empty one. No transition changes or removes a line."""

    lines: Relation[tuple[U8, U64], Line]
    ends: Relation[U8, End]

    @transition
    def append(self, log: U8, who: Who, what: What) -> U64:
        """Adds a line; its number, from 0 without a gap."""
        end = self._end(log)
        told = sha256(who.encode())
        chain = sha256(end.chain + told + sha256(what))
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
        return End(U64(0), sha256(b"")) if found is None else found
