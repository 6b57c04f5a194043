"""Statements: assignments, checks, branches and loops, which are unrolled."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, cast

from zeta.app import function
from zeta.app.annotation import Unsuitable, evaluated, type_of
from zeta.app.calls import Calls
from zeta.app.declaration import Declaration, Declared, closure
from zeta.app.flow import Conflict, assigned, meet, narrowed
from zeta.app.frame import Frame, Loop
from zeta.app.refusal import STATEMENTS
from zeta.app.tree import (
    Append,
    Assign,
    Block,
    Body,
    Build,
    Check,
    Constant,
    Delete,
    Evaluate,
    Expression,
    If,
    Leave,
    ListOf,
    Load,
    Member,
    Read,
    Return,
    Statement,
    Store,
    Variable,
)
from zeta.app.types import NOTHING, NUMBER, Integer, Listing, Nothing, Structure, Type

ROUNDS_MAX = 4096
"""The most rounds of a loop."""
REASON_MAX = 256
"""The longest reason, in bytes of UTF-8."""


class Statements(Calls):
    """The whole checker."""

    def block(self, statements: list[ast.stmt]) -> list[Statement]:
        found: list[Statement] = []
        for statement in statements:
            if self.environment is None:
                break  # no path leads here
            self.visit(statement)
            check = _STATEMENTS.get(type(statement))
            if check is None:
                name = type(statement).__name__
                what, instead = STATEMENTS.get(name, ("this statement", "a simpler one"))
                raise self.refuse(statement, f"{what} is not part of the language", instead)
            found += check(self, statement)
        return found

    def _nothing(self, node: ast.stmt) -> list[Statement]:
        return []

    def _expression(self, node: ast.Expr) -> list[Statement]:
        if isinstance(node.value, ast.Constant):
            return []  # a docstring
        if isinstance(node.value, ast.Call):
            if self.frame.static(node.value.func) is function.check:
                return self._check_statement(node.value)
            appended = self._append(node.value)
            if appended is not None:
                return [appended]
        value = self.expr(node.value)
        return [] if isinstance(value, Constant) else [Evaluate(self.frame.place(node), value)]

    def _check_statement(self, node: ast.Call) -> list[Statement]:
        if len(node.args) != 2 or node.keywords:
            raise self.refuse(node, "a check without a reason", '`check(condition, "reason")`')
        condition, true, _ = self.condition(node.args[0])
        reason = self._reason(node.args[1])
        if isinstance(condition, Constant) and condition.value:
            return []
        found = Check(self.frame.place(node), condition, reason)
        if isinstance(condition, Constant):
            self.environment = None
        else:
            self.environment = narrowed(self.known(), true)
        return [found]

    def _reason(self, node: ast.expr) -> str:
        found = None
        if isinstance(node, ast.Constant | ast.Name | ast.Attribute | ast.BinOp):
            found = self.value(node)
        if not isinstance(found, Constant) or not isinstance(found.value, str):
            raise self.refuse(node, "a reason that is not known beforehand", 'a text, `"reason"`')
        text = found.value
        if not 1 <= len(text.encode()) <= REASON_MAX or not text.isprintable():
            raise self.refuse(
                node, "a reason that is empty, too long or not printable", "a short line of text"
            )
        return text

    def _append(self, node: ast.Call) -> Append | None:
        target = node.func
        if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Name):
            return None
        variable = self.frame.variables.get(target.value.id)
        known = None if variable is None else self.known().get(variable)
        if variable is None or known is None or isinstance(known, Conflict):
            return None
        if not isinstance(known.type, Listing):
            return None
        if target.attr != "append" or len(node.args) != 1 or node.keywords:
            raise self.refuse(node, f"lists have no `{target.attr}` here", "`append(value)`")
        element = known.type.element
        value = self.expect(self.value(node.args[0]), element, node.args[0])
        type_ = Listing(element, known.type.longest + 1)
        self.known()[variable] = assigned(type_)
        return Append(self.frame.place(node), variable, value, type_)

    def _assign(self, node: ast.Assign) -> list[Statement]:
        if len(node.targets) != 1:
            raise self.refuse(node, "an assignment to several names", "one assignment for each")
        target = node.targets[0]
        if isinstance(target, ast.Tuple | ast.List):
            return self._unpack(target, node.value)
        if isinstance(target, ast.Subscript) and self.table(target.value) is not None:
            return self._store(node, target, self.value(node.value))
        name = self._name_assigned(target)
        value = self.expr(node.value)
        if isinstance(value.type, Listing) and isinstance(node.value, ast.Name):
            value = self.value(node.value)  # which refuses a second name for a list
        return [self.assign(node, name, value)]

    def _name_assigned(self, target: ast.expr) -> str:
        if isinstance(target, ast.Name):
            return target.id
        text = ast.unparse(target)
        if isinstance(target, ast.Attribute):
            holder = ast.unparse(target.value)
            if holder == self.frame.self_name:
                raise self.refuse(
                    target, "nothing but relations lasts between calls", f"a relation `{text}[key]`"
                )
            raise self.refuse(
                target, "a row does not change", f"`{holder} = replace({holder}, {target.attr}=..)`"
            )
        raise self.refuse(target, f"`{text}` is not assigned to", "a local name, or `self.r[key]`")

    def _unpack(self, target: ast.Tuple | ast.List, value_node: ast.expr) -> list[Statement]:
        value = self.value(value_node)
        if not isinstance(value.type, Structure) or value.type.cls is not None:
            raise self.refuse(value_node, f"`{value.type}` is not unpacked", "a tuple, or fields")
        types = value.type.types
        if len(target.elts) != len(types):
            raise self.refuse(
                target, f"`{len(types)}` values for `{len(target.elts)}` names", "as many names"
            )
        names = [self._name_assigned(one) for one in target.elts]
        steps: list[Statement] = []
        parts: list[Expression] = []
        if isinstance(value, Build):
            for part in value.parts:
                held, one = self.hold(value_node, part)
                steps += held
                parts.append(one)
        else:
            steps, held_value = self.hold(value_node, value)
            parts = [Member(type_, held_value, index) for index, type_ in enumerate(types)]
        # All are read before any name changes: `a, b = b, a`.
        place = self.frame.place(value_node)
        copies = [Variable("") for _ in parts]
        numbers = [isinstance(part, Constant) for part in parts]
        steps += [
            Assign(place, copy, part)
            for copy, part, known in zip(copies, parts, numbers, strict=True)
            if not known
        ]
        final = [
            part if known else Read(part.type, copy)
            for copy, part, known in zip(copies, parts, numbers, strict=True)
        ]
        return steps + [
            self.assign(target, name, part) for name, part in zip(names, final, strict=True)
        ]

    def _annotated(self, node: ast.AnnAssign) -> list[Statement]:
        name = self._name_assigned(node.target)
        declared = self.frame.declared
        scope = {**self.frame.names, **closure(declared.function)}
        try:
            annotation = evaluated(
                ast.unparse(node.annotation), scope, declared.function.__globals__
            )
            type_ = type_of(annotation)
        except Unsuitable as error:
            raise self.refuse(node.annotation, error.what, error.instead) from None
        if node.value is None:
            return []
        if isinstance(node.value, ast.List):
            return [self._list(node, name, node.value, type_)]
        value = self.expr(node.value)
        if value.type == NUMBER and isinstance(type_, Integer):
            text = ast.unparse(node.value)
            raise self.refuse(
                node.value,
                "an annotation gives a plain number no type when Python runs it",
                f"`{name} = {type_}({text})`",
            )
        return [self.assign(node, name, self.fit(value, type_, node.value))]

    def _list(self, node: ast.AST, name: str, value: ast.List, type_: Type) -> Statement:
        if not isinstance(type_, Listing):
            raise self.refuse(value, f"a list as `{type_}`", "`Annotated[list[T], Max(N)]`")
        parts = tuple(self.expect(self.value(one), type_.element, one) for one in value.elts)
        return self.assign(node, name, ListOf(Listing(type_.element, len(parts)), parts))

    def _augmented(self, node: ast.AugAssign) -> list[Statement]:
        if isinstance(node.target, ast.Subscript):
            table = self.table(node.target.value)
            if table is not None:
                steps, key = self.hold(node.target, self.key(table, node.target.slice))
                old: Expression = Load(table.row, table, key)
                new = self.binary(
                    node, node.op, old, self.value(node.value), node.target, node.value
                )
                new = self.expect(new, table.row, node.value)
                return [*steps, Store(self.frame.place(node), table, key, new)]
        name = self._name_assigned(node.target)
        old = self.value(ast.copy_location(ast.Name(name, ast.Load()), node.target))
        value = self.value(node.value)
        new = self.binary(node, node.op, old, value, node.target, node.value)
        return [self.assign(node, name, new)]

    def _store(self, node: ast.stmt, target: ast.Subscript, value: Expression) -> list[Statement]:
        table = self.table(target.value)
        assert table is not None
        value_node = getattr(node, "value", target)
        row = self.expect(value, table.row, value_node)
        # Python evaluates the value first, then the key.
        steps, row = self.hold(value_node, row)
        key = self.key(table, target.slice)
        return [*steps, Store(self.frame.place(node), table, key, row)]

    def _delete(self, node: ast.Delete) -> list[Statement]:
        found: list[Statement] = []
        for target in node.targets:
            table = self.table(target.value) if isinstance(target, ast.Subscript) else None
            if table is None or not isinstance(target, ast.Subscript):
                raise self.refuse(target, "only rows are deleted", "`del self.relation[key]`")
            key = self.key(table, target.slice)
            found.append(Delete(self.frame.place(node), table, key))
        return found

    def _if(self, node: ast.If) -> list[Statement]:
        condition, true, false = self.condition(node.test)
        if isinstance(condition, Constant):
            return self.block(node.body if condition.value else node.orelse)
        before = self.known()
        self.environment = narrowed(before, true)
        then = self.block(node.body)
        after_then = self.environment
        self.environment = narrowed(before, false)
        otherwise = self.block(node.orelse)
        self.environment, merges = meet([after_then, self.environment])
        place = self.frame.place(node)
        return [If(place, condition, tuple(then), tuple(otherwise), merges)]

    def _for(self, node: ast.For) -> list[Statement]:
        rounds = self._rounds(node)
        if not isinstance(node.target, ast.Name):
            raise self.refuse(node.target, "a loop over more than one name", "one name")
        loop = Loop(self.label(), self.label())
        self.frame.loops.append(loop)
        place = self.frame.place(node)
        body: list[Statement] = []
        for number in rounds:
            if self.environment is None:
                break
            loop.next = self.label()
            self.give(node, self.frame.variable(node.target.id), Constant(NUMBER, number))
            inner = self.block(node.body)
            merges = self.arrive(loop.next)
            body.append(Block(place, loop.next, tuple(inner), merges))
        self.frame.loops.pop()
        body += self.block(node.orelse)
        return [Block(place, loop.after, tuple(body), self.arrive(loop.after))]

    def _rounds(self, node: ast.For) -> range:
        call = node.iter
        constant = "`for i in range(N):` with a constant `N`"
        if not isinstance(call, ast.Call) or self.frame.static(call.func) is not range:
            raise self.refuse(call, "a loop over something else than a range", constant)
        bounds = []
        for argument in call.args:
            bound = self.value(argument)
            if not isinstance(bound, Constant) or not isinstance(bound.value, int):
                raise self.refuse(argument, "the number of rounds is not known", constant)
            bounds.append(bound.value)
        if not 1 <= len(bounds) <= 3 or call.keywords or (len(bounds) == 3 and bounds[2] == 0):
            raise self.refuse(call, "a range that Python does not have", constant)
        found = range(*bounds)
        if len(found) > ROUNDS_MAX:
            raise self.refuse(
                call, f"`{len(found)}` rounds, more than `{ROUNDS_MAX}`", "fewer rounds"
            )
        return found

    def _break(self, node: ast.Break) -> list[Statement]:
        label = self.frame.loops[-1].after
        self.leave(label)
        return [Leave(self.frame.place(node), label)]

    def _continue(self, node: ast.Continue) -> list[Statement]:
        label = self.frame.loops[-1].next
        self.leave(label)
        return [Leave(self.frame.place(node), label)]

    def _return(self, node: ast.Return) -> list[Statement]:
        place = self.frame.place(node)
        where = node.value or node
        value: Expression = Constant(NOTHING, None)
        result = self.frame.result
        if isinstance(node.value, ast.List):
            value = self._returned_list(node.value)
        elif node.value is not None:
            value = self.expr(node.value)
        if isinstance(value.type, Listing) and isinstance(result, Listing):
            longest = value.type.longest
            if longest > result.longest:
                raise self.refuse(
                    where, f"a list of up to `{longest}` elements", f"`Max({longest})`, or fewer"
                )
        value = self.expect(value, result, where)
        if self.frame.end is None:
            self.environment = None
            return [Return(place, value)]
        found: list[Statement] = []
        if self.frame.returned is not None:
            found.append(self.give(node, self.frame.returned, value))
        elif not isinstance(value, Constant):
            found.append(Evaluate(place, value))
        self.leave(self.frame.end)
        return [*found, Leave(place, self.frame.end)]

    def _returned_list(self, node: ast.List) -> Expression:
        result = self.frame.result
        if not isinstance(result, Listing):
            raise self.refuse(node, f"a list as `{result}`", "`-> Annotated[list[T], Max(N)]`")
        parts = tuple(self.expect(self.value(one), result.element, one) for one in node.elts)
        return ListOf(Listing(result.element, len(parts)), parts)

    def helper_end(self, node: ast.FunctionDef) -> None:
        if self.environment is not None and not isinstance(self.frame.result, Nothing):
            raise self.refuse(
                node,
                f"`{node.name}` may end without a result",
                f"`return` with a value of `{self.frame.result}` on every path",
            )


_STATEMENTS = cast(
    dict[type[ast.stmt], Callable[[Statements, Any], list[Statement]]],
    {
        ast.Pass: Statements._nothing,
        ast.Expr: Statements._expression,
        ast.Assign: Statements._assign,
        ast.AnnAssign: Statements._annotated,
        ast.AugAssign: Statements._augmented,
        ast.Delete: Statements._delete,
        ast.If: Statements._if,
        ast.For: Statements._for,
        ast.Break: Statements._break,
        ast.Continue: Statements._continue,
        ast.Return: Statements._return,
    },
)


def check_transition(
    declaration: Declaration, declared: Declared, helpers: dict[Any, Declared]
) -> Body:
    """The typed tree of a transition; raises `LanguageError`."""
    tree = declared.source.tree
    self_name = tree.args.args[0].arg if tree.args.args else tree.args.posonlyargs[0].arg
    frame = Frame(declared, declaration.cls, declaration.names, self_name)
    checker = Statements(declaration, frame)
    checker.helpers = helpers
    parameters = []
    for parameter in declared.signature.parameters:
        variable = frame.variable(parameter.name)
        checker.known()[variable] = assigned(parameter.type)
        parameters.append(variable)
    steps = checker.block(tree.body)
    checker.helper_end(tree)
    if checker.environment is not None:
        steps.append(Return(frame.place(tree), Constant(NOTHING, None)))
    return Body(frame.place(tree), tuple(parameters), tuple(steps))
