"""The messages of the native protocol: their fields and their one encoding.

Nothing here is authenticated: `zeta.client` says what a client may believe.
"""

from collections.abc import Callable
from enum import IntEnum
from struct import Struct, error
from typing import Any, NamedTuple, TypeAlias

from zeta.errors import InvalidValue
from zeta.network.fault import BadFrame
from zeta.network.frame import FRAME_MAX, frame

_HASH_LEN = 32
_PATH_MAX = 64


class Side(IntEnum):
    """Who sends a message."""

    CLIENT = 0
    HOST = 1


class Fault(IntEnum):
    """Why a side ends the connection, or the host does not serve a message."""

    PROTOCOL = 1
    """Whoever reads it sent what is no message."""
    LIMIT = 2
    """Whoever reads it asks for more at once than it may."""
    UNAVAILABLE = 3
    """The host cannot serve it: it closes, or has failed."""
    UNKNOWN = 4
    """What was asked for does not exist, or is not kept any more."""


class HandshakeRequest(NamedTuple):
    """A handshake's first message."""

    number: int
    """Of the client's choice; the answer names it. So in all messages."""
    replaces: int
    """The session that it rotates; 0 for a new one."""
    message: bytes


class Requested(NamedTuple):
    """A request of a session."""

    number: int
    session: int
    sequence: int
    mac: bytes
    transition: int
    arguments: bytes


class Ask(NamedTuple):
    """The question what became of a sequence number."""

    number: int
    session: int
    sequence: int
    mac: bytes


class Subscribe(NamedTuple):
    """Certifications are wanted, as they are made, and those from this epoch on that are kept."""

    epoch: int


class PathRequest(NamedTuple):
    """The path of a receipt is wanted."""

    number: int
    thread: int
    epoch: int
    leaf_index: int


class Revoke(NamedTuple):
    """The end of a session is wanted, by who has its keys."""

    number: int
    session: int
    mac: bytes
    """Of the question about the last number that there is, which is for nothing else."""


class Goodbye(NamedTuple):
    """The client asks for nothing more; or the host runs nothing more, and answers the rest."""


class Introduced(NamedTuple):
    """The verifier's introduction, as its file."""

    introduction: bytes


class HandshakeAnswer(NamedTuple):
    """A handshake's second message."""

    number: int
    message: bytes


class Replied(NamedTuple):
    """The verifier's reply to a request."""

    number: int
    answer: int
    code: int
    thread: int
    epoch: int
    counter: int
    leaf_index: int
    """The place of its leaf among those of its thread and epoch: the host's word."""
    mac: bytes
    result: bytes


class Settled(NamedTuple):
    """The verifier's status of a sequence number."""

    number: int
    refusal: int
    fate: int
    leaf_hash: bytes
    mac: bytes


class Refused(NamedTuple):
    """The verifier refused, and authenticates no refusal of this kind: the host's word."""

    number: int
    code: int


class NotYet(NamedTuple):
    """Nothing happened: the same message may be sent again."""

    number: int


class Certified(NamedTuple):
    """An epoch was certified: its certification, as its file."""

    certification: bytes


class NotCertifying(NamedTuple):
    """Nothing certifies from this epoch on: the host's word."""

    epoch: int


class PathFound(NamedTuple):
    """What makes a certified receipt of a reply: the rest of its fields."""

    number: int
    leaves: int
    threads: int
    receipts: int
    signature: bytes
    path: tuple[bytes, ...]
    thread_path: tuple[bytes, ...]


class Revoked(NamedTuple):
    """The session has ended: the verifier's word."""

    number: int
    mac: bytes


class Failed(NamedTuple):
    """A message was not served, or the connection ends."""

    number: int
    """Of the message; 0 where the connection ends."""
    fault: int
    text: str


Message: TypeAlias = (
    HandshakeRequest
    | Requested
    | Ask
    | Subscribe
    | PathRequest
    | Revoke
    | Goodbye
    | Introduced
    | HandshakeAnswer
    | Replied
    | Settled
    | Refused
    | NotYet
    | Certified
    | NotCertifying
    | PathFound
    | Revoked
    | Failed
)

# Kind, fields of fixed width, and whether bytes follow. The kinds of the host have the high bit.
_FORMS: dict[type[Any], tuple[int, Struct, bool]] = {
    HandshakeRequest: (0x01, Struct("<II"), True),
    Requested: (0x02, Struct("<IIQ16sH"), True),
    Ask: (0x03, Struct("<IIQ16s"), False),
    Subscribe: (0x04, Struct("<I"), False),
    PathRequest: (0x05, Struct("<IHIQ"), False),
    Revoke: (0x06, Struct("<II16s"), False),
    Introduced: (0x81, Struct("<"), True),
    HandshakeAnswer: (0x82, Struct("<I"), True),
    Replied: (0x83, Struct("<IBHHIIQ16s"), True),
    Settled: (0x84, Struct("<IHB32s16s"), False),
    Refused: (0x85, Struct("<IH"), False),
    NotYet: (0x86, Struct("<I"), False),
    Certified: (0x87, Struct("<"), True),
    NotCertifying: (0x88, Struct("<I"), False),
    Revoked: (0x8A, Struct("<I16s"), False),
}
_BY_KIND = {kind: (form, head, more) for form, (kind, head, more) in _FORMS.items()}
_WIDTHS = {"mac": 16, "leaf_hash": 32}
_PATH_FOUND, _PATH_HEAD = 0x89, Struct("<IQHQ64s")
# Of both sides.
_FAILED, _FAILED_HEAD = 0x40, Struct("<IB")
_GOODBYE = 0x41
_HOST_BIT = 0x80
_BOTH_BIT = 0x40


