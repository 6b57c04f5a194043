"""The sequence numbers of a session: each is used once, also across the client's restarts."""

from collections.abc import Callable

from zeta.client.session import SEQUENCE_MAX
from zeta.errors import InvalidValue

WINDOW = 1007
"""How far below the highest number the verifier still knows which are used."""
_AHEAD = 256


class Numbers:
    """Hands out numbers; which ones may have been used is written down before they are.

    A client that comes back begins above all numbers that it may have used, and asks about those.
    """

    def __init__(self, first: int, reserve: Callable[[int], None]) -> None:
        """Begins at `first`; `reserve(end)` must make durable that numbers below `end` may be used.

        Raises:
            InvalidValue: `first` is no sequence number.
        """
        if not 1 <= first <= SEQUENCE_MAX + 1:
            raise InvalidValue(f"`{first}` is no sequence number: `1` to `{SEQUENCE_MAX}`")
        self._next = first
        self._end = first
        self._reserve = reserve
        self._open: dict[int, None] = {}

    @property
    def unsettled(self) -> tuple[int, ...]:
        """Numbers whose fate is not known yet, the oldest first."""
        return tuple(self._open)

    def has_room(self) -> bool:
        """Whether another may be taken before the oldest unsettled one leaves the window."""
        return not self._open or self._next - next(iter(self._open)) <= WINDOW

    def take(self) -> int:
        """A number that was never used.

        Raises:
            InvalidValue: too many are unsettled, or the session has used all its numbers.
        """
        if self._next > SEQUENCE_MAX:
            raise InvalidValue("the session has used all its numbers: rotate it")
        if not self.has_room():
            raise InvalidValue(
                f"number `{next(iter(self._open))}` must be settled first: the verifier would "
                f"forget it behind `{WINDOW}` later ones"
            )
        if self._next >= self._end:
            end = min(self._next + _AHEAD, SEQUENCE_MAX + 1)
            self._reserve(end)
            self._end = end
        taken = self._next
        self._next += 1
        self._open[taken] = None
        return taken

    def settle(self, sequence: int) -> None:
        """Notes that the fate of a number is known.

        Raises:
            InvalidValue: it is not open.
        """
        if sequence not in self._open:
            raise InvalidValue(f"number `{sequence}` is not open")
        del self._open[sequence]
