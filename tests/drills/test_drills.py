"""Each drill: without its lie nothing is noticed, with it what is stated, and only by a check."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from zeta.client import session
from zeta.client.handshake import _Symmetric
from zeta.drills import DRILLS, Drill, Side, play
from zeta.drills.drill import REFUSALS
from zeta.drills.ground import Ground
from zeta.network import Hello
from zeta.receipts import Pinned, pinned
from zeta.receipts.fork import Epochs
from zeta.receipts.tree import InnerHashes

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAMED = {drill.name: drill for drill in DRILLS}
# Noticed by waiting, or by being told: no check can be taken out.
NO_CHECK = {
    "deliver a request late",
    "deliver to an ended session",
    "drop a request",
    "drop a reply",
    "make up a refusal",
    "say not yet for ever",
    "withhold the certification",
}


def name_of(drill: Drill) -> str:
    return drill.name


@pytest.mark.parametrize("drill", DRILLS, ids=name_of)
async def test_without_the_lie_nothing_is_noticed(drill: Drill) -> None:
    played = await play(drill, hostile=False)
    assert played.problem is None
    assert played.noticed == ()


@pytest.mark.parametrize("drill", DRILLS, ids=name_of)
async def test_the_lie_is_noticed_as_stated(drill: Drill) -> None:
    played = await play(drill, hostile=True)
    assert played.problem is None, played.story
    assert [(each.side, each.by) for each in played.noticed] == [
        (each.side, each.by) for each in drill.expects
    ]
    assert all(each.ms >= 0 for each in played.noticed)


def skip_macs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(session, "_is_mac", lambda *_: True)


def skip_signatures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pinned, "_is_signed", lambda *_: True)


def skip_scopes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Pinned, "_expect", lambda *_: None)


def skip_lengths_of_paths(patch: pytest.MonkeyPatch) -> None:
    def root(leaf: bytes, index: int, _leaves: int, path: Any, inner: InnerHashes) -> bytes:
        for at, sibling in enumerate(path):
            leaf = inner[sibling + leaf if index >> at & 1 else leaf + sibling]
        return leaf

    patch.setattr(pinned, "root_above", root)


def skip_seals(patch: pytest.MonkeyPatch) -> None:
    def decrypt(self: _Symmetric, sealed: bytes) -> bytes:
        stream = Cipher(ChaCha20(self.key, b"\1\0\0\0" + self._next_nonce()), None).decryptor()
        self.mix_hash(sealed)
        return stream.update(sealed[:-16])

    patch.setattr(_Symmetric, "decrypt", decrypt)


def forget_certified_epochs(patch: pytest.MonkeyPatch) -> None:
    made = session.Session.request

    def request(self: session.Session, *args: Any) -> session.Request:
        return replace(made(self, *args), after_epoch=-1)

    patch.setattr(session.Session, "request", request)


def forget_roots(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Epochs, "add", lambda *_: None)


def take_any_version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Hello, "decode", classmethod(lambda cls, _data: cls()))


CHECKS: dict[Callable[[pytest.MonkeyPatch], None], tuple[str, ...]] = {
    skip_macs: (
        "swap two replies",
        "forge a result",
        "deny a result",
        "answer early",
        "answer from another session",
        "repeat an answer",
        "lie about a fate",
    ),
    skip_signatures: (
        "change the introduction",
        "forge a certification",
        "certify another epoch",
        "certify another root",
        "forge a path",
        "show a foreign path",
        "forge a receipt",
        "certify a mismatch",
        "show a receipt of a mismatch",
    ),
    skip_scopes: (
        "lead to another verifier",
        "lead away after a cut",
        "change the access list",
        "start the verifier anew",
        "certify as another verifier",
        "certify another program",
        "certify another instance",
        "certify another life",
        "show a receipt of another service",
    ),
    skip_lengths_of_paths: ("lengthen a path",),
    skip_seals: ("replay a handshake's answer",),
    forget_certified_epochs: ("set the verifier back",),
    forget_roots: (
        "show both histories to a client",
        "mix two histories",
        "compare two clients",
        "show two receipts",
    ),
    take_any_version: ("downgrade the version",),
}


@pytest.mark.parametrize(
    ("taken_out", "name"),
    [(taken_out, name) for taken_out, names in CHECKS.items() for name in names],
)
async def test_without_the_check_the_drill_fails(
    taken_out: Callable[[pytest.MonkeyPatch], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_out(monkeypatch)
    assert (await play(NAMED[name], hostile=True)).problem is not None


@pytest.mark.parametrize("taken_out", CHECKS)
async def test_without_the_check_honest_runs_go_on(
    taken_out: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_out(monkeypatch)
    for name in CHECKS[taken_out]:
        assert (await play(NAMED[name], hostile=False)).problem is None


def test_every_check_of_a_client_is_taken_out_once() -> None:
    by_clients = {
        drill.name for drill in DRILLS if drill.expects and drill.expects[0].side != Side.VERIFIER
    }
    assert by_clients == {name for names in CHECKS.values() for name in names} | NO_CHECK


@pytest.mark.parametrize("drill", [drill for drill in DRILLS if drill.expects], ids=name_of)
async def test_a_lie_that_nobody_notices_fails_the_drill(
    drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ground, "note", lambda *_: None)
    played = await play(drill, hostile=True)
    assert played.problem is not None
    assert "not noticed by" in played.problem or "accepted" in played.problem


@pytest.mark.parametrize("drill", [DRILLS[0]], ids=name_of)
@pytest.mark.parametrize("hostile", [False, True])
async def test_an_alarm_that_is_not_stated_fails_the_drill(drill: Drill, hostile: bool) -> None:
    async def act(ground: Ground) -> None:
        await drill.act(ground)
        ground.note(Side.CLIENT, "Alarm", "something is wrong")

    played = await play(replace(drill, act=act), hostile=hostile)
    assert played.problem == "noticed by the client, as `Alarm`: something is wrong"


def rows(page: str) -> list[list[str]]:
    lines = (DOCS / page).read_text().splitlines()
    cells = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines if "|" in line)
    return [row for row in cells if row and not set(row[0]) <= {"-"}]


def test_the_page_says_who_notices_each() -> None:
    told = {row[0]: row[1] for row in rows("drills.md") if row[0] in NAMED}
    expected = {}
    for drill in DRILLS:
        noticed = [f"{each.side}: `{each.by}`" for each in dict.fromkeys(drill.expects)]
        expected[drill.name] = ", ".join(noticed) or "nobody"
    assert told == expected
    assert [row[0] for row in rows("drills.md") if row[0] in NAMED] == list(NAMED)


def test_refusals_have_the_numbers_of_their_page() -> None:
    text = (DOCS / "reference/rejections.md").read_text()
    refused = text[text.index("## Refused") : text.index("## Outcomes")]
    found = {int(number): name for number, name in re.findall(r"\| (\d+) \| `(\w+)` \|", refused)}
    assert found == REFUSALS
