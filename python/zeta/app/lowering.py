"""Lowering: from the typed tree of a transition to its code. Trusted by whoever approves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from zeta.app.builder import Builder, Edge
from zeta.app.code import AND, EQUAL, LESS, LESS_OR_EQUAL, OPERATORS, OR, CodeBlock, Register
from zeta.app.code import Return as CodeReturn
from zeta.app.failure import REASON_BASE
from zeta.app.held import (
    FALSE,
    TRUE,
    VOID,
    Atom,
    Known,
    Maybe,
    Parts,
    Row,
    Value,
    conform,
    flat,
    incoming,
    zero,
)
from zeta.app.tree import (
    Append,
    Arithmetic,
    Assign,
    Block,
    Body,
    Bound,
    Build,
    Check,
    Choice,
    Coerce,
    Compare,
    Concatenate,
    Constant,
    Contains,
    Convert,
    Delete,
    Epoch,
    Evaluate,
    Expression,
    Find,
    Hash,
    If,
    IsNone,
    Label,
    Leave,
    Length,
    Let,
    ListOf,
    Load,
    Logic,
    Member,
    Not,
    Place,
    Read,
    Return,
    Slice,
    Statement,
    Store,
    ToBytes,
    Variable,
)
from zeta.app.types import (
    BOOL,
    U16,
    U32,
    Bytes,
    Fixed,
    Leaf,
    Listing,
    Text,
    Type,
    encoded_max,
    flatten,
)

_PURE = (Constant, Read, Member, Build, Coerce, Compare, Logic, Not, IsNone, Length, Epoch)


class Lowering:
    """Lowers one transition; `reasons` are those of the whole application, and grow."""

    def __init__(self, result: Type, reasons: dict[str, int], place: Place) -> None:
        self._result = result
        self._reasons = reasons
        self.builder = Builder(place)
        self.arguments: list[Register] = []
        self._edges: dict[Label, list[Edge]] = {}

    def lower(self, body: Body, types: list[Type]) -> CodeBlock:
        """The entry block of the transition's code."""
        found = [incoming(type_) for type_ in types]
        for one in found:
            self.arguments += one.registers
        for variable, one in zip(body.parameters, found, strict=True):
            self.builder.state.variables[variable] = self.builder.taken(one)
        self._steps(body.steps)
        return self.builder.entry

    # Statements.

    def _steps(self, steps: tuple[Statement, ...]) -> None:
        for step in steps:
            if self.builder.block is None:
                return  # no path leads here
            outer, self.builder.place = self.builder.place, step.place
            _STATEMENTS[type(step)](self, step)
            self.builder.place = outer

    def _assign(self, step: Assign) -> None:
        value = self.value(step.value)
        self.builder.state.variables[step.variable] = value

    def _evaluate(self, step: Evaluate) -> None:
        self.value(step.value)

    def _check(self, step: Check) -> None:
        self._require(step.condition, step.reason)

    def _require(self, condition: Expression, reason: str) -> None:
        builder = self.builder
        if isinstance(condition, Logic) and condition.is_and:
            self._require(condition.left, reason)
            self._require(condition.right, reason)
            return
        if isinstance(condition, Constant | Logic) and not _is_pure(condition):
            true, false = self.branch(condition)
            builder.join(false)
            builder.fail(self._code(reason))
            builder.join(true)
            return
        holds = self.atom(condition)
        if builder.block is None:
            return
        if isinstance(holds, Known):
            if not holds.value:
                builder.fail(self._code(reason))
            return
        builder.emit("check", [], [holds], self._code(reason))
        row = builder.state.tells.get(holds)
        if row is not None:
            builder.state.present |= {row}

    def _code(self, reason: str) -> int:
        return REASON_BASE + self._reasons.setdefault(reason, len(self._reasons))

    def _store(self, step: Store) -> None:
        value = conform(self.value(step.value), step.table.row)
        row = self.builder.bind(step.table, conform(self.value(step.key), step.table.key))
        self.builder.store(step.table, row, value)

    def _delete(self, step: Delete) -> None:
        row = self.builder.bind(step.table, conform(self.value(step.key), step.table.key))
        self.builder.delete(row)

    def _append(self, step: Append) -> None:
        element = conform(self.value(step.value), cast(Listing, step.type).element)
        held = self.builder.state.variables.get(step.variable)
        if isinstance(held, Row):
            self.builder.state.variables[step.variable] = self._longer(held, element, step.type)

    def _if(self, step: If) -> None:
        true, false = self.branch(step.condition)
        self.builder.join(true)
        self._steps(step.then)
        edges = self.builder.here()
        self.builder.join(false)
        self._steps(step.otherwise)
        self.builder.join([*edges, *self.builder.here()], step.merges)

    def _block(self, step: Block) -> None:
        self._steps(step.body)
        edges = self._edges.pop(step.label, [])
        self.builder.join([*edges, *self.builder.here()], step.merges)

    def _leave(self, step: Leave) -> None:
        self._edges.setdefault(step.label, []).extend(self.builder.here())
        self.builder.block = None

    def _return(self, step: Return) -> None:
        value = conform(self.value(step.value), self._result)
        if self.builder.block is not None:
            operands = self.builder.operands(self._result, value)
            self.builder.block.end = CodeReturn(operands, step.place)
            self.builder.block = None

    # Conditions.

    def branch(self, condition: Expression) -> tuple[list[Edge], list[Edge]]:
        """The edges on which a condition holds, and those on which it does not."""
        match condition:
            case Not(source):
                true, false = self.branch(source)
                return false, true
            case Compare("!=", left, right):
                true, false = self.branch(Compare("==", left, right))
                return false, true
            case Logic(is_and, left, right):
                true, false = self.branch(left)
                self.builder.join(true if is_and else false)
                more_true, more_false = self.branch(right)
                if is_and:
                    return more_true, false + more_false
                return true + more_true, more_false
            case IsNone(source):
                true, false = self.builder.split(self._presence(source))
                return false, true
            case Let(_, steps, result):
                self._steps(steps)
                return self.branch(result)
            case _:
                return self.builder.split(self.atom(condition))

    def _presence(self, source: Expression) -> Atom:
        found = self.value(source)
        return found.presence if isinstance(found, Maybe) else FALSE

    # Expressions.

    def value(self, expression: Expression) -> Value:
        """The value of an expression; where no path leads any more, one made of zeros."""
        if self.builder.block is None:
            return zero(expression.type)
        found = _EXPRESSIONS[type(expression)](self, expression)
        return zero(expression.type) if self.builder.block is None else found

    def atom(self, expression: Expression) -> Atom:
        """The value of an expression that is a leaf."""
        found = self.value(expression)
        assert isinstance(found, Known | Register), expression
        return found

    def register(self, expression: Expression) -> Register:
        """A register that holds the value of an expression that is a leaf."""
        return self.builder.register(self.atom(expression))

    def _constant(self, expression: Constant) -> Value:
        if expression.value is None:
            return VOID
        return Known(cast(Leaf, expression.type), expression.value)

    def _read(self, expression: Read) -> Value:
        return conform(self.builder.state.variables[expression.variable], expression.type)

    def _member(self, expression: Member) -> Value:
        source = self.value(expression.source)
        return source.values[expression.index] if isinstance(source, Parts) else source

    def _build(self, expression: Build) -> Value:
        return Parts(tuple(self.value(part) for part in expression.parts))

    def _coerce(self, expression: Coerce) -> Value:
        return conform(self.value(expression.source), expression.type)

    def _arithmetic(self, expression: Arithmetic) -> Value:
        left = self.register(expression.left)
        right = self.register(expression.right)
        kind = OPERATORS[expression.operator]
        return self.builder.computed("arithmetic", expression.type, [left, right], kind)

    def _compare(self, expression: Compare) -> Value:
        left = self.value(expression.left)
        right = self.value(expression.right)
        match expression.comparison:
            case "==":
                return self._equal(left, right)
            case "!=":
                return self._negated(self._equal(left, right))
            case "<" | "<=":
                pair = left, right
            case _:
                pair = right, left
        kind = LESS if expression.comparison in ("<", ">") else LESS_OR_EQUAL
        registers = [self.builder.register(cast(Atom, one)) for one in pair]
        return self.builder.computed("compare", BOOL, registers, kind)

    def _equal(self, left: Value, right: Value) -> Atom:
        match left, right:
            case Maybe(presence, inner), Maybe(other, other_inner):
                # Absent payloads are all zeros, hence equal.
                return self._both(self._equal(presence, other), self._equal(inner, other_inner))
            case Parts(values), Parts(others):
                found: Atom = TRUE
                for one, another in zip(values, others, strict=True):
                    found = self._both(found, self._equal(one, another))
                return found
            case (Known(value=one), Known(value=another)):
                return Known(BOOL, one == another)
            case (Known(value=True), Register() as held) | (Register() as held, Known(value=True)):
                if held.type == BOOL:
                    return held
        operands = [self.builder.register(cast(Atom, side)) for side in (left, right)]
        return self.builder.computed("compare", BOOL, operands, EQUAL)

    def _both(self, left: Atom, right: Atom) -> Atom:
        if isinstance(left, Known):
            return right if left.value else left
        if isinstance(right, Known):
            return left if right.value else right
        return self.builder.computed("logic", BOOL, [left, right], AND)

    def _negated(self, source: Atom) -> Atom:
        if isinstance(source, Known):
            return Known(BOOL, not source.value)
        return self.builder.computed("not", BOOL, [source])

    def _not(self, expression: Not) -> Value:
        if isinstance(expression.source, IsNone):
            return self._presence(expression.source.source)
        return self._negated(self.atom(expression.source))

    def _is_none(self, expression: IsNone) -> Value:
        return self._negated(self._presence(expression.source))

    def _logic(self, expression: Logic) -> Value:
        if _is_pure(expression.right):
            left = self.register(expression.left)
            right = self.register(expression.right)
            kind = AND if expression.is_and else OR
            return self.builder.computed("logic", BOOL, [left, right], kind)
        true, false = self.branch(expression)
        return self._joined(BOOL, [(true, lambda: TRUE), (false, lambda: FALSE)])

    def _choice(self, expression: Choice) -> Value:
        true, false = self.branch(expression.condition)
        return self._joined(
            expression.type,
            [
                (true, lambda: self.value(expression.then)),
                (false, lambda: self.value(expression.otherwise)),
            ],
        )

    def _joined(self, type_: Type, ways: list[tuple[list[Edge], Callable[[], Value]]]) -> Value:
        """The value that one of several ways gives."""
        result = Variable("")
        edges: list[Edge] = []
        for way, value in ways:
            self.builder.join(way)
            if self.builder.block is None:
                continue
            found = value()
            self.builder.state.variables[result] = conform(found, type_)
            edges += self.builder.here()
        self.builder.join(edges, ((result, type_),))
        found = self.builder.state.variables.pop(result, zero(type_))
        return found

    def _length(self, expression: Length) -> Value:
        source = self.value(expression.source)
        if isinstance(source, Row):
            if isinstance(source.count, Known):
                return Known(U32, source.count.value)
            return self.builder.computed("convert", U32, [source.count])
        if isinstance(expression.source.type, Fixed):
            return Known(U32, expression.source.type.length)
        return self.builder.computed("length", U32, [self.builder.register(cast(Atom, source))])

    def _slice(self, expression: Slice) -> Value:
        source = self.register(expression.source)
        start_at = self._bound(expression.start)
        end_at = self._bound(expression.end)
        if isinstance(source.type, Fixed):
            length: Atom = Known(U32, source.type.length)
        else:
            length = self.builder.computed("length", U32, [source])
        start = self._cut(expression.start, start_at, length, Known(U32, 0))
        end = self._cut(expression.end, end_at, length, length)
        if not _in_order(expression.start, expression.end):
            ordered = self._compared(LESS_OR_EQUAL, start, end)
            end = self._chosen(ordered, lambda: end, lambda: start)
        registers = [source, self.builder.register(start), self.builder.register(end)]
        return self.builder.computed("slice", expression.type, registers)

    def _bound(self, bound: Bound) -> Atom | None:
        return None if bound.position is None else self.atom(bound.position)

    def _cut(self, bound: Bound, position: Atom | None, length: Atom, missing: Atom) -> Atom:
        """Where a slice begins or ends, cut to what there is as Python does it."""
        if bound.number is None and position is None:
            return missing
        if position is None and bound.number is not None and bound.number < 0:
            back = Known(U32, min(-bound.number, (1 << 32) - 1))
            return self._chosen(
                self._compared(LESS_OR_EQUAL, back, length),
                lambda: self._difference(length, back),
                lambda: Known(U32, 0),
            )
        if position is None:
            position = Known(U32, min(bound.number or 0, (1 << 32) - 1))
        if position == Known(U32, 0):
            return position
        inside = self._compared(LESS_OR_EQUAL, position, length)
        return self._chosen(inside, lambda: position, lambda: length)

    def _compared(self, kind: int, left: Atom, right: Atom) -> Atom:
        if isinstance(left, Known) and isinstance(right, Known):
            return Known(BOOL, left.value <= right.value)
        registers = [self.builder.register(left), self.builder.register(right)]
        return self.builder.computed("compare", BOOL, registers, kind)

    def _difference(self, left: Atom, right: Atom) -> Atom:
        if isinstance(left, Known) and isinstance(right, Known):
            return Known(U32, left.value - right.value)
        registers = [self.builder.register(left), self.builder.register(right)]
        return self.builder.computed("arithmetic", U32, registers, OPERATORS["-"])

    def _chosen(
        self, condition: Atom, then: Callable[[], Atom], otherwise: Callable[[], Atom]
    ) -> Atom:
        if isinstance(condition, Known):
            return then() if condition.value else otherwise()
        true, false = self.builder.split(condition)
        return cast(Atom, self._joined(U32, [(true, then), (false, otherwise)]))

    def _concatenate(self, expression: Concatenate) -> Value:
        parts = [self.register(part) for part in expression.parts]
        return self.builder.computed("pack", expression.type, parts)

    def _convert(self, expression: Convert) -> Value:
        source = self.register(expression.source)
        return self.builder.computed("convert", expression.type, [source])

    def _to_bytes(self, expression: ToBytes) -> Value:
        return self.builder.computed("pack", expression.type, [self.register(expression.source)])

    def _hash(self, expression: Hash) -> Value:
        if expression.key is None:
            return self.builder.computed("sha256", Fixed(32), [self.register(expression.message)])
        key = self.register(expression.key)
        return self.builder.computed("hmac", Fixed(32), [key, self.register(expression.message)])

    def _epoch(self, expression: Epoch) -> Value:
        return self.builder.computed("epoch", U32, [])

    def _contains(self, expression: Contains) -> Value:
        key = conform(self.value(expression.key), expression.table.key)
        return self.builder.contains(self.builder.bind(expression.table, key))

    def _find(self, expression: Find) -> Value:
        key = conform(self.value(expression.key), expression.table.key)
        return self.builder.read(expression.table, self.builder.bind(expression.table, key))

    def _load(self, expression: Load) -> Value:
        key = conform(self.value(expression.key), expression.table.key)
        return self.builder.load(expression.table, self.builder.bind(expression.table, key))

    def _let(self, expression: Let) -> Value:
        self._steps(expression.steps)
        return self.value(expression.result)

    # Lists: a count, and the encodings of the elements one after the other.

    def _list_of(self, expression: ListOf) -> Value:
        listing = cast(Listing, expression.type)
        found = cast(Row, zero(listing))
        values = [conform(self.value(part), listing.element) for part in expression.parts]
        for index, value in enumerate(values):
            found = self._longer(found, value, Listing(listing.element, index + 1))
        return found

    def _longer(self, held: Row, element: Value, type_: Type) -> Row:
        listing = cast(Listing, type_)
        longest = encoded_max(listing) - 6
        data = held.data
        pending: list[Atom] = []
        leaves = [one.leaf for one in flatten(listing.element, "element")]
        for leaf, (presence, atom) in zip(leaves, flat(listing.element, element), strict=True):
            body = self._sized(leaf, atom)
            if presence is None:
                pending += body
            elif isinstance(presence, Known):
                pending += [presence, *(body if presence.value else [])]
            else:
                data = self._packed(longest, [data, *pending, presence])
                pending = []
                true, false = self.builder.split(presence)
                with_body = self._packing(longest, [data, *body])
                data = cast(
                    Atom,
                    self._joined(Bytes(longest), [(true, with_body), (false, _same(data))]),
                )
        data = self._packed(longest, [data, *pending])
        return Row(self._next(held.count), data)

    def _sized(self, leaf: Leaf, atom: Atom) -> list[Atom]:
        """The parts of a leaf's encoding: its length where that is not fixed, and its bytes."""
        if isinstance(leaf, Bytes | Text):
            if isinstance(atom, Known):
                raw = atom.value.encode() if isinstance(atom.value, str) else atom.value
                return [Known(U32, len(raw)), atom]
            return [self.builder.computed("length", U32, [atom]), atom]
        return [atom]

    def _packing(self, longest: int, parts: list[Atom]) -> Callable[[], Atom]:
        return lambda: self._packed(longest, parts)

    def _packed(self, longest: int, parts: list[Atom]) -> Atom:
        kept = [part for part in parts if not _is_empty(part)]
        if not kept:
            return Known(Bytes(0), b"")
        if len(kept) == 1 and isinstance(kept[0].type, Bytes):
            return kept[0]
        registers = [self.builder.register(part) for part in kept]
        return self.builder.computed("pack", Bytes(longest), registers)

    def _next(self, count: Atom) -> Atom:
        if isinstance(count, Known):
            return Known(U16, count.value + 1)
        one = self.builder.register(Known(U16, 1))
        return self.builder.computed("arithmetic", U16, [count, one], OPERATORS["+"])


