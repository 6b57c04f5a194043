"""The ground of a drill: served stores, a relay before them, clients, and what was noticed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import zeta
from zeta.access import AccessList, Client, Grant
from zeta.aio import connect
from zeta.applications.counters import Counters
from zeta.client import Pin, Retry, TrustFile
from zeta.client.coroutine import Client as Connected
from zeta.client.handshake import public_key
from zeta.drills.asker import Asker
from zeta.drills.drill import ORDER, REFUSALS, Accepted, Noticed, Side
from zeta.drills.relay import Relay
from zeta.errors import ApiMisuse, CertificationTimeout, HostError, ReceiptError, SessionRefused
from zeta.network import Message, NotYet, Refused, Replied, Settled
from zeta.receipts import Introduction, Pinned, introduction
from zeta.server import Server

if TYPE_CHECKING:
    from zeta.app import Application
    from zeta.application_store import ApplicationStore
    from zeta.store import EpochInfo

IMPATIENT_SECONDS = 0.2
"""How long clients wait for what a lie took away."""
_REFUSED = 2
# Nobody's secrets: whoever runs a drill plays all its parts.
ALICE, BOB, MALLORY = (bytes([number]) * 32 for number in (1, 2, 3))
IDENTITY, OTHER_IDENTITY = (bytes([number]) * 32 for number in (11, 12))


def access_of(*keys: bytes, embedded: bool = True) -> AccessList:
    """Who has one of these secrets may read and add, and nothing else."""
    rights = ("read", "add"), (Grant("counters"),)
    return AccessList(tuple(Client(public_key(key), *rights) for key in keys), embedded=embedded)


ACCESS = access_of(ALICE, BOB)


@dataclass(frozen=True, slots=True)
class Place:
    """A store, and where it is served."""

    store: ApplicationStore
    server: Server
    port: int

    @property
    def introduction(self) -> Introduction:
        """What its identity says of its verifier."""
        return introduction.decode(self.store.introduction)

    @property
    def pinned(self) -> Pinned:
        """Who verifies what it certifies, and knows no more than its identity and instance."""
        return Pinned(self.introduction.identity, self.introduction.instance)

    async def certify(self) -> int:
        """Turns the epoch, and waits until it is certified."""
        return await asyncio.to_thread(self.store.certify)


class Ground:
    """Where a drill is played; what it opens is closed at its end."""

    def __init__(self, folder: Path, hostile: bool) -> None:
        """An empty ground; without `hostile` no lie may be told on it."""
        self.story: list[str] = []
        """What happened, for people."""
        self.noticed: list[Noticed] = []
        self.hostile = hostile
        """Whether lies are told."""
        self._folder = folder
        self._struck_at = time.perf_counter()
        self._struck_in = 0
        self._places: list[Place] = []
        self.clients: list[Connected] = []
        """In the order in which they came."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.relay = Relay(self._seen)
        self._port = await self.relay.listen()
        self._stack.push_async_callback(self.relay.close)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for client in self.clients:
            await client.close()
        await self._stack.aclose()

    @property
    def url(self) -> str:
        """Where clients believe the server to be."""
        return f"zeta://127.0.0.1:{self._port}"

    @property
    def first(self) -> Place:
        """What was served first."""
        return self._places[0]

    @property
    def store(self) -> ApplicationStore:
        """The store that was served first."""
        return self.first.store

    @property
    def trust(self) -> TrustFile:
        """Whom clients expect: the first that was served."""
        return TrustFile(self._folder / "trusted")

    async def serve(
        self,
        *,
        app: type[Application] = Counters,
        access: AccessList = ACCESS,
        identity: bytes = IDENTITY,
        workers: int = 1,
        open: Callable[..., ApplicationStore] | None = None,
    ) -> Place:
        """Serves a new store; the first is where the relay leads, and whom clients pin.

        Its epochs turn when it is told to.

        Args:
            app: the application.
            access: whom it serves.
            identity: the secret of its identity.
            workers: its verifier threads.
            open: opens it in the place of `zeta.open`, with one verifier thread.
        """
        server = Server()
        told: Callable[[EpochInfo], object] = server.epoch_decided
        if open is not None:
            store = open(app=app, access=access, identity=identity, on_epoch=told)
        else:
            store = zeta.open(
                app=app,
                access=access,
                identity=identity,
                workers=workers,
                epoch=None,
                on_epoch=told,
            )
        self._stack.callback(_close, store)
        port = await server.listen(store, "127.0.0.1", 0)
        self._stack.push_async_callback(server.close, certify=False)
        place = Place(store, server, port)
        if not self._places:
            self.relay.server_port = port
            self.trust.pin(self.url, Pin(place.introduction.identity, place.introduction.instance))
        self._places.append(place)
        return place

    async def connect(
        self, key: bytes = ALICE, *, strict: bool = False, retry: Retry | None = None
    ) -> Connected:
        """A client that comes through the relay; unless it is told to, it does not come again."""
        client = await connect(
            self.url, app=Counters, key=key, trust=self.trust, strict=strict, retry=retry
        )
        self.clients.append(client)
        return client

    def asker(self, key: bytes = ALICE) -> Asker:
        """A client whom the host serves without a network."""
        return Asker(self.store, key)

    def strike(self, lie: str) -> bool:
        """Whether a lie is to be told now: from here on the time counts."""
        if self.hostile:
            self.story.append(lie)
        self._struck_at = time.perf_counter()
        self._struck_in = self.store.epoch if self._places else 0
        return self.hostile

    @contextmanager
    def watch(self, side: Side) -> Iterator[None]:
        """Where somebody may notice the lie, by an error of theirs."""
        try:
            yield
        except (ApiMisuse, CertificationTimeout, HostError, ReceiptError, SessionRefused) as error:
            by = type(error).__name__
            if isinstance(error, SessionRefused):
                by = REFUSALS[error.code]
            self.note(side, by, str(error))

    def refused(self, code: int) -> None:
        """Notes that the verifier refused, by its number."""
        self.note(Side.VERIFIER, REFUSALS[code], f"it refuses with `{code}`")

    def note(self, side: Side, by: str, sentence: str) -> None:
        """Notes that somebody noticed the lie."""
        ms = (time.perf_counter() - self._struck_at) * 1000
        epochs = self.store.epoch - self._struck_in
        self.noticed.append(Noticed(side, by, sentence, ms, epochs))
        self.story.append(f"the {side} notices by {by}: {sentence}")

    def demand(self, holds: bool, what: str) -> None:
        """Demands what no lie may change.

        Raises:
            Accepted: it does not hold.
        """
        if not holds:
            raise Accepted(what)

    def _seen(self, message: Message) -> None:
        """Notes what the verifier refused, from what the server says of it."""
        match message:
            case Refused(code=code) | Settled(refusal=code) if code:
                self.refused(code)
            case Replied(answer=answer, code=code) if answer == _REFUSED:
                self.refused(code)
            case NotYet():
                self.note(Side.VERIFIER, ORDER, "the number before is not settled")


def _close(store: ApplicationStore) -> Any:
    # What was tampered with does not certify at the end either.
    with suppress(HostError):
        store.close()
