"""The failures that every program has built in: their codes and what they mean."""

from __future__ import annotations

from typing import Never

from zeta.errors import CheckFailed

OVERFLOW = 1
DIVISION_BY_ZERO = 2
ABSENT_ROW = 3
BOUNDS = 4
MALFORMED = 5
TOO_LONG = 6
INTERNAL = 255
REASON_BASE = 256
"""The code of an application's first own reason."""
UNNUMBERED = 0xFFFF
"""A reason outside of an application, which alone could number it."""

TEXTS = {
    OVERFLOW: "a number is outside its type",
    DIVISION_BY_ZERO: "a division by zero",
    ABSENT_ROW: "a row is absent",
    BOUNDS: "a slice is outside its byte string",
    MALFORMED: "bytes do not decode at their type",
    TOO_LONG: "a byte string is longer than its type",
    INTERNAL: "an invariant of the loader is broken",
}


def failed(code: int) -> Never:
    """Ends a call with a failure that is built in."""
    raise CheckFailed(code, TEXTS[code])
