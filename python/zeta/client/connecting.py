"""Connecting to a server from coroutines: typed calls, each answer checked, receipts on demand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from zeta.client.fault import ConnectionLost, ForgedReply, NoAnswer, OtherVerifier, Unsettled
from zeta.client.handshake import Handshake, public_key
from zeta.client.number import Numbers
from zeta.client.session import Answered, Fate, Reply, Request, Session, Status
from zeta.client.state import State, StateFile
from zeta.errors import ApiMisuse, CheckFailed, HostError, InvalidValue, SessionRefused
from zeta.network import (
    HELLO_LEN,
    Ask,
    BadFrame,
    Certified,
    Failed,
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
    Settled,
    Side,
    Subscribe,
    decode,
    encode,
)
from zeta.receipts import Answer, Authentication, Introduction, Pinned, receipt

if TYPE_CHECKING:
    from zeta.app import Application
    from zeta.client.trust import TrustFile

_READ = 1 << 16
_NOT_DUE_SECONDS = 0.002


@dataclass(slots=True)
class Handle:
    """One operation: its result, and the way to its certified receipt."""

    client: Client
    answered: Answered
    leaf_index: int
    result: Any

    async def certified(self) -> bytes:
        """Waits for its epoch; the portable receipt, verified.

        Raises:
            HostError: it never certifies, or what the host shows proves nothing.
        """
        return await self.client._receipt(self)


async def connect(
    url: str,
    *,
    app: type[Application],
    key: bytes,
    trust: TrustFile,
    first_use: bool = False,
    gateway: bool = False,
    state: StateFile | None = None,
    timeout: float = 30.0,
) -> Client:
    """Opens a session, or goes on with the one that `state` keeps.

    Args:
        url: `zeta://host:port`.
        app: the application that is served; its program must be the verifier's.
        key: the client's X25519 secret key, 32 bytes.
        trust: whom to expect at `url`.
        first_use: pin whoever answers where nobody is pinned.
        gateway: what the access list says of the key.
        state: where the session is kept across restarts.
        timeout: seconds within which each answer must come.

    Raises:
        HostError: who answers is not whom `trust` expects, or serves another application.
        SessionRefused: the verifier opens no session for this key.
        InvalidValue: the address or the key is none.
        OSError: nobody is at this address, or does not answer in time.
    """
    place = urlsplit(url)
    if place.scheme != "zeta" or place.hostname is None or place.port is None:
        raise InvalidValue(f"`{url}` is not `zeta://host:port`")
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    client = Client(app, reader, writer, timeout)
    try:
        async with asyncio.timeout(timeout):
            introduction = trust.check(url, await client._hello(), first_use=first_use)
            await client._begin(introduction, key, gateway, state)
    except BaseException:
        await client.close()
        raise
    return client


class Client:
    """An open session with a server; one event loop's. Transitions are its methods."""

    def __init__(
        self,
        app: type[Application],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        timeout: float,
    ) -> None:
        self.app = app
        self.last_receipt: Handle | None = None
        """Of the last operation that was done."""
        self._reader, self._writer = reader, writer
        self._timeout = timeout
        self._frames = FrameReader()
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._epochs: dict[int, list[asyncio.Future[None]]] = {}
        self._room = asyncio.Event()
        self._transitions = {
            name: (number, each) for number, (name, each) in enumerate(app.transitions.items())
        }
        self._task: asyncio.Task[None] | None = None
        self._lost: HostError | None = None

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_") or name not in self._transitions:
            raise AttributeError(f"`{self.app.__name__}` has no transition `{name}`")

        async def call(*args: Any, **kwargs: Any) -> Any:
            return (await self.call(name, *args, **kwargs)).result

        return call

    async def call(self, name: str, *args: Any, **kwargs: Any) -> Handle:
        """Runs a transition; the answer is the verifier's, and provisional.

        Raises:
            CheckFailed: a check of the application failed: it ran and changed nothing.
            ApiMisuse: the verifier refused it: it did not run, and never will.
            Unsettled: no answer came: see `fate`.
            HostError: the host lied, or is gone.
        """
        number, signature = self._transitions[name]
        arguments = signature.encode_arguments(args, kwargs)
        while not self._numbers.has_room():
            self._room.clear()
            await self._room.wait()
        request = self._session.request(self._numbers.take(), number, arguments)
        answered, leaf_index = await self._answer(request)
        found = answered.receipt
        if found.answer is Answer.FAILED:
            raise CheckFailed(found.code, self.app.reasons.get(found.code), name)
        if found.answer is Answer.REFUSED:
            raise ApiMisuse(f"the verifier refused `{name}` with code `{found.code}`")
        result = signature.decode_result(found.result)
        self.last_receipt = Handle(self, answered, leaf_index, result)
        return self.last_receipt

    async def fate(self, request: Request) -> Fate:
        """What became of a request; asking ends one that has not run.

        Raises:
            HostError: the host lied, or does not answer.
            SessionRefused: the verifier does not know the session, on the host's word.
        """
        mac = self._session.question(request.sequence)
        said = await self._ask(lambda n: Ask(n, request.session, request.sequence, mac))
        status = _status(said)
        fate = self._session.accept_status(request.sequence, status)
        self._settle(request)
        return fate

    async def close(self) -> None:
        """Says goodbye; the session goes on to its last epoch, or until its state resumes it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._lose(ConnectionLost("the client was closed"))
        if not self._writer.is_closing():
            self._writer.write(encode(Goodbye()))
            self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _hello(self) -> bytes:
        self._writer.write(Hello().encode())
        try:
            hello = Hello.decode(await self._reader.readexactly(HELLO_LEN))
            assert hello is not None
            self._frame_max = hello.frame_max
            first = await self._first()
        except (BadFrame, OtherProtocol, asyncio.IncompleteReadError) as error:
            raise ConnectionLost(f"nobody who speaks this protocol answers: {error}") from None
        if not isinstance(first, Introduced):
            raise ConnectionLost(f"the server does not introduce its verifier: {first}")
        return first.introduction

    async def _first(self) -> Message:
        while True:
            data = await self._reader.read(_READ)
            if not data:
                raise BadFrame("it ended the connection")
            for kind, body in self._frames.feed(data):
                return decode(kind, body, Side.HOST)

    async def _begin(
        self, introduction: Introduction, key: bytes, gateway: bool, file: StateFile | None
    ) -> None:
        if introduction.program != self.app.digest():
            raise OtherVerifier(
                f"the verifier runs the program `{introduction.program.hex()}`, which is not that "
                f"of `{self.app.__name__}`"
            )
        self._pinned = Pinned(
            introduction.identity,
            introduction.instance,
            program=introduction.program,
            incarnation=introduction.incarnation,
        )
        self._task = asyncio.create_task(self._read())
        who = Authentication.GATEWAY if gateway else Authentication.CLIENT
        first = 1
        if file is not None and file.state is not None:
            self._session = file.state.resume(introduction, public_key(key), who)
            first = file.state.sequence_end
        else:
            handshake = Handshake(
                instance=introduction.instance,
                incarnation=introduction.incarnation,
                verifier_key=introduction.static_key,
                client_key=key,
            )
            said = await self._ask(lambda n: HandshakeRequest(n, 0, handshake.message))
            if not isinstance(said, HandshakeAnswer):
                raise _not_answered(said)
            opened = handshake.finish(said.message)
            self._session = Session(
                introduction=introduction,
                client_key=public_key(key),
                authentication=who,
                session=opened.session,
                last_epoch=opened.last_epoch,
                request_key=opened.request_key,
                reply_key=opened.reply_key,
            )
            if file is not None:
                file.keep(State.of(self._session))
        self._file = file
        self._numbers = Numbers(first, _nothing if file is None else file.reserve)
        self._writer.write(encode(Subscribe(self._session.certified_epoch + 1)))

    async def _answer(self, request: Request) -> tuple[Answered, int]:
        while True:
            try:
                said = await self._ask(
                    lambda n: Requested(
                        n,
                        request.session,
                        request.sequence,
                        request.mac,
                        request.transition,
                        request.arguments,
                    )
                )
            except HostError as error:
                raise Unsettled(request, str(error)) from error
            if not isinstance(said, NotYet):
                break
            await asyncio.sleep(_NOT_DUE_SECONDS)
        if isinstance(said, Replied):
            reply = Reply(
                said.answer, said.code, said.result, said.thread, said.epoch, said.counter, said.mac
            )
            answered = self._session.accept(request, reply)
            self._settle(request)
            return answered, said.leaf_index
        if isinstance(said, Settled):
            fate = self._session.accept_status(request.sequence, _status(said))
            raise Unsettled(request, f"the verifier says: {fate.name.lower()}")
        raise Unsettled(request, str(_not_answered(said)))

    def _settle(self, request: Request) -> None:
        if request.sequence in self._numbers.unsettled:
            self._numbers.settle(request.sequence)
            self._room.set()

    async def _ask(self, message: Callable[[int], Message]) -> Message:
        if self._lost is not None:
            raise self._lost
        self._number = self._number % 0xFFFF_FFFF + 1
        number = self._number
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._writer.write(encode(message(number), self._frame_max))
            async with asyncio.timeout(self._timeout):
                return await future
        except TimeoutError:
            raise NoAnswer(f"no answer came within `{self._timeout}` seconds") from None
        finally:
            del self._waiting[number]

    async def _receipt(self, answer: Handle) -> bytes:
        found = answer.answered.receipt
        if self._session.certified_epoch < found.epoch:
            if self._lost is not None:
                raise self._lost
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._epochs.setdefault(found.epoch, []).append(future)
            await future
        said = await self._ask(
            lambda n: PathRequest(n, found.thread, found.epoch, answer.leaf_index)
        )
        if not isinstance(said, PathFound):
            raise _not_answered(said)
        data = receipt.encode(
            found._replace(
                leaf_index=answer.leaf_index,
                leaves=said.leaves,
                path=said.path,
                threads=said.threads,
                receipts=said.receipts,
                thread_path=said.thread_path,
                signature=said.signature,
            )
        )
        self._pinned.verify(data, epoch=found.epoch)
        return data

    async def _read(self) -> None:
        lost: HostError = ConnectionLost("the server ended the connection")
        try:
            while data := await self._reader.read(_READ):
                for kind, body in self._frames.feed(data):
                    self._take(decode(kind, body, Side.HOST))
        except BadFrame as error:
            lost = ConnectionLost(f"the server sent what is no message: {error}")
        except OSError as error:
            lost = ConnectionLost(f"the connection broke: {error}")
        except HostError as error:
            lost = error
        except Exception as error:
            lost = ForgedReply(f"what the server sent proves nothing: {error}")
        finally:
            self._lose(lost)

    def _take(self, message: Message) -> None:
        if isinstance(message, Certified):
            epoch = self._pinned.verify_certification(message.certification).epoch
            self._session.certified_epoch = max(self._session.certified_epoch, epoch)
            if self._file is not None:
                self._file.certified(epoch)
            for each in [known for known in self._epochs if known <= epoch]:
                for future in self._epochs.pop(each):
                    if not future.done():
                        future.set_result(None)
        elif isinstance(message, NotCertifying):
            raise HostError(f"the host says that nothing certifies from epoch `{message.epoch}` on")
        elif isinstance(message, Failed) and not message.number:
            raise ConnectionLost(f"the server ended the connection: {message.text}")
        elif isinstance(message, Goodbye):
            self._writer.write(encode(message))
        elif not isinstance(message, Introduced):
            waiting = self._waiting.get(getattr(message, "number", 0))
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    def _lose(self, error: HostError) -> None:
        self._lost = self._lost or error
        futures: list[asyncio.Future[Any]] = [*self._waiting.values()]
        for each in self._epochs.values():
            futures += each
        for future in futures:
            if not future.done():
                future.set_exception(self._lost)
        self._epochs.clear()


def _status(said: Message) -> Status:
    if not isinstance(said, Settled):
        raise _not_answered(said)
    return Status(said.refusal, said.fate, said.leaf_hash, said.mac)


def _not_answered(said: Message) -> Exception:
    """Why there is no answer: the host's word."""
    if isinstance(said, Refused):
        return SessionRefused(said.code)
    if isinstance(said, NotYet):
        return SessionRefused(0)
    if isinstance(said, Failed):
        return HostError(f"the server has not served it: {said.text}")
    return HostError(f"the server answered with `{type(said).__name__}`")


def _nothing(end: int) -> None:
    """Keeps nothing: the session ends with the process."""
