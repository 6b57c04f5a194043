"""The client's side: what it must check, keep and pin in order not to trust the host.

What is checked is apart from what does I/O: `core.py` and what it is made of take and give bytes,
and the twins `zeta.connect` and `zeta.aio.connect` carry them. Nothing of the host nor of the
extension is imported.
`docs/clients.md` shows its use, `docs/reference/sessions_and_receipts.md` has its bytes.
"""

from zeta.client.blocking import Client, Handle, Pipeline
from zeta.client.fault import (
    ConnectionLost,
    ForgedReply,
    HandshakeFailed,
    NoAnswer,
    NotExecuted,
    NotPinned,
    OtherVerifier,
    Restarted,
    ResultLost,
    RolledBack,
    StateUnusable,
    Unsettled,
)
from zeta.client.handshake import Handshake, Opened
from zeta.client.number import WINDOW, Numbers
from zeta.client.retry import Retry
from zeta.client.session import Answered, Fate, Reply, Request, Session, Status
from zeta.client.state import State, StateFile
from zeta.client.trust import Pin, TrustFile

__all__ = [
    "WINDOW",
    "Answered",
    "Client",
    "ConnectionLost",
    "Fate",
    "ForgedReply",
    "Handle",
    "Handshake",
    "HandshakeFailed",
    "NoAnswer",
    "NotExecuted",
    "NotPinned",
    "Numbers",
    "Opened",
    "OtherVerifier",
    "Pin",
    "Pipeline",
    "Reply",
    "Request",
    "Restarted",
    "ResultLost",
    "Retry",
    "RolledBack",
    "Session",
    "State",
    "StateFile",
    "StateUnusable",
    "Status",
    "TrustFile",
    "Unsettled",
]
