"""The trust file: who is not pinned is not trusted, and who is pinned is not replaced."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from zeta.client import NotPinned, OtherVerifier, Pin, TrustFile
from zeta.errors import InvalidValue
from zeta.receipts import introduction

from .recorded import VECTORS

URL = "zeta://bank.example:7070"
MADE = json.loads((VECTORS / "receipts/introduction/good.json").read_text())


def introduced(seed: int, instance: int = 1) -> bytes:
    """An introduction by the identity of this seed."""
    identity = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    scope = bytes([instance]) * 16, bytes([2]) * 16, bytes([3]) * 32
    key = bytes([4]) * 32
    return introduction.encode(
        introduction.Introduction(
            1,
            *scope,
            identity.public_key().public_bytes_raw(),
            key,
            identity.sign(introduction.signed_bytes(*scope, key)),
        )
    )


def pin_of(data: bytes) -> Pin:
    found = introduction.decode(data)
    return Pin(found.identity, found.instance)


@pytest.fixture
def trust(tmp_path: Path) -> TrustFile:
    return TrustFile(tmp_path / "trusted")


def test_nobody_is_trusted_unasked(trust: TrustFile, tmp_path: Path) -> None:
    with pytest.raises(NotPinned, match="no verifier is pinned"):
        trust.check(URL, introduced(1))
    assert not (tmp_path / "trusted").exists()


def test_whom_the_user_pinned_is_taken(trust: TrustFile) -> None:
    trust.pin(URL, pin_of(introduced(1)))
    assert trust.check(URL, introduced(1)) == introduction.decode(introduced(1))


def test_the_introduction_that_the_rust_makes_is_taken(trust: TrustFile) -> None:
    trust.pin(URL, Pin(bytes.fromhex(MADE["identity"]), bytes.fromhex(MADE["instance"])))
    assert trust.check(URL, bytes.fromhex(MADE["bytes"])).static_key


@pytest.mark.parametrize("first_use", [False, True])
def test_another_identity_or_instance_is_not_taken(trust: TrustFile, first_use: bool) -> None:
    trust.pin(URL, pin_of(introduced(1)))
    data = introduced(1)
    for other in (
        introduced(2),
        introduced(1, instance=9),
        data[:-1],
        data + b"\0",
        b"",
        data[:-1] + bytes([data[-1] ^ 1]),
    ):
        with pytest.raises(OtherVerifier, match="not whom you pinned"):
            trust.check(URL, other, first_use=first_use)
    assert trust.find(URL) == pin_of(data)


def test_first_use_pins_for_ever(trust: TrustFile) -> None:
    trust.check(URL, introduced(1), first_use=True)
    trust.check(URL, introduced(1))
    with pytest.raises(OtherVerifier):
        trust.check(URL, introduced(2), first_use=True)
    with pytest.raises(InvalidValue, match="is pinned to"):
        trust.pin(URL, pin_of(introduced(2)))


def test_first_use_does_not_pin_a_forgery(trust: TrustFile) -> None:
    data = introduced(1)
    with pytest.raises(OtherVerifier):
        trust.check(URL, data[:-1] + bytes([data[-1] ^ 1]), first_use=True)
    assert trust.find(URL) is None


def test_lines_of_people_stay(trust: TrustFile, tmp_path: Path) -> None:
    pin = pin_of(introduced(1))
    (tmp_path / "trusted").write_text("# ours\n\nzeta://a " + "00" * 32 + " " + "11" * 16)
    trust.pin(URL, pin)
    trust.pin(URL, pin)
    lines = (tmp_path / "trusted").read_text().splitlines()
    assert lines[0] == "# ours"
    assert len(lines) == 4
    assert trust.find(URL) == pin
    assert trust.find("zeta://a") == Pin(bytes(32), bytes([0x11]) * 16)


@pytest.mark.parametrize(
    "text",
    [
        b"zeta://a",
        b"zeta://a 00 11",
        b"zeta://a " + b"zz" * 32 + b" " + b"11" * 16,
        (b"zeta://a " + b"00" * 32 + b" " + b"11" * 16 + b"\n") * 2,
        b"\xff\xfe",
    ],
)
def test_what_is_no_trust_file_is_refused(trust: TrustFile, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "trusted").write_bytes(text)
    with pytest.raises(InvalidValue):
        trust.check(URL, introduced(1), first_use=True)
    assert (tmp_path / "trusted").read_bytes() == text


@pytest.mark.parametrize("url", ["", "a b", "a\nb", "#a", "a\tb"])
def test_what_is_no_address_is_not_pinned(trust: TrustFile, url: str) -> None:
    with pytest.raises(InvalidValue, match="no address"):
        trust.pin(url, pin_of(introduced(1)))


def test_a_pin_has_its_lengths(trust: TrustFile) -> None:
    with pytest.raises(InvalidValue, match="32"):
        trust.pin(URL, Pin(bytes(31), bytes(16)))
