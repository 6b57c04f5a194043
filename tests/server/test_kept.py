"""Kept replies: the last of each session, within bounds."""

from zeta.network import Replied
from zeta.server import Limits
from zeta.server.kept import KeptReplies


def reply(number: int, size: int = 0) -> Replied:
    return Replied(number, 0, 0, 0, 0, 0, 0, bytes(16), bytes(size))


def test_the_last_replies_of_a_session_are_found() -> None:
    kept = KeptReplies(Limits(kept_replies=3))
    for sequence in range(1, 6):
        kept.keep(7, sequence, reply(sequence))
    assert [kept.find(7, sequence) for sequence in (1, 2)] == [None, None]
    assert [kept.find(7, sequence) for sequence in (3, 4, 5)] == [reply(3), reply(4), reply(5)]
    assert kept.find(8, 5) is None


def test_long_replies_push_out_the_older_of_their_session_alone() -> None:
    kept = KeptReplies(Limits(kept_session_bytes=2000))
    kept.keep(1, 1, reply(1))
    for sequence in (1, 2, 3):
        kept.keep(2, sequence, reply(sequence, 900))
    assert kept.find(2, 1) is None
    assert kept.find(2, 2) is None
    assert kept.find(2, 3) == reply(3, 900)
    kept.keep(2, 4, reply(4, 5000))
    assert kept.find(2, 3) is None
    assert kept.find(2, 4) == reply(4, 5000)
    assert kept.find(1, 1) == reply(1)


def test_the_session_not_heard_of_for_longest_is_forgotten() -> None:
    kept = KeptReplies(Limits(kept_bytes=3000))
    for session in (1, 2):
        kept.keep(session, 1, reply(1, 1000))
    kept.keep(1, 2, reply(2))
    kept.keep(3, 1, reply(1, 1000))
    assert kept.find(2, 1) is None
    assert kept.find(1, 1) is not None
    assert kept.find(3, 1) is not None


def test_what_is_forgotten_makes_room() -> None:
    kept = KeptReplies(Limits(kept_bytes=3000))
    for session in range(1, 100):
        kept.keep(session, 1, reply(1, 1000))
        kept.forget(session)
    kept.keep(100, 1, reply(1, 1000))
    kept.keep(101, 1, reply(1, 1000))
    assert kept.find(100, 1) is not None
    assert kept.find(99, 1) is None
