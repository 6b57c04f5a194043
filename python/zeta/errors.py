"""What can go wrong, by whose fault it is: the caller's, the application's, the host's or ours."""

from zeta.reason import Reason


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


class FailedCheck(Error):
    """A check of the application failed: the operation ran and changed nothing."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the application refused the operation with code `{code}`")
        self.code = code
        """Below 256 a failure that is built in, from 256 on the program's own reason."""

    def __reduce__(self) -> tuple[type["FailedCheck"], tuple[int]]:
        return type(self), (self.code,)


class CertificationTimeout(Error, TimeoutError):
    """The epoch is not decided yet: its operations are provisional, and may be waited for again."""


class HostError(Error):
    """The host failed or lied: answers that are not certified yet must not be relied on."""


class _RejectionError(HostError):
    """A lie that one check of the verifier saw."""

    __match_args__ = ("thread", "position", "reason")

    def __init__(self, thread: int, position: int, reason: str) -> None:
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
