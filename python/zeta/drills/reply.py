"""Drills with replies: swapped, changed, predicted, repeated, and taken from somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from zeta.client import Fate, Unsettled
from zeta.drills.drill import Drill, Expected, Side
from zeta.drills.ground import ALICE, BOB, IMPATIENT_SECONDS, Ground
from zeta.drills.relay import Link, instead
from zeta.network import Message, NotYet, Refused, Replied, Requested, Settled

_FORGED = (Expected(Side.CLIENT, "ForgedReply", "the verifier did not say this"),)
_REVOKED = 261
_ONE = (1).to_bytes(8, "little")


async def swap_two_replies(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    held: list[Replied] = []

    def swap(_link: Link, message: Replied) -> Iterable[Message]:
        held.append(message)
        if len(held) == 1:
            return ()
        first, second = held
        return first._replace(number=second.number), second._replace(number=first.number)

    if ground.strike("the relay gives each of two requests the answer of the other"):
        ground.relay.from_server = instead(Replied, swap)
    told = await asyncio.gather(
        client.add("visits", 1), client.add("visitors", 1), return_exceptions=True
    )
    for each in told:
        with ground.watch(Side.CLIENT):
            if isinstance(each, BaseException):
                raise each
            ground.demand(each == 1, "another result")


async def forge_a_result(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    if ground.strike("the relay writes another result into a reply"):
        forged = (9999).to_bytes(8, "little")
        ground.relay.from_server = instead(
            Replied, lambda _link, message: (message._replace(result=forged),)
        )
    with ground.watch(Side.CLIENT):
        ground.demand(await client.read("visits") == 0, "a forged result was believed")


async def deny_a_result(ground: Ground) -> None:
    """Says that a check failed where the operation was done."""
    await ground.serve()
    client = await ground.connect()
    if ground.strike("the relay says that a check failed, where the operation was done"):
        ground.relay.from_server = instead(
            Replied, lambda _link, message: (message._replace(answer=1, code=256, result=b""),)
        )
    with ground.watch(Side.CLIENT):
        ground.demand(await client.add("visits", 1) == 1, "another result")


async def answer_early(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    last: list[Replied] = []

    def remember(_link: Link, message: Replied) -> Iterable[Message]:
        last.append(message)
        return (message,)

    def predict(link: Link, message: Requested) -> Iterable[Message]:
        known = last[-1]
        link.to_client(
            known._replace(
                number=message.number, result=_ONE, leaf_index=known.leaf_index + 1, mac=bytes(16)
            )
        )
        return (message,)

    ground.relay.from_server = instead(Replied, remember)
    await client.read("visits")
    if ground.strike("the host predicts the right result, and answers before the verifier ran it"):
        ground.relay.from_client = instead(Requested, predict)
    with ground.watch(Side.CLIENT):
        ground.demand(await client.add("visits", 1) == 1, "another result")
    ground.relay.be_honest()
    ground.demand(await client.read("visits") == 1, "it did not run once")


async def answer_from_another_session(ground: Ground) -> None:
    await ground.serve()
    alice, bob = await ground.connect(ALICE), await ground.connect(BOB)
    kept: list[Replied] = []

    def keep(_link: Link, message: Replied) -> Iterable[Message]:
        kept.append(message)
        return (message,)

    ground.relay.from_server = instead(Replied, keep)
    ground.demand(await bob.read("visits") == 0, "another result")
    if ground.strike("`alice` asks what `bob` asked, and gets the answer that he had"):
        ground.relay.from_server = instead(
            Replied, lambda _link, message: (kept[0]._replace(number=message.number),)
        )
    with ground.watch(Side.CLIENT):
        ground.demand(await alice.read("visits") == 0, "another result")


async def repeat_an_answer(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    kept: list[Replied] = []

    def keep(_link: Link, message: Replied) -> Iterable[Message]:
        kept.append(message)
        return (message,)

    ground.relay.from_server = instead(Replied, keep)
    await client.read("visits")
    await client.add("visits", 1)
    if ground.strike("the client reads again, and gets the answer that it had before its write"):
        ground.relay.from_server = instead(
            Replied, lambda _link, message: (kept[0]._replace(number=message.number),)
        )
    with ground.watch(Side.CLIENT):
        ground.demand(await client.read("visits") == 1, "an old value was believed")


async def answer_late(ground: Ground) -> None:
    """After the client has seen the epoch of the operation certified."""
    place = await ground.serve()
    client = await ground.connect()
    before = await client.call("add", "visits", 1)
    held: list[tuple[Link, Message]] = []
    arrived = asyncio.Event()

    def hold(link: Link, message: Replied) -> Iterable[Message]:
        held.append((link, message))
        arrived.set()
        return ()

    if ground.strike("the relay holds a reply back until its epoch is certified"):
        ground.relay.from_server = instead(Replied, hold)
    asked = asyncio.create_task(client.call("add", "visits", 1))
    if ground.hostile:
        await arrived.wait()
    else:
        await asked
    await place.certify()
    await before.certified()
    for link, message in held:
        link.to_client(message)
    handle = await asked
    ground.demand(handle.result == 2, "another result")
    place.pinned.verify(await handle.certified())


async def make_up_a_refusal(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    if ground.strike("the host says that the session was revoked, where the operation was done"):
        ground.relay.from_server = instead(
            Replied, lambda _link, message: (Refused(message.number, _REVOKED),)
        )
    with ground.watch(Side.CLIENT):
        try:
            ground.demand(await client.add("visits", 1) == 1, "another result")
        except Unsettled as unsettled:
            ground.relay.be_honest()
            fate = await client.fate(unsettled.request)
            ground.demand(fate is Fate.EXECUTED, "the client would ask for it again")
            raise


async def say_not_yet(ground: Ground) -> None:
    await ground.serve()
    asked = client = await ground.connect()
    if ground.strike("the host says again and again that it is too early for a request"):

        def put_off(link: Link, message: Requested) -> Iterable[Message]:
            link.to_client(NotYet(message.number))
            return ()

        ground.relay.from_client = instead(Requested, put_off)
        asked = client.within(IMPATIENT_SECONDS)
    with ground.watch(Side.CLIENT):
        ground.demand(await asked.add("visits", 1) == 1, "another result")


async def lie_about_a_fate(ground: Ground) -> None:
    await ground.serve()
    client = await ground.connect()
    ground.relay.from_server = instead(Replied, lambda _link, _message: ())
    try:
        await client.within(IMPATIENT_SECONDS).add("visits", 1)
    except Unsettled as unsettled:
        request = unsettled.request
    ground.relay.be_honest()
    if ground.strike("asked what became of a request, the host says that it did not run"):
        ground.relay.from_server = instead(
            Settled,
            lambda _link, message: (message._replace(fate=Fate.NOT_EXECUTED, leaf_hash=bytes(32)),),
        )
    with ground.watch(Side.CLIENT):
        fate = await client.fate(request)
        ground.demand(fate is Fate.EXECUTED, "the client would ask for it again")


DRILLS = (
    Drill(
        "swap two replies",
        swap_two_replies,
        _FORGED * 2,
        "a reply's MAC binds the request, by its session and number",
    ),
    Drill("forge a result", forge_a_result, _FORGED, "the MAC binds the result"),
    Drill("deny a result", deny_a_result, _FORGED, "the MAC binds whether it was done or failed"),
    Drill(
        "answer early",
        answer_early,
        _FORGED,
        "only the verifier makes a reply's MAC, after the operation was applied",
    ),
    Drill(
        "answer from another session",
        answer_from_another_session,
        _FORGED,
        "each session has keys of its own",
    ),
    Drill(
        "repeat an answer",
        repeat_an_answer,
        _FORGED,
        "the same question has another number the next time",
    ),
    Drill(
        "answer late",
        answer_late,
        (),
        "no lie: the answer is as true as it was, and its receipt verifies",
    ),
    Drill(
        "make up a refusal",
        make_up_a_refusal,
        (Expected(Side.CLIENT, "Unsettled", "revoked"),),
        "a refusal without the verifier's MAC settles nothing: the client asks for the fate",
    ),
    Drill(
        "say not yet for ever",
        say_not_yet,
        (Expected(Side.CLIENT, "Unsettled", "no answer came"),),
        "by waiting alone: it is a way to fall silent",
    ),
    Drill(
        "lie about a fate",
        lie_about_a_fate,
        (Expected(Side.CLIENT, "ForgedReply", "did not say this about number"),),
        "what became of a number is the verifier's word, too",
    ),
)
