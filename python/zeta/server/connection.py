"""One client's connection at the server: what it may still send, and what it has not read.

The event loop calls it as bytes come and go. It takes requests as they are, and reads every other
message.
"""

import asyncio
import contextlib
import logging
import socket
from collections import deque
from typing import NamedTuple, Protocol, TypeAlias, cast

from zeta import _native
from zeta.network import (
    HELLO_LEN,
    Ask,
    BadFrame,
    Failed,
    Fault,
    Goodbye,
    HandshakeRequest,
    Hello,
    Message,
    OtherProtocol,
    PathRequest,
    Revoke,
    Side,
    Subscribe,
    decode,
    encode,
    first_frame,
    first_frame_len,
)
from zeta.server.limits import Limits
from zeta.server.memory import Memory
from zeta.server.refusal import closing, failures

_log = logging.getLogger(__name__)
# A client is a slow reader from here on: nothing more is read from it.
_PILED_UP = 1 << 16
# What the answers of one turn should take at most; how many requests the first turn has.
_TURN = 1 << 20
_FIRST_TURN = 8
_LENGTH_MAX = (1 << 32) - 1
# Whose machine is gone: idle seconds until it is asked, seconds between questions, how many, and
# milliseconds that what was sent may stay without an answer.
_GONE = {
    "TCP_KEEPIDLE": 60,
    "TCP_KEEPINTVL": 15,
    "TCP_KEEPCNT": 4,
    "TCP_USER_TIMEOUT": 120_000,
}

Control: TypeAlias = HandshakeRequest | Ask | PathRequest | Revoke


class Work(NamedTuple):
    """What a connection asks for, in the order in which it does."""

    connection: "Connection"
    requests: bytes
    """Frames of whole requests, which come first."""
    requested: int
    """How many they are."""
    controls: list[Control]


class Owner(Protocol):
    """The server, as its connections see it."""

    limits: Limits
    memory: Memory
    greeting: bytes
    """The server's hello, and its introduction of the verifier."""
    buffer: memoryview
    """Where bytes arrive, of one connection at a time."""
    closes: bool
    """Whether it runs nothing new."""

    def now(self) -> float:
        """The event loop's time."""

    def joins(self, connection: "Connection") -> str | None:
        """Notes a connection; why it is not served, if so."""

    def asks(self, connection: "Connection") -> None:
        """Notes that a connection has work."""

    def kept_since(self, epoch: int) -> bytes:
        """The frames of the certifications from this epoch on that are kept."""

    def leaves(self, connection: "Connection") -> None:
        """Forgets a connection."""


