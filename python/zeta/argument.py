"""Arguments of functions in Python: what does not fit is the caller's fault, and told so."""

import operator
import os
from collections.abc import Iterable
from typing import TypeVar

from zeta.errors import InvalidType, InvalidValue

Item = TypeVar("Item")


def whole_number(name: str, number: object) -> int:
    """A whole number of any integer type; raises `InvalidType` for anything else."""
    try:
        return operator.index(number)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidType(f"`{name}` is a whole number, not `{type(number).__name__}`") from None


def number_within(name: str, number: object, least: int, most: int) -> int:
    """A whole number within bounds; raises `InvalidValue` outside of them."""
    whole = whole_number(name, number)
    if not least <= whole <= most:
        raise InvalidValue(f"`{name}` is `{least}` to `{most}`, not `{whole}`")
    return whole


def byte_string(string: object) -> bytes:
    """The bytes of a buffer; raises `InvalidType` for what is none."""
    if isinstance(string, bytes):
        return string
    try:
        return memoryview(string).tobytes()  # type: ignore[arg-type]
    except (TypeError, ValueError, BufferError):
        raise InvalidType(f"expected bytes, not `{type(string).__name__}`") from None


def folder_path(name: str, path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """A path in the file system; raises `InvalidType` and `InvalidValue` for what can be none."""
    try:
        return os.fsdecode(os.fsencode(path))
    except UnicodeEncodeError:
        raise InvalidValue(f"`{name}` is no path of this system: `{path!r}`") from None
    except TypeError:
        raise InvalidType(f"`{name}` is a path, not `{type(path).__name__}`") from None


def many(what: str, items: Iterable[Item]) -> Iterable[Item]:
    """Something to iterate over; raises `InvalidType` for what is not."""
    if not isinstance(items, Iterable):
        raise InvalidType(f"expected many {what}, not `{type(items).__name__}`")
    return items
