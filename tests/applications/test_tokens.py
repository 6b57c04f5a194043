"""Tokens: redeemed once, revoked, expired; and a host that would let one be redeemed twice."""

from __future__ import annotations

import hashlib
from typing import Any

import zeta
from hypothesis import given
from hypothesis import strategies as st
from zeta.app import U32
from zeta.applications.tokens import State, Token, Tokens

SECRETS = [b"", b"one", b"two", b"t" * 64]
SECRET = st.sampled_from(SECRETS)
DIGEST = SECRET.map(lambda secret: hashlib.sha256(secret).digest())
CALLS = st.lists(
    st.one_of(
        st.tuples(
            st.just("issue"),
            st.tuples(
                DIGEST,
                st.sampled_from(["ann", "bob"]),
                st.integers(0, 3) | st.sampled_from([2**32 - 1]),
            ),
        ),
        st.tuples(st.just("redeem"), st.tuples(SECRET)),
        st.tuples(st.just("revoke"), st.tuples(DIGEST)),
        st.tuples(st.just("state"), st.tuples(DIGEST)),
        st.just(("turn", ())),
    ),
    max_size=40,
)


def hashed(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


class Model:
    """Who holds which token until when, and what has become of it."""

    def __init__(self, refused: type[Exception]) -> None:
        self.refused = refused
        self.epoch = 0
        self.subjects: dict[bytes, str] = {}
        self.last: dict[bytes, int] = {}
        self.used: set[bytes] = set()
        self.revoked: set[bytes] = set()

    def issue(self, digest: bytes, subject: str, epochs: int) -> int:
        if digest in self.subjects:
            raise self.refused("the token exists")
        if self.epoch + epochs >= 2**32:
            raise self.refused("a number is outside its type")
        self.subjects[digest], self.last[digest] = subject, self.epoch + epochs
        return self.last[digest]

    def redeem(self, secret: bytes) -> str:
        digest = hashed(secret)
        refusals = {
            None: "there is no such token",
            State.REDEEMED: "the token was redeemed",
            State.REVOKED: "the token was revoked",
            State.EXPIRED: "the token has expired",
        }
        state = self.state(digest)
        if state != State.VALID:
            raise self.refused(refusals[state])
        self.used.add(digest)
        return self.subjects[digest]

    def revoke(self, digest: bytes) -> bool:
        state = self.state(digest)
        if state is None:
            raise self.refused("a row is absent")
        if state in (State.VALID, State.EXPIRED):
            self.revoked.add(digest)
        return state == State.VALID

    def state(self, digest: bytes) -> State | None:
        if digest not in self.subjects:
            return None
        if digest in self.used:
            return State.REDEEMED
        if digest in self.revoked:
            return State.REVOKED
        return State.VALID if self.epoch <= self.last[digest] else State.EXPIRED


@given(calls=CALLS)
def test_tokens_are_those_of_the_model(compared: Any, calls: Any) -> None:
    compared(Tokens, Model(compared.refused)).run(calls)


def test_each_check_fails(fails: Any) -> None:
    digest = hashed(b"one")
    issue, redeem = ("issue", (digest, "ann", 9)), ("redeem", (b"one",))
    reasons = {
        "the token exists": [issue, issue],
        "there is no such token": [redeem],
        "the token was redeemed": [issue, redeem, redeem],
        "the token was revoked": [issue, ("revoke", (digest,)), redeem],
        "the token has expired": [("issue", (digest, "ann", 0)), ("turn", ()), redeem],
    }
    fails(Tokens, reasons)


def test_of_a_batch_with_one_token_one_call_redeems_it() -> None:
    with zeta.open(app=Tokens, workers=2) as store:
        store.issue(hashed(b"one"), "ann", 9)
        calls = store.redeem.many([b"one"] * 100)
        assert calls.failed == 99
        assert calls[0] == "ann"


def test_a_token_that_was_redeemed_twice_is_caught(lying: Any) -> None:
    with lying(Tokens) as liar:
        liar.store.issue(hashed(b"voucher"), "ann", 9)
        liar.store.certify()
        bring_back = liar.keep("tokens", hashed(b"voucher"))
        assert liar.store.redeem(b"voucher") == "ann"
        bring_back()
        assert liar.store.redeem(b"voucher") == "ann"


def test_a_token_that_was_redeemed_twice_in_different_epochs_is_caught(lying: Any) -> None:
    with lying(Tokens, workers=2) as liar:
        liar.store.issue(hashed(b"voucher"), "ann", 9)
        liar.store.certify()
        bring_back = liar.keep("tokens", hashed(b"voucher"))
        assert liar.store.redeem(b"voucher") == "ann"
        liar.store.certify()
        bring_back()
        assert liar.store.redeem(b"voucher") == "ann"


def test_a_token_that_the_host_made_up_is_caught(lying: Any) -> None:
    with lying(Tokens) as liar:
        assert liar.store.state(hashed(b"mine")) is None
        liar.store.certify()
        liar.set("tokens", hashed(b"mine"), Token("eve", U32(99), State.VALID))
        assert liar.store.redeem(b"mine") == "eve"


def test_a_revocation_that_was_undone_is_caught(lying: Any) -> None:
    with lying(Tokens) as liar:
        liar.store.issue(hashed(b"badge"), "eve", 9)
        liar.store.certify()
        bring_back = liar.keep("tokens", hashed(b"badge"))
        assert liar.store.revoke(hashed(b"badge"))
        bring_back()
        assert liar.store.redeem(b"badge") == "eve"
