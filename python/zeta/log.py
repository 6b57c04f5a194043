"""The log of a verifier thread: its entries, and the codec that the verifier itself uses.

A log can be written by hand, to see which check refuses what:

>>> import zeta
>>> from zeta import log
>>> verifier = zeta.Verifier()
>>> entries = [
...     log.AddM(slot=1, ancestor_slot=0, record=log.App(key=b"colour", value=None)),
...     log.put(b"colour", b"green", 1),
...     log.get(b"colour", 1),
...     log.EvictM(slot=1, ancestor_slot=0),
...     log.NextEpoch(),
...     log.VerifyEpoch(),
... ]
>>> progress = verifier.verify_log(0, log.encode(entries))
>>> log.value_of(progress.outputs[1])
b'green'
>>> verifier.outcome(0)
Certified()
>>> lie = log.AddM(slot=1, ancestor_slot=0, record=log.App(key=b"colour", value=b"red"))
>>> verifier.verify_log(0, log.encode(lie)).stop.reason.text
'the value is not the one whose hash the tree holds'
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from zeta._native import (
    Path,
    decode,
    decode_answers,
    decode_pointers,
    encode,
    encode_pointers,
    leaf_path,
    node_hash,
    value_hash,
)
from zeta.answer import (
    Answer,
    Done,
    Evicted,
    Failed,
    Pointer,
    Pointers,
    Receipt,
    Refused,
    Status,
)
from zeta.argument import byte_string
from zeta.errors import InvalidValue

__all__ = [
    "EMPTY_ROOT",
    "AddB",
    "AddM",
    "Answer",
    "App",
    "Done",
    "Entry",
    "EvictB",
    "EvictBM",
    "EvictM",
    "Evicted",
    "Failed",
    "NextEpoch",
    "Node",
    "Path",
    "Pointer",
    "Pointers",
    "Receipt",
    "Record",
    "Refused",
    "RunApp",
    "Session",
    "SessionAsk",
    "SessionOpen",
    "SessionRevoke",
    "SessionRotate",
    "Status",
    "Timestamp",
    "VerifyEpoch",
    "arguments",
    "compare_and_set",
    "decode",
    "decode_answers",
    "decode_pointers",
    "delete",
    "encode",
    "encode_pointers",
    "flag_of",
    "get",
    "leaf_path",
    "node_hash",
    "put",
    "rename",
    "value_hash",
    "value_of",
]


class Timestamp(NamedTuple):
    """A point in a thread's logical time."""

    epoch: int
    counter: int


@dataclass(frozen=True, slots=True)
class App:
    """A record of an application."""

    key: bytes
    value: bytes | None
    """`None` is null: the key is absent."""
    relation: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the sparse Merkle tree."""

    path: Path
    left: Pointer | None = None
    right: Pointer | None = None

    @property
    def pointers(self) -> Pointers:
        """The node's value."""
        return Pointers(self.left, self.right)


Record: TypeAlias = App | Node


@dataclass(frozen=True, slots=True)
class AddM:
    """Brings a record through the tree into a slot."""

    slot: int
    ancestor_slot: int
    """The slot of the node below which the record lies."""
    record: Record


@dataclass(frozen=True, slots=True)
class AddB:
    """Brings a record from deferred state into a slot."""

    slot: int
    thread: int
    """The thread that evicted it."""
    timestamp: Timestamp
    """The timestamp of that eviction."""
    record: Record


@dataclass(frozen=True, slots=True)
class EvictM:
    """Takes a record out of its slot, through the tree."""

    slot: int
    ancestor_slot: int


@dataclass(frozen=True, slots=True)
class EvictB:
    """Takes a record that came from deferred state out of its slot, to deferred state."""

    slot: int
    timestamp: Timestamp
    """After the thread's clock."""


@dataclass(frozen=True, slots=True)
class EvictBM:
    """Takes a record that came through the tree out of its slot, to deferred state."""

    slot: int
    ancestor_slot: int
    timestamp: Timestamp
    """After the thread's clock."""


