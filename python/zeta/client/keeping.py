"""Writing to the state file what a client's core wants kept."""

from zeta.client.event import EpochCertified, Opened, Reserve
from zeta.client.state import StateFile

Kept = Opened | Reserve | EpochCertified


def keep(file: StateFile, what: Kept) -> None:
    """Keeps one thing durably: waits for the disk.

    Raises:
        OSError: it cannot be written.
    """
    if isinstance(what, Opened):
        file.keep(what.state)
    elif isinstance(what, Reserve):
        file.reserve(what.sequence_end)
    else:
        file.certified(what.epoch)
