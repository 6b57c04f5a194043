"""The builder: it appends operations, remembers what registers hold, and joins paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from zeta.app.code import EQUAL, OR, Branch, CodeBlock, Fail, Jump, Operation, Register, RowOf
from zeta.app.failure import MALFORMED
from zeta.app.held import (
    Atom,
    Incoming,
    Known,
    Maybe,
    Value,
    atoms,
    conform,
    flat,
    incoming,
    registers_for,
    with_atoms,
)
from zeta.app.relation import Table
from zeta.app.tree import Merges, Place, Variable
from zeta.app.types import BOOL, Boolean, Enumeration, Integer, Type


@dataclass
class State:
    """What is known at a point of the code."""

    variables: dict[Variable, Value] = field(default_factory=dict)
    constants: dict[Any, Register] = field(default_factory=dict)
    """The registers that hold constants, and what was computed of registers."""
    bound: dict[tuple[int, tuple[Any, ...]], Register] = field(default_factory=dict)
    """The rows that are bound, by relation and key."""
    present: frozenset[Register] = frozenset()
    """The bound rows that are known to be there."""
    tells: dict[Register, Register] = field(default_factory=dict)
    """The bools that say whether a row is there."""

    def copy(self) -> State:
        return State(
            dict(self.variables),
            dict(self.constants),
            dict(self.bound),
            self.present,
            dict(self.tells),
        )


Edge: TypeAlias = tuple[CodeBlock, State]
"""The end of an open block, and what is known there."""


class Builder:
    """Makes the code of one transition."""

    def __init__(self, place: Place) -> None:
        self.entry = CodeBlock()
        self.place = place
        """The statement that code is made for."""
        self.block: CodeBlock | None = self.entry
        """The open block; none where no path leads."""
        self.state = State()

    def emit(
        self,
        name: str,
        targets: Sequence[Register],
        sources: Sequence[Register],
        number: int = 0,
        constant: bytes = b"",
    ) -> None:
        """Appends an operation, where a path leads."""
        if self.block is not None:
            self.block.operations.append(
                Operation(name, list(targets), list(sources), self.place, number, constant)
            )

    def computed(
        self, name: str, type_: Any, sources: Sequence[Register], number: int = 0
    ) -> Register:
        """A register that an operation fills, or has filled with the same on every path here."""
        key = (name, type_, number, *sources)
        found = self.state.constants.get(key)
        if found is None:
            found = Register(type_)
            self.emit(name, [found], sources, number)
            self.state.constants[key] = found
        return found

    def register(self, atom: Atom) -> Register:
        """A register that holds a leaf."""
        if isinstance(atom, Register):
            return atom
        key = (atom.type, atom.value)
        found = self.state.constants.get(key)
        if found is None:
            assert not hasattr(atom.type, "inner")
            found = Register(atom.type)  # type: ignore[arg-type]
            self.fill(found, atom)
            self.state.constants[key] = found
        return found

    def fill(self, target: Register, atom: Atom) -> None:
        """Sets a register to a leaf."""
        if isinstance(atom, Register):
            self.emit("move", [target], [atom])
            return
        match atom.type:
            case Boolean():
                self.emit("word", [target], [], int(atom.value))
            case Integer():
                self.emit("word", [target], [], atom.value % (1 << 64))
            case Enumeration():
                self.emit("word", [target], [], atom.type.members.index(atom.value))
            case _:
                raw = atom.value.encode() if isinstance(atom.value, str) else atom.value
                self.emit("constant", [target], [], constant=raw)

    # Paths.

    def here(self) -> list[Edge]:
        """The edge that leads on from here, if a path does."""
        return [] if self.block is None else [(self.block, self.state)]

    def split(self, condition: Atom) -> tuple[list[Edge], list[Edge]]:
        """The edges on which a bool is true, and those on which it is false."""
        if self.block is None:
            return [], []
        if isinstance(condition, Known):
            here = self.here()
            self.block = None
            return (here, []) if condition.value else ([], here)
        then, otherwise = CodeBlock(), CodeBlock()
        self.block.end = Branch(condition, then, otherwise, self.place)
        true, false = self.state.copy(), self.state
        row = true.tells.get(condition)
        if row is not None:
            true.present |= {row}
        self.block = None
        return [(then, true)], [(otherwise, false)]

    def fail(self, code: int) -> None:
        """Ends the path with a failure."""
        if self.block is not None:
            self.block.end = Fail(code, self.place)
            self.block = None

    def join(self, edges: Sequence[Edge], merges: Merges = ()) -> None:
        """Goes on where edges meet; `merges` are variables that they give different values."""
        if not edges:
            self.block = None
            return
        if len(edges) == 1:
            self.block, self.state = edges[0]
            return
        states = [state for _, state in edges]
        joined = _common(states)
        for variable, type_ in merges:
            values = [state.variables.get(variable) for state in states]
            found = [conform(value, type_) for value in values if value is not None]
            if len(found) == len(values):
                joined.variables[variable] = self._merged(edges, found, type_)
        after = CodeBlock()
        for block, _ in edges:
            block.end = Jump(after, self.place)
        self.block, self.state = after, joined

    def _merged(self, edges: Sequence[Edge], values: list[Value], type_: Type) -> Value:
        shape = registers_for(type_)
        columns = zip(*(atoms(value) for value in values), strict=True)
        merged: list[Atom] = []
        for target, column in zip(atoms(shape), columns, strict=True):
            if all(atom == column[0] for atom in column):
                merged.append(column[0])
                continue
            assert isinstance(target, Register)
            for (block, _), atom in zip(edges, column, strict=True):
                self.block = block
                self.fill(target, atom)
            merged.append(target)
        return with_atoms(shape, iter(merged))

    # Rows.

    def bind(self, table: Table, key: Value) -> Register:
        """The row of a key."""
        parts = [part for pair in flat(table.key, key) for part in pair if part is not None]
        name = table.index, tuple(parts)
        found = self.state.bound.get(name)
        if found is None:
            sources = [self.register(part) for part in parts]
            found = self.computed("bind", RowOf(table.index), sources)
            self.state.bound[name] = found
        return found

    def contains(self, row: Register) -> Atom:
        """Whether a bound row is there."""
        presence = Register(BOOL)
        self.emit("read", [presence], [row])
        self.state.tells[presence] = row
        return presence

    def read(self, table: Table, row: Register) -> Value:
        """The value of a bound row, or none."""
        presence = Register(BOOL)
        found = incoming(table.row)
        self.emit("read", [presence, *found.registers], [row])
        self.state.tells[presence] = row
        return Maybe(presence, self.taken(found))

    def load(self, table: Table, row: Register) -> Value:
        """The value of a bound row; an absent one is a failure."""
        found = incoming(table.row)
        self.emit("load", found.registers, [row])
        self.state.present |= {row}
        return self.taken(found)

    def store(self, table: Table, row: Register, value: Value) -> None:
        """Makes a bound row hold a value."""
        self.emit("store", [], [row, *self.operands(table.row, value)])
        self.state.present |= {row}

    def delete(self, row: Register) -> None:
        """Makes a bound row absent; one that is absent already is a failure."""
        if row not in self.state.present:
            self.emit("load", [], [row])
        self.emit("delete", [], [row])
        # Another register may stand for the same row.
        same = row.type
        self.state.present = frozenset(one for one in self.state.present if one.type != same)
        tells = self.state.tells.items()
        self.state.tells = {presence: one for presence, one in tells if one.type != same}

    def operands(self, type_: Type, value: Value) -> list[Register]:
        """The registers of a value, as a program lists them."""
        pairs = flat(type_, value)
        return [self.register(part) for pair in pairs for part in pair if part is not None]

    def taken(self, taken: Incoming) -> Value:
        """A value from outside, after a check that what may be none is wholly there or absent."""
        for presence, mark, own in taken.marks:
            if own:
                # An option of its own may be none where the structure around is there.
                absent = self.computed("not", BOOL, [mark])
                holds = self.computed("logic", BOOL, [absent, presence], OR)
            else:
                holds = self.computed("compare", BOOL, [presence, mark], EQUAL)
            self.emit("check", [], [holds], MALFORMED)
        return taken.value


def _common(states: Sequence[State]) -> State:
    """What is known on every path."""
    first, rest = states[0], states[1:]

    def same(name: str) -> dict[Any, Any]:
        tables = [getattr(state, name) for state in rest]
        return {
            key: value
            for key, value in getattr(first, name).items()
            if all(table.get(key) == value for table in tables)
        }

    return State(
        same("variables"),
        same("constants"),
        same("bound"),
        first.present.intersection(*(state.present for state in rest)),
        same("tells"),
    )
