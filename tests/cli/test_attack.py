"""`zeta attack`: what scripts and people are told of each lie, and how it ends."""

from dataclasses import replace

import pytest
from zeta.cli import attack
from zeta.drills import DRILLS, Ground, Side
from zeta.drills.memory import ATTACKS, Attack, Stage

from .conftest import Run

FORGED = next(drill for drill in DRILLS if drill.name == "forge a result")


def test_lies_of_both_kinds_are_noticed(run: Run) -> None:
    names = ("--only", "cut the log", "--only", "forge a result", "--only", "reorder requests")
    rows = run("attack", *names, "--json").contract["drills"]
    assert [(row["name"], row["target"]) for row in rows] == [
        ("cut the log", "store"),
        ("reorder requests", "network"),
        ("forge a result", "network"),
    ]
    assert [row["problem"] for row in rows] == [None] * 3
    cut, reordered, forged = (row["noticed"] for row in rows)
    assert [(each["side"], each["by"]) for each in cut] == [("verifier", "Truncated")]
    assert reordered == []
    assert [(each["side"], each["by"]) for each in forged] == [("client", "ForgedReply")]
    assert forged[0].keys() == {"side", "by", "ms", "epochs", "sentence"}


def test_people_are_told_who_noticed_and_why(run: Run) -> None:
    ended = run("attack", "network", "--only", "forge a result", "--only", "delay everything")
    assert ended.code == 0
    (noticed,) = (line for line in ended.out.splitlines() if "forge a result" in line)
    assert ("client" in noticed, "ForgedReply" in noticed) == (True, True)
    assert FORGED.explains in noticed
    (late,) = (line for line in ended.out.splitlines() if "delay everything" in line)
    assert "nobody" in late
    assert "1 of 2 lies were noticed" in ended.out


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("store", [each.name for each in ATTACKS]),
        ("network", [each.name for each in DRILLS]),
        ("all", [each.name for each in ATTACKS] + [each.name for each in DRILLS]),
    ],
)
def test_the_lies_are_listed_and_not_told(run: Run, target: str, names: list[str]) -> None:
    assert run("attack", target, "--list").out.splitlines() == names
    listed = run("attack", target, "--list", "--json").contract["drills"]
    assert [row["name"] for row in listed] == names


def test_a_lie_that_goes_unnoticed_ends_with_its_code(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tell_no_lie(ground: Ground) -> None:
        await ground.serve()

    def do_nothing(stage: Stage) -> None:
        stage.strike("nobody does anything")
        stage.read()

    monkeypatch.setattr(attack, "DRILLS", (replace(FORGED, act=tell_no_lie),))
    ended = run("attack", "network")
    assert ended.code == 1
    assert "forge a result: not noticed by the client, as `ForgedReply`" in ended.err
    monkeypatch.setattr(attack, "ATTACKS", (Attack("no attack at all", do_nothing),))
    ended = run("attack", "store")
    assert ended.code == 1
    assert "no attack at all: not noticed by the verifier" in ended.err


def test_a_false_alarm_ends_with_its_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def alarm(ground: Ground) -> None:
        await ground.serve()
        ground.note(Side.CLIENT, "ForgedReply", "something is wrong")

    monkeypatch.setattr(attack, "DRILLS", (replace(FORGED, act=alarm),))
    ended = run("attack", "network")
    assert ended.code == 1
    assert "without the lie: noticed by the client" in ended.err


def test_a_lie_that_is_none_is_misuse(run: Run) -> None:
    for arguments in (
        ("--only", "tell the truth"),
        ("store", "--only", "forge a result"),
        ("disk",),
    ):
        ended = run("attack", *arguments)
        assert ended.code == 2
        assert ended.out == ""
