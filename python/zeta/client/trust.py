"""The trust file: which identity and which instance are expected at which address.

A line is `url identity instance`, the last two in hex; lines that begin with `#` are for people.
"""

import fcntl
import os
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from zeta.client import durable
from zeta.client.fault import NotPinned, OtherVerifier
from zeta.errors import InvalidValue, ReceiptError
from zeta.receipts import Introduction, Pinned, introduction

_IDENTITY_LEN, _INSTANCE_LEN = 32, 16


class Pin(NamedTuple):
    """Whom to expect at an address."""

    identity: bytes
    """The verifier's Ed25519 public key, 32 bytes."""
    instance: bytes
    """16 bytes that name application, initial state and access list."""


class TrustFile:
    """The file; a missing one has no pins."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Names the file, which is read at each call."""
        self._path = Path(path)

    def find(self, url: str) -> Pin | None:
        """The pin of an address; `None` where it has none.

        Raises:
            InvalidValue: the file is none, or pins the address twice.
            OSError: it cannot be read.
        """
        return self._pins().get(url)

    def pin(self, url: str, pin: Pin) -> None:
        """Pins an address that has no pin yet, durably.

        Raises:
            InvalidValue: it has another, or address or pin are none.
            OSError: the file cannot be written.
        """
        if not url or not url.isprintable() or any(each.isspace() for each in url) or url[0] == "#":
            raise InvalidValue(f"`{url}` is no address")
        if len(pin.identity) != _IDENTITY_LEN or len(pin.instance) != _INSTANCE_LEN:
            raise InvalidValue("an identity has `32` bytes, an instance `16`")
        lock = os.open(
            self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            # Clients share the file, and none may lose another's line.
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self._pins().get(url)
            if known is not None and known != pin:
                raise InvalidValue(f"`{url}` is pinned to the identity `{known.identity.hex()}`")
            if known is None:
                text = self._path.read_text() if self._path.exists() else ""
                text += "" if not text or text.endswith("\n") else "\n"
                text += f"{url} {pin.identity.hex()} {pin.instance.hex()}\n"
                durable.write(self._path, text.encode())
        finally:
            os.close(lock)

    def check(self, url: str, data: bytes, *, first_use: bool = False) -> Introduction:
        """The introduction in these bytes, if it is by whom the file pins at this address.

        Args:
            url: the address that was asked.
            data: what the host handed out there.
            first_use: pin whoever answers where nobody is pinned yet. Whoever is in between at
                that moment is pinned instead.

        Raises:
            OtherVerifier: it is by somebody else, or nobody's.
            NotPinned: the file says nothing about this address.
            InvalidValue: the file is none.
            OSError: it cannot be read or written.
        """
        pin = self.find(url)
        if pin is None and not first_use:
            raise NotPinned(
                f"no verifier is pinned at `{url}`: add its identity and instance, which whoever "
                "runs the verifier hands out, or ask for first use"
            )
        try:
            if pin is None:
                found = introduction.decode(data)
                pin = Pin(found.identity, found.instance)
            found = Pinned(pin.identity, pin.instance).verify_introduction(data)
        except ReceiptError as error:
            raise OtherVerifier(f"who answers at `{url}` is not whom you pinned: {error}") from None
        if first_use:
            self.pin(url, pin)
        return found

    def _pins(self) -> dict[str, Pin]:
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return {}
        except UnicodeDecodeError:
            raise InvalidValue(f"`{self._path}` is no text") from None
        pins: dict[str, Pin] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                url, identity, instance = line.split()
                pin = Pin(bytes.fromhex(identity), bytes.fromhex(instance))
            except ValueError:
                raise InvalidValue(
                    f"line `{number}` of `{self._path}` is not `url identity instance`"
                ) from None
            if len(pin.identity) != _IDENTITY_LEN or len(pin.instance) != _INSTANCE_LEN:
                raise InvalidValue(f"line `{number}` of `{self._path}` has another length")
            if url in pins:
                raise InvalidValue(f"line `{number}` of `{self._path}` pins `{url}` again")
            pins[url] = pin
        return pins
