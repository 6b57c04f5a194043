"""Audits: the logs that a store wrote, replayed through a fresh verifier with its own secret."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from zeta import _native
from zeta.argument import folder_path
from zeta.column import BytesLike
from zeta.outcome import Mismatch, Outcome
from zeta.program import program_of
from zeta.reason import NotYet
from zeta.verifier import Rejected

if TYPE_CHECKING:
    from zeta.app import Application


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


@dataclass(frozen=True, slots=True)
class WrongLength:
    """A thread's log does not end where its store closed it: a part is missing, or too much."""

    thread: int
    position: int
    """Where it ends."""
    closed_at: int
    """Where it ended when the store was closed."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """From here on the log has sessions, so nothing after it was replayed.

    It is no sign of a lie: only the verifier that drew the sessions' keys can tell true requests
    from forged ones. What its clients know they know from their receipts.
    """

    thread: int
    position: int


@dataclass(frozen=True, slots=True)
class Uncertified:
    """The store was closed, and an epoch in which operations ran does not certify."""

    first: int


Problem: TypeAlias = Rejected | Mismatch | Truncated | Stuck | WrongLength | Uncertified | Sessions


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
    """The latest certified epochs, up to 4096, those beyond in which operations ran, and the first
    that never will be certified; in order."""
    closed: bool
    """Whether the store was closed, and noted where its logs end. Of other logs nobody can tell
    whether something is missing at the end."""
    problem: Problem | None
    """The first thing that an honest store would not have left behind, or `Sessions`: the first
    that nobody can replay."""


def audit(
    folder: str | os.PathLike[str],
    *,
    app: "type[Application] | BytesLike | None" = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> AuditReport:
    """Replays the logs that a store wrote into `folder` through a fresh verifier.

    It takes little memory, however long the logs are. A cut is noticed by what the store noted
    when it was closed; whoever can change that note can also shorten the history to an earlier
    certified epoch, which only those can tell who were told of a later one.

    `app` is the application, or its program, that the logs should be of: without it, the program
    is the one that lies beside them. Raises `OtherProgram`, which says what has changed, where
    they are of another, and `LogReadError` where the folder holds no logs of a store.
    `on_progress` is told how many bytes of how many are done.
    """
    program = None if app is None else program_of(app)
    return _native.audit(folder_path("folder", folder), program, on_progress)
