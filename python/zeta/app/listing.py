"""Listings: a program as text, for the person who approves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zeta import _native
from zeta.app.code import RowOf
from zeta.app.encoding import Assembly, arguments_of, digest_of, encode
from zeta.app.failure import REASON_BASE, TEXTS
from zeta.app.layout import Instruction, Laid
from zeta.app.signature import Signature
from zeta.app.types import Boolean, Enumeration, Flat, Integer

_ARITHMETIC = ("+", "-", "*", "//", "%")
_COMPARISON = ("==", "<", "<=")
_LOGIC = ("and", "or")


def described(assembly: Assembly) -> dict[str, Any]:
    """Everything that a program says, as plain data."""
    program = encode(assembly)
    machine = _native.Program(program)
    return {
        "name": assembly.name,
        "digest": digest_of(program).hex(),
        "bytes": len(program),
        "relations": [
            {
                "name": table.name,
                "key": [_field(one) for one in table.key_fields()],
                "row": [_field(one) for one in table.row_fields()],
            }
            for table in assembly.tables
        ],
        "reasons": {REASON_BASE + index: text for index, text in enumerate(assembly.reasons)},
        "transitions": [
            _transition(assembly, signature, laid, machine.cost(index))
            for index, (signature, laid) in enumerate(assembly.transitions)
        ],
    }


def _transition(
    assembly: Assembly, signature: Signature, laid: Laid, cost: tuple[int, int, int]
) -> dict[str, Any]:
    rows, scratch, time = cost
    return {
        "name": signature.name,
        "doc": signature.doc,
        "arguments": [{"name": one.name, "type": str(one.type)} for one in signature.parameters],
        "result": str(signature.result),
        "rows": rows,
        "scratch_bytes": scratch,
        "time": time,
        "code": list(listed(assembly, signature, laid)),
    }


def _field(one: Flat) -> dict[str, str]:
    return {"name": one.name, "type": f"{one.leaf} | None" if one.optional else str(one.leaf)}


def listed(assembly: Assembly, signature: Signature, laid: Laid) -> Iterator[str]:
    """The instructions of a transition, a line each."""
    names: list[str] = []
    for one in arguments_of(signature):
        if one.optional:
            names.append(f"{one.name}?")
        names.append(one.name)
    first = len(names)
    names += [f"r{first + index}" for index in range(len(laid.locals))]
    types = dict(zip(names[first:], laid.locals, strict=True))
    for instruction in laid.instructions:
        targets = [names[one] for one in instruction.targets]
        sources = [names[one] for one in instruction.sources]
        left = ", ".join(targets)
        right = _right(assembly, instruction, targets, sources, types)
        yield f"{left} = {right}" if left else right


def _right(
    assembly: Assembly,
    one: Instruction,
    targets: list[str],
    sources: list[str],
    types: dict[str, Any],
) -> str:
    inner = ", ".join(sources)
    match one.name:
        case "word":
            return _word(one.number, types[targets[0]])
        case "constant":
            return repr(one.constant)
        case "move":
            return inner
        case "arithmetic":
            return f"{sources[0]} {_ARITHMETIC[one.number]} {sources[1]}"
        case "compare":
            return f"{sources[0]} {_COMPARISON[one.number]} {sources[1]}"
        case "logic":
            return f"{sources[0]} {_LOGIC[one.number]} {sources[1]}"
        case "not":
            return f"not {inner}"
        case "slice":
            return f"{sources[0]}[{sources[1]}:{sources[2]}]"
        case "convert" | "pack":
            return f"{one.name} {inner} to {types[targets[0]]}"
        case "bind":
            row = types[targets[0]]
            assert isinstance(row, RowOf)
            return f"row {assembly.tables[row.table].name}[{inner}]"
        case "store":
            return f"store {sources[0]}: {', '.join(sources[1:])}".rstrip(": ")
        case "jump":
            return f"jump to {one.number}"
        case "jump unless":
            return f"jump to {one.number} unless {inner}"
        case "check":
            return f"check {inner}, else {_reason(assembly, one.number)}"
        case "fail":
            return f"fail: {_reason(assembly, one.number)}"
        case _:
            return f"{one.name} {inner}".strip()


def _word(word: int, type_: Any) -> str:
    match type_:
        case Boolean():
            return str(bool(word))
        case Enumeration(cls):
            return f"{cls.__name__}.{list(cls)[word].name}"
        case Integer() if type_.low < 0 and word >= 1 << 63:
            return str(word - (1 << 64))
        case _:
            return str(word)


def _reason(assembly: Assembly, code: int) -> str:
    if code >= REASON_BASE:
        return repr(assembly.reasons[code - REASON_BASE])
    return TEXTS[code]
