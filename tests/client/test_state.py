"""The state file: whole after any crash, held by one client, and refused where it is damaged."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.client import Numbers, Session, State, StateFile, StateUnusable, durable
from zeta.receipts import Authentication, Introduction

INTRODUCTION = Introduction(
    1, bytes([1]) * 16, bytes([2]) * 16, bytes([3]) * 32, bytes([4]) * 32, bytes(32), bytes(64)
)
SESSION = Session(
    introduction=INTRODUCTION,
    client_key=bytes([5]) * 32,
    authentication=Authentication.CLIENT,
    session=7,
    last_epoch=100,
    request_key=bytes([8]) * 32,
    reply_key=bytes([9]) * 32,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "client.state"


def test_a_session_goes_on_after_a_restart(path: Path) -> None:
    with StateFile(path) as file:
        assert file.state is None
        file.keep(State.of(SESSION))
        numbers = Numbers(1, reserved=None)
        end = numbers.to_reserve()
        assert end is not None
        file.reserve(end)
        numbers.reserved(end)
        used = [numbers.take() for _ in range(3)]
        file.certified(5)
        file.certified(4)
    with StateFile(path) as file:
        state = file.state
        assert state is not None
        assert state.certified_epoch == 5
        assert Numbers(state.sequence_end).take() > max(used)
        session = state.resume(INTRODUCTION, SESSION.client_key, Authentication.CLIENT)
    assert session.certified_epoch == 5
    assert session.request(9, 1, b"x").mac == SESSION.request(9, 1, b"x").mac


@pytest.mark.parametrize("name", ["identity", "instance", "incarnation"])
def test_a_session_goes_on_with_its_own_verifier_alone(name: str) -> None:
    fields = INTRODUCTION._asdict() | {name: bytes(len(getattr(INTRODUCTION, name)))}
    other = Introduction(**fields)
    with pytest.raises(StateUnusable, match=name):
        State.of(SESSION).resume(other, SESSION.client_key, Authentication.CLIENT)


def test_a_session_goes_on_with_its_own_client_alone() -> None:
    with pytest.raises(StateUnusable, match="client key"):
        State.of(SESSION).resume(INTRODUCTION, bytes([6]) * 32, Authentication.CLIENT)


def test_two_clients_do_not_share_the_file(path: Path) -> None:
    with StateFile(path), pytest.raises(StateUnusable, match="another client"):
        StateFile(path)
    StateFile(path).close()


def test_nothing_is_kept_of_no_session(path: Path) -> None:
    with StateFile(path) as file:
        for change in (file.reserve, file.certified):
            with pytest.raises(StateUnusable, match="no session"):
                change(9)
    assert not path.exists()


def test_only_the_owner_reads_it(path: Path) -> None:
    left_behind = path.with_name(path.name + ".new")
    left_behind.write_text("")
    left_behind.chmod(0o644)
    with StateFile(path) as file:
        file.keep(State.of(SESSION))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert repr(SESSION.reply_key) not in repr(State.of(SESSION))


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(
    path: Path, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no space")

    with StateFile(path) as file:
        file.keep(State.of(SESSION))
        before = path.read_bytes()
        with monkeypatch.context() as patched:
            patched.setattr(os, fails, fail)
            with pytest.raises(OSError, match="no space"):
                file.reserve(300)
        assert path.read_bytes() == before
        assert file.state == State.of(SESSION)
        file.reserve(300)
        assert json.loads(path.read_text())["sequence_end"] == 300


def test_a_write_goes_on_where_the_system_took_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, bytes(data[:3])))
    durable.write(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def kept(path: Path) -> dict[str, Any]:
    with StateFile(path) as file:
        file.keep(State.of(SESSION))
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"client_key": "00"},
        {"strict_order": 2},
        {"session": -1},
        {"session": 1 << 32},
        {"session": True},
        {"session": 1.0},
        {"sequence_end": 0},
        {"sequence_end": 1 << 33},
        {"certified_epoch": -2},
        {"request_key": "00"},
        {"request_key": 5},
        {"reply_key": "zz" * 32},
        {"more": 1},
    ],
)
def test_a_damaged_file_is_refused(path: Path, change: dict[str, Any]) -> None:
    path.write_text(json.dumps(kept(path) | change))
    with pytest.raises(StateUnusable, match="damaged"):
        StateFile(path)
    path.unlink()
    StateFile(path).close()


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_what_is_no_state_is_refused(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    with pytest.raises(StateUnusable, match="damaged"):
        StateFile(path)


@given(at=st.integers(0, 10_000), to=st.integers(0, 255), cut=st.booleans())
def test_no_changed_file_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, at: int, to: int, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("state") / "client.state"
    kept(path)
    data = bytearray(path.read_bytes())
    at %= len(data)
    path.write_bytes(bytes(data[:at]) if cut else bytes(data[:at] + bytes([to]) + data[at + 1 :]))
    try:
        with StateFile(path) as file:
            assert file.state is not None
    except StateUnusable:
        pass
