"""What a client's core has to say to whoever runs it."""

from typing import NamedTuple, TypeAlias

from zeta.client.state import State
from zeta.client.task import Task


class Introduced(NamedTuple):
    """The host introduces its verifier: check that, and tell the core by `trusted`."""

    introduction: bytes


class Opened(NamedTuple):
    """A session was opened: keep this, and tell the core by `kept`."""

    state: State


class Reserve(NamedTuple):
    """Keep that numbers below this may be used, and tell the core by `kept`."""

    session: int
    sequence_end: int


class EpochCertified(NamedTuple):
    """An epoch was certified: keep that, and tell whoever wants to know."""

    epoch: int


class Ready(NamedTuple):
    """Calls run from now on; told once."""


class Silent(NamedTuple):
    """Whoever took the connection does not introduce itself: close it."""


class Ended(NamedTuple):
    """A task has ended."""

    task: Task


Event: TypeAlias = Introduced | Opened | Reserve | EpochCertified | Ready | Silent | Ended
