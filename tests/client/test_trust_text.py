"""Trust files of any text: they are read or refused, and a line means what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeta.client import Pin, TrustFile
from zeta.errors import InvalidValue

URL, PIN = "zeta://bank.example:7070", Pin(bytes([1]) * 32, bytes([2]) * 16)
LINE = f"{URL} {PIN.identity.hex()} {PIN.instance.hex()}\n".encode()
TEXTS = st.binary(max_size=60) | st.text("0123456789abcdef zeta:/#\t\r\n", max_size=120).map(
    str.encode
)


@given(TEXTS, TEXTS)
def test_any_text_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes
) -> None:
    path = tmp_path_factory.mktemp("trust") / "trusted"
    path.write_bytes(before + b"\n" + LINE + after)
    try:
        found = TrustFile(path).find(URL)
    except InvalidValue:
        return
    assert found == PIN


@given(st.integers(0, len(LINE) - 2), st.integers(0, 255))
def test_a_changed_line_pins_nobody_else_in_silence(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("trust") / "trusted"
    path.write_bytes(LINE[:at] + bytes([byte]) + LINE[at + 1 :])
    try:
        found = TrustFile(path).find(URL)
    except InvalidValue:
        return
    # Another address, or digits that somebody wrote there: never some of them, or more.
    assert found is None or (len(found.identity), len(found.instance)) == (32, 16)