def _is_empty(atom: Atom) -> bool:
    return isinstance(atom, Known) and isinstance(atom.type, Bytes | Text) and not atom.value


def _same(atom: Atom) -> Callable[[], Atom]:
    return lambda: atom


def _is_pure(expression: Expression) -> bool:
    """Whether an expression cannot fail, so that it does not matter whether it is evaluated."""
    if not isinstance(expression, _PURE):
        return False
    match expression:
        case Member(source=source) | Coerce(source=source) | Not(source) | IsNone(source):
            return _is_pure(source)
        case Length(source):
            return _is_pure(source)
        case Build(_, parts):
            return all(_is_pure(part) for part in parts)
        case Compare(_, left, right) | Logic(_, left, right):
            return _is_pure(left) and _is_pure(right)
        case _:
            return True


def _in_order(start: Bound, end: Bound) -> bool:
    """Whether a slice's start is at most its end, whatever the length."""
    if start.position is not None or end.position is not None:
        return start.position is None and not start.number
    low, high = start.number or 0, end.number
    if high is None or low == 0:
        return True
    return (low < 0) == (high < 0) and low <= high


_STATEMENTS: dict[type[Any], Callable[[Lowering, Any], None]] = {
    Assign: Lowering._assign,
    Evaluate: Lowering._evaluate,
    Check: Lowering._check,
    Store: Lowering._store,
    Delete: Lowering._delete,
    Append: Lowering._append,
    If: Lowering._if,
    Block: Lowering._block,
    Leave: Lowering._leave,
    Return: Lowering._return,
}

_EXPRESSIONS: dict[type[Any], Callable[[Lowering, Any], Value]] = {
    Constant: Lowering._constant,
    Read: Lowering._read,
    Member: Lowering._member,
    Build: Lowering._build,
    Coerce: Lowering._coerce,
    Arithmetic: Lowering._arithmetic,
    Compare: Lowering._compare,
    Logic: Lowering._logic,
    Not: Lowering._not,
    Choice: Lowering._choice,
    IsNone: Lowering._is_none,
    Length: Lowering._length,
    Slice: Lowering._slice,
    Concatenate: Lowering._concatenate,
    Convert: Lowering._convert,
    ToBytes: Lowering._to_bytes,
    Hash: Lowering._hash,
    Epoch: Lowering._epoch,
    Contains: Lowering._contains,
    Find: Lowering._find,
    Load: Lowering._load,
    ListOf: Lowering._list_of,
    Let: Lowering._let,
}
