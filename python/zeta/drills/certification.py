"""Drills with certifications, paths and receipts: made up, moved, withheld and late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from zeta.client.coroutine import Handle
from zeta.drills.asker import Asker
from zeta.drills.drill import Drill, Expected, Side
from zeta.drills.ground import ALICE, IMPATIENT_SECONDS, OTHER_IDENTITY, Ground, Place
from zeta.drills.relay import Link, instead
from zeta.network import Certified, Message, PathFound
from zeta.receipts import Certification, certification, receipt

_DELAY_SECONDS = 0.1


async def forge_a_certification(ground: Ground) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(OTHER_IDENTITY)

    def sign(said: Certification) -> Certification:
        signed = certification.signed_bytes(
            said.instance,
            said.incarnation,
            said.program,
            said.epoch,
            said.threads,
            said.receipts,
            said.root,
        )
        return said._replace(signature=key.sign(signed))

    await _changed(ground, "the relay signs the certification with a key of its own", sign)


async def certify_as_another(ground: Ground) -> None:
    await ground.serve()
    other = await ground.serve(identity=OTHER_IDENTITY)
    foreign = Certified(other.store.certification(await other.certify()))
    await _shown(
        ground,
        "the relay hands out a true certification, of another verifier",
        lambda _link, _message: (foreign,),
    )


async def certify_another_epoch(ground: Ground) -> None:
    await _changed(
        ground,
        "the relay says that a certification is of a later epoch",
        lambda said: said._replace(epoch=said.epoch + 1),
    )


async def certify_another_root(ground: Ground) -> None:
    await _changed(
        ground,
        "the relay says that other receipts were certified",
        lambda said: said._replace(root=bytes(32)),
    )


async def certify_another_program(ground: Ground) -> None:
    await _changed(
        ground,
        "the relay says that a certification is of another program",
        lambda said: said._replace(program=bytes(32)),
    )


async def certify_another_instance(ground: Ground) -> None:
    await _changed(
        ground,
        "the relay says that a certification is of another instance",
        lambda said: said._replace(instance=bytes(16)),
    )


async def certify_another_life(ground: Ground) -> None:
    await _changed(
        ground,
        "the relay says that a certification is of another incarnation",
        lambda said: said._replace(incarnation=bytes(16)),
    )


async def _changed(
    ground: Ground, lie: str, change: Callable[[Certification], Certification]
) -> None:
    await ground.serve()

    def tell(_link: Link, message: Certified) -> Iterable[Message]:
        changed = change(certification.decode(message.certification))
        return (Certified(certification.encode(changed)),)

    await _shown(ground, lie, tell)


async def _shown(
    ground: Ground, lie: str, tell: Callable[[Link, Certified], Iterable[Message]]
) -> None:
    """A client waits for the certification of its operation, and the relay lies about it."""
    client = await ground.connect()
    handle = await client.call("add", "visits", 1)
    if ground.strike(lie):
        ground.relay.from_server = instead(Certified, tell)
    with ground.watch(Side.CLIENT):
        await _certified(ground, ground.first, handle)


async def _certified(ground: Ground, place: Place, handle: Handle) -> bytes:
    """The receipt of an operation in the epoch that is open now."""
    await place.certify()
    data = await handle.certified()
    found = place.pinned.verify(data)
    ground.demand(found.leaf_hash == handle.answered.leaf_hash, "a receipt of something else")
    return data


async def forge_a_path(ground: Ground) -> None:
    await _mispathed(
        ground,
        "the relay changes a hash of a receipt's path",
        lambda found: found._replace(path=(bytes(32), *found.path[1:])),
    )


async def lengthen_a_path(ground: Ground) -> None:
    await _mispathed(
        ground,
        "the relay says that there are more receipts than there are",
        lambda found: found._replace(leaves=found.leaves + 1, receipts=found.receipts + 1),
    )


async def show_a_foreign_path(ground: Ground) -> None:
    kept: list[PathFound] = []

    def swap(found: PathFound) -> PathFound:
        return kept[0]._replace(number=found.number)

    await _mispathed(
        ground, "the relay hands out the path of another operation's receipt", swap, kept
    )


async def _mispathed(
    ground: Ground,
    lie: str,
    change: Callable[[PathFound], PathFound],
    kept: list[PathFound] | None = None,
) -> None:
    place = await ground.serve()
    client = await ground.connect()
    first = await client.call("add", "visits", 1)
    second = await client.call("add", "visits", 1)
    await place.certify()

    def keep(_link: Link, message: PathFound) -> Iterable[Message]:
        if kept is not None:
            kept.append(message)
        return (message,)

    ground.relay.from_server = instead(PathFound, keep)
    place.pinned.verify(await first.certified())
    if ground.strike(lie):
        ground.relay.from_server = instead(PathFound, lambda _link, found: (change(found),))
    with ground.watch(Side.CLIENT):
        place.pinned.verify(await second.certified())


async def forge_a_receipt(ground: Ground) -> None:
    place = await ground.serve()
    client = await ground.connect()
    handle = await client.call("add", "visits", 1)
    data = await _certified(ground, place, handle)
    if ground.strike("a client shows a receipt in which it has written another result"):
        said = receipt.decode(data)
        data = receipt.encode(said._replace(result=(1000).to_bytes(8, "little")))
    with ground.watch(Side.THIRD_PARTY):
        place.pinned.verify(data)


async def show_a_receipt_of_another_service(ground: Ground) -> None:
    pinned = (await ground.serve()).pinned
    place = ground.first
    if ground.strike("a client shows a true receipt of another service of the same identity"):
        place = await ground.serve()
    asker = Asker(place.store, ALICE)
    request = asker.request(1, "add", "visits", 1)
    reply = place.store.run_requests([request])[0]
    await place.certify()
    data = asker.receipt(asker.accept(request, reply), leaf_index=0)
    place.pinned.verify(data)
    with ground.watch(Side.THIRD_PARTY):
        pinned.verify(data)


async def withhold_the_certification(ground: Ground) -> None:
    place = await ground.serve()
    client = await ground.connect()
    handle = await client.call("add", "visits", 1)
    patience = None
    if ground.strike("the relay lets every certification vanish"):
        ground.relay.from_server = instead(Certified, lambda _link, _message: ())
        patience = IMPATIENT_SECONDS
    await place.certify()
    with ground.watch(Side.CLIENT):
        place.pinned.verify(await handle.certified(patience))


async def delay_everything(ground: Ground) -> None:
    place = await ground.serve()
    client = await ground.connect()
    if ground.strike(f"the relay holds each message for {_DELAY_SECONDS:g} s"):
        ground.relay.from_server = _late
    handle = await client.call("add", "visits", 1)
    ground.demand(handle.result == 1, "another result")
    await _certified(ground, place, handle)


def _late(link: Link, message: Message) -> Iterable[Message]:
    asyncio.get_running_loop().call_later(_DELAY_SECONDS, link.to_client, message)
    return ()


_FORGED = "ForgedReply"

DRILLS = (
    Drill(
        "forge a certification",
        forge_a_certification,
        (Expected(Side.CLIENT, _FORGED, "has not signed this"),),
        "it is signed by the identity that clients pin",
    ),
    Drill(
        "certify as another verifier",
        certify_as_another,
        (Expected(Side.CLIENT, _FORGED, "it is of the instance"),),
        "what another identity signed counts for nothing here",
    ),
    Drill(
        "certify another epoch",
        certify_another_epoch,
        (Expected(Side.CLIENT, _FORGED, "has not signed this"),),
        "the signature covers the epoch",
    ),
    Drill(
        "certify another root",
        certify_another_root,
        (Expected(Side.CLIENT, _FORGED, "has not signed this"),),
        "the signature covers the root of all receipts",
    ),
    Drill(
        "certify another program",
        certify_another_program,
        (Expected(Side.CLIENT, _FORGED, "it is of the program"),),
        "clients know the program's digest",
    ),
    Drill(
        "certify another instance",
        certify_another_instance,
        (Expected(Side.CLIENT, _FORGED, "it is of the instance"),),
        "clients pin the instance",
    ),
    Drill(
        "certify another life",
        certify_another_life,
        (Expected(Side.CLIENT, _FORGED, "it is of the incarnation"),),
        "the session is with one incarnation",
    ),
    Drill(
        "forge a path",
        forge_a_path,
        (Expected(Side.CLIENT, _FORGED, "has not signed this"),),
        "the path must lead to the root that was signed",
    ),
    Drill(
        "lengthen a path",
        lengthen_a_path,
        (Expected(Side.CLIENT, _FORGED, "do not lead to the root"),),
        "the path must fit the number of receipts, which is signed",
    ),
    Drill(
        "show a foreign path",
        show_a_foreign_path,
        (Expected(Side.CLIENT, _FORGED, "has not signed this"),),
        "the client makes the leaf itself, of what it asked and was told",
    ),
    Drill(
        "forge a receipt",
        forge_a_receipt,
        (Expected(Side.THIRD_PARTY, "NotCertified", "has not signed this"),),
        "the leaf, the path and the signature cover every byte",
    ),
    Drill(
        "show a receipt of another service",
        show_a_receipt_of_another_service,
        (Expected(Side.THIRD_PARTY, "OtherInstance", "it is of the instance"),),
        "who relies on a receipt pins identity and instance",
    ),
    Drill(
        "withhold the certification",
        withhold_the_certification,
        (Expected(Side.CLIENT, "CertificationTimeout", "is not certified after"),),
        "by waiting alone: what is not certified must not be relied on",
    ),
    Drill(
        "delay everything",
        delay_everything,
        (),
        "it is only late; nobody can tell a slow host from one that holds back",
    ),
)
