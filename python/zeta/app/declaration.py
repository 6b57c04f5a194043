"""Declarations: what the body of an application says, before any function is looked into."""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from zeta.app.annotation import Unsuitable, evaluated, type_of
from zeta.app.position import Position
from zeta.app.relation import Relation, Table
from zeta.app.signature import Parameter, Signature
from zeta.app.source import Source, class_position, source_of
from zeta.app.types import Bytes, Listing, Nothing, Optional, Text, Type, flatten, leaf_max
from zeta.errors import LanguageError

KEY_MAX = 4096
"""The longest key, in bytes."""
ROW_MAX = 1 << 20
"""The longest row, in bytes."""
VALUES_MAX = 64
"""The most values of a key, a row, the arguments or a result."""
NAME_MAX = 64
"""The longest name, in bytes."""

RESERVED = (
    "assembly",
    "digest",
    "epoch",
    "program",
    "reasons",
    "relations",
    "simulate",
    "transitions",
)
"""What every application has: no relation, constant or function may take these names."""


@dataclass(frozen=True)
class Declared:
    """A function with its signature and its source."""

    function: FunctionType
    signature: Signature
    source: Source


@dataclass(frozen=True)
class Declaration:
    """An application as its class declares it."""

    cls: type
    names: dict[str, Any]
    """The local names around the class."""
    tables: dict[str, Table]
    transitions: dict[str, Declared]


def declare(cls: type, names: dict[str, Any]) -> Declaration:
    """Reads the body of an application; raises `LanguageError`."""
    functions = dict(_transitions(cls))
    if not functions:
        raise LanguageError(
            f"`{cls.__name__}` has no transitions", "a method with `@transition` above it"
        )
    for name in (cls.__name__, *functions):
        _check_name(name, source_of(next(iter(functions.values()))).position(ast.Pass()))
    tables: dict[str, Table] = {}
    for base in reversed(cls.__mro__):
        for name, key, row in _relations(base, names):
            place = tables[name].index if name in tables else len(tables)
            tables[name] = Table(place, name, key, row)
    transitions = {
        name: declare_function(function, names, is_method=True)
        for name, function in functions.items()
    }
    for declared in transitions.values():
        _check_signature(declared)
    return Declaration(cls, names, tables, transitions)


def _transitions(cls: type) -> Iterator[tuple[str, FunctionType]]:
    found: dict[str, FunctionType] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if hasattr(value, "__zeta_transition__"):
                found[name] = value
            else:
                found.pop(name, None)
    yield from found.items()


def _relations(cls: type, names: dict[str, Any]) -> Iterator[tuple[str, Type, Type]]:
    if cls.__module__.startswith("zeta.app.") or cls is object:
        return
    for name, annotation in _annotations(cls, names):
        where = class_position(cls, name)
        found = annotation
        try:
            found = evaluated(annotation, names, _module(cls))
            if typing.get_origin(found) is not Relation:
                if found is Relation:
                    raise Unsuitable("a relation without types", "`Relation[Key, Row]`")
                if name in vars(cls):
                    continue
                raise Unsuitable(
                    f"`{name}` is declared and has no value",
                    "a `Relation[Key, Row]`, or a constant with its value",
                )
            key, row = (type_of(argument) for argument in typing.get_args(found))
            _check_name(name, where)
            _check_relation(name, key, row)
        except Unsuitable as error:
            raise where.refuse(error.what, error.instead) from None
        yield name, key, row


