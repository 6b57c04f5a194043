"""Counters that only grow: for versions, ballots, leases, rollback protection."""

from __future__ import annotations

from typing import Annotated

from zeta.app import U64, Application, Max, Relation, check, transition

Name = Annotated[str, Max(64)]


class Counters(Application):
    """Counters by name, each from 0. None ever goes down, none is ever removed."""

    counters: Relation[Name, U64]

    @transition
    def read(self, name: Name) -> U64:
        """The counter's value; 0 where it was never raised."""
        found = self.counters.get(name)
        return U64(0) if found is None else found

    @transition
    def add(self, name: Name, amount: U64) -> U64:
        """Raises a counter by at least 1; its new value. No two calls get the same."""
        check(amount > 0, "a counter grows by at least 1")
        found = self.counters.get(name)
        value = amount if found is None else found + amount
        self.counters[name] = value
        return value

    @transition
    def raise_to(self, name: Name, value: U64) -> U64:
        """Raises a counter to a value, unless it is there or beyond; what it holds afterwards."""
        found = self.counters.get(name)
        if found is not None and found >= value:
            return found
        self.counters[name] = value
        return value
