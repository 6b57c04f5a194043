"""The checker's ground: where it is, what it knows there, and how a value comes to a type."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import count
from typing import Any

from zeta.app.declaration import Declaration
from zeta.app.flow import Environment, Facts, assigned, meet, narrowed
from zeta.app.frame import Frame
from zeta.app.integers import FixedWidth
from zeta.app.tree import (
    Assign,
    Build,
    Coerce,
    Constant,
    Expression,
    Label,
    Let,
    Merges,
    Read,
    Statement,
    Variable,
)
from zeta.app.types import (
    BOOL,
    NOTHING,
    NUMBER,
    Boolean,
    Bytes,
    Enumeration,
    Fixed,
    Integer,
    Listing,
    Nothing,
    Number,
    Optional,
    Structure,
    Text,
    Type,
    fits,
    tuple_of,
)
from zeta.errors import LanguageError

NODES_MAX = 20_000
"""The most expressions of a transition, after its loops are unrolled and its helpers inlined."""


class Checker:
    """What every part of the checker uses; one transition has one checker."""

    def __init__(self, declaration: Declaration, frame: Frame) -> None:
        self.declaration = declaration
        self.frame = frame
        self.environment: Environment | None = {}
        """What is known here; none where no path leads."""
        self.exits: dict[Label, list[Environment]] = {}
        self.stack: list[Any] = [frame.declared.function]
        """The functions that are being inlined, outermost first."""
        self._labels = count()
        self._visited = 0

    # What the parts of the checker add.

    def expr(self, node: ast.expr) -> Expression:
        """The typed tree of an expression; raises `LanguageError`."""
        raise NotImplementedError

    def condition(self, node: ast.expr) -> tuple[Expression, Facts, Facts]:
        """A bool, with what is known where it holds and where it does not."""
        raise NotImplementedError

    def call(self, node: ast.Call) -> Expression:
        """The typed tree of a call."""
        raise NotImplementedError

    def block(self, statements: list[ast.stmt]) -> list[Statement]:
        """The typed tree of statements."""
        raise NotImplementedError

    def helper_end(self, node: ast.FunctionDef) -> None:
        """What follows the last statement of a helper."""
        raise NotImplementedError

    # What they share.

    def refuse(self, node: ast.AST, what: str, instead: str) -> LanguageError:
        return self.frame.refuse(node, what, instead)

    def label(self) -> Label:
        return Label(next(self._labels))

    def visit(self, node: ast.AST) -> None:
        """Counts an expression or a statement, so that no nest of loops takes for ever."""
        self._visited += 1
        if self._visited > NODES_MAX:
            raise self.refuse(
                node,
                f"the transition has more than `{NODES_MAX}` expressions when its loops are "
                "unrolled and its helpers inlined",
                "fewer rounds, or several transitions",
            )

    def known(self) -> Environment:
        """What is known at a point that is reached."""
        return self.environment if self.environment is not None else {}

    def leave(self, label: Label) -> None:
        """Ends a path here: it goes on where the label is."""
        if self.environment is not None:
            self.exits.setdefault(label, []).append(self.environment)
        self.environment = None

    def arrive(self, label: Label | None) -> Merges:
        """Goes on where the label is, after all paths that lead there."""
        paths = self.exits.pop(label, []) if label is not None else []
        self.environment, merges = meet([*paths, self.environment])
        return merges

    @contextmanager
    def where(self, facts: Facts) -> Iterator[None]:
        """Checks a part that is reached only where the facts hold."""
        before = self.environment
        self.environment = narrowed(self.known(), facts)
        yield
        self.environment = before

    def assign(self, node: ast.AST, name: str, value: Expression) -> Statement:
        """Gives a local name a value."""
        return self.give(node, self.frame.variable(name), value)

    def give(self, node: ast.AST, variable: Variable, value: Expression) -> Statement:
        """Gives a variable a value."""
        number = value.value if isinstance(value, Constant) and value.type == NUMBER else None
        self.known()[variable] = assigned(value.type, number)
        return Assign(self.frame.place(node), variable, value)

    def hold(self, node: ast.AST, value: Expression) -> tuple[list[Statement], Expression]:
        """The value for more than one use: it is evaluated once, here."""
        if isinstance(value, Constant | Read):
            return [], value
        variable = Variable("")
        return [Assign(self.frame.place(node), variable, value)], Read(value.type, variable)

    def expect(self, value: Expression, type_: Type, node: ast.AST) -> Expression:
        """The value at a type that its place asks for, where plain numbers take that type too."""
        number = value.type == NUMBER and isinstance(value, Constant)
        if number and isinstance(value, Constant):
            inner = type_.inner if isinstance(type_, Optional) else type_
            if isinstance(inner, Integer):
                typed = self.number(value, inner, node)
                return typed if inner is type_ else Coerce(type_, typed)
        if isinstance(value, Build) and isinstance(type_, Structure):
            parts = zip(value.parts, type_.types, strict=False)
            if type_.cls is None and len(value.parts) == len(type_.types):
                return Build(type_, tuple(self.expect(part, one, node) for part, one in parts))
        return self.fit(value, type_, node)

    def fit(self, value: Expression, type_: Type, node: ast.AST) -> Expression:
        """The value at a type that it fits as it is."""
        if value.type == type_:
            return value
        if fits(value.type, type_):
            return Coerce(type_, value)
        raise self.refuse(
            node,
            f"this is `{value.type}`, and `{type_}` is needed",
            self._instead(value, type_, node),
        )

    def _instead(self, value: Expression, type_: Type, node: ast.AST) -> str:
        text = ast.unparse(node) if isinstance(node, ast.expr) else "value"
        inner = type_.inner if isinstance(type_, Optional) else type_
        match value.type, inner:
            case Optional(), _ if not isinstance(type_, Optional):
                return f"`if {text} is not None:` before, for a local name"
            case ((Number() | Integer()), Integer()):
                return f"`{inner}({text})`"
            case ((Bytes() | Fixed()), (Bytes() | Fixed())):
                return f"`narrow({text}, {inner})`"
            case Text(), Text():
                return f"`narrow({text}, {inner})`"
            case Text(), (Bytes() | Fixed()):
                return f"`{text}.encode()`"
            case ((Bytes() | Fixed()), Text()):
                return f"`{text}.decode()`"
            case Integer(), Boolean():
                return f"`{text} != 0`"
            case Boolean(), Integer():
                return f"`{inner}(1) if {text} else {inner}(0)`"
            case _:
                return f"a value of `{type_}`"

    def number(self, value: Constant, type_: Integer, node: ast.AST) -> Constant:
        """A plain number at an integer type."""
        if not type_.holds(value.value):
            raise self.refuse(
                node,
                f"`{value.value}` is not in `{type_}`",
                f"a number from {type_.low} to {type_.high}",
            )
        return Constant(type_, value.value)

    def constant(self, value: Any, node: ast.AST) -> Expression:
        """A Python object as a constant of the language."""
        if isinstance(value, bool):
            return Constant(BOOL, value)
        if isinstance(value, FixedWidth):
            return Constant(Integer(type(value)), int(value))
        if isinstance(value, Enum):
            return Constant(Enumeration(type(value)), value)
        if isinstance(value, int):
            return Constant(NUMBER, value)
        if isinstance(value, bytes):
            return Constant(bytes_type(len(value)), value)
        if isinstance(value, str):
            return Constant(Text(len(self._utf8(value, node))), value)
        if value is None:
            return Constant(NOTHING, None)
        if isinstance(value, tuple):
            parts = tuple(self.constant(part, node) for part in value)
            return Build(tuple_of(tuple(part.type for part in parts)), parts)
        structure = getattr(type(value), "__zeta_row__", None)
        if isinstance(structure, Structure):
            found = zip(structure.names, structure.types, strict=True)
            return Build(
                structure,
                tuple(
                    self.fit(self.constant(getattr(value, name), node), one, node)
                    for name, one in found
                ),
            )
        raise self.refuse(
            node,
            f"`{ast.unparse(node)}` is `{type(value).__name__}`, which the language does not have",
            "a constant that is an integer, bytes, text, a bool, an enum member, a row or a tuple",
        )

    def _utf8(self, value: str, node: ast.AST) -> bytes:
        try:
            return value.encode()
        except UnicodeEncodeError:
            raise self.refuse(node, "text that UTF-8 cannot hold", "other text") from None


def bytes_type(length: int) -> Bytes | Fixed:
    """The narrowest type of byte strings of one length."""
    return Fixed(length) if 1 <= length <= 1024 else Bytes(length)


def let(steps: list[Statement], result: Expression) -> Expression:
    """Statements, and then a value."""
    return Let(result.type, tuple(steps), result) if steps else result


def is_list(value: Expression) -> bool:
    return isinstance(value.type, Listing)


def is_none(value: Expression) -> bool:
    return isinstance(value.type, Nothing)
