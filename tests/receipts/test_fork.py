"""An epoch that was certified twice: whoever sees both certifications can prove it."""

import pickle
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner
from zeta import receipts
from zeta.cli.application import application
from zeta.receipts import Certification, certification
from zeta.receipts.receipt import Authentication, Receipt, leaf
from zeta.receipts.tree import leaf_hash, thread_hash

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
IDENTITY = KEY.public_key().public_bytes_raw()
INSTANCE, LIFE, PROGRAM = bytes([1]) * 16, bytes([2]) * 16, bytes([3]) * 32


def signed(epoch: int, threads: int, count: int, root: bytes, life: bytes = LIFE) -> Certification:
    scope = INSTANCE, life, PROGRAM
    message = certification.signed_bytes(*scope, epoch, threads, count, root)
    return Certification(1, *scope, 0, epoch, threads, count, root, KEY.sign(message))


def certified(*args: object, **more: object) -> bytes:
    return certification.encode(signed(*args, **more))  # type: ignore[arg-type]


def receipt(sequence: int, epoch: int = 5) -> bytes:
    """Of the only operation of its epoch."""
    found = Receipt(
        1, INSTANCE, LIFE, PROGRAM, Authentication.CLIENT, bytes([4]) * 32, 1, sequence, 0, b"",
        receipts.Answer.DONE, 0, b"", 0, epoch, 1, 0, 1, (), 1, 1, (), b"",
    )  # fmt: skip
    root = thread_hash(0, 1, leaf_hash(leaf(found)))
    return receipts.encode(found._replace(signature=signed(epoch, 1, 1, root).signature))


def test_two_contents_of_one_epoch_are_a_fork() -> None:
    pinned = receipts.Pinned(IDENTITY, INSTANCE)
    first = certified(5, 1, 10, bytes(32))
    pinned.verify_certification(first)
    for other in (
        certified(5, 1, 10, bytes([1]) * 32),
        certified(5, 1, 11, bytes(32)),
        certified(5, 2, 10, bytes(32)),
        receipt(1),
    ):
        check = pinned.verify if other == receipt(1) else pinned.verify_certification
        # Once more: what was refused is not known as verified the second time.
        for _ in range(2):
            with pytest.raises(receipts.Forked, match="`5` was certified twice") as raised:
                check(other)
        assert raised.value.first == certification.decode(first)
        assert raised.value.second.epoch == 5
    pinned.verify_certification(first)


def test_what_is_no_fork_verifies() -> None:
    pinned = receipts.Pinned(IDENTITY, INSTANCE)
    for each in (
        certified(5, 1, 10, bytes(32)),
        certified(5, 1, 10, bytes(32)),
        certified(6, 1, 10, bytes([1]) * 32),
        certified(5, 1, 10, bytes([1]) * 32, life=bytes([9]) * 16),
    ):
        pinned.verify_certification(each)


def test_a_forged_certification_is_no_fork() -> None:
    pinned = receipts.Pinned(IDENTITY, INSTANCE)
    pinned.verify_certification(certified(5, 1, 10, bytes(32)))
    forged = signed(5, 1, 10, bytes(32))._replace(root=bytes([1]) * 32)
    with pytest.raises(receipts.fault.NotCertified):
        pinned.verify_certification(certification.encode(forged))


def test_a_fork_keeps_its_proof_in_a_copy() -> None:
    fork = receipts.Forked(signed(5, 1, 10, bytes(32)), signed(5, 1, 11, bytes(32)))
    copied = pickle.loads(pickle.dumps(fork))
    assert (copied.first, copied.second, str(copied)) == (fork.first, fork.second, str(fork))


def test_the_oldest_epochs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeta.receipts.fork._EPOCHS_MAX", 2)
    pinned = receipts.Pinned(IDENTITY, INSTANCE)
    for epoch in (5, 6, 7):
        pinned.verify_certification(certified(epoch, 1, 10, bytes(32)))
    pinned.verify_certification(certified(5, 1, 10, bytes([1]) * 32))
    with pytest.raises(receipts.Forked):
        pinned.verify_certification(certified(7, 1, 10, bytes([1]) * 32))


def test_the_command_compares_what_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "zeta.pub").write_text(IDENTITY.hex() + "\n")
    (tmp_path / "alice.cbor").write_bytes(receipt(1))
    (tmp_path / "bob.cbor").write_bytes(receipt(2))
    (tmp_path / "carol.cbor").write_bytes(receipt(2, epoch=6))

    def run(*names: str) -> tuple[int, str]:
        files = [str(tmp_path / name) for name in names]
        pinned = ["--identity", str(tmp_path / "zeta.pub"), "--instance", INSTANCE.hex()]
        ended = CliRunner().invoke(application(), ["verify", *files, *pinned])
        return ended.exit_code, ended.stderr

    assert run("alice.cbor", "carol.cbor") == (0, "")
    assert run("bob.cbor") == (0, "")
    code, said = run("alice.cbor", "bob.cbor")
    assert code == 1
    assert "bob.cbor: epoch `5` was certified twice" in said
    assert "Forked" in said
