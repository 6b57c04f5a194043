"""A token service: issue, redeem once, revoke, expire after a number of epochs.

Epochs order what happens and do not measure time: the host turns them. It can make a token live
longer by turning them slowly, and shorter by turning them fast.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from zeta.app import U32, Application, Exactly, Max, Relation, check, row, sha256, transition

Secret = Annotated[bytes, Max(64)]
Digest = Annotated[bytes, Exactly(32)]
Subject = Annotated[str, Max(128)]


class State(Enum):
    """What became of a token."""

    VALID = 0
    REDEEMED = 1
    REVOKED = 2
    EXPIRED = 3


@row
class Token:
    """A token as the service keeps it, under the hash of its secret."""

    subject: Subject
    last_epoch: U32
    state: State


class Tokens(Application):
    """Tokens are kept under the SHA-256 of their secrets, so that stored rows redeem nothing."""

    tokens: Relation[Digest, Token]

    @transition
    def issue(self, digest: Digest, subject: Subject, epochs: U32) -> U32:
        """Issues a token under the hash of its secret; the last epoch that takes it."""
        check(digest not in self.tokens, "the token exists")
        last = self.epoch + epochs
        self.tokens[digest] = Token(subject, last, State.VALID)
        return last

    @transition
    def redeem(self, secret: Secret) -> Subject:
        """Uses a token up; whose it is. Succeeds at most once for each token."""
        digest = sha256(secret)
        token = self.tokens.get(digest)
        if token is None:
            check(False, "there is no such token")
        check(token.state != State.REDEEMED, "the token was redeemed")
        check(token.state != State.REVOKED, "the token was revoked")
        check(self.epoch <= token.last_epoch, "the token has expired")
        self.tokens[digest] = Token(token.subject, token.last_epoch, State.REDEEMED)
        return token.subject

    @transition
    def revoke(self, digest: Digest) -> bool:
        """Makes a token useless; whether it could still be redeemed."""
        token = self.tokens[digest]
        if token.state != State.VALID:
            return False
        self.tokens[digest] = Token(token.subject, token.last_epoch, State.REVOKED)
        return self.epoch <= token.last_epoch

    @transition
    def state(self, digest: Digest) -> State | None:
        """What became of a token; `None` where it was never issued."""
        token = self.tokens.get(digest)
        if token is None:
            return None
        if token.state == State.VALID and self.epoch > token.last_epoch:
            return State.EXPIRED
        return token.state
