"""Frames: a length, a kind and a body; absurd lengths are refused before anything is kept."""

from collections.abc import Iterator
from struct import Struct

from zeta.errors import InvalidValue
from zeta.network.fault import BadFrame

_LENGTH = Struct("<I")
FRAME_MIN = 8192
"""The least that a side must take: any message but those with arguments or results fits."""
FRAME_MAX = 4 << 20
"""What a side takes unless it says otherwise: several of the longest values fit."""


def frame(kind: int, body: bytes, limit: int = FRAME_MAX) -> bytes:
    """The frame of a message.

    Raises:
        InvalidValue: the other side takes only frames up to `limit`.
    """
    length = 1 + len(body)
    if length > limit:
        raise InvalidValue(f"a message of `{length}` bytes, and the other side takes `{limit}`")
    return _LENGTH.pack(length) + bytes([kind]) + body


def first_frame(data: bytes | bytearray, at: int, limit: int) -> tuple[int, bytes, int] | None:
    """The kind and body of the frame that begins at `at`, and its end; `None` while it is cut.

    Raises:
        BadFrame: it is empty, or longer than `limit`; so its length is enough.
    """
    if len(data) - at < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(data, at)
    if not 1 <= length <= limit:
        raise BadFrame(f"a frame of `{length}` bytes: `1` to `{limit}` are taken")
    begin = at + _LENGTH.size
    end = begin + length
    if len(data) < end:
        return None
    return data[begin], bytes(data[begin + 1 : end]), end


def first_frame_len(data: bytes, at: int) -> int:
    """Bytes from `at` on that hold a whole frame; of its length alone, while that is cut."""
    if len(data) - at < _LENGTH.size:
        return _LENGTH.size
    (length,) = _LENGTH.unpack_from(data, at)
    return _LENGTH.size + int(length)


class FrameReader:
    """Takes bytes as they come, and gives whole frames; it keeps less than one of them."""

    def __init__(self, limit: int = FRAME_MAX) -> None:
        """Takes frames of up to `limit` bytes, as this side said in its hello."""
        self._limit = limit
        self._kept = bytearray()

    @property
    def kept(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._kept)

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The kinds and bodies of the frames that these bytes complete, in their order.

        Raises:
            BadFrame: a frame is empty, or longer than this side takes; there are no more.
        """
        kept = self._kept
        kept += data
        at = 0
        try:
            while found := first_frame(kept, at, self._limit):
                kind, body, at = found
                yield kind, body
        finally:
            del kept[:at]
