"""A client works where the host and the extension are not."""

import subprocess
import sys

import pytest
from zeta.receipts import Pinned

from .host import KEY
from .served import served

SCRIPT = """
import sys
sys.modules["zeta._native"] = None
import zeta.client, zeta.receipts
"""
LOADED = """
loaded = {name for name in sys.modules if name.startswith("zeta.")}
allowed = ("zeta.client", "zeta.receipts", "zeta.errors", "zeta._native", "zeta.network")
allowed += ALSO
print(sorted(name for name in loaded if not name.startswith(allowed)))
"""
ASK = """
import zeta
from zeta.applications.counters import Counters

_, url, key, identity, instance = sys.argv
said = dict(app=Counters, key=bytes.fromhex(key), instance=instance)
said["identity"] = bytes.fromhex(identity)
with zeta.connect(url, **said) as client:
    assert client.add("a", 1) == 1
    receipt = client.last_receipt.certified(20)

import asyncio
from zeta import aio

async def ask():
    async with aio.connect(url, **said) as client:
        assert await client.add("a", 1) == 2
        return await client.last_receipt.certified(20)

pinned = zeta.receipts.Pinned(said["identity"], bytes.fromhex(instance))
for data in (receipt, asyncio.run(ask())):
    assert pinned.verify(data).receipt.answer.name == "DONE"
print(receipt.hex())
"""


def python(script: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", script, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_neither_host_nor_extension_is_loaded() -> None:
    assert python(SCRIPT + LOADED.replace("ALSO", "()")) == ["[]"]


def test_a_client_without_the_extension_asks_and_verifies() -> None:
    with served() as place:
        url = f"zeta://127.0.0.1:{place.direct}"
        identity, instance = place.pin
        also = LOADED.replace("ALSO", '("zeta.app", "zeta.aio")')
        said = (url, KEY.hex(), identity.hex(), instance.hex())
        receipt, loaded = python(SCRIPT + ASK + also, *said)
        assert Pinned(*place.pin).verify(bytes.fromhex(receipt)).receipt.sequence == 1
        # What serves a store was not even looked at.
        assert loaded == "[]"


@pytest.mark.parametrize("name", ["zeta.store", "zeta.server"])
def test_what_serves_needs_the_extension(name: str) -> None:
    with pytest.raises(AssertionError, match="_native"):
        python(SCRIPT + f"import {name}")
