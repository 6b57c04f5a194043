"""Drills with the host's own memory: a record that is changed behind a served verifier."""

from __future__ import annotations

from zeta import hazmat
from zeta.applications.counters import Counters
from zeta.client.coroutine import Handle
from zeta.drills.drill import Drill, Expected, Side
from zeta.drills.ground import Ground, Place
from zeta.errors import MismatchError
from zeta.network import Certified
from zeta.receipts import certification, receipt


async def tamper_a_record(ground: Ground) -> None:
    place = await ground.serve()
    client = await ground.connect()
    await client.add("visits", 1)
    if ground.strike("somebody writes 1,000 over the 1 in the host's memory"):
        _tamper(place)
    handle = await client.call("read", "visits")
    ground.story.append(f"the client is told {handle.result}: provisional")
    with ground.watch(Side.VERIFIER):
        await place.certify()
    with ground.watch(Side.CLIENT):
        await handle.certified()


async def certify_a_mismatch(ground: Ground) -> None:
    place, handle, signed = await _mismatched(ground)
    with ground.watch(Side.CLIENT):
        if signed is not None:
            ground.relay.links[0].to_client(Certified(signed))
        await handle.certified()
    ground.demand(signed is None or bool(ground.noticed), "a mismatch was believed certified")
    place.pinned.verify_certification(place.store.certification(0))


async def receipt_of_a_mismatch(ground: Ground) -> None:
    place, handle, signed = await _mismatched(ground)
    if signed is None:
        data = await handle.certified()
    else:
        # As many leaves as a receipt needs, and the latest signature that there is.
        said = certification.decode(signed)
        data = receipt.encode(
            handle.answered.receipt._replace(
                leaf_index=handle.leaf_index,
                leaves=1,
                threads=said.threads,
                receipts=1,
                signature=said.signature,
            )
        )
    with ground.watch(Side.THIRD_PARTY):
        place.pinned.verify(data)


async def _mismatched(ground: Ground) -> tuple[Place, Handle, bytes | None]:
    """An operation of an epoch that does not certify, and what may be said of that epoch."""
    place = await ground.serve()
    client = await ground.connect()
    await client.add("visits", 1)
    last = await place.certify()
    hostile = ground.strike("the host changes a record, and makes a certification up")
    if hostile:
        _tamper(place)
        # The verifier has more to tell than that nothing certifies; the relay keeps it back.
        ground.relay.from_server = lambda _link, message: (
            () if type(message).__name__ == "NotCertifying" else (message,)
        )
    handle = await client.call("read", "visits")
    try:
        await place.certify()
    except MismatchError:
        said = certification.decode(place.store.certification(last))
        return place, handle, certification.encode(said._replace(epoch=last + 1))
    ground.demand(not hostile, "a changed record was certified")
    return place, handle, None


def _tamper(place: Place) -> None:
    key, row = hazmat.record_bytes(Counters, "counters", "visits", 1000)
    hazmat.tamper(place.store, "counters").set_value(key, row)


DRILLS = (
    Drill(
        "tamper a record",
        tamper_a_record,
        (
            Expected(Side.VERIFIER, "MismatchError", "did not certify"),
            Expected(Side.CLIENT, "HostError", "nothing certifies"),
        ),
        "what was added is not what was evicted: the epoch never certifies, nor any later",
    ),
    Drill(
        "certify a mismatch",
        certify_a_mismatch,
        (Expected(Side.CLIENT, "ForgedReply", "has not signed this"),),
        "the verifier signs nothing of an epoch that does not add up",
    ),
    Drill(
        "show a receipt of a mismatch",
        receipt_of_a_mismatch,
        (Expected(Side.THIRD_PARTY, "NotCertified", "has not signed this"),),
        "no signature covers it, and none ever will",
    ),
)
