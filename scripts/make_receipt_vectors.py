"""Writes tests/receipts/vectors, receipts with the verdict that the page asks for, and samples."""

import json
import random
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
from zeta.receipts import Answer, Authentication, Receipt
from zeta.workload.certified import Operation, Verifier, operation_of

ROOT = Path(__file__).resolve().parents[1]
VECTORS = ROOT / "tests/receipts/vectors"
SAMPLES = ROOT / "docs/samples"
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
ACCEPTED = "accepted"
FIELDS = Receipt._fields


@dataclass(frozen=True)
class Vector:
    """A receipt's bytes, what was pinned, and the verdict; `vectors/README.md` says how."""

    name: str
    expected: str
    twin: str | None
    data: bytes
    identity: bytes
    instance: bytes
    program: bytes | None = None
    incarnation: bytes | None = None

    @property
    def path(self) -> str:
        folder = "accept" if self.expected == ACCEPTED else f"refuse/{self.expected}"
        return f"{folder}/{self.name}.json"

    def text(self) -> str:
        twin = {} if self.twin is None else {"twin": f"accept/{self.twin}.json"}
        content = {
            "_comment": "made by scripts/make_receipt_vectors.py; bytes are hex; do not edit",
            **twin,
            "expected": self.expected,
            "kind": "receipt",
            "bytes": self.data.hex(),
            "identity": self.identity.hex(),
            "instance": self.instance.hex(),
            "incarnation": None if self.incarnation is None else self.incarnation.hex(),
            "program": None if self.program is None else self.program.hex(),
        }
        return json.dumps(content, indent=2) + "\n"


def items(receipt: Receipt) -> list[bytes]:
    """A key and its value for each field, encoded by a library that knows nothing of receipts."""
    return [
        cbor2.dumps(key) + cbor2.dumps(int(value) if isinstance(value, int) else value)
        for key, value in enumerate(receipt, 1)
    ]


def joined(parts: list[bytes]) -> bytes:
    return (
        bytes([0xA0 + len(parts)]) + b"".join(parts)
        if len(parts) < 24
        else (bytes([0xB8, len(parts)]) + b"".join(parts))
    )


def encoded(receipt: Receipt, **changes: Any) -> bytes:
    return joined(items(receipt._replace(**changes)))


def with_item(receipt: Receipt, field: str, item: bytes) -> bytes:
    """The receipt with other bytes for the value of a field."""
    parts = items(receipt)
    key = FIELDS.index(field) + 1
    parts[key - 1] = bytes([key]) + item
    return joined(parts)


class Maker:
    """A verifier, another one, and epochs to take receipts from."""

    def __init__(self) -> None:
        self.verifier = Verifier(2026)
        self.stranger = Verifier(2027)
        draw = random.Random(7)
        operations = [operation_of(draw, number) for number in range(40)]
        self.epoch = self.verifier.certify(3, [operations[:11], operations[11:14], operations[14:]])
        self.later = self.verifier.certify(4, [operations[:11], operations[11:14], operations[14:]])
        self.single = self.verifier.certify(0, [operations[:1]])[0]
        self.threads = self.verifier.certify(5, [[], operations[:1], [], [], operations[1:3], []])
        client = Authentication.CLIENT
        # Leaf 6 of 26 in thread 2 of 3: paths of five hashes and one.
        self.done = next(
            receipt
            for receipt in self.epoch[14:]
            if receipt.answer is Answer.DONE
            and receipt.authentication is client
            and receipt.leaf_index < 16
        )

    def first(self, **wanted: Any) -> Receipt:
        return next(
            receipt
            for receipt in self.epoch
            if all(getattr(receipt, name) == value for name, value in wanted.items())
        )

    def vector(
        self,
        name: str,
        expected: str,
        twin: str | None,
        data: bytes,
        **pinned: Any,
    ) -> Vector:
        mine = {"identity": self.verifier.identity, "instance": self.verifier.instance}
        return Vector(name, expected, twin, data, **(mine | pinned))


