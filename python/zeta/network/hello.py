"""The first bytes of each side: which protocol, which version, and the longest frame it takes."""

from struct import Struct
from typing import NamedTuple

from zeta.errors import InvalidValue
from zeta.network.fault import OtherProtocol
from zeta.network.frame import FRAME_MAX, FRAME_MIN

MAGIC = b"zeta net"
VERSION = 1
_HELLO = Struct("<8sHI")
HELLO_LEN = _HELLO.size
_FRAME_LIMIT = (1 << 32) - 1


class Hello(NamedTuple):
    """What a side says first."""

    frame_max: int = FRAME_MAX
    """The longest frame that it takes, in bytes, without the length in front."""
    version: int = VERSION

    def encode(self) -> bytes:
        """Its bytes.

        Raises:
            InvalidValue: no frame is so short or so long.
        """
        if not FRAME_MIN <= self.frame_max <= _FRAME_LIMIT:
            raise InvalidValue(f"a side takes frames of `{FRAME_MIN}` bytes at least")
        return _HELLO.pack(MAGIC, self.version, self.frame_max)

    @classmethod
    def decode(cls, data: bytes) -> "Hello | None":
        """What the first bytes say; `None` while they are too few and may still become a hello.

        Raises:
            OtherProtocol: they are of something else; so the first wrong byte is enough.
        """
        if not data.startswith(MAGIC[: len(data)]):
            raise OtherProtocol("the first bytes are not those of Zeta's protocol")
        if len(data) < HELLO_LEN:
            return None
        _, version, frame_max = _HELLO.unpack_from(data)
        if version != VERSION:
            raise OtherProtocol(f"the other side speaks version `{version}`, and this one `1`")
        if frame_max < FRAME_MIN:
            raise OtherProtocol(f"frames of `{frame_max}` bytes hold no message")
        return cls(frame_max, version)
