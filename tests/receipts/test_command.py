"""`zeta verify` and `zeta bench receipts`: what they print, and how they end."""

import json
from pathlib import Path

import pytest
from make_receipt_vectors import SAMPLES, VECTORS, Maker, encoded
from typer.testing import CliRunner, Result
from zeta.cli.application import application

MAKER = Maker()
VERIFIER = MAKER.verifier
IDENTITY = "--identity", str(SAMPLES / "zeta.pub")
RECEIPT = str(SAMPLES / "receipt.json")


def run(*arguments: object) -> Result:
    ended = CliRunner().invoke(application(), [str(each) for each in arguments])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended


def test_a_receipt_verifies_and_what_it_says_is_shown() -> None:
    ended = run("verify", RECEIPT, *IDENTITY)
    assert ended.exit_code == 0
    assert "verified, transition" in ended.stdout
    assert MAKER.done.arguments.hex() in ended.stdout
    assert "is it the one you expect?" in ended.stdout
    pinned = run("verify", RECEIPT, *IDENTITY, "--instance", VERIFIER.instance.hex())
    assert pinned.exit_code == 0
    assert "is it the one you expect?" not in pinned.stdout


def test_scripts_read_what_a_receipt_says() -> None:
    named = "--program", VERIFIER.program.hex(), "--incarnation", VERIFIER.incarnation.hex()
    ended = run("verify", RECEIPT, SAMPLES / "receipt.cbor", *IDENTITY, *named, "--json")
    contract = json.loads(ended.stdout)
    assert contract["operations"] == 2
    first, second = contract["receipts"]
    assert {**first, "file": ""} == {**second, "file": ""}
    assert first["problem"] is None
    assert (first["answer"], first["epoch"]) == ("done", 3)
    assert bytes.fromhex(first["result"]) == MAKER.done.result


def test_one_that_does_not_verify_is_named_among_others(tmp_path: Path) -> None:
    forged = tmp_path / "forged.cbor"
    forged.write_bytes(encoded(MAKER.done._replace(result=b"another")))
    ended = run("verify", RECEIPT, forged, *IDENTITY, "--json")
    assert ended.exit_code == 1
    assert "forged.cbor" in ended.stderr
    assert "NotCertified" in ended.stderr
    first, second = json.loads(ended.stdout)["receipts"]
    assert first["problem"] is None
    assert second["problem"]["reason"] == "NotCertified"


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        ("--instance", "OtherInstance"),
        ("--program", "OtherProgram"),
        ("--incarnation", "OtherIncarnation"),
    ],
)
def test_what_is_not_of_what_was_pinned_is_refused(option: str, fault: str) -> None:
    size = 32 if option == "--program" else 16
    ended = run("verify", RECEIPT, *IDENTITY, option, "00" * size)
    assert ended.exit_code == 1
    assert fault in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (RECEIPT,),
        ("no-such-file", *IDENTITY),
        (RECEIPT, "--identity", RECEIPT),
        (RECEIPT, *IDENTITY, "--instance", "no hex"),
        (RECEIPT, *IDENTITY, "--instance", "00"),
        (str(VECTORS), *IDENTITY),
    ],
)
def test_misuse_is_told_on_the_error_stream(arguments: tuple[str, ...]) -> None:
    ended = run("verify", *arguments)
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert ended.stderr.strip()


def test_a_secret_that_is_taken_for_an_identity_is_not_shown(tmp_path: Path) -> None:
    secret = tmp_path / "identity.key"
    secret.write_text("5e" * 32 + "\n")
    ended = run("verify", RECEIPT, "--identity", str(secret))
    assert ended.exit_code == 1
    assert "5e5e" not in ended.stdout + ended.stderr


def test_bench_counts_receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeta.cli.proving._OF_A_THREAD", 50)
    contract = json.loads(run("bench", "receipts", "--seconds", 0.05, "--json").stdout)
    assert contract["operations"] > 0
    assert contract.keys() >= {"in_order_per_s", "shuffled_per_s", "alone_per_s"}
