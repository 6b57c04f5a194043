"""`zeta attack`: every lie that a host and a network may tell, and who notices each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from zeta.cli import options
from zeta.cli.failure import found_wrong, misuse
from zeta.cli.screen import Screen, short
from zeta.drills import DRILLS, Drill, Noticed, Played, Side
from zeta.drills import attempt as attempt_drill
from zeta.drills.memory import ATTACKS, Attack, Catch
from zeta.drills.memory import attempt as attempt_attack

_NOBODY = "nobody"


class Target(StrEnum):
    """What is attacked."""

    STORE = "store"
    NETWORK = "network"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Row:
    """How a lie ended, for people and for scripts."""

    target: Target
    name: str
    noticed: tuple[Noticed, ...]
    explains: str
    problem: str | None

    @classmethod
    def of_drill(cls, played: Played) -> Row:
        drill = played.drill
        return cls(Target.NETWORK, drill.name, played.noticed, drill.explains, played.problem)

    @classmethod
    def of_attack(cls, catch: Catch) -> Row:
        name = catch.attack.name
        if not catch.caught:
            return cls(Target.STORE, name, (), "", "not noticed by the verifier")
        noticed = Noticed(Side.VERIFIER, catch.by, catch.sentence, catch.ms, catch.epochs)
        return cls(Target.STORE, name, (noticed,), catch.sentence, None)

    def contract(self) -> dict[str, Any]:
        """What scripts are told of it."""
        return {
            "name": self.name,
            "target": self.target,
            "noticed": [
                {
                    "side": each.side,
                    "by": each.by,
                    "ms": round(each.ms, 3),
                    "epochs": each.epochs,
                    "sentence": each.sentence,
                }
                for each in self.noticed
            ],
            "problem": self.problem,
        }


def attack(
    target: Annotated[
        Target, typer.Argument(help="The memory of a store, a network with its host, or both.")
    ] = Target.ALL,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this lie; may be given again.")
    ] = None,
    show_list: Annotated[
        bool, typer.Option("--list", help="Name the lies, and tell none.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Lie as a host and a network can, and see who notices each lie, how, and after how long.

    A hostile relay stands between clients and a server, a hostile host around a verifier. Each lie
    is told on fresh ground, after the same was run without it. Ends with exit code 1 if one went
    unnoticed that must not. The lies that nobody notices are told, too.
    """
    screen = Screen(json)
    chosen = selected(target, only or [])
    if show_list:
        for one in chosen:
            screen.say(one.name)
        screen.result({"drills": [{"name": one.name} for one in chosen]})
        return
    rows = []
    for row in told(screen, chosen):
        rows.append(row)
    noticed = sum(bool(row.noticed) for row in rows)
    wrong = [f"{row.name}: {row.problem}" for row in rows if row.problem]
    screen.say()
    screen.say(
        f"{noticed} of {len(rows)} lies were noticed; of {len(rows) - noticed - len(wrong)} it is "
        "said beforehand that nobody does: docs/drills.md."
    )
    screen.result({"drills": [row.contract() for row in rows]})
    if wrong:
        found_wrong("\nzeta: ".join(wrong))


def selected(target: Target, only: list[str]) -> list[Drill | Attack]:
    """The lies that were asked for, in their order."""
    chosen: list[Drill | Attack] = []
    if target is not Target.NETWORK:
        chosen += ATTACKS
    if target is not Target.STORE:
        chosen += DRILLS
    unknown = sorted(set(only) - {one.name for one in chosen})
    if unknown:
        misuse(f"there is no lie `{unknown[0]}`: see `zeta attack {target} --list`")
    return [one for one in chosen if not only or one.name in only]


def told(screen: Screen, chosen: list[Drill | Attack]) -> Iterator[Row]:
    """Tells each lie, and says at once how it ended."""
    width = max(len(one.name) for one in chosen)
    head = f"  {'the lie':<{width}}   {'noticed by':<11}   {'as':<18}   {'after':<17}   why"
    screen.say(head, "bold")
    for one in chosen:
        row = (
            Row.of_drill(asyncio.run(attempt_drill(one)))
            if isinstance(one, Drill)
            else Row.of_attack(attempt_attack(one))
        )
        side, by, after = _NOBODY, "-", "-"
        if row.noticed:
            side, by = row.noticed[0].side, row.noticed[0].by
            after = waited(row.noticed[0])
        style = "bold red" if row.problem else None if row.noticed else "yellow"
        why = row.problem or row.explains
        screen.say(f"  {row.name:<{width}}   {side:<11}   {by:<18}   {after:<17}   {why}", style)
        yield row


def waited(noticed: Noticed) -> str:
    """How long a lie lived."""
    epochs = noticed.epochs
    return short(noticed.ms) + (f", {epochs} epoch{'s' * (epochs > 1)}" if epochs else "")
