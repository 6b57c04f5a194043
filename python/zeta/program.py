"""Programs: the bytes that a verifier loads for an application."""

from typing import TYPE_CHECKING

from zeta.column import BytesLike
from zeta.errors import InvalidType

if TYPE_CHECKING:
    from zeta.app import Application


def program_of(app: "type[Application] | BytesLike") -> bytes:
    """The program of an application; bytes are a program already."""
    if isinstance(app, bytes | bytearray | memoryview):
        return bytes(app)
    if isinstance(app, type) and hasattr(app, "program") and hasattr(app, "transitions"):
        return app.program()
    raise InvalidType(f"`app` is an application, a class, not `{type(app).__name__}`")
