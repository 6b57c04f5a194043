"""Frames: what the names of a function stand for, in one call of it."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import Any

from zeta.app.declaration import Declared
from zeta.app.flow import Environment
from zeta.app.tree import Label, Place, Variable
from zeta.app.types import Type
from zeta.errors import LanguageError


class Self:
    """What `self` stands for."""


MISSING = object()


@dataclass
class Loop:
    """A loop that is being unrolled: where `break` and `continue` go on."""

    after: Label
    next: Label


@dataclass
class Frame:
    """One call of a function: of the transition itself, or of a helper."""

    declared: Declared
    cls: type
    names: dict[str, Any]
    """The local names around the application."""
    self_name: str | None
    end: Label | None = None
    """Where a helper returns to; none in the transition itself."""
    returned: Variable | None = None
    variables: dict[str, Variable] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)

    @property
    def result(self) -> Type:
        return self.declared.signature.result

    def place(self, node: ast.AST) -> Place:
        return Place(self.declared.source, node)

    def refuse(self, node: ast.AST, what: str, instead: str) -> LanguageError:
        return self.declared.source.refuse(node, what, instead)

    def variable(self, name: str) -> Variable:
        """The variable of a local name."""
        return self.variables.setdefault(name, Variable(name))

    def is_local(self, name: str) -> bool:
        code = self.declared.function.__code__
        return name in code.co_varnames or name in code.co_cellvars

    def drop(self, environment: Environment, keep: Variable | None) -> None:
        """Forgets the frame's variables when its call has ended."""
        for variable in self.variables.values():
            if variable is not keep:
                environment.pop(variable, None)

    def static(self, node: ast.expr) -> Any:
        """The Python object that a name stands for outside of the function, or `MISSING`."""
        if isinstance(node, ast.Name):
            return MISSING if self.is_local(node.id) else self._outside(node.id)
        if isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Name) and node.value.id == self.self_name:
                return getattr(self.cls, node.attr, MISSING)
            holder = self.static(node.value)
            if holder is MISSING or _is_value(holder):
                return MISSING
            return getattr(holder, node.attr, MISSING)
        return MISSING

    def _outside(self, name: str) -> Any:
        function = self.declared.function
        if name in function.__code__.co_freevars:
            cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
            try:
                return cell.cell_contents
            except ValueError:  # the class itself, which is being made, or a later function
                pass
        elif name in function.__globals__:
            return function.__globals__[name]
        elif hasattr(builtins, name):
            return getattr(builtins, name)
        return self.cls if name == self.cls.__name__ else MISSING


def _is_value(holder: Any) -> bool:
    """Whether the object is a constant, whose attributes are fields and not names."""
    return hasattr(type(holder), "__zeta_row__") or isinstance(holder, int | str | bytes | tuple)
