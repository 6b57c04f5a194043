"""What a client must keep to stay safe across its own restarts: one small file.

It holds the session's keys, so only its owner may read it.
"""

import fcntl
import json
import os
import threading
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any

from zeta.client import durable
from zeta.client.fault import StateUnusable
from zeta.client.session import SEQUENCE_MAX, Session
from zeta.receipts import Authentication, Introduction

_VERSION = 3
_BYTES = {
    "identity": 32,
    "instance": 16,
    "incarnation": 16,
    "client_key": 32,
    "request_key": 32,
    "reply_key": 32,
}
_U32_MAX = (1 << 32) - 1
_NUMBERS = {
    "session": (0, _U32_MAX),
    "last_epoch": (0, _U32_MAX),
    "sequence_end": (1, SEQUENCE_MAX),
    "certified_epoch": (-1, _U32_MAX),
    "strict_order": (0, 1),
}


@dataclass(frozen=True, slots=True)
class State:
    """A session, how far its numbers may have been used, and what was certified."""

    identity: bytes
    instance: bytes
    incarnation: bytes
    client_key: bytes
    """The public key whose session it is."""
    session: int
    last_epoch: int
    request_key: bytes = field(repr=False)
    reply_key: bytes = field(repr=False)
    sequence_end: int = 1
    """Numbers below it may have been used."""
    certified_epoch: int = -1
    """The last epoch that the client has seen certified; -1 for none."""
    strict_order: int = 0
    """1 where each request waits until the one before it is settled."""

    @classmethod
    def of(cls, session: Session, sequence_end: int = 1) -> "State":
        """That of a session that has used no number from `sequence_end` on."""
        scope = session.introduction
        return cls(
            identity=scope.identity,
            instance=scope.instance,
            incarnation=scope.incarnation,
            client_key=session.client_key,
            session=session.session,
            last_epoch=session.last_epoch,
            request_key=session.request_key,
            reply_key=session.reply_key,
            sequence_end=sequence_end,
            certified_epoch=session.certified_epoch,
            strict_order=int(session.strict_order),
        )

    def resume(
        self, introduction: Introduction, client_key: bytes, authentication: Authentication
    ) -> Session:
        """The session again, with the verifier of an introduction that was checked.

        Raises:
            StateUnusable: the session is another client's; or the introduction is of another
                verifier or of another life of it, and then what became of the last requests
                cannot be asked any more.
        """
        if self.client_key != client_key:
            raise StateUnusable(
                f"the session is of the client key `{self.client_key.hex()}`, and not of "
                f"`{client_key.hex()}`: each client has a state file of its own"
            )
        for name in ("identity", "instance", "incarnation"):
            kept, found = getattr(self, name), getattr(introduction, name)
            if kept != found:
                raise StateUnusable(
                    f"the session was with the {name} `{kept.hex()}`, and the verifier now has "
                    f"`{found.hex()}`: what was not answered then stays unknown"
                )
        return Session(
            introduction=introduction,
            client_key=client_key,
            authentication=authentication,
            session=self.session,
            last_epoch=self.last_epoch,
            request_key=self.request_key,
            reply_key=self.reply_key,
            certified_epoch=self.certified_epoch,
            strict_order=bool(self.strict_order),
        )


class StateFile:
    """The file, held by one client at a time: two would use the same numbers.

    Its methods may be called from any thread; each that writes waits for the disk.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Takes the file, which need not exist yet, and reads it.

        Raises:
            StateUnusable: another client has it, or it is damaged.
            OSError: it cannot be read, or its folder not be written.
        """
        self._path = Path(path)
        self._writing = threading.Lock()
        # Not the file itself, which is replaced at each write.
        lock = self._path.with_name(self._path.name + ".lock")
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise StateUnusable(f"another client uses `{self._path}`") from None
        try:
            self._state = _read(self._path)
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def state(self) -> State | None:
        """What was kept; `None` for nothing yet."""
        return self._state

    def keep(self, state: State) -> None:
        """Replaces what is kept, durably.

        Raises:
            OSError: it cannot be written; what was kept before still is.
        """
        with self._writing:
            self._keep(state)

    def _keep(self, state: State) -> None:
        kept: dict[str, Any] = {"version": _VERSION}
        for name in _BYTES:
            kept[name] = getattr(state, name).hex()
        for name in _NUMBERS:
            kept[name] = getattr(state, name)
        durable.write(self._path, json.dumps(kept, indent=1).encode() + b"\n")
        self._state = state

    def reserve(self, sequence_end: int) -> None:
        """Keeps that numbers below `sequence_end` may have been used.

        Raises:
            StateUnusable: there is no session yet.
            OSError: it cannot be written; then none of them may be used.
        """
        with self._writing:
            self._keep(replace(self._session(), sequence_end=sequence_end))

    def certified(self, epoch: int) -> None:
        """Keeps that an epoch was certified; an earlier one than is kept changes nothing.

        Raises:
            StateUnusable: there is no session yet.
            OSError: it cannot be written.
        """
        with self._writing:
            state = self._session()
            if epoch > state.certified_epoch:
                self._keep(replace(state, certified_epoch=epoch))

    def close(self) -> None:
        """Lets another client have the file."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> "StateFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _session(self) -> State:
        if self._state is None:
            raise StateUnusable(f"`{self._path}` holds no session yet")
        return self._state


def _read(path: Path) -> State | None:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        kept = json.loads(text)
        if type(kept) is not dict or kept.keys() != {"version", *_BYTES, *_NUMBERS}:
            raise ValueError("it has other members")
        if kept["version"] != _VERSION:
            raise ValueError(f"its version is `{kept['version']}`, and only `{_VERSION}` is known")
        values: dict[str, Any] = {}
        for name, size in _BYTES.items():
            values[name] = bytes.fromhex(kept[name])
            if len(values[name]) != size:
                raise ValueError(f"`{name}` has another length")
        for name, (least, most) in _NUMBERS.items():
            values[name] = kept[name]
            if type(values[name]) is not int or not least <= values[name] <= most:
                raise ValueError(f"`{name}` is out of range")
    # A text that nests too deeply ends in the last of them.
    except (ValueError, TypeError, RecursionError) as error:
        raise StateUnusable(
            f"`{path}` is damaged ({error}): open a new session, and do not repeat what was not "
            "answered"
        ) from None
    return State(**values)
