"""What the other side of a connection can do wrong; the connection is of no use afterwards."""

from zeta.errors import Error


class BadFrame(Error):
    """The other side sent what is no frame, or no message that it may send."""


class OtherProtocol(Error):
    """The other side speaks another protocol, or another version of this one."""
