"""The typed tree: a transition with its types found, its helpers inlined and its loops unrolled."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from zeta.app.position import Position
from zeta.app.relation import Table
from zeta.app.source import Source
from zeta.app.types import BOOL, U32, Fixed, Type

Operator: TypeAlias = Literal["+", "-", "*", "//", "%"]
Comparison: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A local name of one call of a function."""

    name: str


@dataclass(frozen=True, slots=True)
class Label:
    """A place that code may leave for: the end of a block."""

    number: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands."""

    source: Source
    node: ast.AST

    @property
    def position(self) -> Position:
        return self.source.position(self.node)


# Expressions: each knows its type.


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is known: a bool, integer, byte string, text, enum member or none."""

    type: Type
    value: Any


@dataclass(frozen=True, slots=True)
class Read:
    """The value of a variable; the type says whether it is known to be there."""

    type: Type
    variable: Variable


@dataclass(frozen=True, slots=True)
class Member:
    """One value of a structure."""

    type: Type
    source: Expression
    index: int


@dataclass(frozen=True, slots=True)
class Build:
    """A structure of its values."""

    type: Type
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Coerce:
    """The same value at a type that it fits."""

    type: Type
    source: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """An operation on integers of one type."""

    type: Type
    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of values of one type, or of byte strings."""

    comparison: Comparison
    left: Expression
    right: Expression
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Logic:
    """A connective that evaluates its right side only where the left does not decide."""

    is_and: bool
    left: Expression
    right: Expression
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Not:
    """The other bool."""

    source: Expression
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Choice:
    """A conditional expression: both sides have its type."""

    type: Type
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class IsNone:
    """Whether a value is none."""

    source: Expression
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Length:
    """The bytes of a byte string, or the elements of a list."""

    source: Expression
    type: Type = U32


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a slice; one that is a number may count from the end."""

    number: int | None
    position: Expression | None


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a byte string, as Python cuts it: never outside."""

    type: Type
    source: Expression
    start: Bound
    end: Bound


@dataclass(frozen=True, slots=True)
class Concatenate:
    """Byte strings or texts one after the other."""

    type: Type
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Convert:
    """The value at another type; one that does not fit is a failed check."""

    type: Type
    source: Expression


@dataclass(frozen=True, slots=True)
class ToBytes:
    """The little-endian bytes of an integer."""

    type: Type
    source: Expression


@dataclass(frozen=True, slots=True)
class Hash:
    """SHA-256 of a message, or HMAC-SHA256 under a key."""

    key: Expression | None
    message: Expression
    type: Type = field(default=Fixed(32))


@dataclass(frozen=True, slots=True)
class Epoch:
    """The epoch of the call."""

    type: Type = U32


@dataclass(frozen=True, slots=True)
class Contains:
    """Whether a relation has a row for a key."""

    table: Table
    key: Expression
    type: Type = BOOL


@dataclass(frozen=True, slots=True)
class Find:
    """The row of a key, or none."""

    type: Type
    table: Table
    key: Expression


@dataclass(frozen=True, slots=True)
class Load:
    """The row of a key; an absent one is a failed check."""

    type: Type
    table: Table
    key: Expression


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of these elements."""

    type: Type
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Let:
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


@dataclass(frozen=True, slots=True)
class Assign:
    """Gives a variable a value."""

    place: Place
    variable: Variable
    value: Expression


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Evaluates what may fail, for nothing else."""

    place: Place
    value: Expression


@dataclass(frozen=True, slots=True)
class Check:
    """Fails with a reason unless the condition holds."""

    place: Place
    condition: Expression
    reason: str


@dataclass(frozen=True, slots=True)
class Store:
    """Makes a row hold a value."""

    place: Place
    table: Table
    key: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Delete:
    """Makes a row absent; one that is absent already is a failed check."""

    place: Place
    table: Table
    key: Expression


@dataclass(frozen=True, slots=True)
class Append:
    """Adds an element to a list; `type` is the list's type from then on."""

    place: Place
    variable: Variable
    value: Expression
    type: Type


@dataclass(frozen=True, slots=True)
class If:
    """One of two ways; `merges` are the variables that they give different values."""

    place: Place
    condition: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]
    merges: Merges


@dataclass(frozen=True, slots=True)
class Block:
    """Statements that may be left for their end; `merges` as for `If`."""

    place: Place
    label: Label
    body: tuple[Statement, ...]
    merges: Merges


@dataclass(frozen=True, slots=True)
class Leave:
    """Goes on at the end of a block."""

    place: Place
    label: Label


@dataclass(frozen=True, slots=True)
class Return:
    """Ends the transition with a result."""

    place: Place
    value: Expression


Statement: TypeAlias = (
    Assign | Evaluate | Check | Store | Delete | Append | If | Block | Leave | Return
)
Merges: TypeAlias = tuple[tuple[Variable, Type], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """The typed tree of a transition."""

    place: Place
    parameters: tuple[Variable, ...]
    steps: tuple[Statement, ...]
