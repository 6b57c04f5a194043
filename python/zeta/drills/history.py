"""Drills with a verifier that its host copies: set back, and shown to two clients apart."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from zeta import hazmat
from zeta.client.coroutine import Client, Handle
from zeta.drills.drill import Drill, Expected, Side
from zeta.drills.ground import ALICE, BOB, Ground, Place
from zeta.drills.relay import Link, instead
from zeta.network import Certified, HandshakeRequest, Message


class _Copied:
    """A client's verifier, and a copy of it as it was when the client had just come."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._copies = hazmat.Copies()

    async def begin(self) -> tuple[Client, Place]:
        """The client, and the place where its own verifier is served."""
        place = await self._ground.serve(open=self._copies.open)
        self._handshakes: list[HandshakeRequest] = []
        self._ground.relay.from_client = instead(HandshakeRequest, self._record)
        return await self._ground.connect(), place

    async def earlier(self) -> Place:
        """Where the copy is served."""
        place = await self._ground.serve(open=self._copies.open)
        for each in self._handshakes:
            place.store.handshake(each.message)
        return place

    def _record(self, _link: Link, message: HandshakeRequest) -> Iterable[Message]:
        self._handshakes.append(message)
        return (message,)


async def set_back(ground: Ground) -> None:
    copied = _Copied(ground)
    client, place = await copied.begin()
    await _certified(place, await client.call("add", "visits", 1))
    if ground.strike("the host goes on with the verifier as it was before an epoch was certified"):
        earlier = await copied.earlier()
        await ground.relay.links[0].switch(earlier.port)
    with ground.watch(Side.CLIENT):
        ground.demand(await client.add("visits", 1) == 2, "the client's own write is lost")


async def set_back_and_turn_on(ground: Ground) -> None:
    copied = _Copied(ground)
    client, place = await copied.begin()
    await _certified(place, await client.call("add", "visits", 1))
    if ground.strike("as before; and the host turns the old verifier's epoch before it answers"):
        await _go_on_with(ground, await copied.earlier())
    told = await client.add("visits", 1)
    ground.demand(told == (1 if ground.hostile else 2), "the lie has no effect any more")
    ground.story.append(f"the client adds 1 to its 1, and is told {told}")


async def show_both_histories(ground: Ground) -> None:
    """As before, and the client comes to see what the old verifier certified meanwhile."""
    copied = _Copied(ground)
    client, place = await copied.begin()
    await _certified(place, await client.call("add", "visits", 1))
    hostile = ground.strike("as before, and the client is shown that epoch's other certification")
    if hostile:
        place = await copied.earlier()
        await _go_on_with(ground, place)
    handle = await client.call("add", "visits", 1)
    if hostile:
        ground.relay.links[0].to_client(Certified(place.store.certification(0)))
        ground.relay.be_honest()
    with ground.watch(Side.CLIENT):
        await _certified(place, handle)


async def mix_two_histories(ground: Ground) -> None:
    """The receipt is of a copy's epoch, and the certification that came before is not."""
    copied = _Copied(ground)
    client, place = await copied.begin()
    own = place
    if ground.strike("the host has a copy answer, and shows what the verifier itself certified"):
        ground.relay.from_server = instead(Certified, lambda _link, _message: ())
        place = await copied.earlier()
        await ground.relay.links[0].switch(place.port)
    handle = await client.call("add", "visits", 1)
    await own.certify()
    if ground.hostile:
        ground.relay.links[0].to_client(Certified(own.store.certification(0)))
        await place.certify()
    with ground.watch(Side.CLIENT):
        await handle.certified()


async def _go_on_with(ground: Ground, earlier: Place) -> None:
    """Leads the client to the copy, in the next epoch, and hides what that certified before."""
    ground.relay.from_server = instead(Certified, lambda _link, _message: ())
    await earlier.certify()
    await ground.relay.links[0].switch(earlier.port)


async def split_two_clients(ground: Ground) -> None:
    await _split(ground)


async def compare_two_clients(ground: Ground) -> None:
    handles, _ = await _split(ground)
    alice, bob = ground.clients
    for handle, client in zip(handles, (alice, bob), strict=True):
        ground.demand(client.compare_with(client.certification(handle.epoch)), "not its own")
    with ground.watch(Side.CLIENT):
        alice.compare_with(bob.certification(handles[1].epoch))


async def show_two_receipts(ground: Ground) -> None:
    _, receipts = await _split(ground)
    pinned = ground.first.pinned
    with ground.watch(Side.THIRD_PARTY):
        for each in receipts:
            pinned.verify(each)


async def _split(ground: Ground) -> tuple[list[Handle], list[bytes]]:
    """Two clients add to one counter: their receipts, each of which verifies."""
    copies = hazmat.Copies()
    place = await ground.serve(open=copies.open)
    other = place
    alice = await ground.connect(ALICE)
    if ground.strike("the host copies the verifier, and leads each of two clients to another copy"):
        other = await ground.serve(open=copies.open)
        ground.relay.server_port = other.port
    bob = await ground.connect(BOB)
    told = [await each.call("add", "visits", 1) for each in (alice, bob)]
    if other is place:
        ground.demand([each.result for each in told] == [1, 2], "not the results of one run")
    await asyncio.gather(
        *(each.certify() for each in {place.port: place, other.port: other}.values())
    )
    receipts = [await each.certified() for each in told]
    for each in receipts:
        place.pinned.verify(each)
    ground.story.append(f"they count {told[0].result} and {told[1].result}, and both have receipts")
    return told, receipts


async def _certified(place: Place, handle: Handle) -> None:
    await place.certify()
    await handle.certified()


DRILLS = (
    Drill(
        "set the verifier back",
        set_back,
        (Expected(Side.CLIENT, "RolledBack", "was set back, or copied"),),
        "it answers in an epoch of which the client has seen the certification",
    ),
    Drill(
        "set the verifier back and turn its epoch",
        set_back_and_turn_on,
        (),
        "the client would have to see two certifications of one epoch, as in the next drill",
    ),
    Drill(
        "show both histories to a client",
        show_both_histories,
        (Expected(Side.CLIENT, "Forked", "was certified twice"),),
        "one epoch has two certifications: a client remembers what it saw certified",
    ),
    Drill(
        "mix two histories",
        mix_two_histories,
        (Expected(Side.CLIENT, "Forked", "was certified twice"),),
        "the path of a receipt leads to another root than was certified before",
    ),
    Drill(
        "split two clients",
        split_two_clients,
        (),
        "each history is right in itself: only who sees both can tell, as in the next drill",
    ),
    Drill(
        "compare two clients",
        compare_two_clients,
        (Expected(Side.CLIENT, "Forked", "was certified twice"),),
        "`client.compare_with` takes what the other was shown of an epoch",
    ),
    Drill(
        "show two receipts",
        show_two_receipts,
        (Expected(Side.THIRD_PARTY, "Forked", "was certified twice"),),
        "`zeta verify` compares receipts of one epoch: two roots prove it to anybody",
    ),
)
