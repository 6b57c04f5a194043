"""Comparisons: which values can be compared, chains of comparisons, and membership."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from zeta.app.checker import is_none, let
from zeta.app.expressions import (
    Expressions,
    conjunction,
    disjunction,
    is_number,
    negated,
    number_inside,
)
from zeta.app.tree import (
    Build,
    Compare,
    Comparison,
    Constant,
    Contains,
    Expression,
    IsNone,
    Statement,
)
from zeta.app.types import (
    BOOL,
    NUMBER,
    Bytes,
    Enumeration,
    Fixed,
    Integer,
    Number,
    Optional,
    Text,
    Type,
    join,
)

_COMPARISONS: dict[type[ast.cmpop], Comparison] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "==",
    ast.IsNot: "!=",
}
_COMPARE: dict[Comparison, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Comparisons(Expressions):
    """The part of the checker that comparisons need."""

    def comparison(self, node: ast.Compare) -> Expression:
        """A comparison, or a chain of them: each value is evaluated once, from the left."""
        left, left_node = self.value(node.left), node.left
        if len(node.ops) == 1:
            return self._compared(node, node.ops[0], left, left_node, node.comparators[0])
        steps, left = self.hold(left_node, left)
        links: list[tuple[list[Statement], Expression]] = []
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.In | ast.NotIn):
                raise self.refuse(node, "`in` in a chain of comparisons", "`and` between them")
            held, right = self.hold(right_node, self.value(right_node))
            one = self._pair(node, op, left, right, left_node, right_node)
            links.append((steps + held, one))
            steps, left, left_node = [], right, right_node
        found: Expression = Constant(BOOL, True)
        for before, one in reversed(links):
            found = let(before, conjunction(one, found))
        return found

    def _compared(
        self,
        node: ast.Compare,
        op: ast.cmpop,
        left: Expression,
        left_node: ast.expr,
        right_node: ast.expr,
    ) -> Expression:
        if not isinstance(op, ast.In | ast.NotIn):
            return self._pair(node, op, left, self.value(right_node), left_node, right_node)
        table = self.table(right_node)
        if table is None:
            return self._among(node, op, left, left_node, right_node)
        found = Contains(table, self.expect(left, table.key, left_node))
        return negated(found) if isinstance(op, ast.NotIn) else found

    def _among(
        self,
        node: ast.Compare,
        op: ast.cmpop,
        left: Expression,
        left_node: ast.expr,
        right_node: ast.expr,
    ) -> Expression:
        right = self.value(right_node)
        if not isinstance(right, Build) or not all(isinstance(p, Constant) for p in right.parts):
            raise self.refuse(
                right_node,
                "`in` looks into relations and tuples of constants only",
                "`key in self.relation`, or a comparison with each",
            )
        steps, held = self.hold(left_node, left)
        found: Expression = Constant(BOOL, False)
        for part in reversed(right.parts):
            one = self._pair(node, ast.Eq(), held, part, left_node, right_node)
            found = one if found == Constant(BOOL, False) else disjunction(one, found)
        found = let(steps, found)
        return negated(found) if isinstance(op, ast.NotIn) else found

    def _pair(
        self,
        node: ast.Compare,
        op: ast.cmpop,
        left: Expression,
        right: Expression,
        left_node: ast.expr,
        right_node: ast.expr,
    ) -> Expression:
        comparison = _COMPARISONS[type(op)]
        by_identity = isinstance(op, ast.Is | ast.IsNot)
        if is_none(left) or is_none(right):
            other, other_node = (right, right_node) if is_none(left) else (left, left_node)
            if not by_identity:
                raise self.refuse(
                    node,
                    "`None` is not compared for equality",
                    f"`{ast.unparse(other_node)} is {'' if comparison == '==' else 'not '}None`",
                )
            found = self._is_none(other)
            return negated(found) if comparison == "!=" else found
        if by_identity and not all(isinstance(x.type, Enumeration) for x in (left, right)):
            raise self.refuse(node, "`is` compares with `None` and enums only", "`==`")
        left, right = self._matched(node, left, right, left_node, right_node)
        self._comparable(node, comparison, left.type)
        if isinstance(left, Constant) and isinstance(right, Constant):
            return Constant(BOOL, _COMPARE[comparison](left.value, right.value))
        return Compare(comparison, left, right)

    def _is_none(self, value: Expression) -> Expression:
        if is_none(value):
            return Constant(BOOL, True)
        if isinstance(value.type, Optional):
            return IsNone(value)
        return Constant(BOOL, False)

    def _matched(
        self,
        node: ast.AST,
        left: Expression,
        right: Expression,
        left_node: ast.expr,
        right_node: ast.expr,
    ) -> tuple[Expression, Expression]:
        """Both sides at one type; byte strings of all lengths can be compared as they are."""
        if isinstance(left.type, Bytes | Fixed) and isinstance(right.type, Bytes | Fixed):
            return left, right
        if isinstance(left.type, Text) and isinstance(right.type, Text):
            return left, right
        if is_number(left) and is_number(right):
            return left, right
        if left.type == NUMBER or _has_numbers(left):
            return self.expect(left, right.type, left_node), right
        if right.type == NUMBER or _has_numbers(right):
            return left, self.expect(right, left.type, right_node)
        if isinstance(left.type, Integer) and isinstance(right.type, Integer):
            return left, self.operand(right, left.type, right_node)
        type_ = join(left.type, right.type)
        if type_ is None:
            raise self.refuse(
                node,
                f"`{left.type}` is not compared with `{right.type}`",
                "values of one type",
            )
        return self.fit(left, type_, left_node), self.fit(right, type_, right_node)

    def _comparable(self, node: ast.AST, comparison: Comparison, type_: Type) -> None:
        if comparison in ("==", "!="):
            return
        if isinstance(type_, Integer | Bytes | Fixed | Text | Number):
            return
        raise self.refuse(
            node, f"`{type_}` has no order", "a comparison of integers, bytes or text"
        )


def _has_numbers(value: Expression) -> bool:
    return isinstance(value, Build) and number_inside(value.type)
