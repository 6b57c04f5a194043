"""What a store does for clients: their handshakes, requests and receipts, as bytes.

Nobody has to believe it: clients check what the verifier says, and the verifier what they say.
"""

from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from zeta import _native
from zeta.column import BytesLike
from zeta.errors import SessionRefused

_REQUEST = Struct("<IQ16sHI")
_REPLY = Struct("<BHBBHIIQ32s16sI")
_PROOF = Struct("<BBHIIQ32s16s")
_REFUSED, _NOT_YET = 3, 5
_RECEIPT, _STATUS = 1, 2
_LEAF_LEN = 32

ANSWERS = {0: 0, 2: 1, 3: 2, 5: 3}
"""From the host's statuses to the numbers of `Reply.answer`."""


class Request(NamedTuple):
    """A request of a session, as its client authenticated it."""

    session: int
    sequence: int
    mac: bytes
    """16 bytes."""
    transition: int
    arguments: bytes


class Status(NamedTuple):
    """What became of a session's number, under the verifier's MAC."""

    status: int
    """0 unknown, 1 executed, 2 not executed."""
    leaf: bytes
    """The hash of its receipt's leaf, 32 bytes; zeros unless it was executed."""
    mac: bytes
    """16 bytes."""


class Shown(NamedTuple):
    """The receipt of an operation before its epoch is certified."""

    thread: int
    epoch: int
    counter: int
    leaf_index: int
    """Of its leaf, among those of its thread and epoch."""
    leaf: bytes
    """The hash of its leaf, 32 bytes."""
    mac: bytes
    """16 bytes; zeros for an operation of the host's own."""


class Reply(NamedTuple):
    """The answer to a request, and what the verifier says beside it."""

    answer: int
    """0 done, 1 failed, 2 refused; 3 not yet: the session asked for order, and the number before
    is not settled, so the same request may come again."""
    code: int
    """Of the failure or refusal, or 0."""
    result: bytes
    """Empty unless it was done."""
    shown: Shown | None
    """Of what has a receipt."""
    status: Status | None
    """Of what was refused for its number."""


class ReceiptPath(NamedTuple):
    """What a certified epoch adds to a request and its reply, to make a receipt of them."""

    leaves: int
    """Receipts of its thread in its epoch."""
    path: tuple[bytes, ...]
    threads: int
    receipts: int
    """Receipts of all threads in its epoch."""
    thread_path: tuple[bytes, ...]
    signature: bytes


class Serving:
    """A store that may have clients, where it was opened with an access list."""

    if TYPE_CHECKING:

        @property
        def _native_store(self) -> _native.Store: ...

    @property
    def introduction(self) -> bytes:
        """What the identity says of this store's verifier, for clients to check: a file's bytes."""
        return _native.introduction(self._native_store)

    def handshake(self, message: BytesLike, replaces: int = 0) -> bytes:
        """Opens a session: from a client's first message to the verifier's answer.

        `replaces` is the session that ends with it, as the message says, or 0. Raises
        `SessionRefused` where the verifier does not open one.
        """
        tag, code, answer = _native.handshake(self._native_store, message, replaces)
        _check(tag, code)
        return answer

    def revoke_session(self, session: int) -> bytes:
        """Ends a session: the MAC that tells its client so. Raises `SessionRefused`."""
        tag, code, mac = _native.revoke_session(self._native_store, session)
        _check(tag, code)
        return mac

    def ask_session(self, session: int, sequence: int, mac: BytesLike) -> Status:
        """Answers a client's question what became of a number.

        Raises `SessionRefused`; with the code 0 where the number is not due yet.
        """
        tag, code, said = _native.ask_session(self._native_store, session, sequence, mac)
        _check(tag, code)
        return Status(code, said[:_LEAF_LEN], said[_LEAF_LEN:])

    def run_requests(self, requests: Iterable[Request]) -> list[Reply]:
        """Runs requests of sessions, while other Python threads run; the replies in their order.

        Requests that share a record run in their order.
        """
        packed = b"".join(
            [
                _REQUEST.pack(session, sequence, mac, transition, len(arguments)) + arguments
                for session, sequence, mac, transition, arguments in requests
            ]
        )
        return unpacked(_native.run_requests(self._native_store, packed))

    def run_frames(
        self, connections: list[tuple[bytes, int]], kept: _native.KeptReplies | None = None
    ) -> list[bytes]:
        """Runs requests as `zeta.server` gets them, while other Python threads run.

        For each connection its frames, nothing but whole requests, and the longest frame that it
        takes; so come the frames that answer them, in their order. Replies are kept, and a request
        that comes again is answered with the one that it had. Raises `InvalidValue` where a frame
        is something else.
        """
        return _native.run_frames(self._native_store, connections, kept, False)

    def certification(self, epoch: int) -> bytes:
        """What the identity signed of an epoch: a file's bytes.

        Of the latest 64 certified epochs; raises `InvalidValue` for others.
        """
        return _native.certification(self._native_store, epoch)

    def receipt_path(self, thread: int, epoch: int, index: int) -> ReceiptPath:
        """What makes a receipt of an operation whose epoch is certified.

        Of the latest 64 certified epochs, or fewer if they have more than 8,388,608 receipts;
        raises `InvalidValue` for others.
        """
        leaves, path, threads, receipts, thread_path, signature = _native.receipt_path(
            self._native_store, thread, epoch, index
        )
        return ReceiptPath(leaves, tuple(path), threads, receipts, tuple(thread_path), signature)


def unpacked(replies: bytes) -> list[Reply]:
    """The replies of `_native.run_requests`."""
    found, at = [], 0
    while at < len(replies):
        answer, code, *proof, length = _REPLY.unpack_from(replies, at)
        at += _REPLY.size
        found.append(Reply(ANSWERS[answer], code, replies[at : at + length], *_split(*proof)))
        at += length
    return found


def shown_of(proof: bytes) -> Shown | None:
    """The receipt in what the verifier said beside an answer."""
    return _split(*_PROOF.unpack(proof))[0]


def _split(
    what: int,
    status: int,
    thread: int,
    epoch: int,
    counter: int,
    index: int,
    leaf: bytes,
    mac: bytes,
) -> tuple[Shown | None, Status | None]:
    if what == _RECEIPT:
        return Shown(thread, epoch, counter, index, leaf, mac), None
    return None, Status(status, leaf, mac) if what == _STATUS else None


def _check(tag: int, code: int) -> None:
    if tag == _NOT_YET:
        raise SessionRefused(0)
    if tag == _REFUSED:
        raise SessionRefused(code)
