"""The portable receipt: its fields, its bytes, and the leaf that stands for it in the tree."""

from enum import IntEnum
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from zeta.receipts import encoding
from zeta.receipts.fault import UnknownAnswer, UnknownAuthentication, WrongAnswer, WrongAsker

_LEAF = Struct("<B16s16s32sB32sIQ32sBH32sHII")
_TRANSITION = Struct("<BH")
_REQUEST, _RESULT = 0x20, b"\x21"
_NO_KEY = bytes(32)


class Authentication(IntEnum):
    """Who vouches that the operation was asked for."""

    EMBEDDED = 0
    """Nobody but the host."""
    CLIENT = 1
    """Who holds the client key."""
    GATEWAY = 2
    """Who holds the client key, for somebody else."""


class Answer(IntEnum):
    """How the operation ended."""

    DONE = 0
    FAILED = 1
    """A check of the application failed: the operation ran and changed nothing."""
    REFUSED = 2
    """It did not run: unknown transition, ill-typed arguments, or a missing right."""


class Receipt(NamedTuple):
    """What a receipt says; nothing of it is shown before it is verified."""

    version: int
    instance: bytes
    """16 bytes that name application, initial state and access list."""
    incarnation: bytes
    """16 bytes that name the verifier's life."""
    program: bytes
    """The program's digest, 32 bytes."""
    authentication: Authentication
    client_key: bytes
    """The X25519 public key of who asked, 32 bytes; zeros where the host did."""
    session: int
    """The session's number; 0 where the host asked."""
    sequence: int
    """The request's number in its session; 0 where the host asked."""
    transition: int
    arguments: bytes
    answer: Answer
    code: int
    """Of the failed check or the refusal; 0 where it was done."""
    result: bytes
    """Empty unless it was done."""
    thread: int
    epoch: int
    counter: int
    """With the epoch, the clock of the thread when the operation ran."""
    leaf_index: int
    """The place of its leaf among those of its thread and epoch."""
    leaves: int
    """Receipts of its thread in its epoch."""
    path: tuple[bytes, ...]
    """From the leaf to the root of its thread."""
    threads: int
    receipts: int
    """Receipts of all threads in its epoch."""
    thread_path: tuple[bytes, ...]
    """From the thread's root to the epoch's."""
    signature: bytes
    """The identity's over the certification, 64 bytes."""


def decode(data: bytes) -> Receipt:
    """Reads a receipt's one encoding.

    Raises:
        ReceiptError: it is none.
    """
    values = encoding.decode(data, _FIELDS)
    for place, kinds, unknown in _CHOICES:
        if values[place] >= len(kinds):
            raise unknown(f"`{values[place]}` is none of `{len(kinds)}`")
        values[place] = kinds[values[place]]
    receipt = Receipt(*values)
    embedded = receipt.authentication is Authentication.EMBEDDED
    for name, zero in (
        ("client key", receipt.client_key == _NO_KEY),
        ("session", not receipt.session),
        ("sequence number", not receipt.sequence),
    ):
        if zero and not embedded:
            raise WrongAsker(f"the {name} of a session's operation is zero")
        if embedded and not zero:
            raise WrongAsker(f"the {name} of an embedded operation is not zero")
    if receipt.answer is Answer.DONE:
        if receipt.code:
            raise WrongAnswer(f"an operation that was done has the code `{receipt.code}`")
    elif receipt.result:
        raise WrongAnswer("an operation that was not done has a result")
    return receipt


def encode(receipt: Receipt) -> bytes:
    """The one encoding of a receipt."""
    return encoding.encode(receipt)


def leaf(receipt: Receipt) -> bytes:
    """The 187 bytes that stand for an operation in the tree."""
    head = _TRANSITION.pack(_REQUEST, receipt.transition)
    return _LEAF.pack(
        *receipt[:8],
        sha256(head + receipt.arguments).digest(),
        receipt.answer,
        receipt.code,
        sha256(_RESULT + receipt.result).digest(),
        receipt.thread,
        receipt.epoch,
        receipt.counter,
    )


_FIELDS = (
    encoding.octets(16),
    encoding.octets(16),
    encoding.octets(32),
    encoding.U8,
    encoding.octets(32),
    encoding.U32,
    encoding.U64,
    encoding.U16,
    encoding.BYTES,
    encoding.U64,
    encoding.U16,
    encoding.BYTES,
    encoding.U16,
    encoding.U32,
    encoding.U32,
    encoding.U64,
    encoding.U64,
    encoding.HASHES,
    encoding.U16,
    encoding.U64,
    encoding.HASHES,
    encoding.octets(64),
)
# A table is several times faster than the call of an enumeration.
_CHOICES = (
    (Receipt._fields.index("authentication"), tuple(Authentication), UnknownAuthentication),
    (Receipt._fields.index("answer"), tuple(Answer), UnknownAnswer),
)
