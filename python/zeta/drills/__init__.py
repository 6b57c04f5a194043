"""Trust drills: lies of a network and a host, and who notices each; for `zeta attack` and tests.

DANGER: what is here lies on purpose. Clients and servers import none of it. `docs/drills.md` lists
the drills, and what nobody notices.
"""

from zeta.drills import certification, handshake, history, race, record, reply, request
from zeta.drills.drill import Accepted, Drill, Expected, Noticed, Side
from zeta.drills.ground import Ground
from zeta.drills.playing import Played, attempt, play

DRILLS: tuple[Drill, ...] = (
    *request.DRILLS,
    *race.DRILLS,
    *reply.DRILLS,
    *handshake.DRILLS,
    *certification.DRILLS,
    *record.DRILLS,
    *history.DRILLS,
)
"""All of them, in the order in which they are told."""

__all__ = [
    "DRILLS",
    "Accepted",
    "Drill",
    "Expected",
    "Ground",
    "Noticed",
    "Played",
    "Side",
    "attempt",
    "play",
]
