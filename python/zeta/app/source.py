"""Sources: the syntax tree of a function, and where its parts stand in the file."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from zeta.app.position import Position
from zeta.errors import LanguageError

_NOWHERE = (
    "write the class into a file, and import or run that: its source is read when it is defined"
)


@lru_cache(maxsize=16)
def _tree(text: str) -> ast.Module:
    return ast.parse(text)


@dataclass(frozen=True)
class Source:
    """A function's syntax tree, in the file that it was read from."""

    file: str
    lines: tuple[str, ...]
    tree: ast.FunctionDef

    def position(self, node: ast.AST) -> Position:
        """Where a part of the function stands; of several lines, the first."""
        return _position(self.file, self.lines, node if hasattr(node, "lineno") else self.tree)

    def refuse(self, node: ast.AST, what: str, instead: str) -> LanguageError:
        """The error for a part of the function."""
        return self.position(node).refuse(what, instead)


def _position(file: str, lines: Sequence[str], node: Any) -> Position:
    line, start = node.lineno, node.col_offset
    text = lines[line - 1].rstrip("\n") if line <= len(lines) else ""
    raw = text.encode()
    column = len(raw[:start].decode(errors="replace"))
    if isinstance(node, ast.stmt) and (hasattr(node, "body") or hasattr(node, "cases")):
        # A compound statement is shown by its first word alone.
        width = len(text[column:].split(" ")[0].rstrip(":"))
    elif node.end_lineno == line:
        width = len(raw[start : node.end_col_offset].decode(errors="replace"))
    else:
        width = len(text.rstrip()) - column
    return Position(file, line, column + 1, max(width, 1), text)


def source_of(function: FunctionType) -> Source:
    """The source of a function; raises `LanguageError` where there is none to read."""
    code = function.__code__
    linecache.checkcache(code.co_filename)  # a module may have been edited and loaded again
    lines = linecache.getlines(code.co_filename, function.__globals__)
    found = _find(code, "".join(lines)) if lines else None
    if found is None:
        raise LanguageError(f"the source of `{function.__qualname__}` cannot be read", _NOWHERE)
    return Source(code.co_filename, tuple(lines), found)


def _find(code: CodeType, text: str) -> ast.FunctionDef | None:
    try:
        tree = _tree(text)
    except SyntaxError:
        return None
    return _functions(tree).get((code.co_name, code.co_firstlineno))


@lru_cache(maxsize=16)
def _functions(tree: ast.Module) -> dict[tuple[str, int], ast.FunctionDef]:
    """The functions by name and first line, decorators included."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found[node.name, first] = node
    return found


def class_position(cls: type, name: str) -> Position:
    """Where the body of a class declares a name; a place without a file where it cannot be read."""
    for function in vars(cls).values():
        if not isinstance(function, FunctionType):
            continue
        file = function.__code__.co_filename
        lines = linecache.getlines(file, function.__globals__)
        line = function.__code__.co_firstlineno
        for found in ast.walk(_tree("".join(lines))):
            if not isinstance(found, ast.ClassDef) or found.name != cls.__name__:
                continue
            if not found.lineno <= line <= (found.end_lineno or line):
                continue
            for statement in found.body:
                if isinstance(statement, ast.AnnAssign) and _names(statement.target, name):
                    return _position(file, lines, statement.annotation)
    return Position("", 0)


def _names(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name
