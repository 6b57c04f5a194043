"""One connection to a host, without its socket: bytes come in, messages go out, and back."""

from collections.abc import Iterator

from zeta.network import (
    FRAME_MIN,
    HELLO_LEN,
    FrameReader,
    Hello,
    Message,
    Side,
    decode,
    encode,
)

_HEAD_MAX = 64
"""More than the fixed fields of any message of a client."""


class Link:
    """It has said its hello, and waits for the host's."""

    def __init__(self) -> None:
        self._out = bytearray(Hello().encode())
        self._head = b""
        self._host: Hello | None = None
        self._frames = FrameReader()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that these bytes complete.

        Raises:
            OtherProtocol: the host's first bytes are no hello of this version.
            BadFrame: what follows is no message of a host.
        """
        if self._host is None:
            need = HELLO_LEN - len(self._head)
            self._head, data = self._head + data[:need], data[need:]
            self._host = Hello.decode(self._head)
            if self._host is None:
                return
        for kind, body in self._frames.feed(data):
            yield decode(kind, body, Side.HOST)

    def send(self, message: Message) -> None:
        """Adds a message to what is to be sent.

        Raises:
            InvalidValue: the host does not take so long a one.
        """
        self._out += encode(message, self._frame_max)

    def fits(self, length: int) -> bool:
        """Whether the host takes a message with so many bytes of arguments."""
        return length + _HEAD_MAX <= self._frame_max

    def outgoing(self) -> bytearray:
        """What is to be sent; whoever sends a part takes that part away."""
        return self._out

    @property
    def _frame_max(self) -> int:
        return FRAME_MIN if self._host is None else self._host.frame_max
