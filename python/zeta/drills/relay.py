"""A relay between clients and servers, which may read, hold, change and make up every message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from zeta.network import (
    HELLO_LEN,
    FrameReader,
    Hello,
    Introduced,
    Message,
    Side,
    Subscribe,
    decode,
    encode,
)

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

_READ = 1 << 16
_OWN_NUMBERS = 0xF000_0000
"""Numbers from here on name what the relay asks for itself; clients count from 1."""

Lie: TypeAlias = "Callable[[Link, Message], Iterable[Message]]"
"""What goes on in the place of a message."""
M = TypeVar("M")


def honest(_link: Link, message: Message) -> Iterable[Message]:
    """Passes everything on as it came."""
    return (message,)


def instead(kind: type[M], lie: Callable[[Link, M], Iterable[Message]]) -> Lie:
    """A lie about messages of one kind."""

    def tell(link: Link, message: Message) -> Iterable[Message]:
        return lie(link, message) if isinstance(message, kind) else (message,)

    return tell


class Relay:
    """Listens where clients believe the server to be. Honest until it is given lies to tell."""

    def __init__(self, seen: Callable[[Message], None]) -> None:
        """`seen` is told what servers say, whatever becomes of it."""
        self.from_client: Lie = honest
        self.from_server: Lie = honest
        self.hello_from_server: Callable[[bytes], bytes] = lambda hello: hello
        self.links: list[Link] = []
        """One for each client's connection, in their order."""
        self.server_port = 0
        """Where connections go that come from now on."""
        self._seen = seen
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> int:
        """Begins; returns its port."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    def be_honest(self) -> None:
        """Tells no more lies."""
        self.from_client = self.from_server = honest

    async def close(self) -> None:
        """Ends all connections."""
        self._listener.close()
        for link in self.links:
            link.shut()
        await asyncio.gather(*self._tasks)
        for link in self.links:
            await link.closed()

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = Link(self, reader, writer)
        self.links.append(link)
        with suppress(OSError, asyncio.IncompleteReadError):
            await link.carry(self.server_port)
        link.shut()


class Link:
    """One client's connection, and the one behind it to a server."""

    def __init__(self, relay: Relay, reader: StreamReader, writer: StreamWriter) -> None:
        self._relay = relay
        self._client = reader, writer
        self._number = _OWN_NUMBERS
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._upstream: asyncio.Task[None] | None = None
        self._hello = b""

    async def carry(self, port: int) -> None:
        """Carries messages until the client goes."""
        reader, _ = self._client
        self._hello = await reader.readexactly(HELLO_LEN)
        await self._reach(port)
        frames = FrameReader()
        while data := await reader.read(_READ):
            for kind, body in frames.feed(data):
                message = decode(kind, body, Side.CLIENT)
                for each in self._relay.from_client(self, message):
                    self.to_server(each)

    async def switch(self, port: int) -> None:
        """Goes on with another server, without a word to the client."""
        await self._leave()
        await self._reach(port, silently=True)

    def to_server(self, message: Message) -> None:
        self._server[1].write(encode(message))

    def to_client(self, message: Message) -> None:
        self._client[1].write(encode(message))

    def ask(self, message: Message) -> asyncio.Future[Message]:
        """Asks the server for the relay itself; the client never hears of the answer."""
        self._number += 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[self._number] = answer
        self.to_server(message._replace(number=self._number))  # type: ignore[call-arg]
        return answer

    def shut(self) -> None:
        """Lets go of both sides."""
        self._client[1].close()
        if self._upstream is not None:
            self._upstream.cancel()
            self._server[1].close()

    async def closed(self) -> None:
        """Waits until nothing is left of either."""
        await self._leave()
        await _closed(self._client[1])

    async def _reach(self, port: int, silently: bool = False) -> None:
        self._server = await asyncio.open_connection("127.0.0.1", port)
        self._server[1].write(self._hello)
        if silently:
            self._server[1].write(encode(Subscribe(0)))
        self._upstream = asyncio.create_task(self._listen(silently))

    async def _listen(self, silently: bool) -> None:
        reader, _ = self._server
        with suppress(OSError, asyncio.IncompleteReadError):
            hello = await reader.readexactly(HELLO_LEN)
            Hello.decode(hello)
            if not silently:
                self._client[1].write(self._relay.hello_from_server(hello))
            frames = FrameReader()
            while data := await reader.read(_READ):
                for kind, body in frames.feed(data):
                    message = decode(kind, body, Side.HOST)
                    if not (silently and isinstance(message, Introduced)):
                        self._take(message)
        self._client[1].close()

    def _take(self, message: Message) -> None:
        self._relay._seen(message)
        asked = self._asked.pop(getattr(message, "number", 0), None)
        if asked is not None:
            asked.set_result(message)
            return
        for each in self._relay.from_server(self, message):
            self.to_client(each)

    async def _leave(self) -> None:
        if self._upstream is not None:
            self._upstream.cancel()
            await asyncio.gather(self._upstream, return_exceptions=True)
            self._upstream = None
            await _closed(self._server[1])


async def _closed(writer: StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
