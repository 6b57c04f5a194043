"""The tree of an epoch's receipts: the root that a leaf and its path lead to."""

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct

from zeta.receipts.fault import WrongPath

_LEAF, _INNER, _THREAD = b"\x00", b"\x01", b"\x02"
_THREAD_HEAD = Struct("<HQ")


class InnerHashes(dict[bytes, bytes]):
    """From two hashes, one after the other, to the hash above them; computed once.

    It only remembers what a pure function said, so paths that share it cannot mislead each other.
    """

    def __missing__(self, pair: bytes) -> bytes:
        above = self[pair] = sha256(_INNER + pair).digest()
        return above


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(_LEAF + leaf).digest()


def thread_hash(thread: int, leaves: int, root: bytes) -> bytes:
    """The hash that stands for all receipts of a thread in an epoch."""
    return sha256(_THREAD + _THREAD_HEAD.pack(thread, leaves) + root).digest()


def root_above(
    leaf: bytes, index: int, leaves: int, path: Sequence[bytes], inner: InnerHashes
) -> bytes:
    """The root of the tree in which this hash is leaf `index` of `leaves`: RFC 9162, 2.1.3.2.

    Raises:
        WrongPath: the path is longer or shorter than the tree is high at that leaf.
    """
    node, last = leaf, leaves - 1
    for sibling in path:
        if not last:
            raise WrongPath(f"`{len(path)}` hashes lead beyond the root of `{leaves}` leaves")
        if index & 1 or index == last:
            node = inner[sibling + node]
            # At the right edge, levels at which the node has no sibling are skipped.
            while index and not index & 1:
                index >>= 1
                last >>= 1
        else:
            node = inner[node + sibling]
        index >>= 1
        last >>= 1
    if last:
        raise WrongPath(f"`{len(path)}` hashes do not lead to the root of `{leaves}` leaves")
    return node
