"""The introduction of a verifier: its static key for sessions, signed by its identity."""

from typing import NamedTuple

from zeta.receipts import encoding

_DOMAIN = b"zeta introduction v1\0"


class Introduction(NamedTuple):
    """Which static key an incarnation of a verifier has."""

    version: int
    instance: bytes
    incarnation: bytes
    program: bytes
    identity: bytes
    static_key: bytes
    """The X25519 public key that a handshake needs, 32 bytes."""
    signature: bytes


def decode(data: bytes) -> Introduction:
    """Reads an introduction's one encoding; it says nothing of the signature.

    Raises:
        ReceiptError: it is none.
    """
    return Introduction(*encoding.decode(data, _FIELDS))


def encode(introduction: Introduction) -> bytes:
    """The one encoding of an introduction."""
    return encoding.encode(introduction)


def signed_bytes(instance: bytes, incarnation: bytes, program: bytes, static_key: bytes) -> bytes:
    """What the identity signs when the verifier starts."""
    return _DOMAIN + instance + incarnation + program + static_key


_FIELDS = (
    encoding.octets(16),
    encoding.octets(16),
    encoding.octets(32),
    encoding.octets(32),
    encoding.octets(32),
    encoding.octets(64),
)
