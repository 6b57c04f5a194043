"""Fuzzes a live server: conversations that are nearly right, over real sockets, under a seed.

Whatever comes, the server must go on, serve a healthy client, answer in messages, run nothing that
was not authenticated, run nothing twice, and keep nothing of who is gone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import zeta
from zeta import aio
from zeta.access import AccessList, Client, Grant
from zeta.applications.counters import Counters
from zeta.client import ForgedReply, Handshake, Session
from zeta.client.handshake import public_key
from zeta.client.session import SEQUENCE_MAX, Reply, Request
from zeta.network import (
    HELLO_LEN,
    Ask,
    Failed,
    FrameReader,
    Goodbye,
    HandshakeAnswer,
    HandshakeRequest,
    Hello,
    Introduced,
    Message,
    PathRequest,
    Replied,
    Requested,
    Revoke,
    Side,
    Subscribe,
    decode,
    encode,
)
from zeta.receipts import Authentication, introduction
from zeta.server import Limits, Server

KEY = bytes([7]) * 32
ACCESS = AccessList((Client(public_key(KEY), ("add", "read"), (Grant("counters"),)),))
ADD = list(Counters.transitions).index("add")
_SECONDS = 60
_SESSIONS = 4
_TOGETHER = 4


@dataclass(slots=True)
class Tally:
    """What a run has seen."""

    cases: int = 0
    messages: int = 0
    """Of the server."""
    ended_by_server: int = 0
    answered: int = 0
    """Authentic requests whose reply was the verifier's."""


@dataclass(slots=True)
class Case:
    """A conversation: what is sent, how it is cut, how it ends."""

    pieces: list[bytes]
    ending: str
    requests: list[tuple[Session, Request]] = field(default_factory=list)
    """The authentic ones."""


