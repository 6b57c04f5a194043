"""Clients and a server over loopback: typed calls, receipts, many connections, bad guests."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import zeta
from zeta import aio
from zeta.access import AccessList, Client, Grant
from zeta.applications.counters import Counters
from zeta.applications.key_value import KeyValue
from zeta.client import (
    ConnectionLost,
    Fate,
    ForgedReply,
    OtherVerifier,
    Pin,
    ResultLost,
    StateFile,
    TrustFile,
    Unsettled,
)
from zeta.client.handshake import public_key
from zeta.errors import CheckFailed, HostError, InvalidValue, SessionRefused
from zeta.network import Failed, FrameReader, Hello, Side, decode
from zeta.receipts import Pinned, introduction
from zeta.server import Limits, Server
from zeta.serving import Serving
from zeta.store import EpochInfo

KEY = bytes([7]) * 32
ACCESS = AccessList((Client(public_key(KEY), ("read", "add"), (Grant("counters"),)),))


@dataclass
class Place:
    """A server, and how to come to it."""

    server: Server
    port: int
    trust: TrustFile
    pin: Pin

    @property
    def url(self) -> str:
        return f"zeta://127.0.0.1:{self.port}"

    async def connect(self, key: bytes = KEY, state: StateFile | None = None) -> aio.Client:
        return await aio.connect(
            self.url, app=Counters, key=key, trust=self.trust, state=state, timeout=20
        )


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    server = Server(Limits(connections=300, frame_max=8192, hello_seconds=0.5))
    with zeta.open(
        app=Counters, access=ACCESS, epoch=0.2, workers=2, on_epoch=server.epoch_decided
    ) as store:
        port = await server.listen(store, "127.0.0.1", 0)
        trust = TrustFile(tmp_path / "trusted")
        found = introduction.decode(store.introduction)
        made = Place(server, port, trust, Pin(found.identity, found.instance))
        trust.pin(made.url, made.pin)
        yield made
        await server.close()


async def test_typed_calls_are_answered_and_have_receipts(place: Place) -> None:
    client = await place.connect()
    assert await client.add("a", 5) == 5
    assert await client.read("a") == 5
    handle = await client.call("add", "a", 2)
    assert handle.result == 7
    assert client.last_receipt == handle
    data = await handle.certified()
    verified = Pinned(*place.pin).verify(data)
    assert verified.leaf_hash == handle.answered.leaf_hash
    assert verified.receipt.sequence == 3
    with pytest.raises(CheckFailed):
        await client.add("a", 2**64 - 1)
    with pytest.raises(AttributeError):
        await client.nothing()
    await client.close()


async def test_many_clients_pipeline_and_none_fails(place: Place) -> None:
    clients = await asyncio.gather(*(place.connect() for _ in range(40)))
    calls = [each.add(f"c{at}", 1) for at, each in enumerate(clients) for _ in range(16)]
    results = await asyncio.gather(*calls)
    assert sorted(results) == sorted([*range(1, 17)] * 40)
    await asyncio.gather(*(each.last_receipt.certified() for each in clients if each.last_receipt))
    for each in clients:
        await each.close()


async def test_a_session_goes_on_in_another_process(place: Place, tmp_path: Path) -> None:
    with StateFile(tmp_path / "state") as state:
        client = await place.connect(state=state)
        first = await client.call("add", "a", 1)
        await first.certified()
        await client.close()
    with StateFile(tmp_path / "state") as state:
        client = await place.connect(state=state)
        second = await client.call("add", "a", 1)
        await client.close()
    one, other = first.answered.receipt, second.answered.receipt
    assert one.session == other.session
    assert one.sequence < other.sequence
    assert second.result == 2


async def test_strangers_get_nothing(place: Place, tmp_path: Path) -> None:
    with pytest.raises(SessionRefused, match="access list"):
        await place.connect(key=bytes([9]) * 32)
    other = TrustFile(tmp_path / "other")
    other.pin(place.url, Pin(bytes(32), place.pin.instance))
    with pytest.raises(OtherVerifier):
        await aio.connect(place.url, app=Counters, key=KEY, trust=other)
    with pytest.raises(OtherVerifier, match="`KeyValue`"):
        await aio.connect(place.url, app=KeyValue, key=KEY, trust=place.trust)
    with pytest.raises(InvalidValue, match="zeta://"):
        await aio.connect("http://a", app=Counters, key=KEY, trust=other)


GUESTS = {
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
    "another version": Hello(version=2).encode(),
    "an absurd length": Hello().encode() + b"\xff\xff\xff\xff",
    "no length": Hello().encode() + bytes(4),
    "an unknown kind": Hello().encode() + b"\1\0\0\0\x3f",
    "a message of the host": Hello().encode() + b"\5\0\0\0\x86\1\0\0\0",
    "a cut message": Hello().encode() + b"\2\0\0\0\x02\0",
}


@pytest.mark.parametrize("name", GUESTS)
async def test_a_bad_guest_is_told_and_disturbs_nobody(place: Place, name: str) -> None:
    client = await place.connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(GUESTS[name])
    said = await asyncio.wait_for(reader.read(), 10)
    frames = FrameReader().feed(
        said[said.find(b"zeta net") + 14 :] if b"zeta net" in said else said
    )
    last = [decode(kind, body, Side.HOST) for kind, body in frames][-1]
    assert isinstance(last, Failed)
    assert (last.number, last.fault) == (0, 1)
    writer.close()
    assert await client.add("a", 1) == 1
    await client.close()


async def test_who_says_nothing_is_sent_away(place: Place) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    writer.write(b"zeta")
    with contextlib.suppress(ConnectionResetError):
        assert b"no hello came within `0.5` seconds" in await asyncio.wait_for(reader.read(), 10)
    writer.close()


async def test_a_server_that_closes_certifies_what_it_answered(tmp_path: Path) -> None:
    server = Server()
    with zeta.open(app=Counters, access=ACCESS, epoch=None, on_epoch=server.epoch_decided) as store:
        port = await server.listen(store, "127.0.0.1", 0)
        trust = TrustFile(tmp_path / "trusted")
        url = f"zeta://127.0.0.1:{port}"
        client = await aio.connect(url, app=Counters, key=KEY, trust=trust, first_use=True)
        handle = await client.call("add", "a", 1)
        epoch = handle.answered.receipt.epoch
        waits = asyncio.create_task(handle.certified())
        await asyncio.sleep(0)
        await server.close()
        pin = trust.find(url)
        assert pin is not None
        assert Pinned(*pin).verify(await waits).receipt.epoch == epoch
        with pytest.raises(HostError):
            await client.add("a", 1)
        await client.close()


async def test_a_request_without_an_answer_is_settled_by_asking(place: Place) -> None:
    client = await place.connect()
    assert await client.add("a", 1) == 1
    with pytest.raises(Unsettled, match="request `2`") as raised:
        await client.within(1e-9).add("a", 1)
    fate = await client.fate(raised.value.request)
    assert await client.read("a") == 1 + (fate is Fate.EXECUTED)
    await client.close()


async def test_a_host_that_changes_results_is_found_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Serving.run_frames

    def lying(self: Serving, *asked: Any) -> list[bytes]:
        return [frames[:-8] + b"\xff" * 8 for frames in honest(self, *asked)]

    client = await place.connect()
    monkeypatch.setattr(Serving, "run_frames", lying)
    with pytest.raises(ForgedReply):
        await client.add("a", 1)
    await client.close()


async def test_a_closed_client_is_of_no_use(place: Place) -> None:
    client = await place.connect()
    await client.close()
    with pytest.raises(HostError) as raised:
        await client.add("a", 1)
    assert isinstance(raised.value, HostError | ConnectionLost)


async def test_a_request_that_comes_again_gets_the_reply_that_it_had(place: Place) -> None:
    client = await place.connect()
    first = await client.call("add", "a", 1)
    assert first.request is not None
    again = await client.repeat(first.request)
    assert again.answered == first.answered
    assert again.leaf_index == first.leaf_index
    assert await client.read("a") == 1
    place.server._pump._kept.forget(first.request.session)
    with pytest.raises(ResultLost):
        await client.repeat(first.request)
    await client.close()


async def test_an_epoch_that_ends_before_the_server_listens_costs_no_later_one(
    tmp_path: Path,
) -> None:
    # It ended the thread that tells of epochs, and no certification was ever told of again.
    server = Server()
    told = threading.Event()

    def on_epoch(info: EpochInfo) -> None:
        server.epoch_decided(info)
        told.set()

    with zeta.open(app=Counters, access=ACCESS, epoch=None, on_epoch=on_epoch) as store:
        store.certify()
        assert await asyncio.to_thread(told.wait, 20)
        port = await server.listen(store, "127.0.0.1", 0)
        trust = TrustFile(tmp_path / "trusted")
        url = f"zeta://127.0.0.1:{port}"
        client = await aio.connect(url, app=Counters, key=KEY, trust=trust, first_use=True)
        handle = await client.call("add", "a", 1)
        await asyncio.to_thread(store.certify)
        assert await handle.certified(timeout=20)
        await client.close()
        await server.close()


async def test_a_server_that_never_listened_closes() -> None:
    await Server().close()
