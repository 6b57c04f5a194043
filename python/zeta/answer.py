"""What the verifier answers: one answer for each operation and each eviction, in log order."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from zeta._native import Path


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a node knows of the nearest node or leaf below it on one side."""

    path: Path
    hash: bytes
    """32 bytes: of the descendant's value when it last left through the tree."""
    deferred: bool = False
    """The descendant is protected by deferred checking, not by this hash."""


class Pointers(NamedTuple):
    """The value of a node of the tree; `None` where nothing lies on that side."""

    left: Pointer | None = None
    right: Pointer | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The operation ran."""

    result: bytes
    """Its encoded result, of the types of the transition."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A check of the application failed: nothing was committed."""

    code: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The request was at fault: nothing happened."""

    code: int


@dataclass(frozen=True, slots=True)
class Evicted:
    """A record left its slot."""

    value: bytes | Pointers | None
    """The value with which it left: an application's, a node's, or null."""
    hash: bytes | None = None
    """The hash that the tree now holds, for EvictM alone: 32 bytes."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where the operation that was answered just before stands among its epoch's receipts."""

    epoch: int
    counter: int
    """Of the thread's clock when it ran."""
    leaf: bytes
    """32 bytes: the hash of the receipt's leaf."""
    mac: bytes | None = None
    """16 bytes: the verifier's reply to the client of a session; `None` where the host asked."""


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a number of a session."""

    status: int
    """0 unknown, 1 executed, 2 not executed."""
    leaf: bytes
    """32 bytes: the hash of the receipt's leaf where it was executed, else zeros."""
    mac: bytes
    """16 bytes: the verifier's, for the client."""


Answer: TypeAlias = Done | Failed | Refused | Evicted | Receipt | Status
