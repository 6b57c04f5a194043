"""Replies that were given, kept for who lost one with its connection and asks again."""

from collections import OrderedDict

from zeta.network import Replied
from zeta.server.limits import Limits

_OVERHEAD = 256
"""What a reply takes beside its result, about."""


class KeptReplies:
    """The last replies of each session; the ones used least lately go first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sessions: OrderedDict[int, OrderedDict[int, Replied]] = OrderedDict()
        self._sizes: dict[int, int] = {}
        self._size = 0

    def keep(self, session: int, sequence: int, reply: Replied) -> None:
        """Keeps what a number was answered; forgets the oldest of what is too much."""
        replies = self._sessions.setdefault(session, OrderedDict())
        self._sessions.move_to_end(session)
        replies[sequence] = reply
        self._count(session, _OVERHEAD + len(reply.result))
        # The last one stays, however long it is.
        while len(replies) > 1 and (
            len(replies) > self._limits.kept_replies
            or self._sizes[session] > self._limits.kept_session_bytes
        ):
            _, old = replies.popitem(last=False)
            self._count(session, -_OVERHEAD - len(old.result))
        while self._size > self._limits.kept_bytes and len(self._sessions) > 1:
            self.forget(next(iter(self._sessions)))

    def find(self, session: int, sequence: int) -> Replied | None:
        """What a number was answered, if it is kept."""
        replies = self._sessions.get(session)
        return None if replies is None else replies.get(sequence)

    def forget(self, session: int) -> None:
        """Forgets a session, which has ended or was not heard of for longest."""
        if self._sessions.pop(session, None) is not None:
            self._size -= self._sizes.pop(session)

    def _count(self, session: int, size: int) -> None:
        self._sizes[session] = self._sizes.get(session, 0) + size
        self._size += size
