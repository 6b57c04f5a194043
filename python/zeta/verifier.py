"""The verifier for those who bring their own host: how a call over a log ends."""

from dataclasses import dataclass
from typing import TypeAlias

from zeta import _native
from zeta._native import Verifier
from zeta.answer import Answer
from zeta.reason import NotYet, Reason

__all__ = ["KEY_VALUE", "Done", "Progress", "Rejected", "Retry", "Stop", "Verifier"]

KEY_VALUE: bytes = _native.key_value()
"""The program of the key-value application."""


@dataclass(frozen=True, slots=True)
class Done:
    """Every entry was answered."""


@dataclass(frozen=True, slots=True)
class Retry:
    """The entry after the consumed ones may not run yet: submit it again later."""

    reason: NotYet


@dataclass(frozen=True, slots=True)
class Rejected:
    """The host lied: the thread accepts nothing more."""

    thread: int
    position: int
    """Bytes of the thread's whole log before the refused entry."""
    reason: Reason


Stop: TypeAlias = Done | Retry | Rejected


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call came: entries up to `consumed` are applied or refused, and answered."""

    consumed: int
    """Bytes of this call's log that were consumed: always whole entries."""
    raw_outputs: bytes
    """The answers as the verifier wrote them."""
    stop: Stop
    """Why the call returned."""

    @property
    def outputs(self) -> list[Answer]:
        """One answer for each operation and each eviction, in log order."""
        return _native.decode_answers(self.raw_outputs)
