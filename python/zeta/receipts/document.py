"""Files of receipts, certifications, introductions and identities."""

import re
from os import PathLike
from pathlib import Path
from typing import Literal, TypeAlias

from zeta.errors import InvalidValue
from zeta.receipts.fault import WrongFile

Kind: TypeAlias = Literal["receipt", "certification", "introduction"]

# By pattern: a library for JSON would take the last of two members, or an escaped name.
_JSON = re.compile(
    rb'[ \t\r\n]*\{[ \t\r\n]*"(?P<kind>[a-z]+)"[ \t\r\n]*:'
    rb'[ \t\r\n]*"(?P<digits>(?:[0-9a-f]{2})*)"[ \t\r\n]*\}[ \t\r\n]*'
)
_IDENTITY = re.compile(rb"[0-9a-fA-F]{64}\n")


def read(path: str | PathLike[str], kind: Kind = "receipt") -> bytes:
    """The bytes of a receipt's file: as they are, or written as JSON if its name ends so.

    Raises:
        WrongFile: the name ends in `.json` and the file is not that JSON.
        OSError: the file cannot be read.
    """
    path = Path(path)
    content = path.read_bytes()
    return from_json(content, kind) if path.suffix == ".json" else content


def write(path: str | PathLike[str], data: bytes, kind: Kind = "receipt") -> None:
    """Writes a receipt's bytes: as they are, or as JSON if the file's name ends so.

    Raises:
        OSError: the file cannot be written.
    """
    path = Path(path)
    path.write_bytes(to_json(data, kind) if path.suffix == ".json" else data)


def from_json(text: bytes, kind: Kind = "receipt") -> bytes:
    """The bytes that a JSON text holds.

    Raises:
        WrongFile: the text is not an object with this one member, in lower case hex digits.
    """
    found = _JSON.fullmatch(text)
    if found is None or found["kind"] != kind.encode():
        raise WrongFile(f'the file is not `{{"{kind}": "<hex digits in lower case>"}}`')
    return bytes.fromhex(found["digits"].decode())


def to_json(data: bytes, kind: Kind = "receipt") -> bytes:
    """The bytes as a JSON text."""
    return f'{{"{kind}": "{data.hex()}"}}\n'.encode()


def read_identity(path: str | PathLike[str]) -> bytes:
    """The identity of a file such as `zeta.pub`, 32 bytes.

    Raises:
        InvalidValue: the file is not 64 hex digits and a line feed.
        OSError: the file cannot be read.
    """
    content = Path(path).read_bytes()
    if _IDENTITY.fullmatch(content) is None:
        raise InvalidValue(f"`{path}` is no identity, which is 64 hex digits and a line feed")
    return bytes.fromhex(content.decode())
