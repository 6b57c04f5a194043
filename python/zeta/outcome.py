"""What became of an epoch: pending, certified, mismatch or poisoned."""

from dataclasses import dataclass
from typing import TypeAlias

from zeta.reason import Reason


@dataclass(frozen=True, slots=True)
class Pending:
    """Some verifier threads have not closed the epoch yet."""

    missing: tuple[int, ...]
    """The threads that have not."""


@dataclass(frozen=True, slots=True)
class Certified:
    """All operations of the epoch are one sequential run, in real-time order."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Records were tampered with while deferred; nothing certifies from `first` on."""

    first: int
    """The first epoch that did not certify."""


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A thread was rejected before it closed the epoch, which therefore never certifies."""

    thread: int
    """The verifier thread that was lied to."""
    position: int
    """Bytes of the thread's log before the refused entry."""
    reason: Reason
    """The check that refused the entry."""


Outcome: TypeAlias = Pending | Certified | Mismatch | Poisoned
