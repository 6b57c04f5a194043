"""What a connection is made with: where to, whom to expect there, and who asks."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from zeta.client.fault import OtherVerifier
from zeta.client.handshake import public_key
from zeta.client.retry import Retry
from zeta.client.trust import Pin, TrustFile
from zeta.errors import InvalidType, InvalidValue, ReceiptError
from zeta.receipts import Authentication, Introduction, Pinned, read_identity

if TYPE_CHECKING:
    from zeta.app import Application

_KEY_LEN = 32


@dataclass(frozen=True, slots=True)
class Terms:
    """Those of one client."""

    url: str
    host: str
    port: int
    app: type[Application] | None
    key: bytes = field(repr=False)
    authentication: Authentication
    trust: TrustFile | None
    pin: Pin | None
    first_use: bool
    strict: bool
    keeps: bool
    """Whether numbers are written down before they are used."""
    timeout: float
    retry: Retry | None

    @property
    def reasons(self) -> dict[int, str]:
        """What each failure of the application says, by its code; of no application nothing."""
        if self.app is None:
            return {}
        from zeta.app.failure import TEXTS  # which the application has loaded already

        return TEXTS | self.app.reasons

    def check(self, data: bytes) -> Introduction:
        """The introduction in these bytes, if it is by whom is expected; may wait for a disk.

        Raises:
            OtherVerifier: it is by somebody else, or of another application.
            NotPinned: nobody is expected at this address.
        """
        if self.trust is not None:
            found = self.trust.check(self.url, data, first_use=self.first_use)
        else:
            assert self.pin is not None
            try:
                found = Pinned(*self.pin).verify_introduction(data)
            except ReceiptError as error:
                why = f"who answers at `{self.url}` is not whom you pinned: {error}"
                raise OtherVerifier(why) from None
        if self.app is not None and found.program != self.app.digest():
            raise OtherVerifier(
                f"the verifier runs the program `{found.program.hex()}`, which is not that of "
                f"`{self.app.__name__}`"
            )
        return found


def terms(
    url: str,
    *,
    app: type[Application] | None,
    key: bytes | str | PathLike[str],
    trust: TrustFile | str | PathLike[str] | None,
    identity: bytes | str | PathLike[str] | None,
    instance: bytes | str | None,
    first_use: bool,
    gateway: bool,
    strict: bool,
    keeps: bool,
    timeout: float,
    retry: Retry | None,
) -> Terms:
    """Checks what a caller says.

    Raises:
        InvalidValue: the address, the key or a pin is none, or it is not clear whom to expect.
        OSError: a key's file cannot be read.
    """
    host, port = _place(url)
    if not timeout > 0:
        raise InvalidValue(f"`timeout` is in seconds and above 0, not `{timeout}`")
    pin = None
    if identity is not None:
        if instance is None or trust is not None:
            raise InvalidValue("`identity` goes with `instance`, and not with `trust`")
        pin = Pin(_identity(identity), _instance(instance))
    elif trust is None or instance is not None:
        raise InvalidValue("say whom to expect: `trust`, or `identity` and `instance`")
    if trust is not None and not isinstance(trust, TrustFile):
        trust = TrustFile(trust)
    if first_use and trust is None:
        raise InvalidValue("`first_use` pins in a trust file: name one by `trust`")
    return Terms(
        url=url,
        host=host,
        port=port,
        app=app,
        key=_secret(key),
        authentication=Authentication.GATEWAY if gateway else Authentication.CLIENT,
        trust=trust,
        pin=pin,
        first_use=first_use,
        strict=strict,
        keeps=keeps,
        timeout=timeout,
        retry=retry,
    )


def _place(url: str) -> tuple[str, int]:
    try:
        place = urlsplit(url)
        host, port = place.hostname, place.port
    except ValueError as fault:
        raise InvalidValue(f"`{url}` is not `zeta://host:port`: {fault}") from None
    if place.scheme != "zeta" or host is None or port is None:
        raise InvalidValue(f"`{url}` is not `zeta://host:port`")
    return host, port


def _identity(stated: bytes | str | PathLike[str]) -> bytes:
    if not isinstance(stated, bytes):
        return read_identity(stated)
    if len(stated) != _KEY_LEN:
        raise InvalidValue(f"an identity has `{_KEY_LEN}` bytes, not `{len(stated)}`")
    return stated


def _instance(stated: bytes | str) -> bytes:
    try:
        found = bytes.fromhex(stated) if isinstance(stated, str) else stated
    except ValueError:
        raise InvalidValue(f"`{stated!r}` is no instance: 32 hex digits") from None
    if len(found) != 16:
        raise InvalidValue(f"an instance has `16` bytes, not `{len(found)}`")
    return found


def _secret(stated: bytes | str | PathLike[str]) -> bytes:
    if isinstance(stated, bytes):
        public_key(stated)
        return stated
    if not isinstance(stated, str | os.PathLike):
        raise InvalidType("`key` is a secret key of 32 bytes, or the file that has it")
    try:
        secret = bytes.fromhex(Path(stated).read_text())
        public_key(secret)
    except ValueError:
        # Nothing of what may be a secret is shown.
        raise InvalidValue(f"`{stated}` holds no key: make one with `zeta keygen`") from None
    return secret
