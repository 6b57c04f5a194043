"""Conditions: bools, and what they tell of the names in them where they hold and where not."""

from __future__ import annotations

import ast

from zeta.app.comparisons import Comparisons
from zeta.app.expressions import conjunction, disjunction, negated
from zeta.app.flow import Facts
from zeta.app.tree import Constant, Expression, IsNone, Not, Read
from zeta.app.types import BOOL, NOTHING, Integer, Optional


class Conditions(Comparisons):
    """The part of the checker that narrows types."""

    def condition(self, node: ast.expr) -> tuple[Expression, Facts, Facts]:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            found, true, false = self.condition(node.operand)
            return negated(found), false, true
        if isinstance(node, ast.BoolOp):
            return self._connected(isinstance(node.op, ast.And), node.values)
        if isinstance(node, ast.Compare):
            self.visit(node)
            found = self.comparison(node)
            return found, *_facts(found)
        found = self.value(node)
        if found.type != BOOL:
            raise self.refuse(node, f"a condition that is `{found.type}`", _as_bool(found, node))
        return found, {}, {}

    def _connected(self, is_and: bool, nodes: list[ast.expr]) -> tuple[Expression, Facts, Facts]:
        left, true, false = self.condition(nodes[0])
        if len(nodes) == 1:
            return left, true, false
        if isinstance(left, Constant):
            # What the left side decides, the right side is not even looked at.
            return self._connected(is_and, nodes[1:]) if left.value == is_and else (left, {}, {})
        with self.where(true if is_and else false):
            right, right_true, right_false = self._connected(is_and, nodes[1:])
        if is_and:
            both = {**true, **right_true}
            return conjunction(left, right), both, _common(false, right_false)
        neither = {**false, **right_false}
        return disjunction(left, right), _common(true, right_true), neither


def _facts(value: Expression) -> tuple[Facts, Facts]:
    if isinstance(value, Not):
        true, false = _facts(value.source)
        return false, true
    if isinstance(value, IsNone) and isinstance(value.source, Read):
        type_ = value.source.type
        if isinstance(type_, Optional):
            variable = value.source.variable
            return {variable: NOTHING}, {variable: type_.inner}
    return {}, {}


def _common(left: Facts, right: Facts) -> Facts:
    return {variable: type_ for variable, type_ in left.items() if right.get(variable) == type_}


def _as_bool(found: Expression, node: ast.expr) -> str:
    text = ast.unparse(node)
    if isinstance(found.type, Optional):
        return f"`{text} is not None`"
    if isinstance(found.type, Integer):
        return f"`{text} != 0`"
    return "a comparison"
