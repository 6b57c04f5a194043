"""Calls: what the language offers, and helpers, whose bodies take the place of the call."""

from __future__ import annotations

import ast
import builtins
import dataclasses
from collections.abc import Callable
from enum import Enum
from types import FunctionType
from typing import Any, cast

from zeta.app import function, integers
from zeta.app.annotation import Unsuitable, type_of
from zeta.app.checker import is_list, let
from zeta.app.conditions import Conditions
from zeta.app.declaration import Declared, declare_function
from zeta.app.expressions import member
from zeta.app.frame import MISSING, Frame
from zeta.app.refusal import CALLS
from zeta.app.relation import Table
from zeta.app.tree import (
    Block,
    Build,
    Choice,
    Compare,
    Constant,
    Convert,
    Expression,
    Find,
    Hash,
    Length,
    Read,
    Statement,
    ToBytes,
    Variable,
)
from zeta.app.types import (
    NOTHING,
    NUMBER,
    U32,
    Bytes,
    Fixed,
    Integer,
    Listing,
    Nothing,
    Optional,
    Structure,
    Text,
    Type,
)
from zeta.errors import LanguageError

_TABLE_METHODS = {
    "pop": "`self.r.get(key)`, and then `del self.r[key]`",
    "setdefault": "`self.r.get(key)`, and then `self.r[key] = row`",
    "update": "`self.r[key] = row` for each",
    "keys": "a row that names the next key",
    "values": "a row that names the next key",
    "items": "a row that names the next key",
    "clear": "`del self.r[key]` for each",
}


