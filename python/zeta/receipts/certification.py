"""The certification of an epoch: what the identity signs, and its file."""

from struct import Struct
from typing import NamedTuple

from zeta.receipts import encoding
from zeta.receipts.fault import UnknownOrigin

_DOMAIN = b"zeta certification v1\0"
_SIGNED = Struct("<16s16s32sBIHQ32s")
FIRST_LIFE = 0
"""The one origin so far: the incarnation began from the instance's initial state."""


class Certification(NamedTuple):
    """That an epoch certified, and which receipts it has."""

    version: int
    instance: bytes
    incarnation: bytes
    program: bytes
    origin: int
    epoch: int
    threads: int
    receipts: int
    """Receipts of all threads in the epoch."""
    root: bytes
    """The root of the epoch's tree, 32 bytes."""
    signature: bytes


def decode(data: bytes) -> Certification:
    """Reads a certification's one encoding; it says nothing of the signature.

    Raises:
        ReceiptError: it is none.
    """
    found = Certification(*encoding.decode(data, _FIELDS))
    if found.origin != FIRST_LIFE:
        raise UnknownOrigin(f"the origin `{found.origin}` is not known")
    return found


def encode(certification: Certification) -> bytes:
    """The one encoding of a certification."""
    return encoding.encode(certification)


def signed_bytes(
    instance: bytes,
    incarnation: bytes,
    program: bytes,
    epoch: int,
    threads: int,
    receipts: int,
    root: bytes,
) -> bytes:
    """What the identity signs once the epoch is certified, and never before."""
    return _DOMAIN + _SIGNED.pack(
        instance, incarnation, program, FIRST_LIFE, epoch, threads, receipts, root
    )


_FIELDS = (
    encoding.octets(16),
    encoding.octets(16),
    encoding.octets(32),
    encoding.U64,
    encoding.U32,
    encoding.U16,
    encoding.U64,
    encoding.octets(32),
    encoding.octets(64),
)