def accepted(maker: Maker) -> Iterator[Vector]:
    def accept(name: str, receipt: Receipt, **pinned: Any) -> Vector:
        return maker.vector(name, ACCEPTED, None, encoded(receipt), **pinned)

    verifier = maker.verifier
    yield accept("done", maker.done)
    yield accept(
        "everything_pinned",
        maker.done,
        program=verifier.program,
        incarnation=verifier.incarnation,
    )
    for kind in Authentication:
        yield accept(kind.name.lower(), maker.first(authentication=kind))
    yield accept("failed", maker.first(answer=Answer.FAILED))
    yield accept("refused", maker.first(answer=Answer.REFUSED))
    yield accept("only_one", maker.single)
    yield accept("thread_before_has_none", maker.threads[0])
    yield accept("thread_after_has_none", maker.threads[-1])
    for index in (0, 7, 8, 9, 10):
        yield accept(f"leaf_{index}_of_11", maker.epoch[index])
    for index in (0, 1, 2):
        yield accept(f"leaf_{index}_of_3", maker.epoch[11 + index])
    key = random.Random(8).randbytes(32)
    largest = Operation(
        (1 << 16) - 1,
        bytes(70_000),
        Answer.DONE,
        0,
        bytes(300),
        Authentication.GATEWAY,
        key,
        (1 << 32) - 1,
        (1 << 33) - 1,
    )
    yield accept("largest_numbers", verifier.certify((1 << 32) - 1, [[largest]])[0])
    smallest = Operation(0, b"", Answer.DONE, 0, b"", Authentication.EMBEDDED, bytes(32), 0, 0)
    yield accept("smallest_numbers", verifier.certify(0, [[smallest]])[0])