class Fuzzer:
    """Makes cases, plays them, and looks what came of them."""

    def __init__(self, seed: int, server: Server, port: int) -> None:
        self.draw = random.Random(seed)
        self.server, self.port = server, port
        self.tally = Tally()
        self.sessions: list[Session] = []
        self._next: dict[int, int] = {}
        self.sent: set[tuple[int, int]] = set()
        """Sessions and numbers of all authentic requests to add."""
        self.acknowledged: set[tuple[int, int]] = set()

    # Making.

    async def open_sessions(self) -> None:
        """Opens what is missing of the sessions that the cases share."""
        while len(self.sessions) < _SESSIONS:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(Hello().encode())
            await reader.readexactly(HELLO_LEN)
            frames = FrameReader()
            said = await _next(reader, frames)
            assert isinstance(said, Introduced)
            self.who = introduction.decode(said.introduction)
            made = self._handshake()
            writer.write(encode(HandshakeRequest(1, 0, made.message)))
            answer = await _next(reader, frames)
            assert isinstance(answer, HandshakeAnswer), answer
            opened = made.finish(answer.message)
            self.sessions.append(
                Session(
                    introduction=self.who,
                    client_key=public_key(KEY),
                    authentication=Authentication.CLIENT,
                    session=opened.session,
                    last_epoch=opened.last_epoch,
                    request_key=opened.request_key,
                    reply_key=opened.reply_key,
                )
            )
            self._next[opened.session] = 1
            writer.close()

    def _handshake(self, replaces: int = 0) -> Handshake:
        return Handshake(
            instance=self.who.instance,
            incarnation=self.who.incarnation,
            verifier_key=self.who.static_key,
            client_key=KEY,
            replaces=replaces,
        )

    def case(self) -> Case:
        """A conversation that would be right, and what was then done to it."""
        draw = self.draw
        case = Case([], draw.choice(("half", "half", "close", "reset", "goodbye")))
        messages = [Hello().encode()]
        for number in range(1, draw.randint(2, 12)):
            messages.append(encode(self._message(number, case)))
        if draw.random() < 0.8:
            for _ in range(draw.choice((1, 1, 2, 5))):
                messages = self._mutated(messages)
        data = b"".join(messages)
        cuts = sorted(draw.randrange(len(data) + 1) for _ in range(draw.choice((0, 0, 1, 3, 9))))
        case.pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        return case

    def _message(self, number: int, case: Case) -> Message:
        draw = self.draw
        session = draw.choice(self.sessions)
        kind = draw.choices(
            ("request", "ask", "subscribe", "path", "handshake", "rotate", "revoke", "failed"),
            (20, 4, 2, 3, 1, 0.2, 0.2, 0.5),
        )[0]
        if kind == "request":
            return self._request(number, session, case)
        if kind == "ask":
            sequence = draw.randint(1, self._next[session.session] + 3)
            return Ask(number, session.session, sequence, session.question(sequence))
        if kind == "subscribe":
            return Subscribe(draw.choice((0, 1, 0xFFFFFFFF)))
        if kind == "path":
            return PathRequest(
                number, draw.choice((0, 1, 9)), draw.randint(0, 9), draw.randint(0, 9)
            )
        if kind == "handshake":
            return HandshakeRequest(number, 0, self._handshake().message)
        if kind == "failed":
            return Failed(number, 1, "no")
        # The session ends; the next case opens another.
        self.sessions.remove(session)
        if not self.sessions:
            self.sessions.append(session)
        if kind == "rotate":
            made = self._handshake(session.session)
            return HandshakeRequest(number, session.session, made.message)
        return Revoke(number, session.session, session.question(SEQUENCE_MAX))

    def _request(self, number: int, session: Session, case: Case) -> Requested:
        sequence = self._next[session.session]
        self._next[session.session] = sequence + self.draw.choice((1, 1, 1, 2))
        arguments = Counters.transitions["add"].encode_arguments(("guest", 1), {})
        made = session.request(sequence, ADD, arguments)
        case.requests.append((session, made))
        self.sent.add((session.session, sequence))
        return Requested(number, made.session, sequence, made.mac, ADD, arguments)

    def _mutated(self, messages: list[bytes]) -> list[bytes]:
        draw = self.draw
        messages = messages.copy()
        at = draw.randrange(len(messages))
        found = bytearray(messages[at])
        how = draw.choice(
            ("flip", "field", "length", "kind", "cut", "again", "gone", "swap", "more")
        )
        if how == "flip" and found:
            found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
        elif how == "field" and len(found) > 8:
            begin = draw.randrange(5, len(found))
            found[begin : begin + 4] = draw.choice((bytes(4), b"\xff" * 4, draw.randbytes(4)))
        elif how == "length" and len(found) > 4:
            (length,) = struct.unpack_from("<I", found)
            wrong = draw.choice((0, length - 1, length + 1, 1 << 22, (1 << 22) + 1, 0xFFFFFFFF))
            struct.pack_into("<I", found, 0, wrong & 0xFFFFFFFF)
        elif how == "kind" and len(found) > 4:
            found[4] = draw.randrange(256)
        elif how == "cut":
            del found[draw.randrange(len(found) + 1) :]
        elif how == "again":
            messages.insert(draw.randrange(1, len(messages) + 1), bytes(found))
        elif how == "gone":
            found.clear()
        elif how == "swap":
            other = draw.randrange(len(messages))
            messages[at], messages[other] = messages[other], messages[at]
            return messages
        else:
            found += draw.randbytes(draw.choice((1, 5, 300, 70_000)))
        messages[at] = bytes(found)
        return messages

    # Playing.

    async def play(self, case: Case) -> None:
        """Says it all, ends as the case ends, and looks at what the server said."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        said = bytearray()
        with contextlib.suppress(OSError):
            for piece in case.pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            if case.ending == "reset":
                held: socket.socket = writer.get_extra_info("socket")
                held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            elif case.ending == "close":
                writer.close()
            else:
                if case.ending == "goodbye":
                    writer.write(encode(Goodbye()))
                writer.write_eof()
                async with asyncio.timeout(_SECONDS):
                    while data := await reader.read(1 << 16):
                        said += data
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self.tally.cases += 1
        self._judge(case, bytes(said))

    def _judge(self, case: Case, said: bytes) -> None:
        """Whatever was said must be messages, and each reply the verifier's to what was asked."""
        if not said:
            return
        assert Hello.decode(said[:HELLO_LEN]) is not None, said[:HELLO_LEN]
        for kind, body in FrameReader().feed(said[HELLO_LEN:]):
            message = decode(kind, body, Side.HOST)
            self.tally.messages += 1
            if isinstance(message, Failed) and not message.number:
                self.tally.ended_by_server += 1
                assert message.text
            elif isinstance(message, Replied):
                self.acknowledged.add(self._authentic(case, message))
                self.tally.answered += 1

    def _authentic(self, case: Case, said: Replied) -> tuple[int, int]:
        reply = Reply(
            said.answer, said.code, said.result, said.thread, said.epoch, said.counter, said.mac
        )
        for session, request in case.requests:
            with contextlib.suppress(ForgedReply):
                session.accept(request, reply)
                return session.session, request.sequence
        raise AssertionError(f"a reply to no request that was sent: {said}")


