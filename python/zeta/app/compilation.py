"""Compilation: from what a class declares to the parts of its program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zeta.app.declaration import Declaration, Declared
from zeta.app.encoding import Assembly
from zeta.app.layout import Laid, lay_out
from zeta.app.lowering import Lowering
from zeta.app.statements import check_transition


def compiled(declaration: Declaration) -> Assembly:
    """The program of an application in parts; raises `LanguageError`."""
    helpers: dict[Any, Declared] = {}
    reasons: dict[str, int] = {}
    transitions = []
    for declared in declaration.transitions.values():
        body = check_transition(declaration, declared, helpers)
        lowering = Lowering(declared.signature.result, reasons, body.place)
        entry = lowering.lower(body, [one.type for one in declared.signature.parameters])
        transitions.append((declared.signature, lay_out(entry, lowering.arguments)))
    return Assembly(
        declaration.cls.__name__,
        tuple(declaration.tables.values()),
        _constants(laid for _, laid in transitions),
        tuple(reasons),
        tuple(transitions),
    )


def _constants(code: Iterable[Laid]) -> tuple[bytes, ...]:
    """The constants of the code, in the order in which it names them first."""
    found: dict[bytes, None] = {}
    for laid in code:
        for instruction in laid.instructions:
            if instruction.name == "constant":
                found.setdefault(instruction.constant)
    return tuple(found)
