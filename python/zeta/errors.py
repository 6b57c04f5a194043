"""What can go wrong, by whose fault it is: the caller's, the application's, the host's or ours."""

from typing import Any


class Error(Exception):
    """The root of every exception that Zeta raises itself."""


class ApiMisuse(Error):
    """The caller asked for what cannot be: nothing was changed."""


class InvalidType(ApiMisuse, TypeError):
    """An argument has a type that the call does not take."""


class InvalidValue(ApiMisuse, ValueError):
    """An argument has the right type and a value that the call does not take."""


class StoreClosed(ApiMisuse):
    """The store is closed, or was opened before this process was forked off."""


class OtherProgram(ApiMisuse, ValueError):
    """Something was made by another program than that of the application that was named."""

    def __init__(self, where: str, changes: tuple[str, ...]) -> None:
        super().__init__(f"{where} is of another program: {'; '.join(changes)}")
        self.where = where
        self.changes = changes
        """What the application has otherwise: one sentence for each relation or transition."""

    def __reduce__(self) -> tuple[type["OtherProgram"], tuple[str, tuple[str, ...]]]:
        return type(self), (self.where, self.changes)


class LanguageError(ApiMisuse, ValueError):
    """An application uses what its language does not have; it shows where, and what to write."""

    def __init__(
        self,
        what: str,
        instead: str,
        *,
        file: str = "",
        line: int = 0,
        column: int = 0,
        width: int = 1,
        text: str = "",
    ) -> None:
        margin = " " * len(str(line))
        shown = [what]
        if file:
            shown.append(f"{margin} --> {file}:{line}:{column}")
        if text:
            shown.append(f"{margin} |")
            shown.append(f"{line} | {text}")
            shown.append(f"{margin} | {' ' * (column - 1)}{'^' * width}")
        shown.append(f"{margin} = write instead: {instead}")
        super().__init__("\n".join(shown))
        self.what = what
        self.instead = instead
        """What to write instead."""
        self.file = file
        """The source file; empty where there is none."""
        self.line = line
        """From 1; 0 where there is no source."""
        self.column = column
        """In characters, from 1."""
        self.width = width
        """Characters that are underlined."""
        self.text = text
        """The whole line of the source."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _language_error, (
            self.what,
            self.instead,
            self.file,
            self.line,
            self.column,
            self.width,
            self.text,
        )


def _language_error(
    what: str, instead: str, file: str, line: int, column: int, width: int, text: str
) -> LanguageError:
    return LanguageError(what, instead, file=file, line=line, column=column, width=width, text=text)


class CheckFailed(Error):
    """A check of the application failed: the operation ran and changed nothing."""

    def __init__(self, code: int, reason: str | None = None, transition: str | None = None) -> None:
        who = "the application" if transition is None else f"`{transition}`"
        why = f" with code `{code}`" if reason is None else f": `{reason}`"
        super().__init__(f"a check of {who} failed{why}")
        self.code = code
        """Below 256 a failure that is built in, from 256 on the application's own reason."""
        self.reason = reason
        """The reason in words, where it is known."""
        self.transition = transition
        """The transition that failed, where it is known."""

    def __reduce__(self) -> tuple[type["CheckFailed"], tuple[int, str | None, str | None]]:
        return type(self), (self.code, self.reason, self.transition)


class CertificationTimeout(Error, TimeoutError):
    """The epoch is not decided yet: its operations are provisional, and may be waited for again."""


class SessionRefused(Error):
    """The verifier did not open, end or answer about a session: the client was at fault."""

    def __init__(self, code: int) -> None:
        super().__init__(_SESSION_REFUSALS.get(code, f"the verifier refused with code `{code}`"))
        self.code = code
        """The number of the refusal; 0 where it is too early."""

    def __reduce__(self) -> tuple[type["SessionRefused"], tuple[int]]:
        return type(self), (self.code,)


_SESSION_REFUSALS = {
    0: "the session asked for order, and the number before is not settled",
    256: "there is no such session, or it was dropped long ago",
    257: "the MAC is not that of the session's key",
    261: "the session was revoked",
    263: "a session has no such number",
    265: "the message is no handshake for this verifier, or not for this session",
    266: "the client key is not in the access list",
    267: "there is no room for another session",
}


class ReceiptError(Error):
    """What was shown as a receipt proves nothing; `zeta.receipts` has a subclass for each fault."""


class HostError(Error):
    """The host failed or lied: answers that are not certified yet must not be relied on."""


class _RejectionError(HostError):
    """A lie that one check of the verifier saw."""

    __match_args__ = ("thread", "position", "reason")

    def __init__(self, thread: int, position: int, reason: str) -> None:
        from zeta.reason import Reason  # it needs the extension, which who checks receipts lacks

        self.reason = Reason(reason)
        """The check that refused the entry."""
        self.number = self.reason.number
        """The number of that check; it never changes."""
        self.thread = thread
        """The verifier thread that was lied to."""
        self.position = position
        """Bytes of the thread's log before the refused entry."""
        super().__init__(
            f"the host lied to thread `{thread}` at byte `{position}` of its log: "
            f"{self.reason.text} (`{self.reason}`, number `{self.number}`)"
        )

    def __reduce__(self) -> tuple[type["_RejectionError"], tuple[int, int, str]]:
        return type(self), (self.thread, self.position, str(self.reason))


class Rejected(_RejectionError):
    """The verifier refused an entry of the host's log; its thread accepts nothing more."""


class PoisonedError(_RejectionError):
    """The epoch never certifies: a thread was rejected before it closed it."""


class MismatchError(HostError):
    """Records were tampered with while they were deferred: nothing certifies from `first` on."""

    __match_args__ = ("first",)

    def __init__(self, first: int) -> None:
        super().__init__(
            f"the host tampered with deferred records: epoch `{first}` did not certify, "
            "and none after it will"
        )
        self.first = first
        """The first epoch that ended in a mismatch."""

    def __reduce__(self) -> tuple[type["MismatchError"], tuple[int]]:
        return type(self), (self.first,)


class Unanswered(HostError):
    """The host never showed an operation to the verifier, and made up that it had."""


class LogWriteError(HostError, OSError):
    """The log could not be written, for instance because the disk is full."""


class LogReadError(HostError, OSError):
    """The log of a store cannot be read, or is none."""


class InternalError(Error):
    """A bug of Zeta's own; please report it."""
