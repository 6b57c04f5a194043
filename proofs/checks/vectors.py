"""Writes the vectors as Coq terms, and replays them through the Coq verifier.

Every entry's reply and every epoch's outcome must be those of the Rust verifier. A vector whose
lie is about bytes alone, or that uses what the Coq verifier does not have yet, is left out and
counted.
"""

import hashlib
import json
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

PROOFS = Path(__file__).resolve().parents[1]
VECTORS = PROOFS.parent / "vectors"
# How the key-value program begins; `Replay.v` has it by hand.
KEY_VALUE = b"zetaprog\x01\x00\x08\x00KeyValue".hex()
# Fewer would mean that something is not read as it was.
COMPARED_MIN = 170
DOMAIN_LEAF, DOMAIN_NULL, DOMAIN_SOME, DOMAIN_NODE = b"\x10", b"\x11", b"\x12", b"\x13"


class LeftOut(Exception):
    """Why a vector cannot be said at the level of entries."""


class Reader:
    """Reads a log or its outputs."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise LeftOut("truncated")
        self.at += count
        return taken

    def number(self, width):
        return int.from_bytes(self.take(width), "little")


class Terms:
    """Coq terms, and the hashes that they need."""

    def __init__(self):
        self.leaves, self.values, self.nodes = {}, {}, {}

    def bytes_(self, data):
        if len(data) > 64 and len(set(data)) == 1:
            return f"(R {data[0]} {len(data)})"
        if len(data) > 4096:
            raise LeftOut("long and not uniform")
        return "[" + "; ".join(map(str, data)) + "]"

    def value(self, data):
        term = "None" if data is None else f"(Some {self.bytes_(data)})"
        message = DOMAIN_NULL if data is None else DOMAIN_SOME + data
        self.values[term] = hashlib.sha256(message).hexdigest()
        return term

    def key(self, relation, data):
        term = f"(Key {relation} {self.bytes_(data)})"
        message = DOMAIN_LEAF + struct.pack("<H", relation) + data
        self.leaves[term] = hashlib.sha256(message).hexdigest()
        return term

    def pointer(self, reader):
        """The term of a pointer, and the numbers that say it."""
        tag = reader.number(1)
        if tag == 0:
            return "None", ["0"]
        if tag > 2:
            raise LeftOut("pointer tag")
        bits, length, digest = reader.take(32), reader.number(2), reader.take(32).hex()
        number = self.path_number(bits, length)
        deferred = "true" if tag == 2 else "false"
        hashed = [str(int(digest, 16))] if int(digest, 16) else ["0"] * 32
        short = int.from_bytes(bits, "big") >> (256 - length)
        said = [str(tag), str(short), str(length), *hashed]
        return f"(L {number} {length} {int(digest, 16)} {deferred})", said

    @staticmethod
    def path_number(bits, length):
        number = int.from_bytes(bits, "big")
        if length > 256 or number & ((1 << (256 - length)) - 1):
            raise LeftOut("path not canonical")
        return number

    def node(self, reader):
        start = reader.at
        left, left_said = self.pointer(reader)
        right, right_said = self.pointer(reader)
        data = reader.data[start : reader.at]
        said = left_said + right_said
        self.nodes["; ".join(said)] = hashlib.sha256(DOMAIN_NODE + data).hexdigest()
        return left, right, said

    def record(self, reader):
        kind = reader.number(1)
        if kind == 0:
            bits, length = reader.take(32), reader.number(2)
            number = self.path_number(bits, length)
            left, right, _ = self.node(reader)
            return f"(Node (P {number} {length}) {left} {right})"
        if kind > 2:
            raise LeftOut("record kind")
        relation, key_len = reader.number(2), reader.number(2)
        key = self.key(relation, reader.take(key_len))
        value = None if kind == 1 else reader.take(reader.number(4))
        return f"(App {key} {self.value(value)})"


def entry(terms, reader):
    tag = reader.number(1)
    if tag == 1:
        return f"AddM {reader.number(2)} {reader.number(2)} {terms.record(reader)}"
    if tag == 2:
        slot, thread = reader.number(2), reader.number(2)
        return f"AddB {slot} {thread} {stamp(reader)} {terms.record(reader)}"
    if tag == 3:
        return f"EvictM {reader.number(2)} {reader.number(2)}"
    if tag == 4:
        return f"EvictB {reader.number(2)} {stamp(reader)}"
    if tag == 5:
        return f"EvictBM {reader.number(2)} {reader.number(2)} {stamp(reader)}"
    if tag in (6, 7):
        return {6: "NextEpoch", 7: "VerifyEpoch"}[tag]
    if tag != 8:
        raise LeftOut("tag")
    transition, authentication = reader.number(2), reader.number(1)
    if authentication != 0:
        raise LeftOut("authentication")
    arguments = reader.take(reader.number(4))
    slots = [str(reader.number(2)) for _ in range(reader.number(2))]
    if len(arguments) > 8 and transition == 1:
        split = 4 + int.from_bytes(arguments[:4], "little")
        value = arguments[split + 4 :]
        terms.value(value)
        data = f"({terms.bytes_(arguments[: split + 4])} ++ {terms.bytes_(value)})"
    else:
        data = terms.bytes_(arguments)
    return f"RunApp (Run (Operation {transition} {data}) Embedded [{'; '.join(slots)}])"


def stamp(reader):
    return f"(T {reader.number(4)} {reader.number(4)})"


def said_bytes(terms, data):
    return f"{len(data)} :: {terms.bytes_(data)}"


def said(terms, outputs):
    """The numbers that say the next answer."""
    tag = outputs.number(1)
    if tag == 0:
        return f"5 :: {said_bytes(terms, outputs.take(outputs.number(4)))}"
    if tag in (1, 2):
        return f"[{6 if tag == 1 else 7}; {outputs.number(2)}]"
    evicted = "3" if tag >= 6 else "4"
    kind = (tag - 3) % 3
    if kind == 0:
        terms.value(None)
        record = "[0]"
    elif kind == 1:
        value = outputs.take(outputs.number(4))
        terms.value(value)
        record = f"1 :: {said_bytes(terms, value)}"
    else:
        outputs.number(4)
        record = f"[2; {'; '.join(terms.node(outputs)[2])}]"
    digest = f" ++ [{int(outputs.take(32).hex(), 16)}]" if tag >= 6 else ""
    return f"{evicted} :: ({record}){digest}"


def step(terms, vector_step):
    """The entries that a call processed, and what was said to each."""
    reader = Reader(bytes.fromhex(vector_step["log"]))
    outputs = Reader(bytes.fromhex(vector_step["outputs"]))
    while reader.at < vector_step["consumed"]:
        start = reader.at
        term = entry(terms, reader)
        answered = reader.data[start] in (3, 4, 5, 8)
        yield term, said(terms, outputs) if answered else "[0]"
    if vector_step["stop"] != "done":
        kind = 8 if vector_step["stop"] == "retry" else 9
        term = "NextEpoch" if vector_step["code"] == 90 else entry(terms, reader)
        yield term, f"[{kind}; {vector_step['code']}]"


def outcome(epoch):
    kind = epoch["outcome"]
    if kind == "pending":
        return [0, *epoch["missing"]]
    if kind == "certified":
        return [1]
    if kind == "mismatch":
        return [2, epoch["first"]]
    return [3, epoch["thread"], epoch["reason"]]


def vector(terms, file):
    config = file["config"]
    if not config["program"].startswith(KEY_VALUE):
        raise LeftOut("another program")
    if "serving" in config:
        raise LeftOut("sessions")
    submitted, answers = [], []
    for vector_step in file["steps"]:
        for term, answer in step(terms, vector_step):
            submitted.append(f"({vector_step['thread']}, {term})")
            answers.append(answer)
    left, right, _ = terms.node(Reader(bytes.fromhex(config["root"])))
    made_of = f"{config['threads']} {config['slots']} {config['byte_budget']}"
    outcomes = "; ".join(str(outcome(epoch)).replace(",", ";") for epoch in file["epochs"])
    entries = ";\n   ".join(submitted)
    return (
        f"Vector (Config {made_of} (Node ROOT {left} {right}) None)\n"
        f"  [{entries}]\n"
        f"  [{'; '.join(answers)}]\n  [{outcomes}]"
    )


def table(pairs):
    return "[" + "; ".join(f"({term}, {int(digest, 16)})" for term, digest in pairs) + "]"


def main():
    terms, vectors, names, left_out = Terms(), [], [], Counter()
    for path in sorted(VECTORS.rglob("*.json")):
        file = json.loads(path.read_text())
        if "config" not in file:
            continue
        try:
            vectors.append(f"({len(names)}, {vector(terms, file)})")
            names.append(path.relative_to(VECTORS).as_posix())
        except LeftOut as reason:
            left_out[str(reason)] += 1
    listed = ";\n".join(vectors)
    source = (
        "From zeta Require Import Spec.Record Spec.Entry Spec.Path Spec.Thread.\n"
        "From Coq Require Import NArith List.\nRequire Import Replay.\n"
        "Import ListNotations.\nOpen Scope N_scope.\n"
        f"Definition hashes := tables {table(terms.leaves.items())}\n"
        f"  {table(terms.values.items())}\n"
        f"  {table((f'[{said}]', digest) for said, digest in terms.nodes.items())}.\n"
        f"Eval vm_compute in differing hashes [\n{listed}].\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "Vectors.v"
        written.write_text(source)
        command = ["coqc", "-q", "-Q", "theories", "zeta", "-R", "checks", "", str(written)]
        result = subprocess.run(command, cwd=PROOFS, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(result.stderr[-2000:])
    found = result.stdout.split("=")[1].split(":")[0]
    differing = [names[int(n)] for n in found.strip(" []\n%N").split(";") if n.strip()]
    print(f"{len(names)} vectors agree with the Coq verifier" if not differing else "differ:")
    print(*differing, *(f"left out, {reason}: {n}" for reason, n in left_out.items()), sep="\n")
    if len(names) < COMPARED_MIN:
        sys.exit(f"only {len(names)} vectors were compared")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
