"""Expressions: from the syntax tree to the typed tree, with every check of types."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, TypeGuard, cast

from zeta.app.checker import Checker, is_list
from zeta.app.flow import Conflict
from zeta.app.frame import MISSING
from zeta.app.refusal import EXPRESSIONS, OPERATORS
from zeta.app.relation import Table
from zeta.app.tree import (
    Arithmetic,
    Bound,
    Build,
    Choice,
    Concatenate,
    Constant,
    Epoch,
    Expression,
    Load,
    Logic,
    Member,
    Not,
    Operator,
    Read,
    Slice,
)
from zeta.app.types import (
    BOOL,
    BYTES_MAX,
    NOTHING,
    NUMBER,
    U32,
    Bytes,
    Fixed,
    Integer,
    Optional,
    Structure,
    Text,
    Type,
    join,
    tuple_of,
)

_ARITHMETIC: dict[type[ast.operator], tuple[Operator, Callable[[int, int], int]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
}
NUMBER_MAX = 1 << 64
"""No plain number is as large as this."""


class Expressions(Checker):
    """The part of the checker that expressions need, calls apart."""

    def expr(self, node: ast.expr) -> Expression:
        self.visit(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        check = _EXPRESSIONS.get(type(node))
        if check is None:
            what, instead = EXPRESSIONS.get(type(node).__name__, ("this", "a simpler expression"))
            raise self.refuse(node, f"{what} is not part of the language", instead)
        return check(self, node)

    def value(self, node: ast.expr) -> Expression:
        """An expression that has a value, which may be used more than once."""
        found = self.expr(node)
        if is_list(found):
            raise self.refuse(
                node,
                "a list can only be appended to, measured with `len` and returned",
                "the list's own name in `return`",
            )
        return found

    def _constant(self, node: ast.Constant) -> Expression:
        if type(node.value) is int and abs(node.value) > NUMBER_MAX:
            raise self.refuse(node, "a number that no type holds", "a smaller number")
        return self.constant(node.value, node)

    def _name(self, node: ast.Name) -> Expression:
        name = node.id
        if name == self.frame.self_name:
            raise self.refuse(node, "`self` is no value", "`self.relation[key]`, `self.epoch`")
        if self.frame.is_local(name):
            variable = self.frame.variables.get(name)
            known = None if variable is None else self.known().get(variable)
            if variable is None or known is None:
                raise self.refuse(
                    node, f"`{name}` is not assigned here", f"an assignment of `{name}` above"
                )
            if isinstance(known, Conflict):
                raise self.refuse(node, known.why, known.instead)
            if known.narrowed == NOTHING:
                return Constant(NOTHING, None)
            if known.type == NUMBER:
                return Constant(NUMBER, known.number)
            return Read(known.narrowed, variable)
        found = self.frame.static(node)
        if found is MISSING:
            raise self.refuse(
                node, f"`{name}` is not there", "a name that is defined above the application"
            )
        return self.constant(found, node)

    def _attribute(self, node: ast.Attribute) -> Expression:
        if isinstance(node.value, ast.Name) and node.value.id == self.frame.self_name:
            return self._of_self(node)
        static = self.frame.static(node)
        if static is not MISSING:
            return self.constant(static, node)
        source = self.value(node.value)
        match source.type:
            case Structure(cls, names, types) if cls is not None and node.attr in names:
                return member(source, names.index(node.attr), types[names.index(node.attr)])
            case Structure(cls, names, _) if cls is not None:
                raise self.refuse(
                    node,
                    f"`{source.type}` has no field `{node.attr}`",
                    "one of " + ", ".join(f"`{name}`" for name in names),
                )
            case Optional():
                text = ast.unparse(node.value)
                raise self.refuse(
                    node.value,
                    f"this may be none: it is `{source.type}`",
                    f"`if {text} is not None:` before, for a local name",
                )
        raise self.refuse(
            node, f"`{source.type}` has no field `{node.attr}`", "a field of a `@row` class"
        )

    def _of_self(self, node: ast.Attribute) -> Expression:
        if node.attr == "epoch":
            return Epoch()
        if node.attr in self.declaration.tables:
            raise self.refuse(
                node,
                f"the relation `{node.attr}` is no value",
                f"`self.{node.attr}[key]`, `self.{node.attr}.get(key)` or "
                f"`key in self.{node.attr}`",
            )
        found = self.frame.static(node)
        if found is MISSING:
            raise self.refuse(
                node,
                f"`{self.frame.cls.__name__}` has no `{node.attr}`",
                "a relation or a constant of the class",
            )
        return self.constant(found, node)

    def table(self, node: ast.expr) -> Table | None:
        """The relation that an expression names, if it does."""
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == self.frame.self_name
        ):
            return self.declaration.tables.get(node.attr)
        return None

    def key(self, table: Table, node: ast.expr) -> Expression:
        """The key of a relation's row."""
        return self.expect(self.value(node), table.key, node)

    def _subscript(self, node: ast.Subscript) -> Expression:
        table = self.table(node.value)
        if table is not None:
            return Load(table.row, table, self.key(table, node.slice))
        source = self.value(node.value)
        if isinstance(source.type, Structure) and source.type.cls is None:
            return self._element(source, source.type, node)
        if isinstance(node.slice, ast.Slice) and isinstance(source.type, Bytes | Fixed):
            return self._slice_of(source, node.slice)
        text = ast.unparse(node.value)
        match source.type:
            case Text():
                raise self.refuse(
                    node,
                    "text is not cut by characters",
                    f"`{text}.encode()[i:j]`, which cuts bytes",
                )
            case Bytes() | Fixed():
                index = ast.unparse(node.slice)
                raise self.refuse(
                    node, "a byte is no number here", f"`{text}[{index}:{index} + 1]`, one byte"
                )
            case Optional():
                raise self.refuse(
                    node.value, "this may be none", f"`if {text} is not None:` before"
                )
        raise self.refuse(node, f"`{source.type}` has no parts", "a tuple, bytes or a relation")

    def _element(self, source: Expression, type_: Structure, node: ast.Subscript) -> Expression:
        index = None if isinstance(node.slice, ast.Slice) else self.value(node.slice)
        count = len(type_.types)
        if not isinstance(index, Constant) or index.type != NUMBER:
            raise self.refuse(node.slice, "the place in a tuple is not known", "a plain number")
        if not -count <= index.value < count:
            raise self.refuse(node.slice, f"the tuple has `{count}` elements", "a smaller number")
        place = index.value % count
        return member(source, place, type_.types[place])

    def _slice_of(self, source: Expression, node: ast.Slice) -> Expression:
        if node.step is not None:
            raise self.refuse(node.step, "a slice with steps", "a slice without")
        start, end = self._bound(node.lower), self._bound(node.upper)
        if isinstance(source, Constant) and start.position is None and end.position is None:
            return self.constant(source.value[slice(start.number, end.number)], node)
        type_ = cast(Bytes | Fixed, source.type)
        numbers = start.position is None and end.position is None
        if isinstance(type_, Fixed) and numbers:
            length = len(range(*slice(start.number, end.number).indices(type_.length)))
            found: Type = Fixed(length) if length else Bytes(0)
        else:
            found = Bytes(_longest(type_.longest, start, end))
        return Slice(found, source, start, end)

    def _bound(self, node: ast.expr | None) -> Bound:
        if node is None:
            return Bound(None, None)
        found = self.value(node)
        if found.type == NUMBER and isinstance(found, Constant):
            return Bound(found.value, None)
        return Bound(None, self.fit(found, U32, node))

    def _tuple(self, node: ast.Tuple) -> Expression:
        for part in node.elts:
            if isinstance(part, ast.Starred):
                raise self.refuse(part, "a tuple of unknown length", "each element by itself")
        parts = tuple(self.value(part) for part in node.elts)
        return Build(tuple_of(tuple(part.type for part in parts)), parts)

    def _unaryop(self, node: ast.UnaryOp) -> Expression:
        if isinstance(node.op, ast.Not):
            return negated(self.condition(node.operand)[0])
        source = self.value(node.operand)
        if isinstance(node.op, ast.USub | ast.UAdd):
            plus = isinstance(node.op, ast.UAdd)
            if isinstance(source, Constant) and source.type == NUMBER:
                return source if plus else Constant(NUMBER, -source.value)
            if isinstance(source.type, Integer) and not plus:
                return Arithmetic(source.type, "-", Constant(source.type, 0), source)
        what, instead = OPERATORS[type(node.op).__name__]
        raise self.refuse(node, what, instead)

    def _binop(self, node: ast.BinOp) -> Expression:
        left = self.value(node.left)
        right = self.value(node.right)
        return self.binary(node, node.op, left, right, node.left, node.right)

    def binary(
        self,
        node: ast.AST,
        op: ast.operator,
        left: Expression,
        right: Expression,
        left_node: ast.expr,
        right_node: ast.expr,
    ) -> Expression:
        """An operation on two values."""
        found = _ARITHMETIC.get(type(op))
        if found is None:
            raise self.refuse(node, *OPERATORS[type(op).__name__])
        sign, calculate = found
        if is_number(left) and is_number(right):
            return self._calculated(node, calculate, left.value, right.value)
        if isinstance(left.type, Integer) or isinstance(right.type, Integer):
            type_ = left.type if isinstance(left.type, Integer) else right.type
            left = self.operand(left, type_, left_node)
            right = self.operand(right, type_, right_node)
            return Arithmetic(type_, sign, left, right)
        if sign == "+":
            joined = self._concatenated(node, left, right)
            if joined is not None:
                return joined
        for side, side_node in ((left, left_node), (right, right_node)):
            if isinstance(side.type, Optional):
                text = ast.unparse(side_node)
                raise self.refuse(
                    side_node,
                    f"this may be none: it is `{side.type}`",
                    f"`if {text} is not None:` before, for a local name",
                )
        raise self.refuse(
            node,
            f"`{sign}` does not go with `{left.type}` and `{right.type}`",
            "integers of one type, or bytes or text joined by `+`",
        )

    def operand(self, value: Expression, type_: Type, node: ast.expr) -> Expression:
        """One side of an operation on integers: no type but the other side's, and no option."""
        if isinstance(value.type, Integer) and value.type != type_:
            raise self.refuse(
                node,
                f"`{value.type}` and `{type_}` are mixed",
                f"`{type_}({ast.unparse(node)})`",
            )
        return self.expect(value, type_, node)

    def _calculated(
        self, node: ast.AST, calculate: Callable[[int, int], int], left: int, right: int
    ) -> Expression:
        try:
            found = calculate(left, right)
        except ZeroDivisionError:
            raise self.refuse(node, "a division by zero", "another number") from None
        if abs(found) > NUMBER_MAX:
            raise self.refuse(node, "a number that no type holds", "a smaller number")
        return Constant(NUMBER, found)

    def _concatenated(
        self, node: ast.AST, left: Expression, right: Expression
    ) -> Expression | None:
        type_: Type
        match left.type, right.type:
            case Text(one), Text(other):
                type_ = Text(one + other)
            case (Bytes() | Fixed()) as one, (Bytes() | Fixed()) as other:
                length = one.longest + other.longest
                fixed = isinstance(one, Fixed) and isinstance(other, Fixed) and length <= 1024
                type_ = Fixed(length) if fixed else Bytes(length)
            case _:
                return None
        if type_.longest > BYTES_MAX:
            raise self.refuse(
                node,
                f"this may have `{type_.longest}` bytes, more than `{BYTES_MAX}`",
                "types with smaller bounds, or `narrow(value, T)` before",
            )
        if isinstance(left, Constant) and isinstance(right, Constant):
            return Constant(type_, left.value + right.value)
        parts = [
            part
            for side in (left, right)
            for part in (side.parts if isinstance(side, Concatenate) else (side,))
        ]
        if len(parts) > 200:
            raise self.refuse(node, "too many parts are joined", "fewer of them")
        return Concatenate(type_, tuple(parts))

    def _compare(self, node: ast.Compare) -> Expression:
        return self.condition(node)[0]

    def _boolop(self, node: ast.BoolOp) -> Expression:
        return self.condition(node)[0]

    def _ifexp(self, node: ast.IfExp) -> Expression:
        condition, true, false = self.condition(node.test)
        if isinstance(condition, Constant):
            return self.value(node.body if condition.value else node.orelse)
        with self.where(true):
            then = self.value(node.body)
        with self.where(false):
            otherwise = self.value(node.orelse)
        for side, side_node, other in (
            (then, node.body, otherwise),
            (otherwise, node.orelse, then),
        ):
            if side.type == NUMBER:
                type_ = other.type if isinstance(other.type, Integer) else "U64"
                raise self.refuse(
                    side_node,
                    "a plain number takes no type from the other side of a condition",
                    f"`{type_}({ast.unparse(side_node)})`",
                )
        found = join(then.type, otherwise.type)
        if found is None or number_inside(found):
            raise self.refuse(
                node, f"this is `{then.type}` or `{otherwise.type}`", "values of one type"
            )
        then = self.fit(then, found, node.body)
        return Choice(found, condition, then, self.fit(otherwise, found, node.orelse))


