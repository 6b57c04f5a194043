"""What a client meets: lies of the host, and what its own user must see to."""

from zeta.errors import ApiMisuse, HostError


class HandshakeFailed(HostError):
    """The answer to a handshake is not that of the verifier that was introduced."""


class ForgedReply(HostError):
    """What the host handed over is not what the verifier said about this request."""


class RolledBack(HostError):
    """The verifier answered in an epoch that it had certified before: somebody set it back."""


class OtherVerifier(HostError):
    """An introduction is not by the identity, or not of the instance, that was pinned."""


class NotPinned(ApiMisuse):
    """Nobody has said which verifier is to be expected at this address."""


class StateUnusable(ApiMisuse):
    """The state file is damaged, in use, or of another verifier than the one that is asked."""
