"""The server: it carries messages between clients and the verifier, and is believed by neither."""

import asyncio
import contextlib
import logging
from collections import deque
from typing import Protocol

from zeta.errors import HostError
from zeta.network import Certified, Hello, Introduced, NotCertifying, encode
from zeta.outcome import Certified as CertifiedOutcome
from zeta.outcome import Outcome
from zeta.server.connection import Connection
from zeta.server.limits import Limits
from zeta.server.memory import Memory
from zeta.server.pump import Pump
from zeta.serving import Serving

_log = logging.getLogger(__name__)
_READ = 1 << 18
_KEPT = 64
_BACKLOG = 1024
# Who comes while there are too many is told so, as long as these are not too many.
_REFUSED = 256
_LOOK_SECONDS = 1.0
_LAST_SECONDS = 5.0


class Decided(Protocol):
    """What is told of an epoch that was decided; `zeta.EpochInfo` is one."""

    @property
    def epoch(self) -> int: ...
    @property
    def outcome(self) -> Outcome: ...


class Backend(Protocol):
    """A store with clients that can be closed in order: `zeta.open(access=...)`."""

    def certify(self) -> object: ...


class Server:
    """Serves a store until it is closed. Give its `epoch_decided` to the store as `on_epoch`."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Makes a server that has no store yet."""
        self.limits = limits or Limits()
        self.memory = Memory(self.limits.memory)
        self.buffer = memoryview(bytearray(_READ))
        self.greeting = b""
        self.closes = False
        self._store: Serving | None = None
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._connections: set[Connection] = set()
        self._left = asyncio.Event()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._told = asyncio.Event()

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._connections)

    async def listen(self, store: Serving, host: str, port: int) -> int:
        """Begins to serve; returns the port, which matters where 0 was asked for.

        Raises:
            OSError: the address cannot be had.
        """
        self._store = store
        hello = Hello(self.limits.frame_max).encode()
        self.greeting = hello + encode(Introduced(store.introduction))
        self._listener = await self._loop.create_server(
            lambda: Connection(self), host, port, backlog=_BACKLOG
        )
        self._pump = Pump(store, self.limits)
        self._tasks = [asyncio.create_task(self._pump.run()), asyncio.create_task(self._look())]
        for task in self._tasks:
            task.add_done_callback(_say_why)
        port_: int = self._listener.sockets[0].getsockname()[1]
        return port_

    def epoch_decided(self, info: Decided) -> None:
        """Tells those who subscribed; may be called from any thread, and at any time."""
        store = self._store
        if store is None:
            # Before it listens nobody has asked for anything.
            return
        if isinstance(info.outcome, CertifiedOutcome):
            signed = encode(Certified(store.certification(info.epoch)))
        else:
            signed = encode(NotCertifying(info.epoch))
        # Once the loop is closed, so are all connections.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell, info.epoch, signed)

    async def close(self, certify: bool = True) -> None:
        """Takes no more, answers what was asked, certifies it, and says goodbye.

        Then paths are handed out and questions answered until the clients leave, for a while.
        """
        if self._store is None:
            return
        self.closes = True
        self._listener.close()
        await self._pump.idle()
        if certify:
            self._told.clear()
            try:
                await asyncio.to_thread(self._certify)
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._told.wait()
            except (HostError, TimeoutError) as error:
                _log.warning("the last epoch did not certify: %s", error)
        for connection in list(self._connections):
            connection.say_goodbye()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.goodbye_seconds):
                while self._connections:
                    self._left.clear()
                    await self._left.wait()
        for connection in list(self._connections):
            connection.cut("it did not say goodbye")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _certify(self) -> None:
        certifying: Backend = self._store  # type: ignore[assignment]
        certifying.certify()

    def _tell(self, epoch: int, signed: bytes) -> None:
        self._kept.append((epoch, signed))
        self._told.set()
        for connection in list(self._connections):
            if connection.subscribed:
                connection.send(signed)

    def look(self, now: float) -> None:
        """Ends the connections that have not done in time what is waited for."""
        for connection in list(self._connections):
            connection.look(now)

    async def _look(self) -> None:
        limits = self.limits
        shortest = min(
            limits.hello_seconds,
            limits.frame_seconds,
            limits.read_seconds,
            limits.idle_seconds,
            limits.linger_seconds,
        )
        while True:
            await asyncio.sleep(min(shortest / 4, _LOOK_SECONDS))
            self.look(self.now())

    # What connections say.

    def joins(self, connection: Connection) -> str | None:
        """Notes a connection; why it is not served, if so."""
        self._connections.add(connection)
        if self.closes:
            return "the server closes"
        beyond = len(self._connections) - self.limits.connections
        if beyond > _REFUSED:
            connection.cut("too many connections")
        return "there are as many connections as are taken" if beyond > 0 else None

    def asks(self, connection: Connection) -> None:
        """Notes that a connection has work."""
        self._pump.add(connection)

    def kept_since(self, epoch: int) -> bytes:
        """The frames of the certifications from this epoch on that are kept."""
        return b"".join(signed for each, signed in self._kept if each >= epoch)

    def leaves(self, connection: Connection) -> None:
        """Forgets a connection."""
        self._connections.discard(connection)
        self._left.set()


def _say_why(ended: "asyncio.Task[None]") -> None:
    """Says why one of the server's own tasks ended, if nobody ended it: nothing is served then."""
    if not ended.cancelled() and ended.exception() is not None:
        _log.critical("the server has failed, by a fault of its own", exc_info=ended.exception())
