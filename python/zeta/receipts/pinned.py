"""Verifying under what the caller pinned: an identity, an instance, and what else it knows."""

from typing import NamedTuple, Protocol

from zeta.errors import InvalidValue
from zeta.receipts import certification, introduction, receipt
from zeta.receipts.certification import Certification
from zeta.receipts.fault import (
    NotCertified,
    OtherEpoch,
    OtherIdentity,
    OtherIncarnation,
    OtherInstance,
    OtherProgram,
    WrongPath,
)
from zeta.receipts.fork import Epochs
from zeta.receipts.introduction import Introduction
from zeta.receipts.receipt import Receipt
from zeta.receipts.tree import InnerHashes, leaf_hash, root_above, thread_hash

_GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of Ed25519."""
# What is remembered to spare work is forgotten at these sizes: about 100 MiB.
_INNER_MAX = 1 << 18
_SIGNATURES_MAX = 1 << 10


class Verified(NamedTuple):
    """A receipt that was verified."""

    receipt: Receipt
    leaf_hash: bytes
    """The hash that a session's replies and statuses are about, 32 bytes."""
    root: bytes
    """The root of the epoch's tree, 32 bytes."""


class _Signed(Protocol):
    """What every signed thing names."""

    @property
    def instance(self) -> bytes: ...
    @property
    def incarnation(self) -> bytes: ...
    @property
    def program(self) -> bytes: ...


class Pinned:
    """An identity, with the instance, program and incarnation that are expected of it.

    It remembers signatures and inner nodes that it has seen, so that many receipts of an epoch,
    in the order of their leaves, cost little more than reading them. It remembers what each epoch
    certified, too: shown what two clients were given, it finds out if those were two histories.
    """

    def __init__(
        self,
        identity: bytes,
        instance: bytes | None,
        *,
        program: bytes | None = None,
        incarnation: bytes | None = None,
    ) -> None:
        """An instance of `None` accepts any: then who calls compares what comes back.

        Raises:
            InvalidValue: an argument has not the length of its kind.
        """
        for name, value, size in (
            ("identity", identity, 32),
            ("instance", instance, 16),
            ("program", program, 32),
            ("incarnation", incarnation, 16),
        ):
            if value is not None and len(value) != size:
                raise InvalidValue(f"`{name}` has `{len(value)}` bytes, and must have `{size}`")
        self._identity = identity
        self._instance = instance
        self._program = program
        self._incarnation = incarnation
        self._inner = InnerHashes()
        self._known: set[tuple[bytes, bytes]] = set()
        self._epochs = Epochs()

    def verify(self, data: bytes, *, epoch: int | None = None) -> Verified:
        """Verifies a receipt's bytes; what it says is what the verifier certified.

        Raises:
            ReceiptError: it proves nothing; the subclass says why.
            Forked: its epoch was certified before with another content.
        """
        found = receipt.decode(data)
        self._expect(found)
        if epoch is not None and found.epoch != epoch:
            raise OtherEpoch(f"it is of epoch `{found.epoch}`, and `{epoch}` was asked about")
        if not found.leaf_index < found.leaves <= found.receipts:
            raise WrongPath(
                f"leaf `{found.leaf_index}` of `{found.leaves}`, in an epoch of `{found.receipts}`"
            )
        if found.thread >= found.threads:
            raise WrongPath(f"thread `{found.thread}` of `{found.threads}`")
        if len(self._inner) > _INNER_MAX:
            self._inner.clear()
        leaf = leaf_hash(receipt.leaf(found))
        root = root_above(leaf, found.leaf_index, found.leaves, found.path, self._inner)
        of_thread = thread_hash(found.thread, found.leaves, root)
        root = root_above(of_thread, found.thread, found.threads, found.thread_path, self._inner)
        self._demand_certified(found, root)
        return Verified(found, leaf, root)

    def verify_certification(self, data: bytes) -> Certification:
        """Verifies a certification's bytes.

        Raises:
            ReceiptError: it proves nothing; the subclass says why.
            Forked: its epoch was certified before with another content.
        """
        found = certification.decode(data)
        self._expect(found)
        self._demand_certified(found, found.root)
        return found

    def verify_introduction(self, data: bytes) -> Introduction:
        """Verifies an introduction's bytes.

        Raises:
            ReceiptError: it is not of the pinned identity; the subclass says why.
        """
        found = introduction.decode(data)
        self._expect(found)
        if found.identity != self._identity:
            raise OtherIdentity(f"it is of the identity `{found.identity.hex()}`")
        message = introduction.signed_bytes(
            found.instance, found.incarnation, found.program, found.static_key
        )
        self._demand(message, found.signature)
        return found

    def _expect(self, found: _Signed) -> None:
        if self._instance is not None and found.instance != self._instance:
            raise OtherInstance(f"it is of the instance `{found.instance.hex()}`")
        if self._incarnation is not None and found.incarnation != self._incarnation:
            raise OtherIncarnation(f"it is of the incarnation `{found.incarnation.hex()}`")
        if self._program is not None and found.program != self._program:
            raise OtherProgram(f"it is of the program `{found.program.hex()}`")

    def _demand_certified(self, found: Receipt | Certification, root: bytes) -> None:
        message = _certified(found, root)
        # One check for each epoch: all its receipts carry the same signature.
        if (message, found.signature) in self._known:
            return
        self._demand(message, found.signature)
        self._epochs.add(
            Certification(
                found.version,
                found.instance,
                found.incarnation,
                found.program,
                certification.FIRST_LIFE,
                found.epoch,
                found.threads,
                found.receipts,
                root,
                found.signature,
            )
        )
        if len(self._known) >= _SIGNATURES_MAX:
            self._known.clear()
        # Only now: of two histories the second is refused again and again.
        self._known.add((message, found.signature))

    def _demand(self, message: bytes, signature: bytes) -> None:
        if not _is_signed(self._identity, message, signature):
            # Not named: whoever took a secret for it would see it in a log.
            raise NotCertified(
                "the pinned identity has not signed this: another has, or somebody changed it, or "
                "its epoch never certified"
            )


def verify(
    data: bytes,
    identity: bytes,
    instance: bytes | None,
    *,
    program: bytes | None = None,
    incarnation: bytes | None = None,
    epoch: int | None = None,
) -> Verified:
    """Verifies one receipt's bytes, offline and without a secret; for many, keep a `Pinned`.

    Raises:
        ReceiptError: it proves nothing; the subclass says why.
        InvalidValue: what the caller pinned has not the length of its kind.
    """
    pinned = Pinned(identity, instance, program=program, incarnation=incarnation)
    return pinned.verify(data, epoch=epoch)


def _certified(found: Receipt | Certification, root: bytes) -> bytes:
    return certification.signed_bytes(
        found.instance,
        found.incarnation,
        found.program,
        found.epoch,
        found.threads,
        found.receipts,
        root,
    )


def _is_signed(identity: bytes, message: bytes, signature: bytes) -> bool:
    # Loaded when it is needed: who only reads receipts need not have it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    # RFC 8032, 5.1.7, step 1; stated here, so that no library decides it.
    if int.from_bytes(signature[32:], "little") >= _GROUP_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, message)
    except InvalidSignature:
        return False
    return True
