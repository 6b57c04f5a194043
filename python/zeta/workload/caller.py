"""Many clients of a server in one thread, as cheap as can be: what they ask for is made before, and
what they are answered is looked at after.

For measurements, where a client that checks as it goes would be what is measured.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from zeta.client.handshake import Handshake, public_key
from zeta.client.session import Reply, Request, Session
from zeta.network import (
    Failed,
    FrameReader,
    HandshakeAnswer,
    HandshakeRequest,
    Hello,
    Introduced,
    Message,
    Replied,
    Requested,
    Side,
    Subscribe,
    decode,
    encode,
)
from zeta.network.hello import HELLO_LEN
from zeta.receipts import Authentication, introduction
from zeta.receipts.certification import decode as decode_certification

_READ = 1 << 18
# What is looked at in every message, without making one of it.
_REPLIED, _CERTIFIED = 0x83, 0x87
_ANSWER_AT, _EPOCH_AT = 4, 4 + 1 + 2 + 2
_ANSWER_SECONDS = 60.0


@dataclass(slots=True, eq=False)
class Caller:
    """One connection with a session of its own."""

    socket: socket.socket
    session: Session
    next_sequence: int = 1
    answers: bytearray = field(default_factory=bytearray)
    """Frames that came in a round."""


@dataclass(slots=True)
class Writes:
    """What a caller will send."""

    requests: list[Request]
    pipeline: int
    left: list[bytes]
    """Frames of `pipeline` requests each, the last ones first."""

    @classmethod
    def made(
        cls, caller: Caller, transition: int, arguments: Sequence[bytes], pipeline: int
    ) -> Writes:
        """Authenticates a request for each of these arguments, under the next numbers."""
        first = caller.next_sequence
        caller.next_sequence += len(arguments)
        session = caller.session
        requests = [
            session.request(first + index, transition, each) for index, each in enumerate(arguments)
        ]
        frames = [encode(_requested(index, each)) for index, each in enumerate(requests)]
        left = [
            b"".join(frames[begin : begin + pipeline]) for begin in range(0, len(frames), pipeline)
        ]
        return cls(requests, pipeline, left[::-1])

    def send(self, caller: Caller) -> int:
        """Sends the next write: how many requests that is."""
        caller.socket.sendall(self.left.pop())
        return self.pipeline if self.left else (len(self.requests) - 1) % self.pipeline + 1


class Crowd:
    """Connections to one server."""

    def __init__(self, port: int, key: bytes, count: int, subscribed: bool = False) -> None:
        """Connects `count` times to this machine's `port`, with a session each for `key`."""
        self._selector = selectors.DefaultSelector()
        self.callers: list[Caller] = []
        for _ in range(count):
            caller = _open(port, key, subscribed)
            self.callers.append(caller)
            self._selector.register(caller.socket, selectors.EVENT_READ, caller)

    def close(self) -> None:
        """Ends all connections."""
        for caller in self.callers:
            caller.socket.close()
        self._selector.close()

    def prepare(self, transition: int, arguments: Sequence[bytes], pipeline: int) -> list[Writes]:
        """Requests for each caller, dealt to all in turn."""
        return [
            Writes.made(caller, transition, arguments[at :: len(self.callers)], pipeline)
            for at, caller in enumerate(self.callers)
        ]

    def run(self, prepared: Sequence[Writes], reply_len: int) -> float:
        """Sends each caller's writes, each after the answers to the last; seconds that it took.

        Replies are frames of `reply_len` bytes, which is how they are counted.
        """
        pending: dict[Caller, Writes] = {}
        began = time.perf_counter()
        for caller, writes in zip(self.callers, prepared, strict=True):
            caller.answers.clear()
            if writes.left:
                pending[caller] = writes
                writes.send(caller)
        while pending:
            for caller, data in self.hear():
                caller.answers += data
                writes = pending[caller]
                answered, rest = divmod(len(caller.answers), reply_len)
                if answered >= len(writes.requests):
                    del pending[caller]
                elif not rest and answered % writes.pipeline == 0:
                    writes.send(caller)
        return time.perf_counter() - began

    def hear(self) -> list[tuple[Caller, bytes]]:
        """Waits until some callers hear something: what.

        Raises:
            TimeoutError: nobody does.
            ConnectionError: the server ended a connection.
        """
        ready = self._selector.select(_ANSWER_SECONDS)
        if not ready:
            raise TimeoutError("the server has not said anything for a minute")
        return [(key.data, key.data.socket.recv(_READ) or _ended()) for key, _ in ready]


