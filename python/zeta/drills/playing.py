"""Playing a drill: once honestly, when nothing may be noticed, and once with its lie."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from zeta.drills.drill import Accepted, Drill, Noticed
from zeta.drills.ground import Ground
from zeta.errors import Error

_SECONDS_MAX = 120.0
"""After which a drill hangs: no lie may make anybody wait for ever without a word."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a drill ended."""

    drill: Drill
    story: tuple[str, ...]
    noticed: tuple[Noticed, ...]
    problem: str | None
    """Why it did not end as it must; `None` where it did."""


async def play(drill: Drill, *, hostile: bool) -> Played:
    """Plays a drill on a ground of its own, with or without its lie."""
    problem = None
    with tempfile.TemporaryDirectory() as folder:
        async with Ground(Path(folder), hostile) as ground:
            try:
                async with asyncio.timeout(_SECONDS_MAX):
                    await drill.act(ground)
            except Accepted as accepted:
                problem = f"accepted: {accepted}"
            except Error as error:
                problem = f"ended by `{type(error).__name__}`: {error}"
            except TimeoutError:
                problem = "it did not end"
    if problem is None:
        problem = _wrong(drill, ground.noticed, hostile)
    return Played(drill, tuple(ground.story), tuple(ground.noticed), problem)


async def attempt(drill: Drill) -> Played:
    """Plays a drill honestly, and then with its lie: how that ended."""
    twin = await play(drill, hostile=False)
    played = await play(drill, hostile=True)
    if twin.problem is not None:
        problem = f"without the lie: {twin.problem}"
        return Played(drill, played.story, played.noticed, problem)
    return played


def _wrong(drill: Drill, noticed: list[Noticed], hostile: bool) -> str | None:
    expects = drill.expects if hostile else ()
    for at, each in enumerate(expects):
        if at == len(noticed):
            return f"not noticed by the {each.side}, as `{each.by}`"
        found = noticed[at]
        if (found.side, found.by) != (each.side, each.by) or each.says not in found.sentence:
            return f"noticed by the {found.side} otherwise, as `{found.by}`: {found.sentence}"
    if len(noticed) > len(expects):
        found = noticed[len(expects)]
        return f"noticed by the {found.side}, as `{found.by}`: {found.sentence}"
    return None
