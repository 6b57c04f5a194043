"""`zeta app show`: what people approve, and what is said where there is no application."""

import hashlib
from pathlib import Path

import pytest
from zeta.applications.key_value import KeyValue

from .conftest import Run

BROKEN = """\
from zeta.app import Application, U8, transition


class Broken(Application):
    @transition
    def act(self, a: U8) -> U8:
        return a / 2
"""


def test_show_gives_the_digest_of_the_program(run: Run) -> None:
    shown = run("app", "show", "zeta.applications.key_value:KeyValue", "--json").contract
    program = KeyValue.program()
    assert shown["digest"] == hashlib.sha256(b"zeta program v1\0" + program).hexdigest()
    assert shown["bytes"] == len(program)
    assert [one["name"] for one in shown["transitions"]] == list(KeyValue.transitions)
    get = shown["transitions"][0]
    assert get["rows"] == 1
    assert get["code"] == ["r1 = row records[key]", "r2, r3 = read r1", "return r2, r3"]
    (records,) = shown["relations"]
    assert records["key"] == [{"name": "key", "type": "Annotated[bytes, Max(4096)]"}]


def test_show_is_text_for_people(run: Run) -> None:
    shown = run("app", "show", "zeta.applications.key_value:KeyValue")
    assert shown.code == 0
    assert KeyValue.digest().hex() in shown.out
    assert "rename(source: Annotated[bytes, Max(4096)]" in shown.out


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ("json", "is not MODULE:CLASS"),
        ("json:", "is not MODULE:CLASS"),
        ("no_such_module:App", "there is no module `no_such_module`"),
        ("json:JSONDecoder", "has no application `JSONDecoder`"),
        ("json:Missing", "has no application `Missing`"),
    ],
)
def test_what_is_no_application_is_said(run: Run, named: str, says: str) -> None:
    ended = run("app", "show", named)
    assert ended.code == 2
    assert says in ended.err


def test_refused_application_shows_its_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_app.py").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)
    ended = run("app", "show", "broken_app:Broken")
    assert ended.code == 2
    assert "`/` gives fractions" in ended.err
    assert "broken_app.py:7:16" in ended.err