class Calls(Conditions):
    """The part of the checker that calls need."""

    helpers: dict[tuple[FunctionType, bool], Declared]
    """The helpers that were read already, by function and whether they are methods."""

    def call(self, node: ast.Call) -> Expression:
        for argument in (*node.args, *node.keywords):
            if isinstance(argument, ast.Starred) or getattr(argument, "arg", "") is None:
                raise self.refuse(argument, "arguments that are not listed", "each by itself")
        if isinstance(node.func, ast.Attribute):
            found = self._of_table(node, node.func)
            if found is not None:
                return found
            if self._is_self(node.func.value):
                return self._own_method(node, node.func)
        target = self.frame.static(node.func)
        if target is not MISSING:
            return self._static(node, target)
        if isinstance(node.func, ast.Attribute):
            return self._method(node, node.func)
        name = ast.unparse(node.func)
        raise self.refuse(
            node.func,
            f"`{name}` is not there, or is no function",
            "a function that is defined above the application",
        )

    def _is_self(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and node.id == self.frame.self_name

    def _of_table(self, node: ast.Call, target: ast.Attribute) -> Expression | None:
        table = self.table(target.value)
        if table is None:
            return None
        if target.attr != "get":
            instead = _TABLE_METHODS.get(target.attr, "`self.r.get(key)`")
            raise self.refuse(
                target,
                f"relations have no `{target.attr}`",
                instead.replace("self.r", f"self.{table.name}"),
            )
        if len(node.args) == 2 or node.keywords:
            raise self.refuse(
                node, "`get` with a default", f"`self.{table.name}.get(key)`, then `is None`"
            )
        (key,) = self._arguments(node, 1)
        return self._found(table, self.key(table, key))

    def _found(self, table: Table, key: Expression) -> Expression:
        assert not isinstance(table.row, Listing | Nothing | Optional)
        return Find(Optional(table.row), table, key)  # type: ignore[arg-type]

    def _own_method(self, node: ast.Call, target: ast.Attribute) -> Expression:
        for base in self.frame.cls.__mro__:
            found = vars(base).get(target.attr, MISSING)
            if isinstance(found, staticmethod):
                return self.inline(node, cast(FunctionType, found.__func__), is_method=False)
            if isinstance(found, FunctionType):
                if hasattr(found, "__zeta_transition__"):
                    raise self.refuse(
                        target,
                        f"`{target.attr}` is a transition, which clients call",
                        "a method without `@transition` that both call",
                    )
                return self.inline(node, found, is_method=True)
            if found is not MISSING:
                break
        raise self.refuse(
            target,
            f"`{self.frame.cls.__name__}` has no method `{target.attr}`",
            "a method of the class, with annotations",
        )

    def _static(self, node: ast.Call, target: Any) -> Expression:
        known = _OFFERED.get(target) if _hashable(target) else None
        if known is not None:
            return known(self, node)
        if any(target is one for one in integers.ALL):
            return self._integer(node, Integer(target))
        if isinstance(target, type):
            structure = getattr(target, "__zeta_row__", None)
            if isinstance(structure, Structure):
                return self._row(node, structure)
            if issubclass(target, Enum):
                raise self.refuse(
                    node, f"a member of `{target.__name__}` by its value", "the member itself"
                )
        if isinstance(target, FunctionType) and target.__module__ != "zeta.app.function":
            if hasattr(target, "__zeta_transition__"):
                raise self.refuse(node, "a transition is called", "a helper that both call")
            return self.inline(node, target, is_method=False)
        text = ast.unparse(node.func)
        try:
            type_of(target)
        except Unsuitable:
            pass
        else:
            arguments = ", ".join(ast.unparse(argument) for argument in node.args)
            raise self.refuse(node, f"`{text}` is called", f"`narrow({arguments}, {text})`")
        name = getattr(target, "__name__", text)
        if getattr(builtins, name, None) is target and name in CALLS:
            raise self.refuse(node, *CALLS[name])
        raise self.refuse(
            node,
            f"`{text}` is not part of the language",
            "a function with annotations, written in the language",
        )

    def _arguments(self, node: ast.Call, count: int) -> list[ast.expr]:
        if len(node.args) != count or node.keywords:
            name = ast.unparse(node.func)
            raise self.refuse(
                node, f"`{name}` takes `{count}` arguments", f"`{name}` with `{count}` values"
            )
        return node.args

    def _length(self, node: ast.Call) -> Expression:
        (argument,) = self._arguments(node, 1)
        source = self.expr(argument)
        if is_list(source):
            return Length(source)
        match source.type:
            case Bytes() | Fixed():
                if isinstance(source, Constant):
                    return Constant(U32, len(source.value))
                return Length(source)
            case Structure(None, _, types) if isinstance(source, Read | Build):
                return Constant(NUMBER, len(types))
            case Text():
                text = ast.unparse(argument)
                raise self.refuse(
                    node, "the length of text, in characters", f"`len({text}.encode())`, in bytes"
                )
        raise self.refuse(node, f"`{source.type}` has no length", "the length of bytes or a list")

    def _check(self, node: ast.Call) -> Expression:
        raise self.refuse(node, "`check` inside of an expression", "`check` on a line of its own")

    def _sha256(self, node: ast.Call) -> Expression:
        (message,) = self._arguments(node, 1)
        return Hash(None, self._octets(message))

    def _hmac(self, node: ast.Call) -> Expression:
        key, message = self._arguments(node, 2)
        return Hash(self._octets(key), self._octets(message))

    def _equal(self, node: ast.Call) -> Expression:
        left, right = self._arguments(node, 2)
        return Compare("==", self._octets(left), self._octets(right))

    def _octets(self, node: ast.expr) -> Expression:
        source = self.value(node)
        if isinstance(source.type, Bytes | Fixed):
            return source
        raise self.refuse(
            node, f"this is `{source.type}`, and bytes are needed", _as_bytes(source.type, node)
        )

    def _narrow(self, node: ast.Call) -> Expression:
        argument, to = self._arguments(node, 2)
        source = self.value(argument)
        try:
            type_ = type_of(self.frame.static(to))
        except Unsuitable as error:
            raise self.refuse(to, error.what, error.instead) from None
        bytes_ = isinstance(source.type, Bytes | Fixed) and isinstance(type_, Bytes | Fixed)
        if not bytes_ and not (isinstance(source.type, Text) and isinstance(type_, Text)):
            raise self.refuse(
                node,
                f"`{source.type}` is not narrowed to `{type_}`",
                "bytes to bytes, text to text; `encode` and `decode` go between",
            )
        return Convert(type_, source)

    def _integer(self, node: ast.Call, type_: Integer) -> Expression:
        (argument,) = self._arguments(node, 1)
        source = self.value(argument)
        if isinstance(source, Constant) and source.type == NUMBER:
            return self.number(source, type_, argument)
        if not isinstance(source.type, Integer):
            return self.fit(source, type_, argument)
        return source if source.type == type_ else Convert(type_, source)

    def _least(self, node: ast.Call) -> Expression:
        is_min = self.frame.static(node.func) is min
        if len(node.args) < 2 or node.keywords:
            raise self.refuse(node, "the least of a list", "`min(a, b)`")
        steps: list[Statement] = []
        best: Expression | None = None
        for argument in node.args:
            held, value = self.hold(argument, self.value(argument))
            steps += held
            if not isinstance(value.type, Integer):
                raise self.refuse(
                    argument, f"this is `{value.type}`", f"`U64({ast.unparse(argument)})`"
                )
            if best is None:
                best = value
                continue
            value = self.expect(value, best.type, argument)
            chosen = Choice(best.type, Compare("<" if is_min else ">", value, best), value, best)
            held, best = self.hold(node, chosen)
            steps += held
        assert best is not None
        return let(steps, best)

    def _row(self, node: ast.Call, structure: Structure) -> Expression:
        given = self._named(node, node.args, structure.names, ast.unparse(node.func))
        missing = [name for name in structure.names if name not in given]
        if missing:
            raise self.refuse(
                node, f"the field `{missing[0]}` is missing", f"`{missing[0]}=..` among the values"
            )
        return self._built(structure, given, {})

    def _replace(self, node: ast.Call) -> Expression:
        if len(node.args) != 1:
            raise self.refuse(node, "`replace` without a row", "`replace(row, field=value)`")
        source = self.value(node.args[0])
        if not isinstance(source.type, Structure) or source.type.cls is None:
            return self._no_row(node, source)
        structure = source.type
        steps, held = self.hold(node.args[0], source)
        given = self._named(node, [], structure.names, "replace")
        kept = {
            name: member(held, index, structure.types[index])
            for index, name in enumerate(structure.names)
            if name not in given
        }
        return let(steps, self._built(structure, given, kept))

    def _no_row(self, node: ast.Call, source: Expression) -> Expression:
        text = ast.unparse(node.args[0])
        instead = "a row of a `@row` class"
        if isinstance(source.type, Optional):
            instead = f"`if {text} is not None:` before, for a local name"
        raise self.refuse(node.args[0], f"this is `{source.type}`, and a row is needed", instead)

    def _named(
        self, node: ast.Call, args: list[ast.expr], names: tuple[str, ...], what: str
    ) -> dict[str, ast.expr]:
        """The arguments by name, in the order in which they stand."""
        if len(args) > len(names):
            raise self.refuse(node, f"`{what}` takes `{len(names)}` values", "one for each name")
        given = dict(zip(names, args, strict=False))
        for keyword in node.keywords:
            name = keyword.arg or ""
            if name not in names or name in given:
                raise self.refuse(
                    keyword,
                    f"`{name}` is not there, or is given twice",
                    "one of " + ", ".join(f"`{one}`" for one in names),
                )
            given[name] = keyword.value
        return given

    def _built(
        self, structure: Structure, given: dict[str, ast.expr], kept: dict[str, Expression]
    ) -> Expression:
        steps: list[Statement] = []
        values = dict(kept)
        types = dict(zip(structure.names, structure.types, strict=True))
        for name, argument in given.items():
            value = self.expect(self.value(argument), types[name], argument)
            held, values[name] = self.hold(argument, value)
            steps += held
        return let(steps, Build(structure, tuple(values[name] for name in structure.names)))

    def _method(self, node: ast.Call, target: ast.Attribute) -> Expression:
        source = self.value(target.value)
        match source.type, target.attr:
            case Text(longest), "encode":
                self._arguments(node, 0)
                if isinstance(source, Constant):
                    return self.constant(source.value.encode(), node)
                return Convert(Bytes(longest), source)
            case (Bytes() | Fixed()) as type_, "decode":
                self._arguments(node, 0)
                return Convert(Text(type_.longest), source)
            case Integer() as type_, "to_bytes":
                return self._to_bytes(node, source, type_)
        raise self.refuse(
            target,
            f"`{source.type}` has no `{target.attr}` here",
            "`encode`, `decode`, `to_bytes`, or a function",
        )

    def _to_bytes(self, node: ast.Call, source: Expression, type_: Integer) -> Expression:
        signed = ", signed=True" if type_.low < 0 else ""
        wanted = f"to_bytes({type_.width}, 'little'{signed})"
        call = ast.Call(ast.Name("to_bytes"), node.args, node.keywords)
        if ast.unparse(call) != wanted:
            text = ast.unparse(node.func)
            raise self.refuse(
                node,
                f"the bytes of a `{type_}` in another way",
                f"`{text.removesuffix('to_bytes')}{wanted.replace(chr(39), chr(34))}`",
            )
        return ToBytes(Fixed(type_.width), source)

    def inline(self, node: ast.Call, target: FunctionType, *, is_method: bool) -> Expression:
        """The body of a helper in the place of its call."""
        name = ast.unparse(node.func)
        if target in self.stack:
            raise self.refuse(node, f"`{name}` calls itself", "`for i in range(N):`, constant `N`")
        declared = self._declared(node, target, is_method)
        parameters = declared.signature.parameters
        names = tuple(parameter.name for parameter in parameters)
        given = self._named(node, node.args, names, name)
        missing = [one for one in names if one not in given]
        if missing:
            raise self.refuse(node, f"`{name}` lacks `{missing[0]}`", "a value for each argument")
        tree = declared.source.tree
        self_name = tree.args.args[0].arg if is_method and tree.args.args else None
        frame = Frame(declared, self.frame.cls, self.frame.names, self_name, self.label())
        types = {parameter.name: parameter.type for parameter in parameters}
        values = {}
        for one, argument in given.items():
            values[one] = self.expect(self.value(argument), types[one], argument)
        steps = [
            self.give(argument, frame.variable(one), values[one]) for one, argument in given.items()
        ]
        result = declared.signature.result
        frame.returned = None if isinstance(result, Nothing) else Variable(name)
        caller, self.frame = self.frame, frame
        self.stack.append(target)
        body = self.block(tree.body)
        self.helper_end(tree)
        self.stack.pop()
        merges = self.arrive(frame.end)
        self.frame = caller
        if self.environment is not None:
            frame.drop(self.environment, None)
            if frame.returned is not None:
                self.environment.pop(frame.returned, None)
        assert frame.end is not None
        steps.append(Block(self.frame.place(node), frame.end, tuple(body), merges))
        if frame.returned is None:
            return let(steps, Constant(NOTHING, None))
        return let(steps, Read(result, frame.returned))

    def _declared(self, node: ast.Call, target: FunctionType, is_method: bool) -> Declared:
        found = self.helpers.get((target, is_method))
        if found is None:
            name = ast.unparse(node.func)
            if not target.__annotations__:
                raise self.refuse(
                    node,
                    f"`{name}` has no annotations",
                    "a function of the language, with a type for each argument and its result",
                )
            try:
                found = declare_function(target, self.frame.names, is_method)
            except LanguageError as error:
                if error.file:
                    raise
                raise self.refuse(node, error.what, error.instead) from None
            for one in found.signature.parameters:
                if isinstance(one.type, Listing):
                    raise self.refuse(node, "a list is given away", "the values by themselves")
            self.helpers[target, is_method] = found
        return found


def _hashable(target: Any) -> bool:
    try:
        hash(target)
    except TypeError:
        return False
    return True


def _as_bytes(type_: Type, node: ast.expr) -> str:
    text = ast.unparse(node)
    match type_:
        case Text():
            return f"`{text}.encode()`"
        case Integer():
            signed = ", signed=True" if type_.low < 0 else ""
            return f'`{text}.to_bytes({type_.width}, "little"{signed})`'
        case Optional():
            return f"`if {text} is not None:` before, for a local name"
        case _:
            return "bytes"


_OFFERED: dict[Any, Callable[[Any, ast.Call], Expression]] = {
    builtins.len: Calls._length,
    builtins.min: Calls._least,
    builtins.max: Calls._least,
    dataclasses.replace: Calls._replace,
    function.check: Calls._check,
    function.sha256: Calls._sha256,
    function.hmac_sha256: Calls._hmac,
    function.equal: Calls._equal,
    function.narrow: Calls._narrow,
}
