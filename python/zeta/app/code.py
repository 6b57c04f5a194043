"""Code before it is laid out: operations on registers without number, in blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from zeta.app.tree import Place
from zeta.app.types import Leaf


@dataclass(frozen=True)
class RowOf:
    """The type of a register that holds a bound row of a relation."""

    table: int


@dataclass(eq=False)
class Register:
    """A register; its number is given when code is laid out."""

    type: Leaf | RowOf


@dataclass(eq=False)
class Operation:
    """One instruction: its name, what it writes, what it reads, and what stands in it."""

    name: str
    targets: list[Register]
    sources: list[Register]
    place: Place
    number: int = 0
    """A word, the kind of arithmetic, comparison or connective, or the code of a failure."""
    constant: bytes = b""


@dataclass(eq=False)
class Jump:
    """Goes on at another block."""

    to: Block
    place: Place


@dataclass(eq=False)
class Branch:
    """Goes on at one of two blocks."""

    condition: Register
    then: Block
    otherwise: Block
    place: Place


@dataclass(eq=False)
class Return:
    """Ends the call with its result."""

    values: list[Register]
    place: Place


@dataclass(eq=False)
class Fail:
    """Ends the call with a failure."""

    code: int
    place: Place


End: TypeAlias = Jump | Branch | Return | Fail


@dataclass(eq=False)
class CodeBlock:
    """Operations that are run one after the other; an open block has no end yet."""

    operations: list[Operation] = field(default_factory=list)
    end: End | None = None


Block: TypeAlias = CodeBlock

# What has no effect but on its targets, and cannot fail: it may go where nobody reads those.
PURE = frozenset({"word", "constant", "move", "compare", "logic", "not", "length", "epoch"})

OPERATORS = {"+": 0, "-": 1, "*": 2, "//": 3, "%": 4}
EQUAL, LESS, LESS_OR_EQUAL = 0, 1, 2
AND, OR = 0, 1
