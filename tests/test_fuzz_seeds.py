"""The fuzz targets: each is known to cargo and to the page, and has something to begin with."""

import re
import tomllib
from pathlib import Path

from make_fuzz_seeds import seeds
from zeta.network import FrameReader, Side, decode
from zeta.receipts import Receipt
from zeta.receipts.receipt import decode as decode_receipt

FUZZ = Path(__file__).parents[1] / "fuzz"


def test_each_target_is_built_described_and_seeded() -> None:
    targets = {path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs")}
    built = {each["name"] for each in tomllib.loads((FUZZ / "Cargo.toml").read_text())["bin"]}
    described = set(re.findall(r"^\| `(\w+)` \|", (FUZZ / "README.md").read_text(), re.MULTILINE))
    assert targets == built == described == seeds().keys()
    assert all(len(inputs) > 1 for inputs in seeds().values())


def test_seeds_are_what_their_targets_read() -> None:
    made = seeds()
    read = [
        decode_receipt(made["read_receipt"][name])
        for name in made["read_receipt"]
        if "accept-done" in name
    ]
    assert read
    assert all(isinstance(each, Receipt) for each in read)
    ((kind, body),) = FrameReader().feed(made["read_frames"]["Requested"])
    assert decode(kind, body, Side.CLIENT)
