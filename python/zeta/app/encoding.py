"""The encoding of a program (docs/reference/program_format.md), and its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from zeta.app import integers
from zeta.app.code import RowOf
from zeta.app.layout import Instruction, Laid
from zeta.app.relation import Table
from zeta.app.signature import Signature
from zeta.app.types import Boolean, Bytes, Enumeration, Fixed, Flat, Integer, Leaf, Text, flatten

MAGIC = b"zetaprog"
VERSION = 1
_DOMAIN = b"zeta program v1\0"

OPCODES = {
    "word": 0,
    "constant": 1,
    "move": 2,
    "convert": 3,
    "arithmetic": 4,
    "compare": 5,
    "logic": 6,
    "not": 7,
    "length": 8,
    "slice": 9,
    "pack": 10,
    "sha256": 11,
    "hmac": 12,
    "bind": 13,
    "read": 14,
    "load": 15,
    "store": 16,
    "delete": 17,
    "jump": 18,
    "jump unless": 19,
    "check": 20,
    "fail": 21,
    "epoch": 22,
    "return": 23,
}


@dataclass(frozen=True)
class Assembly:
    """A program in parts."""

    name: str
    tables: tuple[Table, ...]
    constants: tuple[bytes, ...]
    reasons: tuple[str, ...]
    transitions: tuple[tuple[Signature, Laid], ...]


def digest_of(program: bytes) -> bytes:
    """What people approve: SHA-256 of a domain and the program."""
    return hashlib.sha256(_DOMAIN + program).digest()


def encode(assembly: Assembly) -> bytes:
    """The bytes of a program: it has no other encoding."""
    out = bytearray(MAGIC)
    out += _u16(VERSION) + _text(assembly.name)
    out += _u16(len(assembly.tables))
    for table in assembly.tables:
        out += _text(table.name)
        out += _fields(table.key_fields())
        out += _fields(table.row_fields())
    out += _u16(len(assembly.constants))
    for constant in assembly.constants:
        out += len(constant).to_bytes(4, "little") + constant
    out += _u16(len(assembly.reasons))
    for reason in assembly.reasons:
        out += _text(reason)
    out += _u16(len(assembly.transitions))
    places = {constant: index for index, constant in enumerate(assembly.constants)}
    for signature, laid in assembly.transitions:
        out += _transition(signature, laid, places)
    return bytes(out)


def _transition(signature: Signature, laid: Laid, places: dict[bytes, int]) -> bytes:
    out = bytearray(_text(signature.name))
    out += _fields(arguments_of(signature))
    results = flatten(signature.result, "result")
    out += _u16(len(results))
    for one in results:
        out += bytes([one.optional]) + _type(one.leaf)
    out += _u16(len(laid.locals))
    for local in laid.locals:
        out += _type(local)
    out += _u16(len(laid.instructions))
    for instruction in laid.instructions:
        out += _instruction(instruction, places)
    return bytes(out)


def arguments_of(signature: Signature) -> list[Flat]:
    """The values that a program holds for the arguments."""
    return [flat for one in signature.parameters for flat in flatten(one.type, one.name)]


def _instruction(one: Instruction, places: dict[bytes, int]) -> bytes:
    targets, sources = _registers(one.targets), _registers(one.sources)
    opcode = bytes([OPCODES[one.name]])
    match one.name:
        case "word":
            return opcode + targets + one.number.to_bytes(8, "little")
        case "constant":
            return opcode + targets + _u16(places[one.constant])
        case "arithmetic" | "compare" | "logic":
            return opcode + bytes([one.number]) + targets + sources
        case "pack" | "bind":
            return opcode + targets + _u16(len(one.sources)) + sources
        case "read":
            presence, rest = _registers(one.targets[:1]), one.targets[1:]
            return opcode + presence + sources + _u16(len(rest)) + _registers(rest)
        case "load":
            return opcode + sources + _u16(len(one.targets)) + targets
        case "store":
            row, rest = _registers(one.sources[:1]), one.sources[1:]
            return opcode + row + _u16(len(rest)) + _registers(rest)
        case "jump" | "jump unless" | "check" | "fail":
            return opcode + sources + _u16(one.number)
        case "return":
            return opcode + _u16(len(one.sources)) + sources
        case _:
            return opcode + targets + sources


def _fields(fields: Sequence[Flat]) -> bytes:
    out = bytearray(_u16(len(fields)))
    for one in fields:
        out += _text(one.name) + bytes([one.optional]) + _type(one.leaf)
    return bytes(out)


def _type(type_: Leaf | RowOf) -> bytes:
    match type_:
        case Boolean():
            return b"\x00"
        case Integer(cls):
            return bytes([1 + next(i for i, one in enumerate(integers.ALL) if one is cls)])
        case Bytes(longest):
            return b"\x09" + longest.to_bytes(4, "little")
        case Fixed(length):
            return b"\x0a" + length.to_bytes(4, "little")
        case RowOf(table):
            return b"\x0b" + _u16(table)
        case Text(longest):
            return b"\x0c" + longest.to_bytes(4, "little")
        case Enumeration():
            return b"\x0d" + _u16(len(type_.members))


def _text(text: str) -> bytes:
    raw = text.encode()
    return _u16(len(raw)) + raw


def _registers(numbers: Sequence[int]) -> bytes:
    return b"".join(map(_u16, numbers))


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "little")
