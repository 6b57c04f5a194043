"""Two certifications of one epoch: the proof that a verifier was copied, or set back."""

from typing import TypeAlias

from zeta.errors import HostError
from zeta.receipts.certification import Certification

# Of epochs of a second those of an hour, in 3 MiB.
_EPOCHS_MAX = 1 << 12

_Content: TypeAlias = tuple[bytes, bytes, int]


class Forked(HostError):
    """An identity certified an epoch twice, with different contents.

    The verifier was copied, or set back and started again: its clients were shown two histories.
    Both certifications together prove it to anybody who knows the identity.
    """

    def __init__(self, first: Certification, second: Certification) -> None:
        super().__init__(
            f"epoch `{first.epoch}` was certified twice, with the roots `{first.root.hex()}` and "
            f"`{second.root.hex()}`: the verifier was copied, or set back"
        )
        self.first = first
        self.second = second

    def __reduce__(self) -> tuple[type["Forked"], tuple[Certification, Certification]]:
        return type(self), (self.first, self.second)


class Epochs:
    """What one identity certified, as far as it was shown here: one content for each epoch."""

    def __init__(self) -> None:
        self._seen: dict[_Content, Certification] = {}

    def add(self, found: Certification) -> None:
        """Notes a certification whose signature was verified; the oldest are forgotten.

        Raises:
            Forked: another content of its epoch was certified, too.
        """
        first = self._seen.setdefault((found.instance, found.incarnation, found.epoch), found)
        if _content(first) != _content(found):
            raise Forked(first, found)
        if len(self._seen) > _EPOCHS_MAX:
            del self._seen[next(iter(self._seen))]


def _content(found: Certification) -> tuple[int, int, bytes]:
    return found.threads, found.receipts, found.root
