"""What a caller pins, what belongs to receipts besides them, and files."""

import subprocess
import sys
from pathlib import Path

import pytest
from make_receipt_vectors import SAMPLES, Maker, encoded
from zeta import errors, receipts
from zeta.receipts import Certification, Introduction, certification, fault, introduction

MAKER = Maker()
VERIFIER = MAKER.verifier
RECEIPT = MAKER.done
NAMED = (1, VERIFIER.instance, VERIFIER.incarnation, VERIFIER.program)


def test_a_receipt_says_what_was_asked_and_answered() -> None:
    verified = receipts.verify(encoded(RECEIPT), VERIFIER.identity, VERIFIER.instance)
    assert verified.receipt == RECEIPT
    assert verified.receipt.answer is receipts.Answer.DONE
    assert verified.receipt.authentication is receipts.Authentication.CLIENT
    assert len(verified.leaf_hash) == len(verified.root) == 32


def test_another_epoch_than_was_asked_about_is_refused() -> None:
    pinned = receipts.Pinned(VERIFIER.identity, None)
    assert pinned.verify(encoded(RECEIPT), epoch=3).receipt.epoch == 3
    with pytest.raises(fault.OtherEpoch, match=r"`3`.*`4`"):
        pinned.verify(encoded(RECEIPT), epoch=4)


@pytest.mark.parametrize(
    "pinned",
    [
        {"identity": bytes(31)},
        {"instance": bytes(32)},
        {"program": b""},
        {"incarnation": bytes(17)},
    ],
)
def test_what_is_pinned_must_have_its_length(pinned: dict[str, bytes]) -> None:
    whole = {"identity": VERIFIER.identity, "instance": VERIFIER.instance} | pinned
    with pytest.raises(errors.InvalidValue, match=next(iter(pinned))):
        receipts.Pinned(**whole)


def test_what_was_seen_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zeta.receipts.pinned._INNER_MAX", 4)
    monkeypatch.setattr("zeta.receipts.pinned._SIGNATURES_MAX", 1)
    pinned = receipts.Pinned(VERIFIER.identity, VERIFIER.instance)
    for receipt in (*MAKER.epoch, *MAKER.later, *MAKER.epoch):
        assert pinned.verify(encoded(receipt)).receipt == receipt
    assert len(pinned._known) == 1
    assert len(pinned._inner) < 20


def test_a_signature_is_checked_once_for_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    from zeta.receipts import pinned as module

    calls = []
    check = module._is_signed

    def counted(identity: bytes, message: bytes, signature: bytes) -> bool:
        calls.append(message)
        return check(identity, message, signature)

    monkeypatch.setattr(module, "_is_signed", counted)
    pinned = receipts.Pinned(VERIFIER.identity, VERIFIER.instance)
    for receipt in (*MAKER.epoch, *MAKER.later):
        pinned.verify(encoded(receipt))
    assert len(calls) == 2
    # What was refused is not remembered as seen.
    forged = encoded(RECEIPT._replace(counter=RECEIPT.counter + 1))
    for _ in range(2):
        with pytest.raises(fault.NotCertified):
            pinned.verify(forged)
    assert len(calls) == 4


def certified() -> Certification:
    root = receipts.verify(encoded(RECEIPT), VERIFIER.identity, None).root
    return Certification(*NAMED, 0, 3, 3, RECEIPT.receipts, root, RECEIPT.signature)


def test_a_certification_verifies_and_its_twins_do_not() -> None:
    pinned = receipts.Pinned(VERIFIER.identity, VERIFIER.instance)
    good = certified()
    assert pinned.verify_certification(certification.encode(good)) == good
    for changes, expected in (
        ({"version": 2}, fault.UnknownVersion),
        ({"instance": bytes(16)}, fault.OtherInstance),
        ({"incarnation": bytes(16)}, fault.NotCertified),
        ({"program": bytes(32)}, fault.NotCertified),
        ({"origin": 1}, fault.UnknownOrigin),
        ({"epoch": 4}, fault.NotCertified),
        ({"threads": 4}, fault.NotCertified),
        ({"receipts": 4}, fault.NotCertified),
        ({"root": bytes(32)}, fault.NotCertified),
        ({"signature": bytes(64)}, fault.NotCertified),
    ):
        with pytest.raises(expected):
            pinned.verify_certification(certification.encode(good._replace(**changes)))
    with pytest.raises(fault.WrongKeys):
        pinned.verify_certification(encoded(RECEIPT))


def test_an_introduction_verifies_and_its_twins_do_not() -> None:
    pinned = receipts.Pinned(
        VERIFIER.identity,
        VERIFIER.instance,
        program=VERIFIER.program,
        incarnation=VERIFIER.incarnation,
    )
    key = bytes(range(32))
    good = Introduction(*NAMED, VERIFIER.identity, key, VERIFIER.introduce(key))
    assert pinned.verify_introduction(introduction.encode(good)) == good
    for changes, expected in (
        ({"version": 0}, fault.UnknownVersion),
        ({"instance": bytes(16)}, fault.OtherInstance),
        ({"incarnation": bytes(16)}, fault.OtherIncarnation),
        ({"program": bytes(32)}, fault.OtherProgram),
        ({"identity": MAKER.stranger.identity}, fault.OtherIdentity),
        ({"static_key": bytes(32)}, fault.NotCertified),
        ({"signature": RECEIPT.signature}, fault.NotCertified),
    ):
        with pytest.raises(expected):
            pinned.verify_introduction(introduction.encode(good._replace(**changes)))


@pytest.mark.parametrize("name", ["receipt.json", "receipt.cbor"])
def test_a_file_is_read_as_it_was_written(tmp_path: Path, name: str) -> None:
    receipts.write(tmp_path / name, encoded(RECEIPT))
    assert receipts.read(tmp_path / name) == encoded(RECEIPT)
    assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"receipt": "AB"}',
        '{"receipt": "a"}',
        '{"receipt": "ab", "receipt": "cd"}',
        '{"receipt": "ab", "more": 1}',
        '{"certification": "ab"}',
        '["receipt", "ab"]',
        '{"receipt": "ab"} x',
        '{"receip\\u0074": "ab"}',
    ],
)
def test_a_file_that_is_not_the_one_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(text)
    with pytest.raises(fault.WrongFile, match="receipt"):
        receipts.read(path)


@pytest.mark.parametrize("text", ["", "00" * 32, "00" * 31 + "\n", "0g" * 32 + "\n", "{}"])
def test_a_file_that_is_no_identity_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "zeta.pub"
    path.write_text(text)
    with pytest.raises(errors.InvalidValue, match=r"zeta\.pub"):
        receipts.read_identity(path)


def test_receipts_verify_without_the_extension_and_the_host() -> None:
    code = """
import sys
sys.modules["zeta._native"] = None
sys.modules["numpy"] = None
import zeta
assert "cryptography" not in sys.modules
identity = zeta.receipts.read_identity(sys.argv[1] + "/zeta.pub")
assert "cryptography" not in sys.modules
data = zeta.receipts.read(sys.argv[1] + "/receipt.json")
zeta.receipts.verify(data, identity, None)
loaded = {name for name in sys.modules if name.startswith("zeta.")}
print(sorted(name for name in loaded if not name.startswith("zeta.receipts")))
"""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, SAMPLES],
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "['zeta._native', 'zeta.errors']\n"
