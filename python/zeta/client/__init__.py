"""The client's side: what it must check, keep and pin in order not to trust the host.

It does no I/O but for its two small files, and imports nothing of the host nor of the extension.
`docs/clients.md` shows its use, `docs/reference/sessions_and_receipts.md` has its bytes.
"""

from zeta.client.fault import (
    ForgedReply,
    HandshakeFailed,
    NotPinned,
    OtherVerifier,
    RolledBack,
    StateUnusable,
)
from zeta.client.handshake import Handshake, Opened
from zeta.client.number import WINDOW, Numbers
from zeta.client.session import Answered, Fate, Reply, Request, Session, Status
from zeta.client.state import State, StateFile
from zeta.client.trust import Pin, TrustFile

__all__ = [
    "WINDOW",
    "Answered",
    "Fate",
    "ForgedReply",
    "Handshake",
    "HandshakeFailed",
    "NotPinned",
    "Numbers",
    "Opened",
    "OtherVerifier",
    "Pin",
    "Reply",
    "Request",
    "RolledBack",
    "Session",
    "State",
    "StateFile",
    "StateUnusable",
    "Status",
    "TrustFile",
]
