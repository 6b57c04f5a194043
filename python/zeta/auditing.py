"""Audits: the logs that a store wrote, replayed through a fresh verifier with its own secret."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from zeta import _native
from zeta.outcome import Mismatch, Outcome
from zeta.reason import NotYet
from zeta.verifier import Rejected


@dataclass(frozen=True, slots=True)
class Truncated:
    """A thread's log ends in the middle of an entry."""

    thread: int
    position: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """Every thread waits for another: a part of some log is missing."""

    thread: int
    position: int
    reason: NotYet


Problem: TypeAlias = Rejected | Mismatch | Truncated | Stuck


@dataclass(frozen=True, slots=True)
class EpochReport:
    """What a replay found of one epoch."""

    epoch: int
    operations: int
    """Operations that ran in it."""
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a replay found."""

    threads: int
    certified: int | None
    """The last certified epoch; `None` where not even the first certified."""
    operations: int
    """Operations that were replayed."""
    uncertified_operations: int
    """Operations of epochs that the logs do not close."""
    entries: int
    bytes: int
    """Bytes of logs that were replayed."""
    epochs: tuple[EpochReport, ...]
    """Every certified epoch, those beyond in which operations ran, and the first that never will
    be certified; in order."""
    problem: Problem | None
    """The first thing that an honest store would not have left behind."""


def audit(
    folder: str | os.PathLike[str], *, on_progress: Callable[[int, int], object] | None = None
) -> AuditReport:
    """Replays the logs that a store wrote into `folder` through a fresh verifier.

    `on_progress` is told how many bytes of how many are done. Raises `LogReadError` where the
    folder holds no logs of a store.
    """
    return _native.audit(os.fspath(folder), on_progress)