def badly_encoded(maker: Maker) -> Iterator[Vector]:
    """Other encodings of a valid receipt, and what is none."""
    receipt, good = maker.done, encoded(maker.done)
    parts = items(receipt)

    def refuse(verdict: str, name: str, data: bytes) -> Vector:
        return maker.vector(name, verdict, "done", data)

    yield refuse("Truncated", "empty", b"")
    yield refuse("Truncated", "only_the_head", good[:1])
    yield refuse("Truncated", "in_the_middle", good[: len(good) // 2])
    yield refuse("Truncated", "last_byte", good[:-1])
    yield refuse("Truncated", "last_field", joined(parts[:-1])[:1].replace(b"\xb6", b"\xb7"))
    yield refuse(
        "Truncated", "inside_a_number", joined(parts[:6]).replace(b"\xa6", b"\xb7") + b"\x07\x1a\1"
    )
    yield refuse("Truncated", "inside_a_path", good[: good.index(receipt.path[2]) + 31])

    epoch = receipt.epoch.to_bytes(8, "big")
    for low, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
        data = with_item(receipt, "epoch", bytes([low]) + epoch[-width:])
        yield refuse("NotShortest", f"number_in_{width}_more_bytes", data)
    instance = receipt.instance
    yield refuse(
        "NotShortest", "long_length", with_item(receipt, "instance", b"\x58\x10" + instance)
    )
    yield refuse(
        "NotShortest",
        "indefinite_bytes",
        with_item(receipt, "instance", b"\x5f\x50" + instance + b"\xff"),
    )
    path = b"".join(b"\x58\x20" + each for each in receipt.path)
    yield refuse(
        "NotShortest", "indefinite_array", with_item(receipt, "path", b"\x9f" + path + b"\xff")
    )
    yield refuse("NotShortest", "indefinite_map", b"\xbf" + good[1:] + b"\xff")
    yield refuse("NotShortest", "long_map", b"\xb8\x17" + good[1:])
    yield refuse("NotShortest", "long_key", joined([b"\x18" + parts[0], *parts[1:]]))
    yield refuse("WrongType", "tagged_number", with_item(receipt, "epoch", b"\xc2\x41\x03"))
    yield refuse("WrongType", "tagged_map", b"\xd9\xd9\xf7" + good)
    yield refuse("TrailingBytes", "one_byte_more", good + b"\0")
    yield refuse("TrailingBytes", "twice", good + good)
    yield refuse("WrongKeys", "keys_swapped", joined([parts[1], parts[0], *parts[2:]]))
    yield refuse("WrongKeys", "key_repeated", joined([parts[0], *parts[:22]]))
    yield refuse(
        "NotShortest",
        "hash_with_long_length",
        with_item(receipt, "thread_path", b"\x81\x59\0\x20" + receipt.thread_path[0]),
    )


def malformed(maker: Maker) -> Iterator[Vector]:
    """Canonical CBOR that is no receipt."""
    receipt, good = maker.done, encoded(maker.done)
    parts = items(receipt)

    def refuse(verdict: str, name: str, data: bytes) -> Vector:
        return maker.vector(name, verdict, "done", data)

    yield refuse("WrongKeys", "one_entry_less", joined(parts[:-1]))
    yield refuse("WrongKeys", "one_entry_more", joined([*parts, b"\x18\x18\x00"]))
    yield refuse("WrongKeys", "another_key", joined([*parts[:-1], b"\x18\x18" + parts[-1][1:]]))
    yield refuse(
        "WrongType", "key_of_text", joined([*parts[:-1], cbor2.dumps("signature") + parts[-1][1:]])
    )
    yield refuse("WrongType", "not_a_map", cbor2.dumps(list(range(23))))
    yield refuse("NotShortest", "head_that_is_none", b"\xbc" + good[1:])
    yield refuse("WrongType", "negative_number", with_item(receipt, "epoch", cbor2.dumps(-1)))
    yield refuse("WrongType", "float", with_item(receipt, "epoch", cbor2.dumps(3.0)))
    yield refuse("WrongType", "null", with_item(receipt, "result", b"\xf6"))
    yield refuse("NotShortest", "number_without_end", with_item(receipt, "epoch", b"\x1f"))
    yield refuse(
        "WrongType", "text_for_bytes", with_item(receipt, "result", cbor2.dumps("12345678"))
    )
    yield refuse(
        "WrongType",
        "bytes_for_path",
        with_item(receipt, "path", cbor2.dumps(b"".join(receipt.path))),
    )
    yield refuse(
        "WrongLength",
        "short_hash",
        encoded(receipt, path=(receipt.path[0][:31], *receipt.path[1:])),
    )
    for field in ("instance", "incarnation", "program", "client_key", "signature"):
        value = getattr(receipt, field)
        yield refuse("WrongLength", f"short_{field}", encoded(receipt, **{field: value[:-1]}))
        yield refuse("WrongLength", f"long_{field}", encoded(receipt, **{field: value + b"\0"}))
    for field, width in (
        ("session", 32),
        ("transition", 16),
        ("code", 16),
        ("thread", 16),
        ("epoch", 32),
        ("counter", 32),
        ("threads", 16),
    ):
        yield refuse("OutOfRange", f"wide_{field}", encoded(receipt, **{field: 1 << width}))


def impossible(maker: Maker) -> Iterator[Vector]:
    """Receipts that say what no verifier signs."""
    receipt = maker.done

    def refuse(verdict: str, name: str, data: bytes) -> Vector:
        return maker.vector(name, verdict, "done", data)

    yield refuse("OutOfRange", "wide_authentication", encoded(receipt, authentication=256))
    for verdict, name, changes in (
        ("UnknownAuthentication", "three", {"authentication": 3}),
        ("UnknownAnswer", "three", {"answer": 3}),
        ("UnknownAnswer", "wide", {"answer": 1 << 63}),
        ("WrongAsker", "session_without_number", {"session": 0}),
        ("WrongAsker", "request_without_number", {"sequence": 0}),
        ("WrongAsker", "client_without_key", {"client_key": bytes(32)}),
        ("WrongAsker", "session_as_embedded", {"authentication": 0}),
        ("WrongAnswer", "done_with_a_code", {"code": 256}),
        ("WrongAnswer", "refused_with_a_result", {"answer": 2}),
    ):
        yield refuse(verdict, name, encoded(receipt, **changes))

    def twin(verdict: str, kind: str, name: str, receipt: Receipt, **changes: Any) -> Vector:
        return maker.vector(name, verdict, kind, encoded(receipt, **changes))

    embedded = maker.first(authentication=Authentication.EMBEDDED)
    key = receipt.client_key
    yield twin("WrongAsker", "embedded", "embedded_with_key", embedded, client_key=key)
    yield twin("WrongAsker", "embedded", "embedded_with_session", embedded, session=1)
    yield twin("WrongAsker", "embedded", "embedded_with_sequence", embedded, sequence=1)
    failed = maker.first(answer=Answer.FAILED)
    yield twin("WrongAnswer", "failed", "failed_with_a_result", failed, result=b"x")
    for version in (0, 2):
        data = encoded(receipt, version=version)
        yield maker.vector(f"version_{version}", "UnknownVersion", "done", data)


def of_others(maker: Maker) -> Iterator[Vector]:
    """Receipts of something else than what was pinned, and impossible places in the tree."""
    receipt, good = maker.done, encoded(maker.done)
    verifier, stranger = maker.verifier, maker.stranger
    pinned = {"program": verifier.program, "incarnation": verifier.incarnation}
    for name, verdict, value in (
        ("instance", "OtherInstance", stranger.instance),
        ("program", "OtherProgram", stranger.program),
        ("incarnation", "OtherIncarnation", stranger.incarnation),
    ):
        twin = "everything_pinned"
        yield maker.vector("pinned_another", verdict, twin, good, **(pinned | {name: value}))
        data = encoded(receipt, **{name: value})
        yield maker.vector("names_another", verdict, twin, data, **pinned)

    def refuse(verdict: str, name: str, **changes: Any) -> Vector:
        return maker.vector(name, verdict, "done", encoded(receipt, **changes))

    yield refuse("WrongPath", "index_is_number_of_leaves", leaf_index=receipt.leaves)
    yield refuse("WrongPath", "no_leaves", leaf_index=0, leaves=0)
    yield refuse("WrongPath", "more_leaves_than_receipts", leaves=receipt.receipts + 1)
    yield refuse("WrongPath", "thread_is_number_of_threads", thread=receipt.threads)
    yield refuse("WrongPath", "no_threads", threads=0)
    path, thread_path = receipt.path, receipt.thread_path
    # Only the range is wrong: from one thread beyond the last, two hashes lead to some root.
    beyond = {"thread": receipt.threads, "thread_path": thread_path * 2}
    yield refuse("WrongPath", "thread_beyond_with_a_path", **beyond)
    yield refuse("WrongPath", "no_path", path=())
    yield refuse("WrongPath", "one_hash_less", path=path[:-1])
    yield refuse("WrongPath", "one_hash_more", path=(*path, path[0]))
    yield refuse("WrongPath", "no_thread_path", thread_path=())
    yield refuse("WrongPath", "one_thread_hash_more", thread_path=(*thread_path, path[0]))
    yield refuse("WrongPath", "path_of_a_larger_tree", leaves=2, leaf_index=1)
    yield maker.vector(
        "path_to_a_single_leaf",
        "WrongPath",
        "only_one",
        encoded(maker.single, path=(path[0],)),
    )


def unsigned(maker: Maker) -> Iterator[Vector]:
    """Receipts of which every part is in order, and which the identity did not sign."""
    receipt = maker.done
    signature = receipt.signature

    def refuse(name: str, **changes: Any) -> Vector:
        return maker.vector(name, "NotCertified", "done", encoded(receipt, **changes))

    changed: dict[str, Any] = {
        "program": maker.stranger.program,
        "incarnation": maker.stranger.incarnation,
        "authentication": Authentication.GATEWAY,
        "client_key": maker.stranger.identity,
        "session": receipt.session + 1,
        "sequence": receipt.sequence + 1,
        "transition": receipt.transition + 1,
        "arguments": receipt.arguments + b"\0",
        "answer": Answer.FAILED,
        "result": receipt.result[:-1],
        "thread": receipt.thread ^ 2,
        "epoch": receipt.epoch + 1,
        "counter": receipt.counter + 1,
        "leaf_index": receipt.leaf_index ^ 1,
        "leaves": receipt.leaves + 1,
        "path": receipt.path[::-1],
        "receipts": receipt.receipts + 1,
        "thread_path": (receipt.path[0],),
        "signature": bytes([signature[0] ^ 1]) + signature[1:],
    }
    for field, value in changed.items():
        more = {"result": b"", "code": 256} if field == "answer" else {}
        if field == "thread":
            more = {"thread_path": receipt.thread_path * 2}
        yield refuse(f"{field}_changed", **{field: value}, **more)
    scalar = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    yield refuse(
        "scalar_plus_group_order", signature=signature[:32] + scalar.to_bytes(32, "little")
    )
    yield refuse("no_signature", signature=bytes(64))
    yield refuse("signature_of_another_epoch", signature=maker.later[0].signature)
    good = encoded(receipt)
    stranger = maker.stranger.identity
    yield maker.vector("another_identity", "NotCertified", "done", good, identity=stranger)
    # The same operations in the same epoch, certified by somebody who is not pinned.
    forger = Verifier(2028)
    forger.instance = maker.verifier.instance
    forged = forger.certify(0, [[operation_of(random.Random(9), 0)]])[0]
    yield maker.vector("forged_throughout", "NotCertified", "only_one", encoded(forged))


def all_vectors() -> list[Vector]:
    maker = Maker()
    makers = (accepted, badly_encoded, malformed, impossible, of_others, unsigned)
    return [vector for make in makers for vector in make(maker)]


def samples() -> dict[str, bytes]:
    """What a reader of docs/receipts.md verifies."""
    maker = Maker()
    sample = encoded(maker.done)
    return {
        "receipt.json": b'{"receipt": "%s"}\n' % sample.hex().encode(),
        "receipt.cbor": sample,
        "zeta.pub": b"%s\n" % maker.verifier.identity.hex().encode(),
    }


def main() -> None:
    shutil.rmtree(VECTORS, ignore_errors=True)
    for vector in all_vectors():
        path = VECTORS / vector.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(vector.text())
    SAMPLES.mkdir(exist_ok=True)
    for name, content in samples().items():
        (SAMPLES / name).write_bytes(content)
    sys.stdout.write(f"{len(all_vectors())} vectors below `{VECTORS}`\n")


if __name__ == "__main__":
    main()
