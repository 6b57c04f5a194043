"""Simulation: the functions of an application as plain Python over dicts, which is their meaning.

Nothing of the lowering is used here. The functions run as they are; only `len`, which Python makes
an ordinary integer of, and helpers, whose arguments take their annotated types, are put around.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, MutableMapping
from types import CellType, FunctionType, ModuleType
from typing import Any

from zeta.app.declaration import Declaration, declare_function
from zeta.app.failure import ABSENT_ROW, MALFORMED, TEXTS, UNNUMBERED, failed
from zeta.app.integers import U32
from zeta.app.relation import Table
from zeta.app.values import admitted, plain
from zeta.errors import CheckFailed, InvalidValue

_MISSING = object()
_DELETED = object()


class Rows(MutableMapping[Any, Any]):
    """The rows of a relation between calls; writing them is for preparing a state."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.held: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return plain(self._table.row, self.held[admitted(self._table.key, key, "key")])

    def __setitem__(self, key: Any, row: Any) -> None:
        key = admitted(self._table.key, key, "key")
        self.held[key] = admitted(self._table.row, row, "row")

    def __delitem__(self, key: Any) -> None:
        del self.held[admitted(self._table.key, key, "key")]

    def __iter__(self) -> Iterator[Any]:
        return (plain(self._table.key, key) for key in self.held)

    def __len__(self) -> int:
        return len(self.held)

    def __repr__(self) -> str:
        return repr(dict(self))


class Simulation:
    """An application over dicts: its transitions are methods, its relations are mappings."""

    def __init__(self, declaration: Declaration, reasons: dict[int, str]) -> None:
        self._declaration = declaration
        self._codes = {reason: code for code, reason in reasons.items()}
        self._rows = {name: Rows(table) for name, table in declaration.tables.items()}
        self._functions = _Functions(declaration)
        self._epoch = 0

    @property
    def epoch(self) -> int:
        """The epoch of the next call; it never goes down."""
        return self._epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        if not self._epoch <= epoch < 1 << 32:
            raise InvalidValue(f"the epoch is `{self._epoch}`, and cannot become `{epoch}`")
        self._epoch = epoch

    def __getattr__(self, name: str) -> Any:
        if name in self._rows:
            return self._rows[name]
        if name in self._declaration.transitions:
            return self._transition(name)
        raise AttributeError(f"`{self._declaration.cls.__name__}` has no `{name}`")

    def _transition(self, name: str) -> Callable[..., Any]:
        declared = self._declaration.transitions[name]
        signature = declared.signature

        def call(*args: Any, **kwargs: Any) -> Any:
            given = signature.bound(args, kwargs)
            running = _Running(self)
            function = self._functions.again(declared.function)
            try:
                result = admitted(signature.result, function(running, *given), "result")
            except CheckFailed as error:
                raise self._named(error, name) from None
            except UnicodeDecodeError:
                raise CheckFailed(MALFORMED, TEXTS[MALFORMED], name) from None
            running.commit()
            return plain(signature.result, result)

        call.__name__ = name
        call.__doc__ = signature.doc
        return call

    def _named(self, error: CheckFailed, transition: str) -> CheckFailed:
        code = error.code
        if code == UNNUMBERED:
            code = self._codes[error.reason or ""]
        return CheckFailed(code, error.reason, transition)


