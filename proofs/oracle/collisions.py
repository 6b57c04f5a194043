"""Lies that weak hashes let pass: the oracle must certify them, and name what collided.

One byte of a hash collides within some hundred tries. A lie that does not collide is the twin: it
is caught, and nothing is found.
"""

import json
import struct
import subprocess

import vectors
from vectors import Replies, counted, record

SETTING = vectors.VECTORS / "accept/every_entry.json"
TRIES = 2000
KEY, VALUE = b"k", b"told"
TEXT = counted(VALUE)

NEXT_EPOCH, VERIFY_EPOCH = b"\6", b"\7"


def null():
    return b"\1" + struct.pack("<HH", 0, len(KEY)) + KEY


def holding(value):
    return b"\2" + struct.pack("<HH", 0, len(KEY)) + KEY + counted(value)


def run(transition, arguments):
    """An operation of the host's over the record in slot 1."""
    return struct.pack("<BHB", 8, transition, 0) + counted(arguments) + struct.pack("<HH", 1, 1)


GET, PUT = run(0, counted(KEY)), run(1, counted(KEY) + TEXT)
BRING = struct.pack("<BHH", 1, 1, 0)  # AddM into slot 1, below the root in slot 0.
STAMP = struct.pack("<II", 0, 1)
# How the record leaves, and how it is brought back: through the tree, and through deferred state.
WAYS = {
    "tree": (struct.pack("<BHH", 3, 1, 0), BRING),
    "elements": (struct.pack("<BHH", 5, 1, 0) + STAMP, struct.pack("<BHH", 2, 1, 0) + STAMP),
}


def verifier(weak_tree, weak_elements):
    config = json.loads(SETTING.read_text())["config"] | {"threads": 1, "slots": 4}
    made = bytearray(vectors.verifier(config))
    made[5 + 12 : 5 + 14] = bytes([weak_tree, weak_elements])
    return bytes(made)


def call(*entries):
    return record(b"L", b"\0\0" + b"".join(entries))


def play(weak, way, values):
    """For each value that the host may bring back: was it let in, was its epoch certified, and what
    does the oracle find?"""
    leave, back = WAYS[way]
    made = verifier(*(int(kind in weak) for kind in ("tree", "elements")))
    asked = [made, call(BRING, null(), PUT, leave)]
    for value in values:
        lie = call(back, holding(value), GET, NEXT_EPOCH, VERIFY_EPOCH)
        asked += [record(b"P"), lie, record(b"E"), record(b"F"), record(b"Q")]
    command = [vectors.ORACLE]
    said = subprocess.run(command, input=b"".join(asked), stdout=subprocess.PIPE, check=True)
    replies = Replies(said.stdout)
    assert replies.next() == b"\0"
    assert replies.next()[4] == 0, "the beginning is honest"
    for value in values:
        replies.next()
        let_in = replies.next()[4] == 0
        certified = int.from_bytes(replies.next()[4:8], "little") == 1
        found = replies.next()
        replies.next()
        yield value, let_in, certified, found


def named(way, value):
    """What the oracle says of a collision of this value with the one that was told before."""
    if way == "elements":
        return struct.pack("<BI", 3, 0)
    return b"\1" + counted(holding(VALUE)) + counted(holding(value))


def main():
    lies = [b"lie %d" % number for number in range(TRIES)]
    for way in WAYS:
        weak = list(play({way}, way, lies))
        passed = [(value, found) for value, _, certified, found in weak if certified]
        assert passed, f"{way}: no lie collides"
        for value, found in passed:
            assert found == named(way, value), f"{way}: {value} passes, and {found.hex()} is found"
        caught = [found for _, _, certified, found in weak if not certified]
        assert len(caught) > len(passed)
        assert set(caught) == {b"\0"}, f"{way}: a lie that is caught collides"
        for value, _, certified, found in play(set(), way, [value for value, _ in passed]):
            assert (certified, found) == (False, b"\0"), f"{way}: {value} passes sound hashes"
        [(_, let_in, certified, found)] = play({way}, way, [VALUE])
        assert let_in
        assert certified
        assert found == b"\0", f"{way}: the truth collides with itself"
        print(f"{way}: {len(passed)} of {TRIES} lies pass a weak hash; each collision is named")


if __name__ == "__main__":
    main()
