"""The server: it carries messages between clients and the verifier, and is believed by neither.

One task runs what all connections ask for, in batches off the event loop; the more is asked for,
the larger the batches are.
"""

import asyncio
import logging
from collections import deque
from typing import Protocol

from zeta.client.session import SEQUENCE_MAX
from zeta.errors import HostError, InvalidValue, SessionRefused
from zeta.network import (
    HELLO_LEN,
    Ask,
    BadFrame,
    Certified,
    Failed,
    Fault,
    FrameReader,
    Goodbye,
    HandshakeAnswer,
    HandshakeRequest,
    Hello,
    Introduced,
    Message,
    NotCertifying,
    NotYet,
    OtherProtocol,
    PathFound,
    PathRequest,
    Refused,
    Replied,
    Requested,
    Revoke,
    Revoked,
    Settled,
    Side,
    Subscribe,
    decode,
    encode,
)
from zeta.outcome import Certified as CertifiedOutcome
from zeta.outcome import Outcome
from zeta.server.connection import Connection
from zeta.server.kept import KeptReplies
from zeta.server.limits import Limits
from zeta.serving import Reply, Request, Serving

_log = logging.getLogger(__name__)
_READ = 1 << 16
_KEPT = 64
_NOT_YET = 3
_REPLAYED = 258
_LAST_SECONDS = 5.0

