"""The native protocol over TCP: frames and messages, as bytes. It opens no socket.

`docs/reference/network.md` has it byte by byte.
"""

from zeta.network.fault import BadFrame, OtherProtocol
from zeta.network.frame import FRAME_MAX, FRAME_MIN, FrameReader, first_frame, frame
from zeta.network.hello import HELLO_LEN, Hello
from zeta.network.message import (
    Ask,
    Certified,
    Failed,
    Fault,
    Goodbye,
    HandshakeAnswer,
    HandshakeRequest,
    Introduced,
    Message,
    NotCertifying,
    NotYet,
    PathFound,
    PathRequest,
    Refused,
    Replied,
    Requested,
    Revoke,
    Revoked,
    Settled,
    Side,
    Subscribe,
    decode,
    encode,
)

__all__ = [
    "FRAME_MAX",
    "FRAME_MIN",
    "HELLO_LEN",
    "Ask",
    "BadFrame",
    "Certified",
    "Failed",
    "Fault",
    "FrameReader",
    "Goodbye",
    "HandshakeAnswer",
    "HandshakeRequest",
    "Hello",
    "Introduced",
    "Message",
    "NotCertifying",
    "NotYet",
    "OtherProtocol",
    "PathFound",
    "PathRequest",
    "Refused",
    "Replied",
    "Requested",
    "Revoke",
    "Revoked",
    "Settled",
    "Side",
    "Subscribe",
    "decode",
    "encode",
    "first_frame",
    "frame",
]
