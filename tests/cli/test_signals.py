"""`zeta serve` and signals: the first certifies what is open, the second ends it where it is."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import zeta
from zeta.applications.counters import Counters
from zeta.client.handshake import public_key
from zeta.network import FrameReader, Goodbye, Hello, Side, decode
from zeta.network.hello import HELLO_LEN

from .conftest import Run

KEY = bytes([7]) * 32
ACCESS = f"""
[[clients]]
key = "{public_key(KEY).hex()}"
transitions = ["add"]
grants = [{{ relation = "counters" }}]
"""
_SECONDS = 30


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str, str, str]]:
    """A server in a process of its own: its process, URL, identity and instance."""
    (folder / "identity").write_text(bytes([5] * 32).hex())
    (folder / "access.toml").write_text(ACCESS)
    command = [sys.executable, "-m", "zeta.cli", "serve", "--listen", "127.0.0.1:0"]
    command += ["--app", "zeta.applications.counters:Counters", "--epoch", "600"]
    command += ["--access", "access.toml", "--identity-key", "identity", *options]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as served:
        try:
            assert served.stdout is not None
            assert "trust file" in served.stdout.readline()
            url, identity, instance = served.stdout.readline().split()
            yield served, url, identity, instance
        finally:
            served.kill()


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_certifies_what_is_open(tmp_path: Path, which: signal.Signals) -> None:
    with serving(tmp_path, "--log", "logs") as (served, url, identity, instance):
        with zeta.connect(
            url, app=Counters, key=KEY, identity=bytes.fromhex(identity), instance=instance
        ) as client:
            handle = client.call("add", "a", 3)
            os.kill(served.pid, which)
            receipt = handle.certified(_SECONDS)
        out, _ = served.communicate(timeout=_SECONDS)
    assert served.returncode == 0, out
    known = bytes.fromhex(identity), bytes.fromhex(instance)
    assert zeta.receipts.verify(receipt, *known).receipt.result == handle.answered.receipt.result


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (served, url, _, _):
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as guest:
            guest.sendall(Hello().encode())
            os.kill(served.pid, signal.SIGTERM)
            # It has certified, and waits for a client that says no goodbye.
            heard, frames = bytearray(), []
            while Goodbye() not in frames:
                heard += guest.recv(1 << 16)
                frames = [
                    decode(*each, Side.HOST)
                    for each in FrameReader().feed(bytes(heard[HELLO_LEN:]))
                ]
            os.kill(served.pid, signal.SIGTERM)
            out, _ = served.communicate(timeout=_SECONDS)
    assert served.returncode == 130
    assert "what was open is not certified" in out


def test_an_address_that_is_taken_is_said(run: Run, tmp_path: Path) -> None:
    with serving(tmp_path) as (_, url, _, _):
        files = ("--access", tmp_path / "access.toml", "--identity-key", tmp_path / "identity")
        app = ("--app", "zeta.applications.counters:Counters")
        ended = run("serve", *app, *files, "--listen", url.removeprefix("zeta://"))
    assert ended.code == 2
    assert "cannot be listened on" in ended.err


def test_more_connections_than_files_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "identity").write_text(bytes([5] * 32).hex())
    (tmp_path / "access.toml").write_text(ACCESS)
    command = [sys.executable, "-m", "zeta.cli", "serve", "--connections", "60000"]
    command += ["--app", "zeta.applications.counters:Counters"]
    command += ["--access", "access.toml", "--identity-key", "identity"]
    # Of this process alone, or all other tests would have to do with it.
    limited = ["prlimit", "--nofile=1000:1000", *command]
    ended = subprocess.run(limited, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "`60000` connections need `60512` open files, and `1000` are allowed" in ended.stderr
