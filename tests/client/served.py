"""A server in a thread of its own, and a relay before it that cuts connections where it is told."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zeta
from zeta import aio
from zeta.applications.counters import Counters
from zeta.client import Pin
from zeta.receipts import introduction
from zeta.server import Limits, Server

from .host import KEY, access


class Relay:
    """Passes bytes on, and cuts connections after so many of them, one limit for each."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.cuts: list[tuple[int, int]] = []
        """For the next connections: bytes to the server, and bytes to the client."""
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> int:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """Cuts every connection that there is."""
        for each in self._writers:
            each.transport.abort()
        self._writers.clear()

    async def close(self) -> None:
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        there, back = self.cuts.pop(0) if self.cuts else (1 << 60, 1 << 60)
        try:
            to_read, to_write = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        both = [writer, to_write]
        self._writers += both
        await asyncio.gather(
            self._pass(reader, to_write, there, both), self._pass(to_read, writer, back, both)
        )

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        left: int,
        both: list[asyncio.StreamWriter],
    ) -> None:
        try:
            while left and (data := await reader.read(1 << 16)):
                writer.write(data[:left])
                await writer.drain()
                left -= len(data[:left])
        except OSError:
            left = 0
        if not left:
            for each in both:
                each.transport.abort()
        else:
            writer.close()


@dataclass
class Served:
    """A server and its relay, in a loop of their own."""

    loop: asyncio.AbstractEventLoop
    server: Server
    store: zeta.ApplicationStore
    relay: Relay
    direct: int
    relayed: int
    pin: Pin
    ended: asyncio.Event

    def terms(self, *, relayed: bool = False, **more: Any) -> tuple[tuple[str], dict[str, Any]]:
        """The arguments of `connect`."""
        url = f"zeta://127.0.0.1:{self.relayed if relayed else self.direct}"
        said = {"app": Counters, "key": KEY, "timeout": 20.0}
        pinned = {} if "trust" in more else self.pin._asdict()
        return (url,), said | pinned | more

    def tell(self, what: Callable[[], Any]) -> Any:
        """Has something done in the server's loop."""

        async def do() -> Any:
            done = what()
            return await done if inspect.isawaitable(done) else done

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result(20)


@contextmanager
def served(
    epoch: float | None = 0.1, workers: int = 2, lifetime: int = 1000, sessions: int = 1024
) -> Iterator[Served]:
    """Serves counters until the block is left."""
    begun: list[Served] = []
    ready = threading.Event()

    async def serve() -> None:
        server = Server(Limits())
        with zeta.open(
            app=Counters,
            access=access(lifetime),
            epoch=epoch,
            workers=workers,
            sessions=sessions,
            on_epoch=server.epoch_decided,
        ) as store:
            direct = await server.listen(store, "127.0.0.1", 0)
            relay = Relay(direct)
            relayed = await relay.listen()
            found = introduction.decode(store.introduction)
            pin = Pin(found.identity, found.instance)
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            begun.append(Served(loop, server, store, relay, direct, relayed, pin, ended))
            ready.set()
            await ended.wait()
            await relay.close()
            await server.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    try:
        yield begun[0]
    finally:
        # A test may have ended it.
        with contextlib.suppress(RuntimeError):
            begun[0].loop.call_soon_threadsafe(begun[0].ended.set)
        thread.join(20)


class Twin:
    """One scenario for both clients: what one returns, the other has awaited."""

    def __init__(self, blocking: bool) -> None:
        self.connect: Callable[..., Any] = zeta.connect if blocking else aio.connect
        self._blocking = blocking

    async def told(self, value: Any) -> Any:
        """What a call of either twin returns."""
        return value if self._blocking else await value

    async def open(self, place: Served, **more: Any) -> Any:
        args, said = place.terms(**more)
        return await self.told(self.connect(*args, **said))

    async def enter(self, block: Any) -> Any:
        return block.__enter__() if self._blocking else await block.__aenter__()

    async def leave(self, block: Any, error: Exception | None = None) -> None:
        said = (None if error is None else type(error), error, None)
        await self.told(block.__exit__(*said) if self._blocking else block.__aexit__(*said))


def trust_line(place: Served, path: Path) -> Path:
    """A trust file that pins the server."""
    identity, instance = place.pin
    path.write_text(f"zeta://127.0.0.1:{place.direct} {identity.hex()} {instance.hex()}\n")
    return path
