"""What the functions of an application call besides their own: checks, hashes, conversions."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Literal, Never, TypeVar, overload

from zeta.app.annotation import Unsuitable, type_of
from zeta.app.failure import MALFORMED, TOO_LONG, UNNUMBERED, failed
from zeta.app.types import Bytes, Fixed, Text
from zeta.errors import CheckFailed, InvalidType

F = TypeVar("F", bound=Callable[..., Any])
B = TypeVar("B", bytes, str)


def transition(function: F) -> F:
    """Marks a method as a transition: an operation that clients may ask for."""
    function.__zeta_transition__ = True  # type: ignore[attr-defined]
    return function


@overload
def check(condition: Literal[False], reason: str) -> Never: ...
@overload
def check(condition: bool, reason: str) -> None: ...
def check(condition: bool, reason: str) -> None:
    """Ends the transition with a reason unless the condition holds; then nothing is changed."""
    if not condition:
        raise CheckFailed(UNNUMBERED, reason)


def sha256(data: bytes) -> bytes:
    """The SHA-256 of a byte string: 32 bytes."""
    return hashlib.sha256(data).digest()


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The HMAC-SHA256 of a message: 32 bytes."""
    return hmac.digest(key, message, "sha256")


def equal(left: bytes, right: bytes) -> bool:
    """Whether two byte strings are equal; of one length, in a time that tells nothing else."""
    return hmac.compare_digest(left, right)


def narrow(value: B, to: Any) -> B:
    """The same bytes or text as a narrower type, `narrow(found, Digest)`.

    A value that is too long, or not of the exact length, is a failed check.
    """
    try:
        type_ = type_of(to)
    except Unsuitable as error:
        raise InvalidType(f"{error.what}: {error.instead}") from None
    length = len(value.encode() if isinstance(value, str) else value)
    match type_:
        case Fixed(exact) if length != exact:
            failed(MALFORMED)
        case Bytes(longest) | Text(longest) if length > longest:
            failed(TOO_LONG)
    return value