class Connection(asyncio.BufferedProtocol):
    """Where answers go; no answer waits for a client that does not read."""

    _transport: asyncio.Transport

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._limits = owner.limits
        self._said = bytearray()
        """What was read and not taken: less than a frame, or more than there is room for."""
        self._needed = 0
        """How long that must become before it is looked at again."""
        self._queue: deque[tuple[bytes, int] | Control] = deque()
        self._queued = 0
        self._held = 0
        self._turn = _FIRST_TURN
        """Requests that run at once, by what their answers took so far."""
        self._open = 0
        self._greeted = False
        self._leaving = False
        """The client says nothing more, and is still answered."""
        self._ended = False
        """The server says nothing more."""
        self._reading = True
        self._writing = True
        self._since = owner.now()
        """When the client last did what is waited for."""
        self._unread = 0
        self.frame_max = self._limits.frame_max
        """The longest frame that the client takes; set from its hello."""
        self.subscribed = False

    # What the event loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins with a client, unless there are too many."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_PILED_UP)
        self._peer = self._transport.get_extra_info("peername")
        held: socket.socket = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # as some systems say of a client that is gone already
            held.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _GONE.items():
                if hasattr(socket, name):
                    held.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        refused = self._owner.joins(self)
        if refused is not None:
            self.end(Failed(0, Fault.UNAVAILABLE, refused))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes arrive."""
        return self._owner.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Takes what arrived."""
        if self._ended or self._leaving:
            return
        arrived = self._owner.buffer[:nbytes]
        if not self._said:
            if self._greeted:
                self._since = self._owner.now()
            self._take(bytes(arrived))
            return
        self._said += arrived
        if len(self._said) >= self._needed:
            self._take(bytes(self._said))
        else:
            self._hold()

    def eof_received(self) -> bool:
        """The client says no more; what it asked is still answered."""
        if self._ended:
            return False
        self._leave()
        return True

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self._writing = False
        self._since = self._owner.now()
        self._pause_reading()

    def resume_writing(self) -> None:
        """The client has read."""
        self._writing = True
        self._hold()
        if self._queue:
            self._owner.asks(self)
        self._resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets what was said; what runs already does."""
        self._ended = True
        self._drop()
        self._owner.memory.note(self, 0)
        self._owner.leaves(self)

    # What it takes.

    def _take(self, said: bytes) -> None:
        """Takes what is whole, as far as there is room, and keeps the rest."""
        at = 0
        self._needed = 0
        try:
            if not self._greeted:
                at = self._greet(said)
            while at < len(said) and self._greeted and not self._ended and not self._leaving:
                room = self._room()
                if not room:
                    self._pause_reading()
                    break
                count, end = _native.leading_requests(said, at, self._limits.frame_max, room)
                if count:
                    self._ask(said if end - at == len(said) else said[at:end], count)
                else:
                    found = first_frame(said, at, self._limits.frame_max)
                    if found is None:
                        self._needed = first_frame_len(said, at)
                        break
                    kind, body, end = found
                    self._hear(decode(kind, body, Side.CLIENT))
                self._since = self._owner.now()
                at = end
        except (BadFrame, OtherProtocol) as error:
            self.end(Failed(0, Fault.PROTOCOL, str(error)))
        if at == len(said) or self._ended or self._leaving:
            if not self._said:
                return
            self._said.clear()
        else:
            self._said[:] = memoryview(said)[at:]
        self._hold()

    def _greet(self, said: bytes) -> int:
        hello = Hello.decode(said[:HELLO_LEN])
        if hello is None:
            self._needed = len(said) + 1
            return 0
        self.frame_max = hello.frame_max
        self._greeted = True
        self.send(self._owner.greeting)
        return HELLO_LEN

    def _hear(self, message: Message) -> None:
        if isinstance(message, Goodbye | Failed):
            self._leave()
        elif isinstance(message, Subscribe):
            self.subscribed = True
            self.send(self._owner.kept_since(message.epoch))
        elif isinstance(message, HandshakeRequest | Ask | PathRequest | Revoke):
            self._open += 1
            # What is over can still be asked about, and shown.
            if self._owner.closes and isinstance(message, HandshakeRequest):
                self.answer(encode(closing(message.number)), 1)
            else:
                self._queue.append(message)
                self._owner.asks(self)

    def _ask(self, requests: bytes, count: int) -> None:
        """Takes whole requests as they are."""
        self._open += count
        if self._owner.closes:
            self.answer(failures(requests, closing), count)
            return
        self._queue.append((requests, count))
        self._queued += len(requests)
        if self._queued > _PILED_UP:
            self._hold()
        self._owner.asks(self)

    def _room(self) -> int:
        """How many more messages may be taken."""
        if not self._writing or self._queued > self._limits.frame_max:
            return 0
        return max(0, self._limits.in_flight - self._open)

    def _leave(self) -> None:
        self._leaving = True
        self._close_if_answered()

    def _close_if_answered(self) -> None:
        if self._leaving and not self._ended and not self._open:
            self._ended = True
            self._since = self._owner.now()
            self._transport.close()

    # What it hands on, and answers.

    @property
    def has_work(self) -> bool:
        """Whether something was asked that does not run yet, by who reads the answers."""
        return bool(self._queue) and self._writing

    def work(self, controls_max: int) -> Work:
        """What runs next: requests, and what was asked for after them."""
        runs: list[bytes] = []
        count = 0
        controls: list[Control] = []
        queue = self._queue
        while self.has_work:
            first = queue[0]
            if isinstance(first, HandshakeRequest | Ask | PathRequest | Revoke):
                if len(controls) == controls_max:
                    break
                controls.append(first)
                queue.popleft()
            elif controls or count == self._turn:
                break
            else:
                queue.popleft()
                run, size = self._part(*first, self._turn - count)
                runs.append(run)
                count += size
        requests = runs[0] if len(runs) == 1 else b"".join(runs)
        self._queued -= len(requests)
        if self._held:
            self._hold()
        return Work(self, requests, count, controls)

    def _part(self, requests: bytes, count: int, most: int) -> tuple[bytes, int]:
        """So many of these requests; the rest goes back to the queue."""
        if count <= most:
            return requests, count
        taken, end = _native.leading_requests(requests, 0, _LENGTH_MAX, most)
        self._queue.appendleft((requests[end:], count - taken))
        return requests[:end], taken

    def answer(self, frames: bytes, count: int) -> None:
        """Sends answers to so many messages."""
        self._open -= count
        if self._ended:
            return
        if len(frames) > _TURN:
            self._turn = max(1, count * _TURN // len(frames))
        elif count >= self._turn:
            self._turn = min(2 * self._turn, self._limits.in_flight)
        if self._writing:
            self._since = self._owner.now()
        self.send(frames)
        self._close_if_answered()
        self._resume_reading()

    def send(self, frames: bytes) -> None:
        """Sends, unless the client let too much pile up: then it ends."""
        if self._ended or not frames:
            return
        self._transport.write(frames)
        if not self._writing:
            self._hold()
            if self._transport.get_write_buffer_size() > self._limits.unread:
                limit = self._limits.unread
                self.end(Failed(0, Fault.LIMIT, f"you left more than `{limit}` bytes unread"))

    def _pause_reading(self) -> None:
        if self._reading and not self._ended:
            self._reading = False
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._reading or self._ended or not self._room():
            return
        self._reading = True
        if self._said:
            self._take(bytes(self._said))
        if self._reading and not self._ended:
            self._transport.resume_reading()

    def _hold(self) -> None:
        """Notes the memory that is held for the client."""
        unread = 0 if self._writing else self._transport.get_write_buffer_size()
        self._held = len(self._said) + self._queued + unread
        self._owner.memory.note(self, self._held)

    def _drop(self) -> None:
        """Forgets what was said and does not run yet."""
        self._said.clear()
        self._queue.clear()
        self._queued = 0

    # How it ends.

    def say_goodbye(self) -> None:
        """Says that nothing more runs; what is over can still be asked about, and shown."""
        if self._greeted:
            self.send(encode(Goodbye()))
        else:
            self.end(closing(0))

    def end(self, last: Failed) -> None:
        """Says why; closes once the client has, or a while later."""
        if self._ended:
            return
        if not self._greeted:
            self._transport.write(Hello(self._limits.frame_max).encode())
        self._transport.write(encode(last))
        _log.info("%s: %s", self._peer, last.text)
        self._ended = True
        self._since = self._owner.now()
        self._drop()
        self._hold()
        try:
            # To close would reset what the client has yet to read, where more of it arrives.
            self._transport.write_eof()
        except OSError:
            self.cut("it is gone already")
        else:
            self._transport.resume_reading()

    def cut(self, why: str) -> None:
        """Closes at once, without a word: who does not listen cannot be told."""
        _log.info("%s: cut off: %s", self._peer, why)
        self._ended = True
        self._transport.abort()

    def look(self, now: float) -> None:
        """Ends it where the client has not done in time what it is waited for."""
        limits, waited = self._limits, now - self._since
        if self._ended:
            reads = self._reads(now)
            patience = limits.read_seconds if self._unread else limits.linger_seconds
            if waited > patience and not reads:
                self.cut("it did not close its side")
        elif not self._greeted:
            if waited > limits.hello_seconds:
                self._expire("no hello came", limits.hello_seconds)
        elif not self._writing:
            if not self._reads(now) and waited > limits.read_seconds:
                self._expire("you read nothing of what you asked for", limits.read_seconds)
        elif self._said and self._reading:
            if waited > limits.frame_seconds:
                self._expire("a frame was begun, and not finished", limits.frame_seconds)
        elif not self._open and not self.subscribed and waited > limits.idle_seconds:
            self._expire("you asked for nothing", limits.idle_seconds)

    def _reads(self, now: float) -> bool:
        """Whether the client has read something since the last look."""
        before, self._unread = self._unread, self._transport.get_write_buffer_size()
        if self._unread < before:
            self._since = now
        return self._unread < before

    def _expire(self, what: str, seconds: float) -> None:
        self.end(Failed(0, Fault.LIMIT, f"{what} within `{seconds:g}` seconds"))
