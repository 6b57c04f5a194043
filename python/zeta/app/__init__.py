"""Applications in plain Python: a class with relations and transitions, which a verifier runs."""

from zeta.app.annotation import Exactly, Max
from zeta.app.application import Application
from zeta.app.function import check, equal, hmac_sha256, narrow, sha256, transition
from zeta.app.integers import I8, I16, I32, I64, U8, U16, U32, U64
from zeta.app.relation import Relation
from zeta.app.row import row
from zeta.app.signature import Signature

__all__ = [
    "I8",
    "I16",
    "I32",
    "I64",
    "U8",
    "U16",
    "U32",
    "U64",
    "Application",
    "Exactly",
    "Max",
    "Relation",
    "Signature",
    "check",
    "equal",
    "hmac_sha256",
    "narrow",
    "row",
    "sha256",
    "transition",
]
