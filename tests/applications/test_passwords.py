"""Passwords: lockout, change, and a host that would let somebody in."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest
import zeta
from hypothesis import given
from hypothesis import strategies as st
from zeta.app import U32
from zeta.applications.passwords import FAILURES_MAX, Login, Passwords
from zeta.errors import CheckFailed

SALT = bytes(range(16))
USERS = st.sampled_from(["ann", "bob"])
WORDS = st.sampled_from([b"", b"secret", b"Secret", b"s" * 256])
SALTS = st.sampled_from([bytes(16), SALT])
# Mostly wrong passwords for one user, so that lockouts happen.
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("register"), st.tuples(USERS, WORDS, SALTS)),
        st.tuples(st.just("verify"), st.tuples(st.just("ann"), st.just(b"wrong"))),
        st.tuples(st.just("verify"), st.tuples(USERS, WORDS)),
        st.tuples(st.just("change"), st.tuples(USERS, WORDS, WORDS, SALTS)),
        st.tuples(st.just("locked"), st.tuples(USERS)),
        st.tuples(st.just("unlock"), st.tuples(USERS)),
        st.tuples(st.just("remove"), st.tuples(USERS)),
        st.just(("turn", ())),
    ),
    max_size=40,
).map(lambda calls: [("register", ("ann", b"secret", SALT)), *calls])


class Model:
    """Passwords as they are, which is what hashes stand for."""

    def __init__(self, refused: type[Exception]) -> None:
        self.refused = refused
        self.words: dict[str, bytes] = {}
        self.failures: dict[str, int] = {}

    def _present(self, user: str) -> None:
        if user not in self.words:
            raise self.refused("a row is absent")

    def register(self, user: str, password: bytes, salt: bytes) -> None:
        if user in self.words:
            raise self.refused("the user exists")
        self.words[user], self.failures[user] = password, 0

    def verify(self, user: str, password: bytes) -> bool:
        if user not in self.words or self.failures[user] == FAILURES_MAX:
            return False
        right = self.words[user] == password
        self.failures[user] = 0 if right else self.failures[user] + 1
        return right

    def change(self, user: str, old: bytes, new: bytes, salt: bytes) -> bool:
        if not self.verify(user, old):
            return False
        self.words[user] = new
        return True

    def locked(self, user: str) -> bool:
        self._present(user)
        return self.failures[user] == FAILURES_MAX

    def unlock(self, user: str) -> None:
        self._present(user)
        self.failures[user] = 0

    def remove(self, user: str) -> None:
        self._present(user)
        del self.words[user], self.failures[user]


@given(calls=CALLS)
def test_passwords_are_those_of_the_model(compared: Any, calls: Any) -> None:
    compared(Passwords, Model(compared.refused)).run(calls)


def test_each_check_fails(fails: Any) -> None:
    register = ("register", ("ann", b"secret", SALT))
    fails(Passwords, {"the user exists": [register, register]})


def test_what_is_kept_is_a_salted_hash() -> None:
    service = Passwords.simulate()
    service.register("ann", b"secret", SALT)
    digest = hmac.digest(SALT, b"secret", hashlib.sha256)
    assert service.logins["ann"] == Login(SALT, digest, U32(0))


def test_a_locked_account_takes_not_even_the_right_password() -> None:
    with zeta.open(app=Passwords) as store:
        store.register("ann", b"secret", SALT)
        for _ in range(FAILURES_MAX):
            assert not store.locked("ann")
            assert not store.verify("ann", b"wrong")
        assert store.locked("ann")
        assert not store.verify("ann", b"secret")
        assert not store.change("ann", b"secret", b"other", SALT)
        store.unlock("ann")
        assert store.verify("ann", b"secret")


@pytest.fixture
def ann(lying: Any) -> Any:
    """A lying host's service with one user, whose password is certified."""
    with lying(Passwords) as liar:
        liar.store.register("ann", b"secret", SALT)
        liar.store.certify()
        yield liar


def test_a_wrong_password_that_was_let_in_is_caught(ann: Any) -> None:
    theirs = hmac.digest(SALT, b"wrong", hashlib.sha256)
    ann.set("logins", "ann", Login(SALT, theirs, U32(0)))
    assert ann.store.verify("ann", b"wrong")


def test_failures_that_were_forgotten_are_caught(ann: Any) -> None:
    forget = ann.keep("logins", "ann")
    for guess in range(3 * FAILURES_MAX):
        if guess % (FAILURES_MAX - 1) == 0:
            forget()
        assert not ann.store.verify("ann", b"guess %d" % guess)
    assert not ann.store.locked("ann")


def test_a_right_password_that_was_kept_out_is_caught(ann: Any) -> None:
    ann.set("logins", "ann", Login(SALT, hmac.digest(SALT, b"secret", "sha256"), U32(FAILURES_MAX)))
    assert not ann.store.verify("ann", b"secret")


def test_an_old_password_that_was_brought_back_is_caught(ann: Any) -> None:
    bring_back = ann.keep("logins", "ann")
    assert ann.store.change("ann", b"secret", b"better secret", SALT)
    bring_back()
    assert ann.store.verify("ann", b"secret")


def test_a_user_that_was_hidden_is_caught(ann: Any) -> None:
    ann.set("logins", "ann", None)
    with pytest.raises(CheckFailed, match="a row is absent"):
        ann.store.unlock("ann")


def test_a_rows_type_keeps_a_host_from_forging_nonsense() -> None:
    with pytest.raises(zeta.errors.ApiMisuse):
        Passwords.relations["logins"].encode_row(replace(Login(SALT, bytes(32), U32(0)), salt=b"x"))
