"""A client of the store under test: `zeta.client` without a network."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from zeta.client import Answered, Fate, Handshake, Session
from zeta.client import Reply as Said
from zeta.client import Status as Word
from zeta.client.session import Request as Made
from zeta.receipts import Authentication, introduction
from zeta.receipts.receipt import encode
from zeta.serving import ReceiptPath, Reply, Request, Status


class Asker:
    """A session, between what a client makes and checks and what a store takes and gives."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.number = session.session
        self._made: dict[bytes, Made] = {}

    def request(self, sequence: int, transition: int, arguments: bytes) -> Request:
        made = self.session.request(sequence, transition, arguments)
        self._made[made.mac] = made
        return Request(self.number, sequence, made.mac, transition, arguments)

    def question(self, sequence: int) -> bytes:
        return self.session.question(sequence)

    def fate(self, sequence: int, refusal: int, told: Status) -> Fate:
        """What the verifier said of a number; raises `ForgedReply` where it did not."""
        return self.session.accept_status(sequence, Word(refusal, *told))

    def accept(self, request: Request, reply: Reply) -> Answered:
        """What the verifier said; raises `ForgedReply` where it did not."""
        assert reply.shown is not None
        place = reply.shown[:3]
        said = Said(reply.answer, reply.code, reply.result, *place, reply.shown.mac)
        answered = self.session.accept(self._made[request.mac], said)
        assert answered.leaf_hash == reply.shown.leaf
        return answered

    def portable(self, request: Request, reply: Reply, path: ReceiptPath) -> bytes:
        """The receipt that anyone can verify."""
        assert reply.shown is not None
        receipt = self.accept(request, reply).receipt
        return encode(
            receipt._replace(
                leaf_index=reply.shown.leaf_index,
                leaves=path.leaves,
                path=path.path,
                threads=path.threads,
                receipts=path.receipts,
                thread_path=path.thread_path,
                signature=path.signature,
            )
        )


class Begun:
    """A handshake under way."""

    def __init__(
        self, secret: X25519PrivateKey, said: bytes, *, strict: bool = False, replaces: int = 0
    ) -> None:
        self._who = introduction.decode(said)
        self._key = secret.public_key().public_bytes_raw()
        self._handshake = Handshake(
            instance=self._who.instance,
            incarnation=self._who.incarnation,
            verifier_key=self._who.static_key,
            client_key=secret.private_bytes_raw(),
            strict_order=strict,
            replaces=replaces,
        )
        self.message = self._handshake.message

    def finish(self, answer: bytes) -> Asker:
        opened = self._handshake.finish(answer)
        return Asker(
            Session(
                introduction=self._who,
                client_key=self._key,
                authentication=Authentication.CLIENT,
                session=opened.session,
                last_epoch=opened.last_epoch,
                request_key=opened.request_key,
                reply_key=opened.reply_key,
            )
        )


@pytest.fixture
def handshake() -> Callable[..., Begun]:
    """Begins a handshake with an introduction."""
    return Begun
