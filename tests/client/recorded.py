"""What the Rust verifier and its clients said to each other, read from the logs in `vectors`."""

import hmac
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from zeta.client import Handshake, Opened, Reply, Session, Status
from zeta.receipts import Authentication, Introduction, certification

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
DONE, RECEIPT, STATUS = 0, 10, 11
RUN_APP, OPEN, REVOKE, ROTATE, ASK = 8, 9, 10, 11, 12
WRONG_MAC = 257
# Secrets of the two clients that the access list names, and seeds of their ephemeral keys.
CLIENTS = {bytes([11]) * 32: Authentication.CLIENT, bytes([12]) * 32: Authentication.GATEWAY}
SEEDS = (21, 22, 23)


def public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def drawn(seed: bytes) -> bytes:
    """What the first draw from a stream of entropy gives (`crates/session/src/entropy.rs`)."""
    return hmac.digest(seed, b"zeta draw", "sha256")


@dataclass(frozen=True)
class Step:
    """An entry of a session, and the verifier's answer."""

    tag: int
    body: bytes
    outputs: bytes


@dataclass(frozen=True)
class Asked:
    """A request as its log has it."""

    session: int
    sequence: int
    mac: bytes
    transition: int
    arguments: bytes

    @classmethod
    def of(cls, body: bytes) -> "Asked":
        transition, _, session, sequence, mac, length = _RUN.unpack_from(body)
        return cls(session, sequence, mac, transition, body[_RUN.size :][:length])


_RUN = Struct("<HBIQ16sI")


@dataclass(frozen=True)
class Recording:
    """One log, with what a client must have pinned."""

    introduction: Introduction
    steps: tuple[Step, ...]

    def open(self, message: bytes, answer: bytes) -> tuple[Session, Opened]:
        """Plays the client whose first message this is; `ValueError` if it is nobody's."""
        for secret, seed, strict, replaces in itertools.product(
            CLIENTS, SEEDS, (False, True), (0, 2, 3)
        ):
            handshake = Handshake(
                instance=self.introduction.instance,
                incarnation=self.introduction.incarnation,
                verifier_key=self.introduction.static_key,
                client_key=secret,
                strict_order=strict,
                replaces=replaces,
                ephemeral=drawn(drawn(bytes([seed]) * 32)),
            )
            if handshake.message == message:
                opened = handshake.finish(answer)
                return self.session(secret, opened), opened
        raise ValueError("a message that no client sent")

    def session(self, secret: bytes, opened: Opened) -> Session:
        return Session(
            introduction=self.introduction,
            client_key=public(secret),
            authentication=CLIENTS[secret],
            session=opened.session,
            last_epoch=opened.last_epoch,
            request_key=opened.request_key,
            reply_key=opened.reply_key,
        )


def recording(path: Path) -> Recording | None:
    """The recording in a file; `None` where its verifier has no clients."""
    content: dict[str, Any] = json.loads(path.read_text())
    serving = content.get("config", {}).get("serving")
    certified = [each for each in content.get("epochs", ()) if "certification" in each]
    if serving is None or not certified:
        return None
    signed = certification.decode(bytes.fromhex(certified[0]["certification"]))
    # The verifier's first draw is its static key.
    static_key = public(drawn(bytes.fromhex(serving["entropy"])))
    introduced = Introduction(
        1, signed.instance, signed.incarnation, signed.program, bytes(32), static_key, bytes(64)
    )
    steps = []
    for step in content["steps"]:
        log = bytes.fromhex(step["log"])
        served = log[0] == RUN_APP and log[3] == 1
        if served or log[0] in (OPEN, REVOKE, ROTATE, ASK):
            steps.append(Step(log[0], log[1:], bytes.fromhex(step["outputs"])))
    return Recording(introduced, tuple(steps))


def recordings() -> Iterator[tuple[str, Recording]]:
    """All of them, by name."""
    for path in sorted(VECTORS.rglob("*.json")):
        found = recording(path)
        if found is not None:
            yield path.relative_to(VECTORS).as_posix(), found


def taken_apart(outputs: bytes) -> tuple[int, int, bytes, bytes]:
    """Answer, code and result, and what follows them."""
    answer = outputs[0]
    if answer == DONE:
        length = int.from_bytes(outputs[1:5], "little")
        return answer, 0, outputs[5 : 5 + length], outputs[5 + length :]
    return answer, int.from_bytes(outputs[1:3], "little"), b"", outputs[3:]


def reply(outputs: bytes, thread: int = 0) -> tuple[Reply, bytes]:
    """A request's reply, and the leaf hash that the verifier gave with it."""
    answer, code, result, rest = taken_apart(outputs)
    assert rest[0] == RECEIPT
    epoch, counter, leaf_hash, mac = Struct("<II32s16s").unpack(rest[1:])
    return Reply(answer, code, result, thread, epoch, counter, mac), leaf_hash


def status(refusal: int, rest: bytes) -> Status:
    """A status, and the refusal that it followed."""
    assert rest[0] == STATUS
    return Status(refusal, rest[1], rest[2:34], rest[34:])
