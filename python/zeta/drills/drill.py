"""A trust drill: a lie of the network or of the host, and what must come of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from zeta.drills.ground import Ground


class Side(StrEnum):
    """Who notices a lie."""

    CLIENT = "client"
    VERIFIER = "verifier"
    THIRD_PARTY = "third party"
    """Whoever is shown receipts, and knows the verifier's identity."""


class Expected(NamedTuple):
    """Who must notice a drill's lie, and how."""

    side: Side
    by: str
    """The class of the error, the name of the refusal, or what the verifier waits for."""
    says: str = ""
    """A part of what the error says."""


class Noticed(NamedTuple):
    """Who noticed a lie, how, and when."""

    side: Side
    by: str
    sentence: str
    ms: float
    """From the lie."""
    epochs: int
    """That were turned in this time."""


class Accepted(Exception):
    """A lie had an effect that it must never have."""


@dataclass(frozen=True, slots=True)
class Drill:
    """One lie, told to a client, a verifier, or whoever is shown a receipt."""

    name: str
    act: Callable[[Ground], Awaitable[None]]
    """Plays it; it tells its lie only on a hostile ground, and raises `Accepted`."""
    expects: tuple[Expected, ...]
    """In this order; empty where nobody notices."""
    explains: str
    """A line for people."""


REFUSALS = {
    1: "UnknownTransition",
    2: "IllTypedArguments",
    256: "UnknownSession",
    257: "WrongMac",
    258: "Replayed",
    259: "TooOld",
    260: "Expired",
    261: "Revoked",
    262: "MissingRight",
    263: "NoSuchNumber",
    264: "NotEmbedded",
    265: "BadHandshake",
    266: "UnknownClient",
    267: "NoRoom",
}
"""The verifier's refusals by their numbers, as `docs/reference/rejections.md` has them."""
ORDER = "Order"
"""What a request waits for that comes before its time in a session with strict order."""
