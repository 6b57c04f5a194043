"""Flow: what is known of each variable at a point, and what still is where paths meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeAlias

from zeta.app.tree import Merges, Variable
from zeta.app.types import NOTHING, NUMBER, Structure, Type, join

_versions = count()


@dataclass(frozen=True)
class Known:
    """What is known of a variable: the assignment that it has its value from, and its type."""

    version: int
    type: Type
    """As it was assigned, or as paths met."""
    narrowed: Type
    """As far as conditions tell."""
    number: int | None = None
    """The value of a plain number."""


@dataclass(frozen=True)
class Conflict:
    """Why a variable cannot be read: paths that met do not agree on it."""

    why: str
    instead: str


Environment: TypeAlias = dict[Variable, Known | Conflict]
Facts: TypeAlias = dict[Variable, Type]
"""Narrower types of variables, which a condition tells."""


def assigned(type_: Type, number: int | None = None) -> Known:
    """What is known after an assignment."""
    return Known(next(_versions), type_, type_, number)


def narrowed(environment: Environment, facts: Facts) -> Environment:
    """The environment where the facts hold."""
    changed = dict(environment)
    for variable, type_ in facts.items():
        known = changed[variable]
        if isinstance(known, Known):
            changed[variable] = replace(known, narrowed=type_)
    return changed


def meet(
    environments: Sequence[Environment | None],
) -> tuple[Environment | None, Merges]:
    """What is known after paths meet, and the variables that get their values from several."""
    reached = [environment for environment in environments if environment is not None]
    if not reached:
        return None, ()
    if len(reached) == 1:
        return reached[0], ()
    met: Environment = {}
    merges = []
    for variable in dict.fromkeys(variable for one in reached for variable in one):
        found, merged = _meet_one(variable, [one.get(variable) for one in reached])
        met[variable] = found
        if merged is not None:
            merges.append((variable, merged))
    return met, tuple(merges)


def _meet_one(
    variable: Variable, found: list[Known | Conflict | None]
) -> tuple[Known | Conflict, Type | None]:
    known: list[Known] = []
    for one in found:
        if isinstance(one, Conflict):
            return one, None
        if one is None:
            return Conflict(
                f"`{variable.name}` is not assigned on every path",
                f"an assignment of `{variable.name}` before the paths part",
            ), None
        known.append(one)
    first = known[0]
    numbers = {one.number for one in known}
    if all(one.type == NUMBER for one in known) and len(numbers) == 1:
        return first, None
    if all(one.version == first.version for one in known):
        same = _joined([one.narrowed for one in known])
        return replace(first, narrowed=first.type if same is None else same), None
    # What is known to be none still has its registers, of the type that it was assigned with.
    type_ = _joined([one.type if one.narrowed == NOTHING else one.narrowed for one in known])
    if any(one.type == NUMBER for one in known):
        plain = next(number for number in numbers if number is not None)
        return Conflict(
            f"`{variable.name}` is a plain number on some path, and its value depends on the path",
            f"a number with a type where it is assigned, as `{variable.name} = U64({plain})`",
        ), None
    if type_ is None:
        types = " and ".join(dict.fromkeys(f"`{one.narrowed}`" for one in known))
        return Conflict(
            f"`{variable.name}` has the types {types} on different paths",
            "two names, one for each type",
        ), None
    if _has_number(type_):
        return Conflict(
            f"`{variable.name}` holds a plain number, and its value depends on the path",
            "a number with a type where it is assigned, as `U64(0)`",
        ), None
    return assigned(type_), type_


def _joined(types: list[Type]) -> Type | None:
    found: Type | None = types[0]
    for one in types[1:]:
        found = None if found is None else join(found, one)
    return found


def _has_number(type_: Type) -> bool:
    if isinstance(type_, Structure):
        return any(_has_number(inner) for inner in type_.types)
    return type_ == NUMBER
