"""The memory that connections hold together: bounded, whoever comes in whatever number."""

from typing import Protocol


class Holder(Protocol):
    """A connection that keeps bytes for its client."""

    def cut(self, why: str) -> None:
        """Closes at once; it then holds nothing."""


class Memory:
    """How many bytes each connection holds; the greediest goes where it is too much."""

    def __init__(self, limit: int) -> None:
        """Grants `limit` bytes to all of them."""
        self._limit = limit
        self._held: dict[Holder, int] = {}
        self.total = 0

    def note(self, holder: Holder, held: int) -> None:
        """Notes what a connection holds now; the one with the most is cut, if need be."""
        self.total += held - self._held.get(holder, 0)
        if held:
            self._held[holder] = held
        else:
            self._held.pop(holder, None)
        while self.total > self._limit:
            greediest = max(self._held, key=self._held.__getitem__)
            self.note(greediest, 0)
            greediest.cut("it held the most, and all connections together held too much")
