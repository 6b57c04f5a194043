"""Drills with requests: dropped, repeated, changed, out of order, and asked without a right."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from zeta.client import Fate, Request, Unsettled
from zeta.client.coroutine import Client
from zeta.drills.drill import ORDER, Drill, Expected, Side
from zeta.drills.ground import ALICE, BOB, IMPATIENT_SECONDS, MALLORY, Ground, access_of
from zeta.drills.relay import Lie, Link, instead
from zeta.network import Message, NotYet, Replied, Requested
from zeta.serving import Request as Served


async def drop_a_request(ground: Ground) -> None:
    await ground.serve()
    asked = client = await ground.connect()
    if ground.strike("the relay lets a request vanish"):
        ground.relay.from_client = instead(Requested, lambda _link, _message: ())
        asked = client.within(IMPATIENT_SECONDS)
    with ground.watch(Side.CLIENT):
        try:
            ground.demand(await asked.add("visits", 1) == 1, "another result")
        except Unsettled as unsettled:
            ground.relay.be_honest()
            fate = await client.fate(unsettled.request)
            ground.demand(fate is Fate.NOT_EXECUTED, "it ran without having arrived")
            ground.demand(await client.read("visits") == 0, "it had an effect")
            raise


async def deliver_a_request_late(ground: Ground) -> None:
    async def settle(client: Client, request: Request) -> None:
        fate = await client.fate(request)
        ground.demand(fate is Fate.NOT_EXECUTED, "it ran without having arrived")

    await _late(ground, "the relay delivers a request after the client was told its fate", settle)


async def deliver_to_an_ended_session(ground: Ground) -> None:
    async def rotate(client: Client, _request: Request) -> None:
        await client.rotate()

    await _late(ground, "the relay delivers a request after its session was rotated", rotate)


async def _late(
    ground: Ground, lie: str, give_up: Callable[[Client, Request], Awaitable[None]]
) -> None:
    """A request that got lost, and comes when the client has given it up."""
    await ground.serve()
    asked = client = await ground.connect()
    held: list[tuple[Link, Requested]] = []

    def hold(link: Link, message: Requested) -> Iterable[Message]:
        held.append((link, message))
        return ()

    if ground.strike(lie):
        ground.relay.from_client = instead(Requested, hold)
        asked = client.within(IMPATIENT_SECONDS)
    lost: list[Request] = []
    with ground.watch(Side.CLIENT):
        try:
            ground.demand(await asked.add("visits", 1) == 1, "another result")
        except Unsettled as unsettled:
            lost.append(unsettled.request)
            raise
    ground.relay.be_honest()
    for request in lost:
        await give_up(client, request)
    for link, message in held:
        await link.ask(message)
    ground.demand(await client.read("visits") == (not ground.hostile), "it ran after all")


async def drop_a_reply(ground: Ground) -> None:
    await ground.serve()
    asked = client = await ground.connect()
    if ground.strike("the relay lets a reply vanish"):
        ground.relay.from_server = instead(Replied, lambda _link, _message: ())
        asked = client.within(IMPATIENT_SECONDS)
    with ground.watch(Side.CLIENT):
        try:
            ground.demand(await asked.add("visits", 1) == 1, "another result")
        except Unsettled as unsettled:
            ground.relay.be_honest()
            fate = await client.fate(unsettled.request)
            ground.demand(fate is Fate.EXECUTED, "it did not run, or the client cannot know")
            ground.demand(await client.read("visits") == 1, "it did not run once")
            raise


async def replay_a_request(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    passed: list[tuple[Link, Requested]] = []

    def record(link: Link, message: Requested) -> Iterable[Message]:
        passed.append((link, message))
        return (message,)

    ground.relay.from_client = instead(Requested, record)
    ground.demand(await client.add("visits", 1) == 1, "another result")
    link, request = passed[0]
    if ground.strike("the relay sends a request again that was answered, and so does the host"):
        again = await link.ask(request)
        ground.demand(isinstance(again, Replied), "the lie has no effect any more")
        for reply in ground.store.run_requests([Served(*request[1:])]):
            ground.refused(reply.code)
    ground.demand(await client.read("visits") == 1, "it ran twice")


async def change_a_request(ground: Ground) -> None:
    await _changed(
        ground,
        "the relay changes what is asked for",
        lambda message: message._replace(arguments=message.arguments[:-1] + b"\x01"),
    )


async def renumber_a_request(ground: Ground) -> None:
    await _changed(
        ground,
        "the relay gives a request another number",
        lambda message: message._replace(sequence=message.sequence + 1),
    )


async def _changed(ground: Ground, lie: str, change: Callable[[Requested], Requested]) -> None:
    await ground.serve()
    client = await ground.connect()
    if ground.strike(lie):
        ground.relay.from_client = instead(Requested, lambda _link, message: (change(message),))
    with ground.watch(Side.CLIENT):
        ground.demand(await client.add("visits", 1) == 1, "another result")
    ground.relay.be_honest()
    ground.demand(await client.read("visits") == (not ground.hostile), "what was changed ran")


async def move_a_request(ground: Ground) -> None:
    """To the session of another client."""
    await ground.serve()
    alice, bob = await ground.connect(ALICE), await ground.connect(BOB)
    sessions: list[int] = []

    def record(_link: Link, message: Requested) -> Iterable[Message]:
        sessions.append(message.session)
        return (message,)

    ground.relay.from_client = instead(Requested, record)
    await bob.read("visits")
    if ground.strike("the relay moves a request of `alice` into the session of `bob`"):
        ground.relay.from_client = instead(
            Requested, lambda _link, message: (message._replace(session=sessions[0]),)
        )
    with ground.watch(Side.CLIENT):
        ground.demand(await alice.add("visits", 1) == 1, "another result")
    ground.relay.be_honest()
    ran = await bob.read("visits") == 1
    ground.demand(ran is not ground.hostile, "it ran for another")


async def reorder_requests(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    if ground.strike("the relay lets the second of two requests overtake the first"):
        ground.relay.from_client = _the_other_way_round()
    told = await asyncio.gather(client.add("visits", 10), client.add("visits", 1))
    ground.demand(sorted(told) in ([1, 11], [10, 11]), "not the results of one run")
    ground.story.append(f"their results are {told}: true, in the order in which they arrived")


def _the_other_way_round() -> Lie:
    held: list[Message] = []

    def hold(_link: Link, message: Requested) -> Iterable[Message]:
        if not held:
            held.append(message)
            return ()
        return message, held[0]

    return instead(Requested, hold)


async def reorder_in_strict_order(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect(strict=True)
    if ground.strike("as before, in a session that asked for strict order"):
        held: list[tuple[Link, Message]] = []

        def hold(link: Link, message: Requested) -> Iterable[Message]:
            if not held:
                held.append((link, message))
                return ()
            return (message,)

        def release(_link: Link, message: NotYet) -> Iterable[Message]:
            for link, first in held:
                link.to_server(first)
            ground.relay.be_honest()
            return (message,)

        ground.relay.from_client = instead(Requested, hold)
        ground.relay.from_server = instead(NotYet, release)
    told = await asyncio.gather(client.add("visits", 10), client.add("visits", 1))
    ground.demand(list(told) == [10, 11], "the order was not kept")


async def read_what_passes(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    read: list[bytes] = []

    def spy(_link: Link, message: Requested) -> Iterable[Message]:
        read.append(message.arguments)
        return (message,)

    if ground.strike("the relay reads what is asked for"):
        ground.relay.from_client = instead(Requested, spy)
    ground.demand(await client.add("visits", 1) == 1, "another result")
    known = b"".join(read)
    ground.demand((b"visits" in known) is ground.hostile, "the lie has no effect any more")


async def act_as_a_client(ground: Ground) -> None:
    await ground.serve()
    ground.asker()
    if ground.strike("the host makes a key of its own and opens a session as a client"):
        with ground.watch(Side.VERIFIER):
            ground.asker(MALLORY)


async def invent_a_request(ground: Ground) -> None:
    await ground.serve()
    asker = ground.asker()
    made = asker.request(1, "add", "visits", 1)
    if ground.strike("the host asks in the session of `alice`, whose key it has not"):
        invented = asker.request(2, "add", "visits", 1000)._replace(mac=bytes(16))
        for reply in ground.store.run_requests([invented]):
            ground.refused(reply.code)
    answered = asker.accept(made, ground.store.run_requests([made])[0])
    ground.demand(asker.result(made, answered) == 1, "what nobody asked for was done")


async def exceed_ones_rights(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    with ground.watch(Side.CLIENT):
        if ground.strike("`alice`, who may read and add, asks to raise a counter"):
            await client.raise_to("visits", 1000)
    ground.demand(await client.read("visits") == 0, "what nobody had a right to was done")


async def ask_as_the_host(ground: Ground) -> None:
    await ground.serve(access=access_of(ALICE, embedded=False))
    asker = ground.asker()
    if ground.strike("the host asks for itself, which the access list does not allow"):
        wanted = asker.request(1, "add", "visits", 1000)
        _, code, *_ = ground.store.native.call(wanted.transition, wanted.arguments)
        if code:
            ground.refused(code)
    made = asker.request(1, "add", "visits", 1)
    answered = asker.accept(made, ground.store.run_requests([made])[0])
    ground.demand(asker.result(made, answered) == 1, "what the host asked for was done")


async def revoke_a_session(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    sessions: list[int] = []

    def record(_link: Link, message: Requested) -> Iterable[Message]:
        sessions.append(message.session)
        return (message,)

    ground.relay.from_client = instead(Requested, record)
    await client.add("visits", 1)
    if ground.strike("the host ends the session of a client who did not ask for it"):
        ground.store.revoke_session(sessions[0])
    with ground.watch(Side.CLIENT):
        ground.demand(await client.add("visits", 1) == 2, "another result")


DRILLS = (
    Drill(
        "drop a request",
        drop_a_request,
        (Expected(Side.CLIENT, "Unsettled", "no answer came"),),
        "by waiting alone; the verifier then says that it did not run, and never will",
    ),
    Drill(
        "drop a reply",
        drop_a_reply,
        (Expected(Side.CLIENT, "Unsettled", "no answer came"),),
        "by waiting alone; the verifier then says that it ran, and it ran once",
    ),
    Drill(
        "deliver a request late",
        deliver_a_request_late,
        (Expected(Side.CLIENT, "Unsettled", "no answer came"), Expected(Side.VERIFIER, "Replayed")),
        "who asks for a request's fate ends it: it can be asked for anew",
    ),
    Drill(
        "deliver to an ended session",
        deliver_to_an_ended_session,
        (Expected(Side.CLIENT, "Unsettled", "no answer came"), Expected(Side.VERIFIER, "Revoked")),
        "what has ended runs nothing more",
    ),
    Drill(
        "replay a request",
        replay_a_request,
        (Expected(Side.VERIFIER, "Replayed"),),
        "its number is used, for ever; the server only repeats what it was answered",
    ),
    Drill(
        "change a request",
        change_a_request,
        (
            Expected(Side.VERIFIER, "WrongMac"),
            Expected(Side.CLIENT, "NotExecuted", "the MAC is not"),
        ),
        "the MAC binds what is asked for; the verifier then says that it never ran",
    ),
    Drill(
        "renumber a request",
        renumber_a_request,
        (
            Expected(Side.VERIFIER, "WrongMac"),
            Expected(Side.CLIENT, "NotExecuted", "the MAC is not"),
        ),
        "the MAC binds the number",
    ),
    Drill(
        "move a request",
        move_a_request,
        (
            Expected(Side.VERIFIER, "WrongMac"),
            Expected(Side.CLIENT, "NotExecuted", "the MAC is not"),
        ),
        "each session has keys of its own",
    ),
    Drill(
        "reorder requests",
        reorder_requests,
        (),
        "no lie: without strict order they run as they arrive, and the answers are true",
    ),
    Drill(
        "reorder in strict order",
        reorder_in_strict_order,
        (Expected(Side.VERIFIER, ORDER),),
        "the second waits in the verifier until the first is settled",
    ),
    Drill(
        "read what passes",
        read_what_passes,
        (),
        "Zeta verifies, it does not hide: the host must read what it serves",
    ),
    Drill(
        "act as a client",
        act_as_a_client,
        (Expected(Side.VERIFIER, "UnknownClient"),),
        "the key is not in the access list, which is part of the instance's name",
    ),
    Drill(
        "invent a request",
        invent_a_request,
        (Expected(Side.VERIFIER, "WrongMac"),),
        "who has not the session's key asks for nothing in it",
    ),
    Drill(
        "exceed one's rights",
        exceed_ones_rights,
        (
            Expected(Side.VERIFIER, "MissingRight"),
            Expected(Side.CLIENT, "ApiMisuse", "does not let this client"),
        ),
        "the verifier looks at the access list at each call and each row",
    ),
    Drill(
        "ask as the host",
        ask_as_the_host,
        (Expected(Side.VERIFIER, "NotEmbedded"),),
        "where the access list does not allow it, the host asks for nothing itself",
    ),
    Drill(
        "revoke a session",
        revoke_a_session,
        (
            *(Expected(Side.VERIFIER, "Revoked"),) * 2,
            Expected(Side.CLIENT, "Unsettled", "was revoked"),
        ),
        "nothing of it runs any more, and no question is answered: a way to fall silent",
    ),
)