Asked = HandshakeRequest | Requested | Ask | PathRequest | Revoke


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
        self._limits = limits or Limits()
        self._loop = asyncio.get_running_loop()
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: deque[tuple[Connection, Asked]] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._replies = KeptReplies(self._limits)
        self._told = asyncio.Event()
        self._closing = False

    async def listen(self, store: Serving, host: str, port: int) -> int:
        """Begins to serve; returns the port, which matters where 0 was asked for.

        Raises:
            OSError: the address cannot be had.
        """
        self._store = store
        self._introduced = encode(Introduced(store.introduction))
        self._listener = await asyncio.start_server(self._accept, host, port)
        self._pump = asyncio.create_task(self._run())
        port_: int = self._listener.sockets[0].getsockname()[1]
        return port_

    def epoch_decided(self, info: Decided) -> None:
        """Tells those who subscribed; may be called from any thread."""
        if isinstance(info.outcome, CertifiedOutcome):
            signed = encode(Certified(self._store.certification(info.epoch)))
        else:
            signed = encode(NotCertifying(info.epoch))
        self._loop.call_soon_threadsafe(self._tell, info.epoch, signed)

    async def close(self, certify: bool = True) -> None:
        """Takes no more, answers what was asked, certifies it, and says goodbye.

        Then paths are handed out and questions answered until the clients leave, for a while.
        """
        self._closing = True
        self._listener.close()
        self._wake.set()
        await self._idle.wait()
        if certify:
            self._told.clear()
            try:
                await asyncio.to_thread(self._certify)
                async with asyncio.timeout(_LAST_SECONDS):
                    await self._told.wait()
            except (HostError, TimeoutError) as error:
                _log.warning("the last epoch did not certify: %s", error)
        for connection in self._connections:
            connection.send(encode(Goodbye()))
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.goodbye_seconds)
        for connection in list(self._connections):
            connection.cut()
        self._pump.cancel()
        await asyncio.gather(self._pump, *self._tasks, return_exceptions=True)

    def _certify(self) -> None:
        certifying: Backend = self._store  # type: ignore[assignment]
        certifying.certify()

    def _tell(self, epoch: int, signed: bytes) -> None:
        self._kept.append((epoch, signed))
        self._told.set()
        for connection in self._connections:
            if connection.subscribed:
                connection.send(signed)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(writer, self._limits)
        task = asyncio.current_task()
        assert task is not None
        if self._closing or len(self._connections) >= self._limits.connections:
            connection.send(Hello(self._limits.frame_max).encode())
            connection.end(Failed(0, Fault.UNAVAILABLE, "no more connections are taken"))
            return
        self._connections.add(connection)
        self._tasks.add(task)
        try:
            await self._serve(connection, reader)
        except (BadFrame, OtherProtocol) as error:
            connection.end(Failed(0, Fault.PROTOCOL, str(error)))
        except (TimeoutError, ConnectionError):
            connection.cut()
        finally:
            await connection.finish()
            self._connections.discard(connection)
            self._tasks.discard(task)

    async def _serve(self, connection: Connection, reader: asyncio.StreamReader) -> None:
        said = b""
        hello = None
        async with asyncio.timeout(self._limits.hello_seconds):
            while hello is None:
                more = await reader.read(HELLO_LEN - len(said))
                if not more:
                    return
                said += more
                hello = Hello.decode(said)
        connection.frame_max = hello.frame_max
        connection.send(Hello(self._limits.frame_max).encode() + self._introduced)
        frames = FrameReader(self._limits.frame_max)
        while data := await reader.read(_READ):
            for kind, body in frames.feed(data):
                message = decode(kind, body, Side.CLIENT)
                if isinstance(message, Goodbye | Failed):
                    return
                await self._take(connection, message)
            await connection.room()

    async def _take(self, connection: Connection, message: Message) -> None:
        if isinstance(message, Subscribe):
            connection.subscribed = True
            for epoch, signed in self._kept:
                if epoch >= message.epoch:
                    connection.send(signed)
        elif isinstance(message, Asked):
            await connection.room()
            connection.asked()
            if self._closing and isinstance(message, Requested | HandshakeRequest):
                closing = Failed(message.number, Fault.UNAVAILABLE, "the server closes")
                connection.answer(encode(closing), 1)
            else:
                self._pending.append((connection, message))
                self._wake.set()

    async def _run(self) -> None:
        while True:
            if not self._pending:
                self._wake.clear()
                if self._closing:
                    self._idle.set()
                await self._wake.wait()
            batch = [
                self._pending.popleft() for _ in range(min(len(self._pending), self._limits.batch))
            ]
            if not batch:
                continue
            answers = await asyncio.to_thread(self._answers, [asked for _, asked in batch])
            told: dict[Connection, tuple[list[bytes], int]] = {}
            for (connection, asked), answer in zip(batch, answers, strict=True):
                instead = Failed(asked.number, Fault.LIMIT, "the answer is longer than you take")
                frames, count = told.get(connection, ([], 0))
                frames.append(connection.encoded(answer, instead))
                told[connection] = frames, count + 1
            for connection, (frames, count) in told.items():
                connection.answer(b"".join(frames), count)

    def _answers(self, batch: list[Asked]) -> list[Message]:
        """In their order; requests run first, so that no question overtakes its request."""
        requests = [each for each in batch if isinstance(each, Requested)]
        try:
            ran = self._store.run_requests([Request(*each[1:]) for each in requests])
            replies = {
                id(each): self._replied(each, reply)
                for each, reply in zip(requests, ran, strict=True)
            }
        except HostError as error:
            _log.error("requests were not served: %s", error)
            replies = {id(each): _unavailable(each.number) for each in requests}
        return [replies.get(id(each)) or self._other(each) for each in batch]

    def _other(self, asked: Asked) -> Message:
        number = asked.number
        try:
            if isinstance(asked, HandshakeRequest):
                opened = self._store.handshake(asked.message, asked.replaces)
                self._replies.forget(asked.replaces)
                return HandshakeAnswer(number, opened)
            if isinstance(asked, Revoke):
                return Revoked(number, self._revoke(asked))
            if isinstance(asked, Ask):
                status = self._store.ask_session(asked.session, asked.sequence, asked.mac)
                return Settled(number, 0, *status)
            assert isinstance(asked, PathRequest)
            found = self._store.receipt_path(asked.thread, asked.epoch, asked.leaf_index)
            return PathFound(
                number,
                found.leaves,
                found.threads,
                found.receipts,
                found.signature,
                found.path,
                found.thread_path,
            )
        except SessionRefused as refused:
            return Refused(number, refused.code) if refused.code else NotYet(number)
        except InvalidValue as error:
            return Failed(number, Fault.UNKNOWN, str(error))
        except HostError as error:
            _log.error("a message was not served: %s", error)
            return _unavailable(number)

    def _revoke(self, asked: Revoke) -> bytes:
        """Ends a session, if it is its client who asks."""
        try:
            self._store.ask_session(asked.session, SEQUENCE_MAX, asked.mac)
        except SessionRefused as refused:
            # Too early is said after the MAC was found right.
            if refused.code:
                raise
        self._replies.forget(asked.session)
        return self._store.revoke_session(asked.session)

    def _replied(self, asked: Requested, reply: Reply) -> Message:
        """What a request is answered; what it was answered, where it comes again."""
        answer = _answer(asked.number, reply)
        if isinstance(answer, Replied):
            self._replies.keep(asked.session, asked.sequence, answer)
        elif reply.code == _REPLAYED and reply.status is not None:
            kept = self._replies.find(asked.session, asked.sequence)
            answer = answer if kept is None else kept._replace(number=asked.number)
        return answer


def _answer(number: int, reply: Reply) -> Message:
    shown = reply.shown
    if shown is not None:
        return Replied(
            number,
            reply.answer,
            reply.code,
            shown.thread,
            shown.epoch,
            shown.counter,
            shown.leaf_index,
            shown.mac,
            reply.result,
        )
    if reply.status is not None:
        return Settled(number, reply.code, *reply.status)
    return NotYet(number) if reply.answer == _NOT_YET else Refused(number, reply.code)


def _unavailable(number: int) -> Failed:
    return Failed(number, Fault.UNAVAILABLE, "the host has failed, or the store is closed")