def replies(caller: Caller) -> list[Message]:
    """What a caller heard in the last round."""
    heard = FrameReader().feed(bytes(caller.answers))
    return [decode(kind, body, Side.HOST) for kind, body in heard]


def result(caller: Caller, request: Request, said: Message, checked: bool) -> bytes:
    """The result in a reply; raises `ForgedReply` where it is checked and not the verifier's."""
    if not isinstance(said, Replied) or said.answer:
        raise ConnectionError(f"a request was not answered: {said}")
    if checked:
        reply = Reply(
            said.answer, said.code, said.result, said.thread, said.epoch, said.counter, said.mac
        )
        caller.session.accept(request, reply)
    return said.result


@dataclass(slots=True)
class Waited:
    """What a crowd at work has seen."""

    requests: int = 0
    failed: int = 0
    seconds: float = 0.0
    certification_seconds: list[float] = field(default_factory=list)
    """From an answer to the certification of its epoch, at who got the answer."""


def work(crowd: Crowd, prepared: Sequence[Writes], seconds: float) -> Waited:
    """Lets each caller send write after write, and wait for the certification of all answers."""
    seen = Waited()
    readers = {caller: FrameReader() for caller in crowd.callers}
    left = dict(zip(crowd.callers, prepared, strict=True))
    asked: dict[Caller, int] = {}
    waits: dict[Caller, dict[int, list[float]]] = {caller: {} for caller in crowd.callers}
    certified = dict.fromkeys(crowd.callers, -1)
    began = time.perf_counter()
    for caller, writes in left.items():
        asked[caller] = writes.send(caller)
    while any(asked.values()) or any(waits.values()):
        heard = crowd.hear()
        now = time.perf_counter()
        for caller, data in heard:
            for kind, body in readers[caller].feed(data):
                if kind == _CERTIFIED:
                    epoch = certified[caller] = decode_certification(body).epoch
                    for each in [known for known in waits[caller] if known <= epoch]:
                        answered = waits[caller].pop(each)
                        seen.certification_seconds += [now - at for at in answered]
                    continue
                asked[caller] -= 1
                seen.requests += 1
                if kind == _REPLIED and not body[_ANSWER_AT]:
                    epoch = int.from_bytes(body[_EPOCH_AT : _EPOCH_AT + 4], "little")
                    if epoch <= certified[caller]:
                        # Its batch ended after its epoch.
                        seen.certification_seconds.append(0.0)
                    else:
                        waits[caller].setdefault(epoch, []).append(now)
                else:
                    seen.failed += 1
            writes = left[caller]
            if not asked[caller] and writes.left and now - began < seconds:
                asked[caller] = writes.send(caller)
        if now - began < seconds:
            seen.seconds = now - began
    return seen


def _open(port: int, key: bytes, subscribed: bool) -> Caller:
    made = socket.create_connection(("127.0.0.1", port), timeout=_ANSWER_SECONDS)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.sendall(Hello().encode())
    hello = b""
    while len(hello) < HELLO_LEN:
        hello += made.recv(HELLO_LEN - len(hello)) or _ended()
    frames = FrameReader()
    introduced = _next(made, frames)
    assert isinstance(introduced, Introduced), introduced
    who = introduction.decode(introduced.introduction)
    handshake = Handshake(
        instance=who.instance,
        incarnation=who.incarnation,
        verifier_key=who.static_key,
        client_key=key,
    )
    made.sendall(encode(HandshakeRequest(1, 0, handshake.message)))
    answer = _next(made, frames)
    assert isinstance(answer, HandshakeAnswer), answer
    opened = handshake.finish(answer.message)
    if subscribed:
        made.sendall(encode(Subscribe(0)))
    session = Session(
        introduction=who,
        client_key=public_key(key),
        authentication=Authentication.CLIENT,
        session=opened.session,
        last_epoch=opened.last_epoch,
        request_key=opened.request_key,
        reply_key=opened.reply_key,
    )
    return Caller(made, session)


def _next(made: socket.socket, frames: FrameReader) -> Message:
    while True:
        for kind, body in frames.feed(made.recv(_READ) or _ended()):
            said = decode(kind, body, Side.HOST)
            if isinstance(said, Failed):
                raise ConnectionError(f"the server says: {said.text}")
            return said


def _ended() -> bytes:
    raise ConnectionError("the server ended a connection")


def _requested(number: int, request: Request) -> Requested:
    return Requested(
        number,
        request.session,
        request.sequence,
        request.mac,
        request.transition,
        request.arguments,
    )
