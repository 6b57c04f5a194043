"""A served key-value store, a client that works all the while, and guests that behave badly."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import zeta
from zeta import aio
from zeta.access import AccessList, Client, Grant
from zeta.applications.key_value import KeyValue
from zeta.client import Handshake, Session
from zeta.client.handshake import public_key
from zeta.client.session import Request
from zeta.network import (
    HELLO_LEN,
    Failed,
    FrameReader,
    HandshakeAnswer,
    HandshakeRequest,
    Hello,
    Introduced,
    Message,
    Requested,
    Side,
    decode,
    encode,
)
from zeta.receipts import Authentication, Introduction, introduction
from zeta.server import Limits, Server

OWNER, READER, BRIEF = (bytes([each]) * 32 for each in (7, 8, 9))
ACCESS = AccessList(
    (
        Client(public_key(OWNER), ("get", "put"), (Grant("records"),)),
        Client(
            public_key(READER),
            ("get",),
            (Grant("records", "read", KeyValue.relations["records"].encode_key(b"a")),),
        ),
        Client(public_key(BRIEF), ("get",), (Grant("records"),), lifetime=0),
    )
)
GET, PUT = (list(KeyValue.transitions).index(name) for name in ("get", "put"))
_SECONDS = 30


def get(key: bytes) -> bytes:
    return KeyValue.transitions["get"].encode_arguments((key,), {})


class Guest:
    """A connection that says what a test wants it to, and hears what it wants to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.frames = FrameReader()
        self.heard: list[Message] = []
        self.hello = b""

    def say(self, *said: Message | bytes) -> None:
        for each in said:
            self.writer.write(each if isinstance(each, bytes) else encode(each))

    async def hear(self) -> Message | None:
        """The next message; `None` at the end."""
        while not self.heard:
            try:
                data = await asyncio.wait_for(self.reader.read(1 << 16), _SECONDS)
            except ConnectionResetError:
                return None
            if not data:
                return None
            if len(self.hello) < HELLO_LEN:
                rest = HELLO_LEN - len(self.hello)
                self.hello, data = self.hello + data[:rest], data[rest:]
            self.heard += [decode(*each, Side.HOST) for each in self.frames.feed(data)]
        return self.heard.pop(0)

    async def last(self) -> Message | None:
        """What it hears last, until the server ends the connection."""
        found = None
        while (said := await self.hear()) is not None:
            found = said
        return found

    async def told(self) -> tuple[int, str]:
        """Why the server ends the connection: the fault, and the text."""
        said = await self.last()
        assert isinstance(said, Failed), said
        assert said.number == 0
        return said.fault, said.text

    async def greet(self) -> Introduction:
        self.say(Hello().encode())
        said = await self.hear()
        assert isinstance(said, Introduced), said
        return introduction.decode(said.introduction)

    async def open(self, key: bytes = OWNER, replaces: int = 0) -> Session:
        """Opens a session; greets first, unless it has."""
        self.who = getattr(self, "who", None) or await self.greet()
        made = Handshake(
            instance=self.who.instance,
            incarnation=self.who.incarnation,
            verifier_key=self.who.static_key,
            client_key=key,
            replaces=replaces,
        )
        self.say(HandshakeRequest(1, replaces, made.message))
        said = await self.hear()
        assert isinstance(said, HandshakeAnswer), said
        opened = made.finish(said.message)
        return Session(
            introduction=self.who,
            client_key=public_key(key),
            authentication=Authentication.CLIENT,
            session=opened.session,
            last_epoch=opened.last_epoch,
            request_key=opened.request_key,
            reply_key=opened.reply_key,
        )

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


def requested(number: int, request: Request) -> Requested:
    """The message that carries a request."""
    return Requested(
        number,
        request.session,
        request.sequence,
        request.mac,
        request.transition,
        request.arguments,
    )


class Ground:
    """A server, its store, and a healthy client at work."""

    def __init__(self, server: Server, store: zeta.Store, port: int, client: aio.Client) -> None:
        self.server, self.store, self.port, self.client = server, store, port, client
        self.done = 0
        self._guests: list[Guest] = []
        self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while True:
            self.done += 1
            value = self.done.to_bytes(8, "little")
            await self.client.put(b"healthy", value)
            assert await self.client.get(b"healthy") == value
            await asyncio.sleep(0.002)

    async def guest(self, greets: bool = True, **options: Any) -> Guest:
        guest = Guest(*await asyncio.open_connection("127.0.0.1", self.port, **options))
        self._guests.append(guest)
        if greets:
            guest.who = await guest.greet()
        return guest

    async def still_works(self) -> None:
        """The healthy client gets on, and has never failed."""
        before = self.done
        async with asyncio.timeout(_SECONDS):
            while self.done < before + 3:
                if self._working.done():
                    self._working.result()
                await asyncio.sleep(0.005)

    async def until(self, what: Callable[[], bool]) -> None:
        """Waits for something that will be so."""
        async with asyncio.timeout(_SECONDS):
            while not what():
                await asyncio.sleep(0.005)

    async def end(self) -> None:
        await self.still_works()
        self._working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._working
        for guest in self._guests:
            await guest.close()
        # Whoever is gone leaves nothing behind.
        await self.until(lambda: self.server.connections == 1)
        await self.client.close()
        await self.until(lambda: self.server.connections == 0)
        assert self.server.memory.total == 0


Served = Callable[..., AbstractAsyncContextManager[Ground]]


@pytest.fixture
def served() -> Served:
    """Serves under limits; the healthy client must get on from the begin to the end."""

    @asynccontextmanager
    async def serve(**limits: Any) -> AsyncIterator[Ground]:
        server = Server(Limits(**limits))
        with zeta.open(access=ACCESS, epoch=None, on_epoch=server.epoch_decided) as store:
            port = await server.listen(store, "127.0.0.1", 0)
            found = introduction.decode(store.introduction)
            client = await aio.connect(
                f"zeta://127.0.0.1:{port}",
                app=KeyValue,
                key=OWNER,
                identity=found.identity,
                instance=found.instance,
                retry=None,
            )
            ground = Ground(server, store, port, client)
            yield ground
            await ground.end()
            await server.close(certify=False)

    return serve