def encode(message: Message, limit: int = FRAME_MAX) -> bytes:
    """The frame of a message.

    Raises:
        InvalidValue: a field is out of its range, or the other side takes only `limit` bytes.
    """
    try:
        kind, body = _encoded(message)
    except error as cause:
        raise InvalidValue(
            f"a field of `{type(message).__name__}` is out of range: {cause}"
        ) from None
    return frame(kind, body, limit)


def decode(kind: int, body: bytes, sender: Side) -> Message:
    """The message of a frame.

    Raises:
        BadFrame: it is none, or none that this side may send.
    """
    if not kind & _BOTH_BIT and bool(kind & _HOST_BIT) is not (sender is Side.HOST):
        raise BadFrame(f"a message of kind `{kind}` from the {sender.name.lower()}")
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(body)
    if kind not in _BY_KIND:
        raise BadFrame(f"no message is of kind `{kind}`")
    form, head, more = _BY_KIND[kind]
    if len(body) < head.size or (len(body) > head.size and not more):
        raise BadFrame(f"a message of kind `{kind}` with `{len(body)}` bytes")
    values = head.unpack_from(body)
    message: Message = form(*values, body[head.size :]) if more else form(*values)
    return message


def _encoded(message: Message) -> tuple[int, bytes]:
    if isinstance(message, Goodbye):
        return _GOODBYE, b""
    if isinstance(message, Failed):
        return _FAILED, _FAILED_HEAD.pack(*message[:2]) + message.text.encode()
    if isinstance(message, PathFound):
        _demand_width(message.signature, 64)
        paths = _put_path(message.path) + _put_path(message.thread_path)
        return _PATH_FOUND, _PATH_HEAD.pack(*message[:5]) + paths
    kind, head, more = _FORMS[type(message)]
    for name, width in _WIDTHS.items():
        if name in message._fields:
            _demand_width(getattr(message, name), width)
    values: tuple[Any, ...] = message
    if more:
        return kind, head.pack(*values[:-1]) + values[-1]
    return kind, head.pack(*values)


def _demand_width(value: bytes, width: int) -> None:
    # `struct` pads and cuts in silence.
    if len(value) != width:
        raise InvalidValue(f"`{len(value)}` bytes where there must be `{width}`")


def _put_path(path: tuple[bytes, ...]) -> bytes:
    if len(path) > _PATH_MAX:
        raise InvalidValue(f"a path of `{len(path)}` hashes: `{_PATH_MAX}` at most")
    for each in path:
        _demand_width(each, _HASH_LEN)
    return bytes([len(path)]) + b"".join(path)


def _take_path(body: bytes, at: int) -> tuple[tuple[bytes, ...], int]:
    count = body[at] if at < len(body) else _PATH_MAX + 1
    end = at + 1 + count * _HASH_LEN
    if count > _PATH_MAX or end > len(body):
        raise BadFrame("a path that is cut, or too long")
    return tuple(body[here : here + _HASH_LEN] for here in range(at + 1, end, _HASH_LEN)), end


def _path_found(body: bytes) -> PathFound:
    if len(body) < _PATH_HEAD.size:
        raise BadFrame("a path that is cut")
    path, at = _take_path(body, _PATH_HEAD.size)
    thread_path, at = _take_path(body, at)
    if at != len(body):
        raise BadFrame(f"`{len(body) - at}` bytes follow a path")
    number, leaves, threads, receipts, signature = _PATH_HEAD.unpack_from(body)
    return PathFound(number, leaves, threads, receipts, signature, path, thread_path)


def _failed(body: bytes) -> Failed:
    try:
        number, fault = _FAILED_HEAD.unpack_from(body)
        return Failed(number, fault, body[_FAILED_HEAD.size :].decode())
    except (error, UnicodeDecodeError):
        raise BadFrame("an error message that is none") from None


def _goodbye(body: bytes) -> Goodbye:
    if body:
        raise BadFrame("a goodbye with more to say")
    return Goodbye()


_SPECIAL: dict[int, Callable[[bytes], Message]] = {
    _PATH_FOUND: _path_found,
    _FAILED: _failed,
    _GOODBYE: _goodbye,
}
