"""Attacks on the host's memory and logs, for people to watch; each says what is done and seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import zeta


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    act: Callable[[Stage], None]
    policy: str = "hybrid"


@dataclass(slots=True)
class Stage:
    """A store with a few accounts, and what the viewer is told."""

    store: zeta.Store
    story: list[str] = field(default_factory=list)

    def tell(self, line: str) -> None:
        self.story.append(line)


@dataclass(frozen=True, slots=True)
class Catch:
    attack: Attack
    story: tuple[str, ...]
    caught: bool
    by: str
    sentence: str
    ms: float


ATTACKS: tuple[Attack, ...] = ()


def attempt(attack: Attack) -> Catch:
    raise NotImplementedError
