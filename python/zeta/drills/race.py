"""The drill in which a host has one request run by two verifier threads at the same moment."""

from __future__ import annotations

import asyncio
import threading
from typing import Annotated

from zeta import hazmat, log
from zeta.access import AccessList, Client, Grant
from zeta.app import U64, Application, Max, Relation, transition
from zeta.client.handshake import public_key
from zeta.drills.asker import Asker
from zeta.drills.drill import Drill, Expected, Side
from zeta.drills.ground import ALICE, BOB, Ground
from zeta.serving import Reply, Request

_RACES = 16
_WAIT_SECONDS = 30.0
_REPLAYED = 258

Name = Annotated[str, Max(64)]


class Tickets(Application):
    """Draws tickets that touch no record, so that any thread could give one out."""

    seen: Relation[Name, U64]

    @transition
    def look(self, name: Name) -> U64:
        """How often a name was seen."""
        found = self.seen.get(name)
        return U64(0) if found is None else found

    @transition
    def ticket(self, number: U64) -> U64:
        """The ticket of this number."""
        return number


async def race_a_request(ground: Ground) -> None:
    rights = tuple(Tickets.transitions), (Grant("seen"),)
    access = AccessList(tuple(Client(public_key(key), *rights) for key in (ALICE, BOB)))
    await ground.serve(app=Tickets, access=access, workers=2)
    alice, bob = ground.asker(ALICE), ground.asker(BOB)
    host = _Racing(ground, bob, elsewhere=_name_of_another_thread(ground, alice, bob))
    if ground.strike(f"the host gives a request to two verifier threads at once, {_RACES} times"):
        host.turn_hostile()
    for number in range(100, 100 + _RACES):
        request = alice.request(number, "ticket", number)
        replies = await host.run(request)
        shown = [reply for reply in replies if reply.shown is not None]
        ground.demand(len(shown) == 1, f"it ran {len(shown)} times")
        answered = alice.accept(request, shown[0])
        ground.demand(alice.result(request, answered) == number, "another result")
    if host.refused:
        ground.demand(host.refused == [_REPLAYED] * _RACES, "refused otherwise than as a replay")
        ground.refused(_REPLAYED)


def _name_of_another_thread(ground: Ground, alice: Asker, bob: Asker) -> str:
    """A name whose record another thread has than the one that gives out tickets."""
    ticket = ground.store.run_requests([alice.request(1, "ticket", 1)])[0]
    assert ticket.shown is not None
    for at in range(1, 100):
        reply = ground.store.run_requests([bob.request(at, "look", f"name {at}")])[0]
        if reply.shown is not None and reply.shown.thread != ticket.shown.thread:
            return f"name {at}"
    raise AssertionError("one thread has all names")


class _Racing:
    """A host that puts the request of one thread into the log of the other, too."""

    def __init__(self, ground: Ground, bob: Asker, *, elsewhere: str) -> None:
        self.refused: list[int] = []
        """What the verifier told whoever came second."""
        self._ground = ground
        self._bob = bob
        self._elsewhere = elsewhere
        self._together = threading.Barrier(2, timeout=_WAIT_SECONDS)
        self._raced: Request | None = None
        self._hostile = False

    def turn_hostile(self) -> None:
        """From now on each request runs twice."""
        self._hostile = True
        hazmat.tamper(self._ground.store).intercept(self._intercept)

    async def run(self, request: Request) -> list[Reply]:
        """Has a request run, and whatever the other thread answers in the place of its own."""
        self._raced = request
        if not self._hostile:
            return await asyncio.to_thread(self._ground.store.run_requests, [request])
        other = self._bob.request(request.sequence, "look", self._elsewhere)
        runs = [
            asyncio.to_thread(self._ground.store.run_requests, [one]) for one in (request, other)
        ]
        replies = [reply for run in await asyncio.gather(*runs) for reply in run]
        self.refused += [reply.code for reply in replies if reply.shown is None]
        return replies

    def _intercept(self, _thread: int, submitted: bytes) -> bytes | None:
        """Both threads come here with their own logs, and leave with the same request."""
        raced = self._raced
        if raced is None:
            return None
        entries = log.decode(submitted)
        same = log.RunApp(
            raced.transition,
            raced.arguments,
            (),
            log.Session(raced.session, raced.sequence, raced.mac),
        )
        if not any(isinstance(entry, log.RunApp) for entry in entries):
            return None
        changed = [same if isinstance(entry, log.RunApp) else entry for entry in entries]
        self._together.wait()
        return log.encode(changed)


DRILLS = (
    Drill(
        "race a request",
        race_a_request,
        (Expected(Side.VERIFIER, "Replayed"),),
        "two threads run it, one compare-and-swap lets one of them commit",
    ),
)
