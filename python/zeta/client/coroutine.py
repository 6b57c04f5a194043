"""The client of coroutines: `zeta.aio.connect`. It is of one loop; `blocking.py` is its twin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from zeta.aio.opening import Opening
from zeta.client.handle import Handle as BaseHandle
from zeta.client.handle import PipelineCalls
from zeta.client.loop import LoopCarrier
from zeta.client.naming import Transitions
from zeta.client.retry import DEFAULT, Retry
from zeta.client.state import StateFile
from zeta.client.task import Call, Certified, Question, Revocation, Rotation
from zeta.client.terms import Terms, terms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from os import PathLike
    from types import TracebackType

    from zeta.app import Application
    from zeta.client.session import Fate, Request
    from zeta.client.trust import TrustFile
    from zeta.receipts import Introduction


class Handle(BaseHandle):
    """One operation; its result is provisional until its epoch is certified."""

    __slots__ = ("_carrier", "_limit")

    def __init__(self, call: Call, carrier: LoopCarrier, limit: float) -> None:
        super().__init__(call)
        self._carrier = carrier
        self._limit = limit

    async def certified(self, timeout: float | None = None) -> bytes:
        """Waits until its epoch is certified: the portable receipt, verified.

        Args:
            timeout: seconds; without one it waits for as long as there is a connection.

        Raises:
            CertificationTimeout: the epoch is not certified yet; it may be waited for again.
            HostError: it never will be, or what the host shows proves nothing.
            InvalidValue: it was not answered, so there is no receipt.
        """
        task = Certified(self._call, self._limit)
        await self._carrier.run([task], lambda core, now: core.certified(task, timeout, now))
        receipt: bytes = task.outcome()
        return receipt

    def add_done_callback(self, what: Callable[[Self], object]) -> None:
        """Has `what(handle)` called once its receipt is there, or will never be.

        Then `receipt` is its receipt, or `None`. It is called in a thread of the client's that
        does only this, one callback after the other; for coroutines in the loop.
        """
        task = Certified(self._call, self._limit)
        self._carrier.watch(
            task, lambda core, now: core.certified(task, None, now), lambda: what(self)
        )


class Pipeline(PipelineCalls):
    """Calls that are sent together when the `with` block is left; made by `Client.pipeline`."""

    _client: Client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            await self._client._run(self._take())
            self._finish()


class Client:
    """An open session with a server. The application's transitions are its methods."""

    def __init__(
        self, carrier: LoopCarrier, transitions: Transitions, limit: float, file: StateFile | None
    ) -> None:
        self._carrier = carrier
        self._transitions = transitions
        self._limit = limit
        self._file = file

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._transitions:
            raise self._transitions.unknown(name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return (await self.call(name, *args, **kwargs)).result

        return call

    async def call(self, name: str | int, *args: Any, **kwargs: Any) -> Handle:
        """Runs a transition; the answer is the verifier's, and provisional.

        Args:
            name: the transition's; or its number, with one argument: the arguments' bytes.
            args: the transition's.
            kwargs: the transition's.

        Raises:
            CheckFailed: a check of the application failed: it ran and changed nothing.
            ApiMisuse: the arguments are none, or the verifier refused it: it never runs.
            NotExecuted: it did not run and never will: it may be asked for anew.
            Unsettled: no answer came: see `fate` and `repeat`.
            ResultLost: it ran, and its result is lost.
            ConnectionLost: it was not sent.
            HostError: the host lied.
        """
        call = self._transitions.call(name, args, kwargs)
        await self._run([call])
        call.outcome()
        return self._handle(call)

    def pipeline(self) -> Pipeline:
        """Calls that are sent together, in one write where they fit.

        Each call in the block returns a handle at once. When the block is left they are sent, and
        it waits for all answers; `handle.result` then raises what that call alone would raise. A
        failed check is a result like any other; the first `HostError` is raised by the block.
        """
        return Pipeline(self, self._transitions)

    def within(self, seconds: float) -> Self:
        """The same client, whose calls wait so long for their answers."""
        return type(self)(self._carrier, self._transitions, seconds, self._file)

    @property
    def introduction(self) -> Introduction:
        """Who the verifier is: identity, instance, incarnation and program, as was checked."""
        return self._carrier.introduction

    @property
    def last_receipt(self) -> Handle | None:
        """The handle of the last operation that the verifier answered, also of a failed check."""
        call = self._carrier.last
        return None if call is None else self._handle(call)

    async def fate(self, request: Request) -> Fate:
        """What became of a request; asking ends one that has not run.

        Raises:
            HostError: the host lied, or does not answer.
            SessionRefused: the verifier does not know the session, on the host's word.
        """
        task = Question(request.sequence)
        await self._carrier.run(
            [task], lambda core, now: core.ask(task, request.session, self._limit, now)
        )
        fate: Fate = task.outcome()
        return fate

    async def repeat(self, request: Request) -> Handle:
        """Sends a request again, to the byte: it runs now, or is answered as it was before.

        Raises as `call` does.
        """
        call = self._transitions.again(request)
        await self._carrier.run([call], lambda core, now: core.repeat(call, self._limit, now))
        call.outcome()
        return self._handle(call)

    def on_certified(self, what: Callable[[int], object]) -> None:
        """Has `what(epoch)` called with each epoch that is certified from now on.

        It is called in a thread of the client's that does only this, one callback after the
        other; for coroutines in the loop.
        """
        self._carrier.listen(what)

    def certification(self, epoch: int) -> bytes:
        """The certification of an epoch as this client was shown it, one of the last 1,024.

        Nothing of it is secret: other clients compare it with what they were shown.

        Raises:
            InvalidValue: the host showed none, or it is forgotten.
        """
        return self._carrier.certification(epoch)

    def compare_with(self, certification: bytes) -> bool:
        """Compares what another client was shown of an epoch: false where this one was shown none.

        Raises:
            Forked: this client was shown another: the verifier was copied, or set back.
            ReceiptError: it is no certification of this client's verifier.
        """
        return self._carrier.compare_with(certification)

    async def rotate(self) -> None:
        """Has a new session take over, once all that was sent is answered.

        A client does this by itself before its session expires.

        Raises:
            SessionRefused: the verifier opens none, on the host's word; the old one goes on.
            HostError: the host lied, or does not answer.
        """
        task = Rotation()
        await self._carrier.run([task], lambda core, now: core.rotate(task, self._limit, now))
        task.outcome()

    async def revoke(self) -> None:
        """Ends the session, once all that was sent is answered, and closes the client.

        Raises:
            SessionRefused: the verifier does not know the session, on the host's word.
            HostError: the host lied, or does not answer: then the session may go on.
        """
        task = Revocation()
        await self._carrier.run([task], lambda core, now: core.revoke(task, self._limit, now))
        await self.close()
        task.outcome()

    async def close(self) -> None:
        """Says goodbye. Where the session is not kept in a file, it ends, too."""
        await self._carrier.close()
        if self._file is not None:
            self._file.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _run(self, calls: Sequence[Call]) -> None:
        await self._carrier.run(calls, lambda core, now: core.call(calls, self._limit, now))

    def _handle(self, call: Call) -> Handle:
        return Handle(call, self._carrier, self._limit)


def connect(
    url: str,
    *,
    app: type[Application] | None = None,
    key: bytes | str | PathLike[str],
    trust: TrustFile | str | PathLike[str] | None = None,
    identity: bytes | str | PathLike[str] | None = None,
    instance: bytes | str | None = None,
    first_use: bool = False,
    gateway: bool = False,
    strict: bool = False,
    state: StateFile | str | PathLike[str] | None = None,
    timeout: float = 30.0,
    retry: Retry | None = DEFAULT,
) -> Opening[Client]:
    """Opens a session, or goes on with the one that `state` keeps.

    Args:
        url: `zeta://host:port`.
        app: the application that is served; without it, transitions are numbers and take bytes.
        key: the client's X25519 secret key, 32 bytes, or the file from `zeta keygen`.
        trust: the trust file, which says whom to expect at `url`.
        identity: instead of `trust`, the verifier's identity: 32 bytes, or a file `zeta.pub`.
        instance: goes with `identity`: 16 bytes, or 32 hex digits.
        first_use: pin in the trust file whoever answers where nobody is pinned.
        gateway: what the access list says of the key.
        strict: each request runs only after the one before it; costs pipelining.
        state: where the session is kept across restarts: a file's name, or the open file.
        timeout: seconds within which each answer must come.
        retry: when a lost connection is made again; `None` for never.

    Raises:
        HostError: who answers is not whom is expected, or serves another application.
        SessionRefused: the verifier opens no session for this key.
        ApiMisuse: an argument is none, nobody is pinned, or the state is of another verifier
            or client.
        OSError: nobody is at this address, or does not answer in time.
    """
    stated = terms(
        url,
        app=app,
        key=key,
        trust=trust,
        identity=identity,
        instance=instance,
        first_use=first_use,
        gateway=gateway,
        strict=strict,
        keeps=state is not None,
        timeout=timeout,
        retry=retry,
    )
    return Opening(lambda: _open(stated, state))


async def _open(stated: Terms, state: StateFile | str | PathLike[str] | None) -> Client:
    own = None
    if state is not None and not isinstance(state, StateFile):
        state = own = await asyncio.to_thread(StateFile, state)
    carrier = LoopCarrier(stated, state)
    try:
        await carrier.open()
    except BaseException:
        if own is not None:
            own.close()
        raise
    return Client(carrier, Transitions(stated.app), stated.timeout, own)
