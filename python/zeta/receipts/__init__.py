"""Receipts, verified offline and without a secret by whoever is shown one.

TRUSTED by whoever relies on a receipt: plain Python that needs neither the host nor the extension,
only SHA-256 and Ed25519 from well-kept libraries. `docs/receipts.md` says what a receipt proves,
`docs/reference/sessions_and_receipts.md` its bytes.
"""

from zeta.errors import ReceiptError
from zeta.receipts import fault
from zeta.receipts.certification import Certification
from zeta.receipts.document import read, read_identity, write
from zeta.receipts.fork import Forked
from zeta.receipts.introduction import Introduction
from zeta.receipts.pinned import Pinned, Verified, verify
from zeta.receipts.receipt import Answer, Authentication, Receipt, decode, encode

__all__ = [
    "Answer",
    "Authentication",
    "Certification",
    "Forked",
    "Introduction",
    "Pinned",
    "Receipt",
    "ReceiptError",
    "Verified",
    "decode",
    "encode",
    "fault",
    "read",
    "read_identity",
    "verify",
    "write",
]