_EXPRESSIONS: dict[type[ast.expr], Callable[[Expressions, Any], Expression]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Subscript: Expressions._subscript,
    ast.Tuple: Expressions._tuple,
    ast.UnaryOp: Expressions._unaryop,
    ast.BinOp: Expressions._binop,
    ast.Compare: Expressions._compare,
    ast.BoolOp: Expressions._boolop,
    ast.IfExp: Expressions._ifexp,
}


def member(source: Expression, index: int, type_: Type) -> Expression:
    """One value of a structure; that of constants is a constant."""
    if isinstance(source, Build) and all(isinstance(p, Constant | Build) for p in source.parts):
        return source.parts[index]
    return Member(type_, source, index)


def negated(value: Expression) -> Expression:
    """The other bool."""
    if isinstance(value, Constant):
        return Constant(BOOL, not value.value)
    return value.source if isinstance(value, Not) else Not(value)


def conjunction(left: Expression, right: Expression) -> Expression:
    """Both, where the right side is evaluated only after the left one held."""
    if isinstance(left, Constant):
        return right if left.value else left
    return left if right == Constant(BOOL, True) else Logic(True, left, right)


def disjunction(left: Expression, right: Expression) -> Expression:
    """Either, where the right side is evaluated only after the left one did not hold."""
    if isinstance(left, Constant):
        return left if left.value else right
    return left if right == Constant(BOOL, False) else Logic(False, left, right)


def is_number(value: Expression) -> TypeGuard[Constant]:
    return isinstance(value, Constant) and value.type == NUMBER


def number_inside(type_: Type) -> bool:
    if isinstance(type_, Structure):
        return any(number_inside(inner) for inner in type_.types)
    return type_ == NUMBER


def _longest(longest: int, start: Bound, end: Bound) -> int:
    """The most bytes of a slice of at most `longest`."""
    if start.position is None and (start.number or 0) >= 0:
        low = start.number or 0
        if end.number is not None and end.number >= 0:
            return max(0, min(longest, end.number) - low)
        return max(0, longest - low)
    if start.number is not None and start.number < 0 and end.number is None:
        return min(longest, -start.number) if end.position is None else longest
    if end.number is not None and end.number >= 0:
        return min(longest, end.number)
    return longest