async def fuzz(seed: int, more: Callable[[Tally], bool]) -> Tally:
    """Plays cases while `more` says so; raises `AssertionError` where the server did wrong."""
    heard = _Errors()
    logging.getLogger().addHandler(heard)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(logging.getLogger().removeHandler, heard)
        server = Server(Limits(frame_max=1 << 22, linger_seconds=0.5))
        store = stack.enter_context(
            zeta.open(
                app=Counters,
                access=ACCESS,
                epoch=0.05,
                workers=2,
                sessions=65_535,
                on_epoch=server.epoch_decided,
            )
        )
        port = await server.listen(store, "127.0.0.1", 0)
        stack.push_async_callback(server.close)
        found = introduction.decode(store.introduction)
        healthy = await stack.enter_async_context(
            aio.connect(
                f"zeta://127.0.0.1:{port}",
                app=Counters,
                key=KEY,
                identity=found.identity,
                instance=found.instance,
                retry=None,
                timeout=_SECONDS,
            )
        )
        fuzzer = Fuzzer(seed, server, port)
        while more(fuzzer.tally):
            await _round(fuzzer, healthy)
            assert not heard.errors, heard.errors
        await _nothing_stays(server)
        ran = await healthy.read("guest")
        assert len(fuzzer.acknowledged) <= ran <= len(fuzzer.sent), (
            f"{ran} additions ran, of {len(fuzzer.sent)} that were asked for and "
            f"{len(fuzzer.acknowledged)} that were acknowledged"
        )
        assert await (await healthy.call("read", "guest")).certified(timeout=_SECONDS)
    assert not heard.errors, heard.errors
    return fuzzer.tally


async def _round(fuzzer: Fuzzer, healthy: aio.Client) -> None:
    """Some cases at once, and a client that must not notice."""
    await fuzzer.open_sessions()
    before = await healthy.add("healthy", 1)
    playing = [asyncio.create_task(fuzzer.play(fuzzer.case())) for _ in range(_TOGETHER)]
    try:
        assert await healthy.add("healthy", 1) == before + 1
    finally:
        ended = await asyncio.gather(*playing, return_exceptions=True)
    for each in ended:
        if each is not None:
            raise each


class _Errors(logging.Handler):
    """Errors that the server or the event loop has logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(logging.Formatter().format(record))


async def _nothing_stays(server: Server) -> None:
    """Waits until only the healthy client is there, and holds nothing."""
    async with asyncio.timeout(_SECONDS):
        while server.connections > 1:
            await asyncio.sleep(0.01)
    assert server.memory.total == 0


async def _next(reader: asyncio.StreamReader, frames: FrameReader) -> Message:
    while data := await reader.read(1 << 16):
        for kind, body in frames.feed(data):
            return decode(kind, body, Side.HOST)
    raise AssertionError("the server ended the connection of a good client")


def main() -> None:
    """Plays for as long as is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--seconds", type=float, default=60.0)
    stated = parser.parse_args()
    print(f"again: python scripts/fuzz_server.py --seed {stated.seed}", flush=True)
    until = time.monotonic() + stated.seconds
    print(asyncio.run(fuzz(stated.seed, lambda _: time.monotonic() < until)))


if __name__ == "__main__":
    main()