@dataclass(frozen=True, slots=True)
class NextEpoch:
    """Moves the thread's clock to the next epoch."""


@dataclass(frozen=True, slots=True)
class VerifyEpoch:
    """Closes the thread's first open epoch."""


@dataclass(frozen=True, slots=True)
class Session:
    """Names the client's session that asks for an operation."""

    session: int
    sequence: int
    mac: bytes
    """16 bytes."""


@dataclass(frozen=True, slots=True)
class RunApp:
    """Runs an operation of the application."""

    transition: int
    arguments: bytes
    slots: tuple[int, ...]
    """The slots of the records that the operation asks for, in that order, each key once."""
    authentication: Session | None = None
    """`None` is the host itself."""


@dataclass(frozen=True, slots=True)
class SessionOpen:
    """Opens a session."""

    message: bytes
    """A client's first handshake message: 101 bytes."""


@dataclass(frozen=True, slots=True)
class SessionRevoke:
    """Ends a session, for good."""

    session: int


@dataclass(frozen=True, slots=True)
class SessionRotate:
    """Opens a session of the same client in place of another, which ends."""

    session: int
    message: bytes
    """The client's first handshake message, which names the session: 101 bytes."""


@dataclass(frozen=True, slots=True)
class SessionAsk:
    """A client's question what became of a number; one that is free is never run afterwards."""

    session: int
    sequence: int
    mac: bytes
    """16 bytes."""


Entry: TypeAlias = (
    AddM
    | AddB
    | EvictM
    | EvictB
    | EvictBM
    | NextEpoch
    | VerifyEpoch
    | RunApp
    | SessionOpen
    | SessionRevoke
    | SessionRotate
    | SessionAsk
)

EMPTY_ROOT = Pointers()
"""The value of the root over no records at all."""


def arguments(*values: bytes) -> bytes:
    """Encodes byte strings as the arguments of an operation."""
    strings = [byte_string(value) for value in values]
    return b"".join(len(string).to_bytes(4, "little") + string for string in strings)


def _optional(value: bytes | None) -> bytes:
    return b"\x00" if value is None else b"\x01" + arguments(value)


def get(key: bytes, *slots: int) -> RunApp:
    """Reads a record of the key-value application."""
    return RunApp(0, arguments(key), slots)


def put(key: bytes, value: bytes, *slots: int) -> RunApp:
    """Writes a record of the key-value application."""
    return RunApp(1, arguments(key, value), slots)


def delete(key: bytes, *slots: int) -> RunApp:
    """Makes a record of the key-value application absent."""
    return RunApp(2, arguments(key), slots)


def compare_and_set(key: bytes, expected: bytes | None, new: bytes | None, *slots: int) -> RunApp:
    """Sets a record to `new` where it holds `expected`; `None` is absent."""
    return RunApp(3, arguments(key) + _optional(expected) + _optional(new), slots)


def rename(source: bytes, target: bytes, *slots: int) -> RunApp:
    """Moves a value from one key to another; one slot where both keys are the same."""
    return RunApp(4, arguments(source, target), slots)


def value_of(answer: Answer) -> bytes | None:
    """What a `get` found; raises `InvalidValue` where the answer is not one to a `get`."""
    result = _result(answer)
    if result == b"\x00":
        return None
    if result[:1] != b"\x01" or int.from_bytes(result[1:5], "little") != len(result) - 5:
        raise InvalidValue(f"`{result!r}` is not the result of a `get`")
    return result[5:]


def flag_of(answer: Answer) -> bool:
    """What `delete`, `compare_and_set` or `rename` returned; raises `InvalidValue` otherwise."""
    result = _result(answer)
    if result not in (b"\x00", b"\x01"):
        raise InvalidValue(f"`{result!r}` is not a flag")
    return result == b"\x01"


def _result(answer: Answer) -> bytes:
    if not isinstance(answer, Done):
        raise InvalidValue(f"`{answer}` is not the answer of an operation that ran")
    return answer.result
