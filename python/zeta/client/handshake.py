"""The client's half of the handshake: Noise_IK_25519_ChaChaPoly_SHA256, revision 34 of Noise.

The pattern is Noise's and the primitives are those of `cryptography`. What is written here is only
the order of its calls: no Noise library for Python is kept up, and this shares no code with the
verifier's, so that each tests the other.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from zeta.client.fault import HandshakeFailed
from zeta.errors import InvalidValue

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

NAME = b"Noise_IK_25519_ChaChaPoly_SHA256"
PROLOGUE = b"zeta session v1\x00"
MESSAGE_2_LEN = 56
STRICT_ORDER = 1


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, as both sides know it after the handshake."""

    session: int
    last_epoch: int
    """The last epoch in which requests run."""
    request_key: bytes = field(repr=False)
    reply_key: bytes = field(repr=False)


class _Symmetric:
    """Noise's symmetric state: a chaining key, a running hash and a key with its nonce."""

    def __init__(self, prologue: bytes) -> None:
        # The name has exactly the hash's length, and so it is its own first hash.
        self.chaining = self.hash = NAME
        self.key = b""
        self.nonce = 0
        self.mix_hash(prologue)

    def mix_hash(self, data: bytes) -> None:
        self.hash = sha256(self.hash + data).digest()

    def mix_key(self, secret: bytes) -> None:
        self.chaining, self.key = _two_keys(self.chaining, secret)
        self.nonce = 0

    def encrypt(self, plain: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        sealed = ChaCha20Poly1305(self.key).encrypt(self._next_nonce(), plain, self.hash)
        self.mix_hash(sealed)
        return sealed

    def decrypt(self, sealed: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        plain = ChaCha20Poly1305(self.key).decrypt(self._next_nonce(), sealed, self.hash)
        self.mix_hash(sealed)
        return plain

    def _next_nonce(self) -> bytes:
        nonce = bytes(4) + self.nonce.to_bytes(8, "little")
        self.nonce += 1
        return nonce


def _two_keys(chaining: bytes, secret: bytes) -> tuple[bytes, bytes]:
    middle = hmac.digest(chaining, secret, "sha256")
    first = hmac.digest(middle, b"\x01", "sha256")
    return first, hmac.digest(middle, first + b"\x02", "sha256")


class Handshake:
    """One handshake: `message` goes to the verifier, and its answer to `finish`."""

    def __init__(
        self,
        *,
        instance: bytes,
        incarnation: bytes,
        verifier_key: bytes,
        client_key: bytes,
        strict_order: bool = False,
        replaces: int = 0,
        ephemeral: bytes | None = None,
    ) -> None:
        """Begins a handshake with the verifier of an introduction that was checked.

        Args:
            instance: from the introduction, 16 bytes.
            incarnation: from the introduction, 16 bytes.
            verifier_key: its X25519 public key, from the introduction, 32 bytes.
            client_key: the client's X25519 secret key, 32 bytes.
            strict_order: each request waits until the one before it is settled.
            replaces: the session that this one takes over from; 0 for none.
            ephemeral: a secret key to use once, for tests; drawn where it is `None`.

        Raises:
            InvalidValue: a key or a name has the wrong length, or the key agrees on nothing.
        """
        from cryptography.hazmat.primitives.asymmetric.x25519 import (
            X25519PrivateKey,
            X25519PublicKey,
        )

        for name, value, size in (
            ("instance", instance, 16),
            ("incarnation", incarnation, 16),
            ("verifier_key", verifier_key, 32),
            ("client_key", client_key, 32),
        ):
            if len(value) != size:
                raise InvalidValue(f"`{name}` has `{len(value)}` bytes, and must have `{size}`")
        self._static = X25519PrivateKey.from_private_bytes(client_key)
        self._ephemeral = (
            X25519PrivateKey.generate()
            if ephemeral is None
            else X25519PrivateKey.from_private_bytes(ephemeral)
        )
        self._state = _Symmetric(PROLOGUE + instance + incarnation)
        self._state.mix_hash(verifier_key)
        remote = X25519PublicKey.from_public_bytes(verifier_key)
        payload = bytes([STRICT_ORDER if strict_order else 0]) + replaces.to_bytes(4, "little")
        own = _public(self._ephemeral)
        self._state.mix_hash(own)
        try:
            self._state.mix_key(self._ephemeral.exchange(remote))
            static = self._state.encrypt(_public(self._static))
            self._state.mix_key(self._static.exchange(remote))
        except ValueError:
            raise InvalidValue("the verifier's key is none that agrees on a secret") from None
        self.message = own + static + self._state.encrypt(payload)

    def finish(self, answer: bytes) -> Opened:
        """The session that the verifier's answer opens.

        Raises:
            HandshakeFailed: the answer is not from the verifier that was asked.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        if len(answer) != MESSAGE_2_LEN:
            raise HandshakeFailed(f"the verifier's answer has `{len(answer)}` bytes, not `56`")
        state = self._state
        remote = X25519PublicKey.from_public_bytes(answer[:32])
        state.mix_hash(answer[:32])
        try:
            state.mix_key(self._ephemeral.exchange(remote))
            state.mix_key(self._static.exchange(remote))
            payload = state.decrypt(answer[32:])
        except (InvalidTag, ValueError):
            raise HandshakeFailed("the answer is not from the verifier that was asked") from None
        first, second = _two_keys(state.chaining, b"")
        return Opened(
            session=int.from_bytes(payload[:4], "little"),
            last_epoch=int.from_bytes(payload[4:8], "little"),
            request_key=hmac.digest(first, b"zeta request key v1\x00" + state.hash, "sha256"),
            reply_key=hmac.digest(second, b"zeta reply key v1\x00" + state.hash, "sha256"),
        )


def public_key(secret: bytes) -> bytes:
    """The X25519 public key of a client's secret key, for the access list.

    Raises:
        InvalidValue: it has not 32 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    if len(secret) != 32:
        raise InvalidValue("an X25519 key has `32` bytes")
    return _public(X25519PrivateKey.from_private_bytes(secret))


def _public(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()
