"""What the server itself answers where nothing runs: it closes, or its store has failed."""

from collections.abc import Callable

from zeta.network import Failed, Fault, FrameReader, Requested, Side, decode, encode

_LENGTH_MAX = (1 << 32) - 1


def closing(number: int) -> Failed:
    """A message comes too late."""
    return Failed(number, Fault.UNAVAILABLE, "the server closes")


def unavailable(number: int) -> Failed:
    """The store serves nothing."""
    return Failed(number, Fault.UNAVAILABLE, "the host has failed, or the store is closed")


def failures(requests: bytes, why: Callable[[int], Failed]) -> bytes:
    """The frames that refuse each of these requests."""
    read = FrameReader(_LENGTH_MAX).feed(requests)
    found = [decode(kind, body, Side.CLIENT) for kind, body in read]
    return b"".join(encode(why(each.number)) for each in found if isinstance(each, Requested))
