"""When a lost connection is made again: soon, then more slowly, and not for ever."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retry:
    """A policy. What was sent and not answered is sent again to the byte, so it runs once."""

    seconds: float = 10.0
    """Who waits for an answer so long, while there is no connection, gives it up."""
    first: float = 0.05
    """Seconds before the first attempt."""
    most: float = 1.0
    """Each later attempt waits twice as long, up to this."""


DEFAULT = Retry()
"""What a client does that is told nothing else."""


class Attempts:
    """The attempts since the host last answered."""

    def __init__(self, retry: Retry | None) -> None:
        """Makes none where there is no policy."""
        self._retry = retry
        self.answered()

    def answered(self) -> None:
        """Begins anew: the host answers."""
        self._count = 0
        self._since: float | None = None

    def next(self, now: float, for_somebody: bool) -> float | None:
        """Seconds to wait before another attempt; `None` for no more of them.

        Where nobody waits there is time: attempts do not end.
        """
        if self._retry is None:
            return None
        if not for_somebody:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= self._retry.seconds:
            return None
        wait = float(min(self._retry.first * 2.0**self._count, self._retry.most))
        self._count += wait < self._retry.most
        return wait
