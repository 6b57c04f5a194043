"""Drills with the beginning of a conversation: hellos, introductions and handshakes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from zeta.client import Retry, Unsettled
from zeta.drills.drill import Drill, Expected, Side
from zeta.drills.ground import ALICE, BOB, MALLORY, OTHER_IDENTITY, Ground, Place, access_of
from zeta.drills.relay import Link, instead
from zeta.network import (
    HandshakeAnswer,
    HandshakeRequest,
    Introduced,
    Message,
    Requested,
)
from zeta.network.hello import MAGIC
from zeta.receipts import introduction


async def replay_a_handshake(ground: Ground) -> None:
    served = await ground.serve()
    handshakes: list[tuple[Link, HandshakeRequest]] = []
    requests: list[Requested] = []

    def record(link: Link, message: Message) -> Iterable[Message]:
        if isinstance(message, HandshakeRequest):
            handshakes.append((link, message))
        if isinstance(message, Requested):
            requests.append(message)
        return (message,)

    ground.relay.from_client = record
    client = await ground.connect()
    await client.add("visits", 1)
    link, handshake = handshakes[0]
    if ground.strike("the host repeats a client's handshake, and asks in the session it is given"):
        # A server of ours answers as it did before: it takes a host that does not.
        served.store.handshake(handshake.message)
        # Its number is sealed, but easy to guess.
        await link.ask(requests[0]._replace(session=requests[0].session + 1))
    ground.demand(await client.read("visits") == 1, "the host could ask for something")


async def replay_to_another_life(ground: Ground) -> None:
    await ground.serve()
    passed: list[HandshakeRequest] = []

    def record(_link: Link, message: HandshakeRequest) -> Iterable[Message]:
        passed.append(message)
        return (message,)

    ground.relay.from_client = instead(HandshakeRequest, record)
    client = await ground.connect()
    later = await ground.serve()
    if ground.strike("the host starts the verifier anew, and repeats a handshake of before"):
        with ground.watch(Side.VERIFIER):
            later.store.handshake(passed[0].message)
    ground.demand(await client.add("visits", 1) == 1, "another result")


async def replay_a_handshakes_answer(ground: Ground) -> None:
    await ground.serve()
    answers: list[HandshakeAnswer] = []

    def keep(_link: Link, message: HandshakeAnswer) -> Iterable[Message]:
        answers.append(message)
        return (message,)

    ground.relay.from_server = instead(HandshakeAnswer, keep)
    await ground.connect()
    if ground.strike("a client that comes again gets the answer that its first handshake had"):
        ground.relay.from_server = instead(HandshakeAnswer, lambda _link, message: (answers[0],))
    with ground.watch(Side.CLIENT):
        client = await ground.connect()
        ground.demand(await client.add("visits", 1) == 1, "another result")


async def change_the_introduction(ground: Ground) -> None:
    await ground.serve()

    def change(_link: Link, message: Introduced) -> Iterable[Message]:
        said = introduction.decode(message.introduction)
        forged = said._replace(static_key=bytes([9]) * 32)
        return (Introduced(introduction.encode(forged)),)

    if ground.strike("the relay puts a key of its own into the verifier's introduction"):
        ground.relay.from_server = instead(Introduced, change)
    await _comes(ground)


async def another_verifier(ground: Ground) -> None:
    await _elsewhere(
        ground,
        "the relay leads to a verifier of its own, with the same program and access list",
        lambda: ground.serve(identity=OTHER_IDENTITY),
    )


async def change_the_access_list(ground: Ground) -> None:
    await _elsewhere(
        ground,
        "the host starts the same verifier with somebody else on its access list",
        lambda: ground.serve(access=access_of(ALICE, BOB, MALLORY)),
    )


async def start_the_verifier_anew(ground: Ground) -> None:
    await _elsewhere(
        ground, "the host starts the same verifier anew: everything is gone", ground.serve
    )


async def _elsewhere(ground: Ground, lie: str, serve: Callable[[], Awaitable[Place]]) -> None:
    await ground.serve()
    other = await serve()
    if ground.strike(lie):
        ground.relay.server_port = other.port
    await _comes(ground)


async def lead_away_after_a_cut(ground: Ground) -> None:
    await ground.serve()
    other = await ground.serve(identity=OTHER_IDENTITY)
    client = await ground.connect(retry=Retry())
    ground.demand(await client.add("visits", 1) == 1, "another result")
    if ground.strike(
        "the relay cuts the connection, and leads the client elsewhere when it returns"
    ):
        ground.relay.server_port = other.port
    ground.relay.links[0].shut()
    with ground.watch(Side.CLIENT):
        while True:
            try:
                ground.demand(await client.add("visits", 1) == 2, "another result")
            except Unsettled:
                # It was sent when the client came back; the next call is told why it cannot be.
                continue
            break


async def downgrade_the_version(ground: Ground) -> None:
    await ground.serve()
    if ground.strike("the relay says that the server speaks an older version"):
        older = MAGIC + bytes(2)
        ground.relay.hello_from_server = lambda hello: older + hello[len(older) :]
    await _comes(ground)


async def _comes(ground: Ground) -> None:
    """A client comes, and asks for something."""
    with ground.watch(Side.CLIENT):
        client = await ground.connect()
        ground.demand(await client.add("visits", 1) == 1, "another result")


_OTHER = (Expected(Side.CLIENT, "OtherVerifier", "it is of the instance"),)

DRILLS = (
    Drill(
        "replay a handshake",
        replay_a_handshake,
        (Expected(Side.VERIFIER, "WrongMac"),),
        "it opens a session whose keys only the client could derive",
    ),
    Drill(
        "replay a handshake to another life",
        replay_to_another_life,
        (Expected(Side.VERIFIER, "BadHandshake"),),
        "a handshake is for one incarnation of one instance",
    ),
    Drill(
        "replay a handshake's answer",
        replay_a_handshakes_answer,
        (Expected(Side.CLIENT, "HandshakeFailed", "not from the verifier that was asked"),),
        "each handshake has a fresh key of the client's",
    ),
    Drill(
        "change the introduction",
        change_the_introduction,
        (Expected(Side.CLIENT, "OtherVerifier", "has not signed this"),),
        "the pinned identity signs the key for handshakes",
    ),
    Drill(
        "lead to another verifier",
        another_verifier,
        _OTHER,
        "clients pin identity and instance",
    ),
    Drill(
        "lead away after a cut",
        lead_away_after_a_cut,
        _OTHER,
        "a client that connects again expects the same verifier, in the same life",
    ),
    Drill(
        "change the access list",
        change_the_access_list,
        _OTHER,
        "the list is part of the instance's name, which clients pin",
    ),
    Drill(
        "start the verifier anew",
        start_the_verifier_anew,
        _OTHER,
        "a store that begins again is another instance",
    ),
    Drill(
        "downgrade the version",
        downgrade_the_version,
        (Expected(Side.CLIENT, "ConnectionLost", "speaks version `0`"),),
        "there is one version, and what is sealed is bound to it",
    ),
)
