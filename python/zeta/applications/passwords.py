"""A password service: salted hashes, a lockout after failures, change of password.

The host sees every password that it hashes, and can try passwords against the hashes that it
stores as fast as its machines allow. What it cannot do is to lie about the outcome: let a wrong
password in, keep a right one out, forget failures, or bring an old password back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from zeta.app import (
    U32,
    Application,
    Exactly,
    Max,
    Relation,
    check,
    equal,
    hmac_sha256,
    row,
    transition,
)

User = Annotated[str, Max(64)]
Password = Annotated[bytes, Max(256)]
Salt = Annotated[bytes, Exactly(16)]
Digest = Annotated[bytes, Exactly(32)]

FAILURES_MAX = 5
"""Wrong passwords in a row after which an account is locked."""


@row
class Login:
    """What is kept of a password."""

    salt: Salt
    digest: Digest
    failures: U32
    """Wrong passwords since the last right one."""


class Passwords(Application):
    """A wrong password is a *successful* transition that answers `False`.

    A failed check would take its own counting back.
    """

    logins: Relation[User, Login]

    @transition
    def register(self, user: User, password: Password, salt: Salt) -> None:
        """Adds a user; the caller draws the salt."""
        check(user not in self.logins, "the user exists")
        self.logins[user] = Login(salt, hmac_sha256(salt, password), U32(0))

    @transition
    def verify(self, user: User, password: Password) -> bool:
        """Whether this is the password. A locked account and an unknown user answer `False` too."""
        return self._accepts(user, password)

    @transition
    def change(self, user: User, old: Password, new: Password, salt: Salt) -> bool:
        """Changes the password where `old` is right; whether it was. A failure counts."""
        if not self._accepts(user, old):
            return False
        self.logins[user] = Login(salt, hmac_sha256(salt, new), U32(0))
        return True

    @transition
    def locked(self, user: User) -> bool:
        """Whether only `unlock` lets this user in again."""
        return self.logins[user].failures >= FAILURES_MAX

    @transition
    def unlock(self, user: User) -> None:
        """Forgives the failures; a right for administrators."""
        self.logins[user] = replace(self.logins[user], failures=U32(0))

    @transition
    def remove(self, user: User) -> None:
        """Removes a user."""
        del self.logins[user]

    def _accepts(self, user: User, password: Password) -> bool:
        login = self.logins.get(user)
        if login is None or login.failures >= FAILURES_MAX:
            return False
        right = equal(hmac_sha256(login.salt, password), login.digest)
        failures = U32(0) if right else login.failures + 1
        self.logins[user] = replace(login, failures=failures)
        return right
