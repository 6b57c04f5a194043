"""The pump: it runs what all connections ask for in batches, off the event loop.

The more is asked for meanwhile, the larger the next batch is.
"""

import asyncio
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from zeta import _native
from zeta.client.session import SEQUENCE_MAX
from zeta.errors import HostError, InvalidValue, SessionRefused
from zeta.network import (
    Ask,
    Failed,
    Fault,
    HandshakeAnswer,
    HandshakeRequest,
    Message,
    NotYet,
    PathFound,
    Refused,
    Revoke,
    Revoked,
    Settled,
    encode,
)
from zeta.server.connection import Connection, Control, Work
from zeta.server.limits import Limits
from zeta.server.refusal import failures, unavailable
from zeta.serving import Serving

_log = logging.getLogger(__name__)
# Of a batch, beside the requests: a handshake costs as much as a hundred of them.
_CONTROLS_OF_EACH = 64
_HANDSHAKES = 16


class Pump:
    """Takes work from connections by turns, and brings the answers."""

    def __init__(self, store: Serving, limits: Limits) -> None:
        """Runs batches of `limits.batch` requests, or a few more."""
        self._store = store
        self._batch = limits.batch
        self._kept = _native.KeptReplies(
            limits.kept_replies, limits.kept_session_bytes, limits.kept_bytes
        )
        self._handshakes_max = limits.kept_handshakes
        self._opened: dict[tuple[int, bytes], bytes] = {}
        self._ready: deque[Connection] = deque()
        self._has_work: set[Connection] = set()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "requests")

    def add(self, connection: Connection) -> None:
        """Notes that a connection has work."""
        if connection not in self._has_work:
            self._has_work.add(connection)
            self._ready.append(connection)
            self._idle.clear()
            self._wake.set()

    async def idle(self) -> None:
        """Waits until everything that was asked for is answered."""
        await self._idle.wait()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                if not self._ready:
                    self._wake.clear()
                    self._idle.set()
                    await self._wake.wait()
                batch = self._take()
                answers = await loop.run_in_executor(self._thread, self._answers, batch)
                for work, frames in zip(batch, answers, strict=True):
                    work.connection.answer(frames, work.requested + len(work.controls))
        finally:
            self._thread.shutdown(wait=False)

    def _take(self) -> list[Work]:
        """What runs next: all that each asks for, by turns, until it is enough."""
        batch: list[Work] = []
        passed_over: list[Connection] = []
        requests = handshakes = 0
        for _ in range(len(self._ready)):
            connection = self._ready.popleft()
            most = _CONTROLS_OF_EACH if handshakes < _HANDSHAKES else 0
            work = connection.work(most)
            took = bool(work.requested or work.controls)
            if took:
                batch.append(work)
            requests += work.requested
            handshakes += sum(isinstance(each, HandshakeRequest) for each in work.controls)
            if connection.has_work and not took:
                passed_over.append(connection)
            elif connection.has_work:
                self._ready.append(connection)
            else:
                self._has_work.discard(connection)
            if requests >= self._batch:
                break
        # Who got nothing comes first next time.
        self._ready.extendleft(reversed(passed_over))
        return batch

    def _answers(self, batch: list[Work]) -> list[bytes]:
        """The answers of each connection, in the order in which it asked."""
        try:
            return self._ran(batch)
        except BaseException as error:
            # A host that lied has failed; anything else is a fault of ours. Neither is a client's.
            _log.error("a batch was not served", exc_info=error)
            return [_unserved(work) for work in batch]

    def _ran(self, batch: list[Work]) -> list[bytes]:
        requests = [(work.requests, work.connection.frame_max) for work in batch]
        return [
            replies + b"".join(self._encoded(each, work.connection) for each in work.controls)
            if work.controls
            else replies
            for replies, work in zip(
                self._store.run_frames(requests, self._kept), batch, strict=True
            )
        ]

    def _encoded(self, asked: Control, connection: Connection) -> bytes:
        try:
            return encode(self._answer(asked), connection.frame_max)
        except InvalidValue:
            return encode(Failed(asked.number, Fault.LIMIT, "the answer is longer than you take"))

    def _answer(self, asked: Control) -> Message:
        number = asked.number
        try:
            if isinstance(asked, HandshakeRequest):
                return HandshakeAnswer(number, self._open(asked))
            if isinstance(asked, Revoke):
                return Revoked(number, self._revoke(asked))
            if isinstance(asked, Ask):
                status = self._store.ask_session(asked.session, asked.sequence, asked.mac)
                return Settled(number, 0, *status)
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
            return unavailable(number)

    def _open(self, asked: HandshakeRequest) -> bytes:
        """Opens a session; who repeats a handshake gets its answer again, and no second place."""
        key = (asked.replaces, asked.message)
        answer = self._opened.get(key)
        if answer is None:
            answer = self._store.handshake(asked.message, asked.replaces)
            self._kept.forget(asked.replaces)
            self._opened[key] = answer
            if len(self._opened) > self._handshakes_max:
                del self._opened[next(iter(self._opened))]
        return answer

    def _revoke(self, asked: Revoke) -> bytes:
        """Ends a session, if it is its client who asks."""
        try:
            self._store.ask_session(asked.session, SEQUENCE_MAX, asked.mac)
        except SessionRefused as refused:
            # Too early is said after the MAC was found right.
            if refused.code:
                raise
        self._kept.forget(asked.session)
        return self._store.revoke_session(asked.session)


def _unserved(work: Work) -> bytes:
    controls = b"".join(encode(unavailable(each.number)) for each in work.controls)
    return failures(work.requests, unavailable) + controls
