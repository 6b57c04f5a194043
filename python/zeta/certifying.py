"""What every store does about its epochs: turn, certify, wait, and be left."""

import threading
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from zeta.argument import whole_number
from zeta.errors import HostError, InvalidType, InvalidValue
from zeta.outcome import Certified

if TYPE_CHECKING:
    from zeta.outcome import Outcome


class Certifying:
    """A store whose answers are provisional until their epoch is certified."""

    _turns_by_itself: bool = True
    _certifies: bool = True
    _shows: bool = False
    """Whether what is asked for here has receipts."""
    _watch: threading.Thread | None = None

    if TYPE_CHECKING:

        @property
        def epoch(self) -> int: ...

        @property
        def instance(self) -> bytes: ...

        def turn(self) -> int: ...

        def wait_for(self, epoch: int, timeout: float | None) -> None: ...

        def outcome(self, epoch: int) -> Outcome: ...

        def close(self) -> None: ...

    def certify(self, timeout: float | None = None) -> int:
        """Turns the epoch, and waits until everything answered so far is certified.

        Returns the last epoch that this covers. Raises `MismatchError` or `PoisonedError` where
        the host lied, and `CertificationTimeout` after `timeout` seconds.
        """
        self._check_certifies()
        epoch = self.turn()
        self.wait_for(epoch, timeout)
        return epoch

    def wait(self, epoch: int, timeout: float | None = None) -> Certified:
        """Waits until an epoch is certified, at most `timeout` seconds.

        Raises as `certify` does. A store without a clock turns its epoch for this.
        """
        self._check_certifies()
        if not self._turns_by_itself and whole_number("epoch", epoch) == self.epoch:
            self.turn()
        self.wait_for(epoch, timeout)
        return Certified()

    def _check_certifies(self) -> None:
        if not self._certifies:
            raise InvalidValue("a store without a verifier certifies nothing")

    def _end_watch(self) -> None:
        """Waits until whoever watches was told of the last epochs; may be asked by it, too."""
        if self._watch is not None and self._watch is not threading.current_thread():
            self._watch.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, HostError):
            # It says already what closing would say again.
            with suppress(HostError):
                self.close()
        else:
            self.close()

    def __repr__(self) -> str:
        return f"<store {self.instance.hex()} in epoch {self.epoch}>"

    def __reduce__(self) -> str:
        raise InvalidType("a store lives in its process alone and cannot be pickled")
