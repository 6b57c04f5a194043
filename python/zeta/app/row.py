"""Rows: frozen dataclasses whose fields are types of the language."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast, dataclass_transform

from zeta.app.annotation import Unsuitable, evaluated, names_around, type_of
from zeta.app.types import Listing, Nothing, Structure
from zeta.app.values import admitted
from zeta.errors import LanguageError

T = TypeVar("T")

_MEANING = frozenset(
    f"__{name}__"
    for name in ("init", "post_init", "new", "eq", "hash", "getattr", "getattribute", "setattr")
)
"""What would change the meaning of a row, and nobody would see it in the program."""


@dataclass_transform(frozen_default=True)
def row(cls: type[T]) -> type[T]:
    """Makes a class a row: a frozen dataclass that relations, arguments and results may hold.

    Raises `LanguageError` where a field has no type of the language.
    """
    names = names_around(1)
    own = sorted(_MEANING & set(vars(cls)))
    if own:
        raise LanguageError(
            f"row `{cls.__name__}` has a `{own[0]}` of its own", "a class with fields alone"
        )
    cls.__post_init__ = _typed_fields  # type: ignore[attr-defined]
    made: Any = dataclass(frozen=True)(cls)
    module = vars(sys.modules.get(cls.__module__, object)) if cls.__module__ else {}
    found = {}
    for field in fields(made):
        try:
            type_ = type_of(evaluated(field.type, names, module))
            if isinstance(type_, Listing | Nothing):
                raise Unsuitable(f"`{type_}` in a row", "a relation with a key for each element")
        except Unsuitable as error:
            what = f"field `{field.name}` of row `{cls.__name__}`: {error.what}"
            raise LanguageError(what, error.instead) from None
        found[field.name] = type_
    structure = Structure(made, tuple(found), tuple(found.values()))
    made.__zeta_row__ = structure
    return cast(type[T], made)


def _typed_fields(self: Any) -> None:
    structure: Structure = type(self).__zeta_row__
    for name, type_ in zip(structure.names, structure.types, strict=True):
        value = admitted(type_, getattr(self, name), name)
        object.__setattr__(self, name, value)
