"""The sequence numbers of a session: each is used once, also across the client's restarts."""

from zeta.client.session import SEQUENCE_MAX
from zeta.errors import InvalidValue

WINDOW = 1007
"""How far below the highest number the verifier still knows which are used."""
AHEAD = 256
"""How many numbers are reserved at once."""


class Numbers:
    """Hands out numbers; which ones may have been used is written down before they are.

    A client that comes back begins above all numbers that it may have used, and asks about those.
    The last number of all is for ending the session, and never handed out.
    """

    def __init__(self, first: int, reserved: int | None = SEQUENCE_MAX) -> None:
        """Begins at `first`; numbers below `reserved` are written down, by default all.

        Raises:
            InvalidValue: `first` is no sequence number.
        """
        if not 1 <= first <= SEQUENCE_MAX:
            raise InvalidValue(f"`{first}` is no sequence number: `1` to `{SEQUENCE_MAX - 1}`")
        self._next = first
        self._end = first if reserved is None else reserved
        self._due = self._end
        self._open: dict[int, None] = {}

    @property
    def unsettled(self) -> tuple[int, ...]:
        """Numbers whose fate is not known yet, the oldest first."""
        return tuple(self._open)

    @property
    def oldest(self) -> int:
        """The oldest number whose fate is not known; 0 for none."""
        return next(iter(self._open), 0)

    @property
    def are_used_up(self) -> bool:
        """Whether the session has no number left."""
        return self._next >= SEQUENCE_MAX

    def has_room(self) -> bool:
        """Whether another may be taken before the oldest unsettled one leaves the window."""
        return not self._open or self._next - self.oldest <= WINDOW

    def is_reserved(self) -> bool:
        """Whether the next number was written down."""
        return self._next < self._end

    def to_reserve(self) -> int | None:
        """The end up to which numbers should now be written down, told once; ahead of need."""
        if self._due > self._end or self._next + AHEAD // 2 < self._end:
            return None
        end = min(self._end + AHEAD, SEQUENCE_MAX)
        if end <= self._end:
            return None
        self._due = end
        return end

    def reserved(self, end: int) -> None:
        """Notes that it is durable that numbers below `end` may be used."""
        self._end = max(self._end, end)
        self._due = max(self._due, end)

    def take(self) -> int:
        """A number that was never used.

        Raises:
            InvalidValue: too many are unsettled, it is not reserved, or all numbers are used.
        """
        if self.are_used_up:
            raise InvalidValue("the session has used all its numbers: rotate it")
        if not self.has_room():
            raise InvalidValue(
                f"number `{self.oldest}` must be settled first: the verifier would "
                f"forget it behind `{WINDOW}` later ones"
            )
        if not self.is_reserved():
            raise InvalidValue(f"number `{self._next}` is not written down yet")
        taken = self._next
        self._next += 1
        self._open[taken] = None
        return taken

    def settle(self, sequence: int) -> None:
        """Notes that the fate of a number is known; it may be told more than once."""
        self._open.pop(sequence, None)
