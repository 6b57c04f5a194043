"""Copies of a verifier: asked the same they answer the same, to the bit; else they go apart."""

from typing import Any

from zeta import hazmat
from zeta.applications.counters import Counters
from zeta.client import Handshake, Session
from zeta.client.handshake import public_key
from zeta.drills.ground import ACCESS, ALICE, IDENTITY
from zeta.receipts import Authentication, certification, introduction
from zeta.serving import Request


def test_copies_answer_alike_until_they_are_asked_otherwise() -> None:
    copies = hazmat.Copies()
    same: dict[str, Any] = {"app": Counters, "access": ACCESS, "identity": IDENTITY}
    with copies.open(**same) as one, copies.open(**same) as other:
        assert one.introduction == other.introduction
        who = introduction.decode(one.introduction)
        scope: dict[str, Any] = {"instance": who.instance, "incarnation": who.incarnation}
        handshake = Handshake(**scope, verifier_key=who.static_key, client_key=ALICE)
        answer = one.handshake(handshake.message)
        assert other.handshake(handshake.message) == answer
        opened = handshake.finish(answer)
        session = Session(
            introduction=who,
            client_key=public_key(ALICE),
            authentication=Authentication.CLIENT,
            session=opened.session,
            last_epoch=opened.last_epoch,
            request_key=opened.request_key,
            reply_key=opened.reply_key,
        )

        def request(sequence: int, amount: int) -> Request:
            arguments = Counters.transitions["add"].encode_arguments(("visits", amount), {})
            made = session.request(sequence, 1, arguments)
            return Request(made.session, sequence, made.mac, 1, arguments)

        assert one.run_requests([request(1, 5)]) == other.run_requests([request(1, 5)])
        assert one.certify() == other.certify() == 0
        assert one.certification(0) == other.certification(0)
        one.run_requests([request(2, 1)])
        other.run_requests([request(2, 2)])
        assert one.certify() == other.certify() == 1
        first, second = (certification.decode(each.certification(1)) for each in (one, other))
        assert first.root != second.root
        assert first._replace(root=second.root, signature=second.signature) == second
    with hazmat.Copies().open(**same) as stranger:
        assert introduction.decode(stranger.introduction).incarnation != who.incarnation
