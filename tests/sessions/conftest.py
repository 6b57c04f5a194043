"""A client of sessions in plain Python: the handshake, request MACs, and what a reply must show."""

import hmac
import struct
from collections.abc import Callable
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from zeta.receipts import introduction
from zeta.receipts.receipt import Answer, Authentication, Receipt, encode, leaf
from zeta.receipts.tree import leaf_hash
from zeta.serving import ReceiptPath, Reply, Request

_PATTERN = b"Noise_IK_25519_ChaChaPoly_SHA256"
_PROLOGUE = b"zeta session v1\0"


def _hmac(key: bytes, *parts: bytes) -> bytes:
    return hmac.digest(key, b"".join(parts), "sha256")


class _Symmetric:
    """The symmetric state of Noise, revision 34, section 5.2."""

    def __init__(self, prologue: bytes) -> None:
        self.hash = self.chaining = _PATTERN
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self.hash = sha256(self.hash + data).digest()

    def mix_key(self, secret: bytes) -> None:
        temporary = _hmac(self.chaining, secret)
        self.chaining = _hmac(temporary, b"\1")
        self.key, self.nonce = _hmac(temporary, self.chaining, b"\2"), 0

    def _next(self) -> tuple[ChaCha20Poly1305, bytes]:
        nonce = bytes(4) + struct.pack("<Q", self.nonce)
        self.nonce += 1
        return ChaCha20Poly1305(self.key), nonce

    def seal(self, plain: bytes) -> bytes:
        cipher, nonce = self._next()
        sealed = cipher.encrypt(nonce, plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def open(self, sealed: bytes) -> bytes:
        cipher, nonce = self._next()
        plain = cipher.decrypt(nonce, sealed, self.hash)
        self.mix_hash(sealed)
        return plain


class Handshake:
    """Message 1 of a client, and what message 2 makes of it."""

    def __init__(
        self, secret: X25519PrivateKey, intro: bytes, *, strict: bool = False, replaces: int = 0
    ) -> None:
        self.intro = introduction.decode(intro)
        self._secret, self._ephemeral = secret, X25519PrivateKey.generate()
        self.key = secret.public_key().public_bytes_raw()
        static = X25519PublicKey.from_public_bytes(self.intro.static_key)
        state = _Symmetric(_PROLOGUE + self.intro.instance + self.intro.incarnation)
        state.mix_hash(self.intro.static_key)
        ephemeral = self._ephemeral.public_key().public_bytes_raw()
        state.mix_hash(ephemeral)
        state.mix_key(self._ephemeral.exchange(static))
        sealed = state.seal(self.key)
        state.mix_key(secret.exchange(static))
        self.message = ephemeral + sealed + state.seal(struct.pack("<BI", strict, replaces))
        self._state = state

    def finish(self, message: bytes) -> "Session":
        state = self._state
        state.mix_hash(message[:32])
        theirs = X25519PublicKey.from_public_bytes(message[:32])
        state.mix_key(self._ephemeral.exchange(theirs))
        state.mix_key(self._secret.exchange(theirs))
        session, last_epoch = struct.unpack("<II", state.open(message[32:]))
        temporary = _hmac(state.chaining, b"")
        one = _hmac(temporary, b"\1")
        two = _hmac(temporary, one, b"\2")
        request = _hmac(one, b"zeta request key v1\0", state.hash)
        reply = _hmac(two, b"zeta reply key v1\0", state.hash)
        return Session(self, session, last_epoch, request, reply)


class Session:
    """An open session."""

    def __init__(
        self, handshake: Handshake, number: int, last_epoch: int, request: bytes, reply: bytes
    ) -> None:
        self.handshake = handshake
        self.number = number
        self.last_epoch = last_epoch
        self._request, self._reply = request, reply

    def request(self, sequence: int, transition: int, arguments: bytes) -> Request:
        digest = sha256(struct.pack("<BH", 0x20, transition) + arguments).digest()
        head = struct.pack("<BIQ", 1, self.number, sequence)
        mac = _hmac(self._request, head, digest)[:16]
        return Request(self.number, sequence, mac, transition, arguments)

    def question(self, sequence: int) -> bytes:
        return _hmac(self._request, struct.pack("<BIQ", 2, self.number, sequence))[:16]

    def status_mac(self, sequence: int, refusal: int, status: int, leaf_: bytes) -> bytes:
        head = struct.pack("<BIQHB", 4, self.number, sequence, refusal, status)
        return _hmac(self._reply, head, leaf_)[:16]

    def revoked_mac(self) -> bytes:
        return _hmac(self._reply, struct.pack("<BI", 5, self.number))[:16]

    def receipt(self, request: Request, reply: Reply, path: ReceiptPath | None = None) -> Receipt:
        """What the reply says, as a receipt; with what makes it one, where the epoch certified."""
        assert reply.shown is not None
        intro, shown = self.handshake.intro, reply.shown
        return Receipt(
            version=1,
            instance=intro.instance,
            incarnation=intro.incarnation,
            program=intro.program,
            authentication=Authentication.CLIENT,
            client_key=self.handshake.key,
            session=request.session,
            sequence=request.sequence,
            transition=request.transition,
            arguments=request.arguments,
            answer=Answer(reply.answer),
            code=reply.code,
            result=reply.result,
            thread=shown.thread,
            epoch=shown.epoch,
            counter=shown.counter,
            leaf_index=shown.leaf_index,
            leaves=path.leaves if path else 1,
            path=path.path if path else (),
            threads=path.threads if path else 1,
            receipts=path.receipts if path else 1,
            thread_path=path.thread_path if path else (),
            signature=path.signature if path else bytes(64),
        )

    def believes(self, request: Request, reply: Reply) -> bool:
        """Whether the verifier said so."""
        if reply.shown is None:
            return False
        found = leaf_hash(leaf(self.receipt(request, reply)))
        mac = _hmac(self._reply, b"\3", found)[:16]
        return found == reply.shown.leaf and mac == reply.shown.mac

    def portable(self, request: Request, reply: Reply, path: ReceiptPath) -> bytes:
        return encode(self.receipt(request, reply, path))


@pytest.fixture
def handshake() -> Callable[..., Handshake]:
    """Begins a handshake with an introduction."""
    return Handshake
