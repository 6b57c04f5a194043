"""`zeta serve` and `zeta keygen`: a server in a process of its own, and what it is told."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest
import typer
from zeta import aio
from zeta.access import AccessList, Client, Grant
from zeta.applications.counters import Counters
from zeta.cli.serve import access_list, serve
from zeta.client import Pin, TrustFile
from zeta.errors import SessionRefused

from .conftest import Run

ACCESS = """
[[clients]]
key = "{key}"
transitions = ["add"]
lifetime = 9
[[clients.grants]]
relation = "counters"
access = "both"
prefix = ""
"""


async def ask(url: str, key: bytes, trust: TrustFile, server: int) -> int:
    """Asks, finds no room for another, and ends the server, which certifies what is open."""
    client = await aio.connect(url, app=Counters, key=key, trust=trust)
    with pytest.raises(SessionRefused, match="no room"):
        await aio.connect(url, app=Counters, key=key, trust=trust)
    handle = await client.call("add", "a", 3)
    receipt = asyncio.create_task(handle.certified())
    await asyncio.sleep(0.1)
    os.kill(server, signal.SIGTERM)
    await asyncio.wait_for(receipt, 20)
    await client.close()
    result: int = handle.result
    return result


def test_a_store_is_served_until_a_signal(run: Run, tmp_path: Path) -> None:
    identity = run("keygen", tmp_path / "identity", "--json").contract["identity"]
    client_key = run("keygen", tmp_path / "client", "--json").contract["client_key"]
    assert stat.S_IMODE((tmp_path / "client").stat().st_mode) == 0o600
    (tmp_path / "access.toml").write_text(ACCESS.format(key=client_key))
    command = [sys.executable, "-m", "zeta.cli", "serve", "--json", "--listen", "127.0.0.1:0"]
    command += ["--app", "zeta.applications.counters:Counters", "--epoch", "60"]
    command += ["--access", "access.toml", "--identity-key", "identity", "--log", "logs"]
    command += ["--sessions", "1"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as served:
        assert served.stderr is not None
        served.stderr.readline()
        url, shown, instance = served.stderr.readline().split()
        assert shown == identity
        assert served.stdout is not None
        assert json.loads(served.stdout.readline())["instance"] == instance
        trust = TrustFile(tmp_path / "trusted")
        trust.pin(url, Pin(bytes.fromhex(identity), bytes.fromhex(instance)))
        key = bytes.fromhex((tmp_path / "client").read_text())
        assert asyncio.run(ask(url, key, trust, served.pid)) == 3
        out, err = served.communicate(timeout=20)
    assert served.returncode == 0, err
    assert out == ""
    assert any((tmp_path / "logs").iterdir())


def test_each_connection_may_have_a_session() -> None:
    default = {name: each.default for name, each in signature(serve).parameters.items()}
    assert default["sessions"] >= default["connections"]


def test_the_access_list_is_what_the_text_states() -> None:
    key = bytes([1]) * 32
    client = Client(key, ("add",), (Grant("counters"),), lifetime=9)
    assert access_list(ACCESS.format(key=key.hex())) == AccessList((client,))
    assert access_list("") == AccessList()


@pytest.mark.parametrize(
    "text",
    [
        "clients = 3",
        "[[clients]]",
        "[[clients]]\nkey = 'zz'\ntransitions = []",
        "client = []",
        "embedded_receipts = 1",
        "[[clients]]\nkey = '" + "01" * 32 + "'\ntransitions = []\nrights = 'all'",
        "[[clients]]\nkey = '" + "01" * 32 + "'\ntransitions = []\ngateway = 'no'",
        "[[clients]]\nkey = '" + "01" * 32 + "'\ntransitions = 'add'",
        "[[clients]]\nkey = '" + "01" * 32 + "'\ntransitions = []\n"
        "grants = [{relation = 'a', access = 'all'}]",
        "=",
    ],
)
def test_an_access_list_that_is_none_is_refused(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as raised:
        access_list(text)
    assert raised.value.exit_code == 2
    assert "access list" in capsys.readouterr().err


def test_a_secret_is_never_overwritten(run: Run, tmp_path: Path) -> None:
    run("keygen", tmp_path / "secret")
    before = (tmp_path / "secret").read_text()
    ended = run("keygen", tmp_path / "secret")
    assert ended.code == 2
    assert "exists" in ended.err
    assert (tmp_path / "secret").read_text() == before


@pytest.mark.parametrize("listen", ["7070", "a:b", ":1", "a:65536"])
def test_an_address_that_is_none_is_refused(run: Run, tmp_path: Path, listen: str) -> None:
    (tmp_path / "file").write_text("")
    files = ("--access", tmp_path / "file", "--identity-key", tmp_path / "file")
    ended = run("serve", "--app", "zeta.applications.counters:Counters", *files, "--listen", listen)
    assert ended.code == 2
    assert "HOST:PORT" in ended.err


def test_a_file_without_a_secret_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    files = ("--access", tmp_path / "file", "--identity-key", tmp_path / "file")
    ended = run("serve", "--app", "zeta.applications.counters:Counters", *files)
    assert ended.code == 2
    assert "keygen" in ended.err
