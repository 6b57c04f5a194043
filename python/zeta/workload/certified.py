"""An epoch of made-up operations that a made-up verifier certified, with all its receipts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import pack
from typing import TYPE_CHECKING

from zeta.receipts import Answer, Authentication, Receipt

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Operation:
    """What one receipt is to say."""

    transition: int
    arguments: bytes
    answer: Answer
    code: int
    result: bytes
    authentication: Authentication
    client_key: bytes
    session: int
    sequence: int


class Verifier:
    """Certifies whatever it is told. Written from the page on receipts, not from `zeta.receipts`,
    so that each can find the other's mistakes."""

    def __init__(self, seed: int) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        draw = random.Random(seed)
        self._key: Ed25519PrivateKey = Ed25519PrivateKey.from_private_bytes(draw.randbytes(32))
        self.identity = self._key.public_key().public_bytes_raw()
        self.instance = draw.randbytes(16)
        self.incarnation = draw.randbytes(16)
        self.program = draw.randbytes(32)

    def certify(self, epoch: int, threads: Sequence[Sequence[Operation]]) -> list[Receipt]:
        """The receipts of an epoch in which each thread ran these operations, thread by thread."""
        leaves = [
            [self._leaf(epoch, thread, *each) for each in enumerate(operations)]
            for thread, operations in enumerate(threads)
        ]
        trees = [Tree(each) for each in leaves]
        whole = Tree(
            [
                sha256(b"\x02" + pack("<HQ", thread, len(tree.leaves)) + tree.root).digest()
                for thread, tree in enumerate(trees)
            ]
        )
        count = sum(map(len, leaves))
        signature = self.sign(epoch, len(threads), count, whole.root)
        return [
            Receipt(
                1,
                self.instance,
                self.incarnation,
                self.program,
                operation.authentication,
                operation.client_key,
                operation.session,
                operation.sequence,
                operation.transition,
                operation.arguments,
                operation.answer,
                operation.code,
                operation.result,
                thread,
                epoch,
                index,
                index,
                len(operations),
                tuple(trees[thread].path(index)),
                len(threads),
                count,
                tuple(whole.path(thread)),
                signature,
            )
            for thread, operations in enumerate(threads)
            for index, operation in enumerate(operations)
        ]

    def sign(self, epoch: int, threads: int, receipts: int, root: bytes) -> bytes:
        """The signature of a certification."""
        named = self.instance + self.incarnation + self.program
        counted = pack("<BIHQ", 0, epoch, threads, receipts)
        return self._key.sign(b"zeta certification v1\0" + named + counted + root)

    def introduce(self, static_key: bytes) -> bytes:
        """The signature of an introduction."""
        named = self.instance + self.incarnation + self.program
        return self._key.sign(b"zeta introduction v1\0" + named + static_key)

    def _leaf(self, epoch: int, thread: int, index: int, operation: Operation) -> bytes:
        request = pack("<BH", 0x20, operation.transition) + operation.arguments
        leaf = b"".join(
            (
                b"\x01",
                self.instance,
                self.incarnation,
                self.program,
                pack("<B", operation.authentication),
                operation.client_key,
                pack("<IQ", operation.session, operation.sequence),
                sha256(request).digest(),
                pack("<BH", operation.answer, operation.code),
                sha256(b"\x21" + operation.result).digest(),
                pack("<HII", thread, epoch, index),
            )
        )
        return sha256(b"\x00" + leaf).digest()


class Tree:
    """A tree in the shape of RFC 9162, 2.1.1, by its recursive definition."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self._roots: dict[tuple[int, int], bytes] = {}
        self.root = self._root(0, len(leaves))

    def path(self, index: int) -> list[bytes]:
        """The path of a leaf, from the leaf upward."""
        path = []
        start, end = 0, len(self.leaves)
        while end - start > 1:
            middle = start + _left(end - start)
            if index < middle:
                path.append(self._root(middle, end))
                end = middle
            else:
                path.append(self._root(start, middle))
                start = middle
        return path[::-1]

    def _root(self, start: int, end: int) -> bytes:
        if (start, end) not in self._roots:
            self._roots[start, end] = self._computed(start, end)
        return self._roots[start, end]

    def _computed(self, start: int, end: int) -> bytes:
        if start == end:
            return sha256().digest()
        if end - start == 1:
            return self.leaves[start]
        middle = start + _left(end - start)
        return sha256(b"\x01" + self._root(start, middle) + self._root(middle, end)).digest()


def operation_of(draw: random.Random, number: int) -> Operation:
    """The operation of this number: a put or get as a client, the host or a gateway would ask."""
    authentication = draw.choice(tuple(Authentication))
    embedded = authentication is Authentication.EMBEDDED
    answer = draw.choices(tuple(Answer), (8, 1, 1))[0]
    return Operation(
        draw.randrange(3),
        draw.randbytes(draw.choice((8, 16, 40))),
        answer,
        {Answer.DONE: 0, Answer.FAILED: 256, Answer.REFUSED: 262}[answer],
        draw.randbytes(8) if answer is Answer.DONE else b"",
        authentication,
        bytes(32) if embedded else draw.randbytes(32),
        0 if embedded else 1 + draw.randrange(1000),
        0 if embedded else 1 + number,
    )


def _left(count: int) -> int:
    """The largest power of two below a number above 1."""
    return 1 << (count - 1).bit_length() - 1
