"""What a client waits for: each task ends once, with a result or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zeta.app.signature import Signature
    from zeta.client.session import Answered, Request


class Task:
    """Something that ends; whoever runs the core may have somebody wait for it."""

    __slots__ = ("error", "finished", "result", "waiter")

    def __init__(self) -> None:
        self.finished = False
        self.result: Any = None
        self.error: Exception | None = None
        self.waiter: Any = None
        """Whom to tell, for whoever runs the core."""

    def outcome(self) -> Any:
        """The result; raises the error."""
        if self.error is not None:
            raise self.error
        return self.result


class Call(Task):
    """A transition that is to run: its result is its value."""

    __slots__ = ("answered", "arguments", "leaf_index", "receipt", "request", "signature", "which")

    def __init__(self, which: int, arguments: bytes, signature: Signature | None) -> None:
        super().__init__()
        self.which = which
        """The number of the transition."""
        self.arguments = arguments
        self.signature = signature
        """What it takes and returns, where that is known; else its result stays bytes."""
        self.request: Request | None = None
        """Once it has a number."""
        self.answered: Answered | None = None
        self.leaf_index = 0
        self.receipt: bytes | None = None
        """Certified and verified."""


class Question(Task):
    """What became of a request's number: its result is a `Fate`."""

    __slots__ = ("sequence",)

    def __init__(self, sequence: int) -> None:
        super().__init__()
        self.sequence = sequence


class Certified(Task):
    """The certified receipt of a call that was answered: its result is the receipt's bytes."""

    __slots__ = ("call", "limit")

    def __init__(self, call: Call, limit: float) -> None:
        super().__init__()
        self.call = call
        self.limit = limit
        """Seconds within which the host must hand out the path, once it may."""


class Rotation(Task):
    """A new session in place of the old one: its result is nothing."""

    __slots__ = ()


class Revocation(Task):
    """The end of the session: its result is nothing."""

    __slots__ = ()