def _annotations(cls: type, names: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    try:
        yield from inspect.get_annotations(cls).items()
    except NameError as error:
        # Where annotations are evaluated when they are first asked for.
        raise LanguageError(
            f"a type in the body of `{cls.__name__}` is not there: {error}",
            "a type that is defined above",
        ) from None


def _module(cls: type) -> dict[str, Any]:
    return vars(sys.modules[cls.__module__]) if cls.__module__ in sys.modules else {}


def _check_relation(name: str, key: Type, row: Type) -> None:
    for what, type_, longest in (("key", key, KEY_MAX), ("row", row, ROW_MAX)):
        if isinstance(type_, Listing | Nothing):
            raise Unsuitable(
                f"the {what} of `{name}` is `{type_}`",
                "`tuple[()]` for one without values, or a relation with a row for each element",
            )
        flat = flatten(type_, "x")
        _check_flat(f"the {what} of `{name}`", type_, "x")
        length = sum(leaf_max(one.leaf) + one.optional for one in flat)
        if flat and length - _length_bytes(flat[-1].leaf) > longest:
            raise Unsuitable(
                f"the {what} of `{name}` may have `{length}` bytes, more than `{longest}`",
                "types with smaller bounds",
            )
    if isinstance(row, Optional):
        raise Unsuitable(
            f"a row of `{name}` may be none, as an absent one is",
            "a `@row` class with a field that may be none",
        )


def _length_bytes(leaf: Any) -> int:
    return 4 if isinstance(leaf, Bytes | Text) else 0


def _check_flat(what: str, type_: Type, name: str) -> None:
    flat = flatten(type_, name)
    if len(flat) > VALUES_MAX:
        raise Unsuitable(
            f"{what} has `{len(flat)}` values, more than `{VALUES_MAX}`", "several smaller ones"
        )
    names = [one.name for one in flat]
    for one in names:
        if len(one) > NAME_MAX or not one.isascii():
            raise Unsuitable(f"the name `{one}` is too long or not ASCII", "a shorter name")
        if names.count(one) > 1:
            raise Unsuitable(
                f"{what} has two values `{one}`: a row that may be none has a value `present`",
                "another name for the field",
            )


def _check_name(name: str, where: Position) -> None:
    if not name.isascii() or len(name) > NAME_MAX:
        raise where.refuse(f"the name `{name}` is too long or not ASCII", "a short ASCII name")
    if name in RESERVED or name.startswith("__"):
        raise where.refuse(f"every application has a `{name}` of its own", "another name")


def declare_function(function: Any, names: dict[str, Any], is_method: bool) -> Declared:
    """The signature and source of a function; raises `LanguageError`."""
    if not isinstance(function, FunctionType):
        raise LanguageError(f"`{function!r}` is no function", "a plain function")
    source = source_of(function)
    tree = source.tree
    spec = tree.args
    for odd in (spec.vararg, spec.kwarg, *spec.kwonlyargs, *spec.defaults):
        if odd is not None:
            raise source.refuse(odd, "an argument that may be left out", "plain arguments")
    arguments = [*spec.posonlyargs, *spec.args]
    if is_method:
        if not arguments or arguments[0].annotation is not None:
            raise source.refuse(tree, f"`{tree.name}` has no `self`", "`self` as first argument")
        arguments = arguments[1:]
    scope = {**names, **closure(function)}
    try:
        annotations = inspect.get_annotations(function)
    except NameError as error:
        raise source.refuse(tree, f"a type is not there: {error}", "a type defined above") from None

    def type_at(node: ast.AST, name: str) -> Type:
        if name not in annotations:
            what = "its result" if name == "return" else f"`{name}`"
            raise source.refuse(node, f"{what} has no type", f"`{_annotated(name, node)}`")
        try:
            return type_of(evaluated(annotations[name], scope, function.__globals__))
        except Unsuitable as error:
            where: ast.AST = node
            if isinstance(node, ast.arg):
                where = node.annotation or node
            elif isinstance(node, ast.FunctionDef):
                where = node.returns or node
            raise source.refuse(where, error.what, error.instead) from None

    parameters = tuple(Parameter(one.arg, type_at(one, one.arg)) for one in arguments)
    signature = Signature(tree.name, parameters, type_at(tree, "return"), _doc(tree))
    return Declared(function, signature, source)


def _annotated(name: str, node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef):
        return f"def {node.name}(..) -> None:"
    return f"{name}: U64"


def _doc(tree: ast.FunctionDef) -> str:
    return inspect.cleandoc(ast.get_docstring(tree) or "")


def closure(function: FunctionType) -> dict[str, Any]:
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found


def _check_signature(declared: Declared) -> None:
    source, tree = declared.source, declared.source.tree
    arguments = [*tree.args.posonlyargs, *tree.args.args][1:]
    try:
        for node, parameter in zip(arguments, declared.signature.parameters, strict=True):
            where: ast.AST = node.annotation or node
            if isinstance(parameter.type, Listing | Nothing):
                raise Unsuitable(
                    f"an argument is `{parameter.type}`", "one argument for each value"
                )
            _check_flat("an argument", parameter.type, parameter.name)
        where = tree.returns or tree
        _check_flat("the result", declared.signature.result, "result")
    except Unsuitable as error:
        raise source.refuse(where, error.what, error.instead) from None
    total = sum(len(flatten(one.type, one.name)) for one in declared.signature.parameters)
    if total > VALUES_MAX:
        raise source.refuse(tree, f"its arguments are `{total}` values", f"at most `{VALUES_MAX}`")
