"""What a client meets: lies of the host, and what its own user must see to."""

from typing import TYPE_CHECKING

from zeta.errors import ApiMisuse, HostError

if TYPE_CHECKING:
    from zeta.client.session import Request


class HandshakeFailed(HostError):
    """The answer to a handshake is not that of the verifier that was introduced."""


class _AboutRequest(HostError):
    """Something about one request."""

    request: "Request | None" = None
    """The request, to ask about with `Client.fate`, or to send again with `Client.repeat`."""


class ForgedReply(_AboutRequest):
    """What the host handed over is not what the verifier said about this request."""


class RolledBack(_AboutRequest):
    """The verifier answered in an epoch that it had certified before: somebody set it back."""


class OtherVerifier(HostError):
    """An introduction is not by the identity, or not of the instance, that was pinned."""


class Restarted(HostError):
    """The verifier was started anew: sessions died, and what was not answered stays unknown."""


class NotPinned(ApiMisuse):
    """Nobody has said which verifier is to be expected at this address."""


class StateUnusable(ApiMisuse):
    """The state file is damaged, in use, or of another client or verifier than those of now."""


class ConnectionLost(HostError):
    """The connection is gone, or the host ended it; raised by a call that was not sent."""


class NoAnswer(HostError, TimeoutError):
    """No answer came in time."""


class Unsettled(_AboutRequest):
    """No answer came, so the request may have run: ask for its fate before anything else."""

    def __init__(self, request: "Request", why: str) -> None:
        super().__init__(f"what became of request `{request.sequence}` is not known: {why}")
        self.request: Request = request


class NotExecuted(_AboutRequest):
    """It did not run and never will, for certain: it may be asked for anew."""


class ResultLost(_AboutRequest):
    """It ran, once, for certain; what it was answered is not kept any more."""
