"""Replays every vector on the oracle, and demands byte for byte what the Rust verifier said."""

import json
import struct
import subprocess
import sys
from pathlib import Path

PROOFS = Path(__file__).resolve().parents[1]
VECTORS = PROOFS.parent / "vectors"
ORACLE = PROOFS / "build/oracle/oracle"
# Fewer would mean that something is not read as it was.
COMPARED_MIN = 226
STOPS = {"done": 0, "retry": 1, "rejected": 2}


def counted(data):
    return struct.pack("<I", len(data)) + data


def record(tag, data=b""):
    return tag + counted(data)


def verifier(config):
    """The record that makes a vector's verifier, with sound hashes."""
    fields = [
        struct.pack("<HHQBB", config["threads"], config["slots"], config["byte_budget"], 0, 0),
        bytes.fromhex(config["nonce"]),
        bytes.fromhex(config["incarnation"]),
        counted(bytes.fromhex(config["root"])),
        counted(bytes.fromhex(config["program"])),
    ]
    serving = config.get("serving")
    if serving is None:
        fields.append(b"\0")
    else:
        fields.append(b"\1" + counted(bytes.fromhex(serving["access"])))
        fields.append(bytes.fromhex(serving["entropy"]))
        fields.append(struct.pack("<H", serving["sessions_per_thread"]))
    return record(b"C", b"".join(fields))


def records(vector):
    """What the oracle is asked: the verifier, the calls, the end."""
    yield verifier(vector["config"])
    for step in vector["steps"]:
        yield record(b"L", struct.pack("<H", step["thread"]) + bytes.fromhex(step["log"]))
    yield record(b"E")


class Replies:
    """The oracle's replies, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def next(self):
        size = int.from_bytes(self.data[self.at : self.at + 4], "little")
        begin = self.at + 4
        self.at = begin + size
        return self.data[begin : self.at]


def outcome(epoch, serving):
    """The bytes that say what became of an epoch."""
    kind = epoch["outcome"]
    if kind == "pending":
        missing = epoch["missing"]
        return struct.pack(f"<BH{len(missing)}H", 1, len(missing), *missing)
    if kind == "mismatch":
        return struct.pack("<BI", 2, epoch["first"])
    if kind == "poisoned":
        return struct.pack("<BHQH", 3, epoch["thread"], epoch["position"], epoch["reason"])
    if not serving:
        return b"\0"
    if "certification" not in epoch:
        return b"\0\0"
    return b"\0\1" + receipts(bytes.fromhex(epoch["certification"]))


def receipts(certification):
    """The number of receipts and the root of their tree, as the file of a certification ends."""
    end = len(certification) - 67  # Before the signature, with its key and length.
    field, count = certification[end - 37 : end - 35]
    if field != 8 or count >= 24:
        raise ValueError("a longer number needs a reader of CBOR")
    return struct.pack("<Q", count) + certification[end - 32 : end]


def differences(vector, replies):
    """What the oracle says otherwise than the vector."""
    if replies.next() != b"\0":
        yield "the oracle makes no such verifier"
    for number, step in enumerate(vector["steps"]):
        stop = (STOPS[step["stop"]], step.get("code", 0), step.get("position", 0))
        expected = struct.pack("<IBHQ", step["consumed"], *stop)
        reply = replies.next()
        if reply[:15] != expected:
            found = struct.unpack("<IBHQ", reply[:15])
            yield f"step {number}: {found}, not {(step['consumed'], *stop)}"
        if reply[27:] != bytes.fromhex(step["outputs"]):
            yield f"step {number}: outputs {reply[27:].hex()}, not {step['outputs']}"
    serving = "serving" in vector["config"]
    expected = b"".join(outcome(epoch, serving) for epoch in vector["epochs"])
    head = 8 + 12 * vector["config"]["threads"]
    reply = replies.next()
    if reply[head:] != struct.pack("<I", len(vector["epochs"])) + expected:
        yield f"epochs: {reply[head:].hex()}, not {expected.hex()}"


def main():
    vectors = {}
    for path in sorted(VECTORS.rglob("*.json")):
        vector = json.loads(path.read_text())
        if "config" in vector:
            vectors[path.relative_to(VECTORS).as_posix()] = vector
    asked = b"".join(part for vector in vectors.values() for part in records(vector))
    said = subprocess.run([ORACLE], input=asked, stdout=subprocess.PIPE, check=True).stdout
    replies = Replies(said)
    differing = 0
    for name, vector in vectors.items():
        for difference in differences(vector, replies):
            print(f"{name}: {difference[:400]}")
            differing += 1
    if replies.at != len(said) or len(vectors) < COMPARED_MIN or differing:
        sys.exit(f"{differing} differences in {len(vectors)} vectors")
    print(f"{len(vectors)} vectors agree with the oracle")


if __name__ == "__main__":
    main()