class _Running:
    """What `self` is while a transition runs: the rows that it has changed, and all others."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._relations = {name: _Relation(rows) for name, rows in simulation._rows.items()}
        self.epoch = U32(simulation.epoch)

    def __getattr__(self, name: str) -> Any:
        if name in self._relations:
            return self._relations[name]
        functions = self._simulation._functions
        cls = self._simulation._declaration.cls
        for base in cls.__mro__:
            found = vars(base).get(name, _MISSING)
            if isinstance(found, staticmethod):
                return functions.helper(found.__func__, is_method=False)
            if isinstance(found, FunctionType):
                helper = functions.helper(found, is_method=True)
                return lambda *args, **kwargs: helper(self, *args, **kwargs)
            if found is not _MISSING:
                return found
        raise AttributeError(f"`{cls.__name__}` has no `{name}`")

    def commit(self) -> None:
        """Makes the changes last."""
        for relation in self._relations.values():
            relation.commit()


class _Relation:
    """A relation while a transition runs."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._table = rows._table
        self._changes: dict[Any, Any] = {}

    def _find(self, key: Any) -> Any:
        key = admitted(self._table.key, key, "key")
        found = self._changes.get(key, _MISSING)
        if found is _MISSING:
            found = self._rows.held.get(key, _DELETED)
        return found

    def __getitem__(self, key: Any) -> Any:
        found = self._find(key)
        return failed(ABSENT_ROW) if found is _DELETED else found

    def get(self, key: Any) -> Any:
        found = self._find(key)
        return None if found is _DELETED else found

    def __contains__(self, key: Any) -> bool:
        return self._find(key) is not _DELETED

    def __setitem__(self, key: Any, row: Any) -> None:
        key = admitted(self._table.key, key, "key")
        self._changes[key] = admitted(self._table.row, row, "row")

    def __delitem__(self, key: Any) -> None:
        self[key]
        self._changes[admitted(self._table.key, key, "key")] = _DELETED

    def commit(self) -> None:
        for key, row in self._changes.items():
            if row is _DELETED:
                self._rows.held.pop(key, None)
            else:
                self._rows.held[key] = row


def _length(value: Any) -> int:
    # That of a tuple is known beforehand: a plain number.
    return len(value) if isinstance(value, tuple) else U32(len(value))


class _Functions:
    """The functions of an application, made to see the language's `len` and typed helpers."""

    def __init__(self, declaration: Declaration) -> None:
        self._names = declaration.names
        self._again: dict[FunctionType, FunctionType] = {}
        self._helpers: dict[tuple[FunctionType, bool], Callable[..., Any]] = {}
        self._modules: dict[int, dict[str, Any]] = {}

    def again(self, function: FunctionType) -> FunctionType:
        """The same code, over names that lead to what the language means by them."""
        made = self._again.get(function)
        if made is None:
            names = self._module(function.__globals__)
            code = function.__code__
            cells = tuple(_cell(cell, self._seen) for cell in function.__closure__ or ())
            made = FunctionType(code, names, function.__name__, function.__defaults__, cells)
            self._again[function] = made
            for name in code.co_names:
                if name in names:
                    names[name] = self._seen(names[name])
        return made

    def helper(self, function: Any, is_method: bool) -> Callable[..., Any]:
        """A helper whose arguments and result take the types of its annotations."""
        found = self._helpers.get((function, is_method))
        if found is None:
            found = self._typed(function, is_method)
            self._helpers[function, is_method] = found
        return found

    def _typed(self, function: FunctionType, is_method: bool) -> Callable[..., Any]:
        signature = declare_function(function, self._names, is_method).signature

        def call(*args: Any, **kwargs: Any) -> Any:
            first, rest = (args[:1], args[1:]) if is_method else ((), args)
            given = signature.bound(rest, kwargs)
            result = self.again(function)(*first, *given)
            return admitted(signature.result, result, "result")

        call.__name__ = function.__name__
        call.__module__ = __name__
        return call

    def _module(self, names: dict[str, Any]) -> dict[str, Any]:
        made = self._modules.get(id(names))
        if made is None:
            made = dict(names)
            made["__builtins__"] = {**vars(builtins), "len": _length}
            self._modules[id(names)] = made
        return made

    def _seen(self, value: Any) -> Any:
        """What a name leads to: helpers are typed, also those that a module holds."""
        if value is len:
            return _length
        if isinstance(value, FunctionType) and _is_helper(value):
            return self.helper(value, is_method=False)
        if isinstance(value, ModuleType) and not _is_ours(value.__name__):
            return _Module(value, self)
        return value


class _Module:
    """A module whose functions are helpers."""

    def __init__(self, module: ModuleType, functions: _Functions) -> None:
        self._module = module
        self._functions = functions

    def __getattr__(self, name: str) -> Any:
        return self._functions._seen(getattr(self._module, name))


def _is_helper(function: FunctionType) -> bool:
    return bool(function.__annotations__) and not _is_ours(function.__module__)


def _is_ours(module: str) -> bool:
    return module in ("dataclasses", "zeta.app") or module.startswith("zeta.app.")


def _cell(cell: CellType, seen: Callable[[Any], Any]) -> CellType:
    try:
        return CellType(seen(cell.cell_contents))
    except ValueError:  # not assigned
        return cell
