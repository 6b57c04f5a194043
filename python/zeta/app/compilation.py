"""Compilation: from what a class declares to the parts of its program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from zeta.app.declaration import Declaration, Declared
from zeta.app.encoding import Assembly, encode
from zeta.app.layout import Laid, lay_out
from zeta.app.lowering import Lowering
from zeta.app.statements import check_transition
from zeta.errors import InvalidValue

try:
    from zeta import _native
except ImportError:
    # A client without the extension asks a verifier that has loaded the same program.
    _native = None  # type: ignore[assignment]


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


def loaded(declaration: Declaration, assembly: Assembly) -> bytes:
    """The bytes of a program that the verifier's loader takes; raises `LanguageError`."""
    program = encode(assembly)
    if _native is None:
        return program
    try:
        _native.Program(program)
    except InvalidValue:
        for place, one in enumerate(assembly.transitions):
            _check_alone(declaration, assembly, place, one[0].name)
        raise
    return program


def _check_alone(declaration: Declaration, assembly: Assembly, place: int, name: str) -> None:
    """Says which transition it is that the loader does not take."""
    alone = replace(assembly, transitions=assembly.transitions[place : place + 1])
    try:
        _native.Program(encode(alone))
    except InvalidValue as error:
        source = declaration.transitions[name].source
        why = str(error).rpartition(": ")[2]
        raise source.refuse(
            source.tree,
            f"the verifier does not take the transition: {why}",
            "types with smaller bounds, fewer rounds, or several transitions",
        ) from None


def _constants(code: Iterable[Laid]) -> tuple[bytes, ...]:
    """The constants of the code, in the order in which it names them first."""
    found: dict[bytes, None] = {}
    for laid in code:
        for instruction in laid.instructions:
            if instruction.name == "constant":
                found.setdefault(instruction.constant)
    return tuple(found)
