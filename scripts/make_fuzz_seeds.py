"""Writes fuzz/corpus: for each fuzz target inputs to begin with, made of the vectors."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "fuzz/corpus"
_CALL_MAX = 127


def vectors(*folders: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each vector below these folders, and what it holds."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.json")):
            name = "-".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name, json.loads(path.read_text())


def calls(steps: list[dict[str, Any]]) -> bytes:
    """Logs as `verify_log` takes them: a byte for thread and length, and then so many bytes."""
    data = b""
    for step in steps:
        log = bytes.fromhex(step["log"])
        for begin in range(0, len(log), _CALL_MAX):
            part = log[begin : begin + _CALL_MAX]
            data += bytes([len(part) << 1 | step["thread"] & 1]) + part
    return data


def messages() -> dict[str, bytes]:
    """Messages of the network, framed."""
    lines = (ROOT / "tests/network/messages.txt").read_text().splitlines()
    found = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    read = {name: bytes.fromhex(digits) for name, digits in found.items()}
    return {name: len(data).to_bytes(4, "little") + data for name, data in read.items()}


def seeds() -> dict[str, dict[str, bytes]]:
    """For each target its inputs, by name."""
    logs = dict(vectors("vectors/accept", "vectors/reject", "vectors/retry", "vectors/refuse"))
    files = dict(vectors("vectors/receipts", "tests/receipts/vectors"))
    framed = messages()
    request = framed["Requested"]
    programs = {bytes.fromhex(each["config"]["program"]) for each in logs.values()}
    # How long the arguments are, in eights, one byte more, and then arguments and program.
    programs_run = {f"{at}": b"\x01\x00" + bytes(8) + each for at, each in enumerate(programs)}
    return {
        "verify_log": {name: calls(each["steps"]) for name, each in logs.items()},
        "decode_entry": {
            f"{name}-{at}": bytes.fromhex(step["log"])
            for name, each in logs.items()
            for at, step in enumerate(each["steps"])
        },
        "read_receipt": {name: bytes.fromhex(each["bytes"]) for name, each in files.items()},
        "load_program": programs_run,
        "read_frames": framed
        | {"many": request * 20, "mixed": b"".join(framed.values()), "cut": request * 3 + b"\x25"},
        # Which way, in what order, and for which session; then places and what is flipped there.
        "shake_hands": {
            "good": b"\x00",
            "good-strict": b"\x02",
            "good-rotating": b"\x1c",
            "first-changed": b"\x00\x05\x01",
            "second-changed": b"\x01\x05\x01",
            "changed-back": b"\x00\x05\x01\x05\x01",
            "first-cut": b"\x00\x04",
            "second-longer": b"\x01\x03",
        },
        # How it is changed and by which thread; its number; a place and what is flipped there.
        "ask_verifier": {
            "in-order": b"".join(bytes([0, at, 0, 0]) for at in range(40)),
            "twice": bytes([0, 1, 0, 0]) + bytes([4, 1, 0, 0]),
            "changed": b"".join(bytes([how, 3, 5, 1]) for how in (1, 2, 3, 0, 1)),
            "far": b"".join(bytes([how << 4, 7, 0, 0]) for how in (15, 12, 0, 14)),
        },
    }


def main() -> None:
    """Replaces the corpus."""
    shutil.rmtree(CORPUS, ignore_errors=True)
    for target, inputs in seeds().items():
        folder = CORPUS / target
        folder.mkdir(parents=True)
        for name, data in inputs.items():
            (folder / name).write_bytes(data)
        print(f"{target}: {len(inputs)}")


if __name__ == "__main__":
    main()
