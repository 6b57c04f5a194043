"""The typed tree: a transition with its types found, its helpers inlined and its loops unrolled."""

from __future__ import annotations

import ast
from typing import Any, Literal, TypeAlias

from zeta.app.node import Node
from zeta.app.position import Position
from zeta.app.relation import Table
from zeta.app.source import Source
from zeta.app.types import BOOL, U32, Fixed, Type

Operator: TypeAlias = Literal["+", "-", "*", "//", "%"]
Comparison: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]


class Variable:
    """A local name of one call of a function."""

    def __init__(self, name: str) -> None:
        self.name = name


class Label(Node):
    """A place that code may leave for: the end of a block."""

    number: int


class Place(Node):
    """Where a statement stands."""

    source: Source
    node: ast.AST

    @property
    def position(self) -> Position:
        return self.source.position(self.node)


# Expressions: each knows its type.


class Constant(Node):
    """A value that is known: a bool, integer, byte string, text, enum member or none."""

    type: Type
    value: Any


class Read(Node):
    """The value of a variable; the type says whether it is known to be there."""

    type: Type
    variable: Variable


class Member(Node):
    """One value of a structure."""

    type: Type
    source: Expression
    index: int


class Build(Node):
    """A structure of its values."""

    type: Type
    parts: tuple[Expression, ...]


class Coerce(Node):
    """The same value at a type that it fits."""

    type: Type
    source: Expression


class Arithmetic(Node):
    """An operation on integers of one type."""

    type: Type
    operator: Operator
    left: Expression
    right: Expression


class Compare(Node):
    """A comparison of values of one type, or of byte strings."""

    comparison: Comparison
    left: Expression
    right: Expression
    type: Type = BOOL


class Logic(Node):
    """A connective that evaluates its right side only where the left does not decide."""

    is_and: bool
    left: Expression
    right: Expression
    type: Type = BOOL


class Not(Node):
    """The other bool."""

    source: Expression
    type: Type = BOOL


class Choice(Node):
    """A conditional expression: both sides have its type."""

    type: Type
    condition: Expression
    then: Expression
    otherwise: Expression


class IsNone(Node):
    """Whether a value is none."""

    source: Expression
    type: Type = BOOL


class Length(Node):
    """The bytes of a byte string, or the elements of a list."""

    source: Expression
    type: Type = U32


class Bound(Node):
    """One end of a slice; one that is a number may count from the end."""

    number: int | None
    position: Expression | None


class Slice(Node):
    """A part of a byte string, as Python cuts it: never outside."""

    type: Type
    source: Expression
    start: Bound
    end: Bound


class Concatenate(Node):
    """Byte strings or texts one after the other."""

    type: Type
    parts: tuple[Expression, ...]


class Convert(Node):
    """The value at another type; one that does not fit is a failed check."""

    type: Type
    source: Expression


class ToBytes(Node):
    """The little-endian bytes of an integer."""

    type: Type
    source: Expression


class Hash(Node):
    """SHA-256 of a message, or HMAC-SHA256 under a key."""

    key: Expression | None
    message: Expression
    type: Type = Fixed(32)


class Epoch(Node):
    """The epoch of the call."""

    type: Type = U32


class Contains(Node):
    """Whether a relation has a row for a key."""

    table: Table
    key: Expression
    type: Type = BOOL


class Find(Node):
    """The row of a key, or none."""

    type: Type
    table: Table
    key: Expression


class Load(Node):
    """The row of a key; an absent one is a failed check."""

    type: Type
    table: Table
    key: Expression


class ListOf(Node):
    """A list of these elements."""

    type: Type
    parts: tuple[Expression, ...]


class Let(Node):
    """Statements, and then a value."""

    type: Type
    steps: tuple[Statement, ...]
    result: Expression


Expression: TypeAlias = (
    Constant
    | Read
    | Member
    | Build
    | Coerce
    | Arithmetic
    | Compare
    | Logic
    | Not
    | Choice
    | IsNone
    | Length
    | Slice
    | Concatenate
    | Convert
    | ToBytes
    | Hash
    | Epoch
    | Contains
    | Find
    | Load
    | ListOf
    | Let
)

# Statements: each knows its place, for what is found out only when code is made of it.


class Assign(Node):
    """Gives a variable a value."""

    place: Place
    variable: Variable
    value: Expression


class Evaluate(Node):
    """Evaluates what may fail, for nothing else."""

    place: Place
    value: Expression


class Check(Node):
    """Fails with a reason unless the condition holds."""

    place: Place
    condition: Expression
    reason: str


class Store(Node):
    """Makes a row hold a value."""

    place: Place
    table: Table
    key: Expression
    value: Expression


class Delete(Node):
    """Makes a row absent; one that is absent already is a failed check."""

    place: Place
    table: Table
    key: Expression


class Append(Node):
    """Adds an element to a list; `type` is the list's type from then on."""

    place: Place
    variable: Variable
    value: Expression
    type: Type


class If(Node):
    """One of two ways; `merges` are the variables that they give different values."""

    place: Place
    condition: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    merges: Merges


class Block(Node):
    """Statements that may be left for their end; `merges` as for `If`."""

    place: Place
    label: Label
    body: tuple[Statement, ...]
    merges: Merges


class Leave(Node):
    """Goes on at the end of a block."""

    place: Place
    label: Label


class Return(Node):
    """Ends the transition with a result."""

    place: Place
    value: Expression


Statement: TypeAlias = (
    Assign | Evaluate | Check | Store | Delete | Append | If | Block | Leave | Return
)
Merges: TypeAlias = tuple[tuple[Variable, Type], ...]


class Body(Node):
    """The typed tree of a transition."""

    place: Place
    parameters: tuple[Variable, ...]
    steps: tuple[Statement, ...]
