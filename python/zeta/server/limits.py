"""What one connection may cost the others."""

from dataclasses import dataclass

from zeta.network import FRAME_MAX


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server grants. Who goes beyond is told so, and nobody else notices."""

    connections: int = 4096
    """Who comes beyond them is sent away."""
    frame_max: int = FRAME_MAX
    """Bytes of a frame."""
    in_flight: int = 1024
    """Messages of a connection that are not answered; no more are read until some are."""
    unread: int = 16 << 20
    """Bytes that a connection lets pile up; then it ends."""
    memory: int = 512 << 20
    """Bytes that all connections together let pile up or leave unfinished; then the one with the
    most is cut off."""
    hello_seconds: float = 10.0
    """Within which a connection says its hello."""
    frame_seconds: float = 30.0
    """Within which a frame that was begun is whole."""
    read_seconds: float = 30.0
    """Within which a connection takes something of what is piled up."""
    idle_seconds: float = 600.0
    """Within which a connection asks for something, unless it subscribed to certifications."""
    linger_seconds: float = 2.0
    """Within which a connection that ended takes why, and closes its side."""
    goodbye_seconds: float = 5.0
    """For how long a server that closes answers questions, and hands out paths."""
    batch: int = 4096
    """Requests that run in one call, or a few more."""
    kept_replies: int = 1024
    """Replies of a session that are kept for who asks again."""
    kept_session_bytes: int = 1 << 20
    """What the kept replies of a session may take, about; the last is kept however long it is."""
    kept_bytes: int = 64 << 20
    """What those of all sessions may take; each has its share."""
    kept_handshakes: int = 65_536
    """Handshakes that are answered as before where somebody repeats them."""
