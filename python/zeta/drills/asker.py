"""A client without a network: its session, and a host that serves it in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeta.client import Answered, Handshake, Reply, Session
from zeta.client.handshake import public_key
from zeta.receipts import Authentication, introduction, receipt
from zeta.serving import Request

if TYPE_CHECKING:
    from zeta import serving
    from zeta.application_store import ApplicationStore


class Asker:
    """An open session with the verifier of a store."""

    def __init__(self, store: ApplicationStore, key: bytes) -> None:
        """Opens it.

        Raises:
            SessionRefused: the verifier opens none for this key.
        """
        self._store = store
        who = introduction.decode(store.introduction)
        handshake = Handshake(
            instance=who.instance,
            incarnation=who.incarnation,
            verifier_key=who.static_key,
            client_key=key,
        )
        opened = handshake.finish(store.handshake(handshake.message))
        self.session = Session(
            introduction=who,
            client_key=public_key(key),
            authentication=Authentication.CLIENT,
            session=opened.session,
            last_epoch=opened.last_epoch,
            request_key=opened.request_key,
            reply_key=opened.reply_key,
        )
        self._transitions = store.app.transitions

    def request(self, sequence: int, name: str, *args: Any) -> Request:
        """A request under this number, for a host to serve."""
        number = list(self._transitions).index(name)
        arguments = self._transitions[name].encode_arguments(args, {})
        made = self.session.request(sequence, number, arguments)
        return Request(made.session, sequence, made.mac, number, arguments)

    def accept(self, request: Request, reply: serving.Reply) -> Answered:
        """Takes a reply as the verifier's.

        Raises:
            ForgedReply: it is not.
        """
        if reply.shown is None:
            said = Reply(reply.answer, reply.code, reply.result, 0, 0, 0, b"")
        else:
            place = reply.shown[:3]
            said = Reply(reply.answer, reply.code, reply.result, *place, reply.shown.mac)
        made = self.session.request(request.sequence, request.transition, request.arguments)
        return self.session.accept(made, said)

    def result(self, request: Request, answered: Answered) -> Any:
        """What the transition returned, in its type."""
        signature = list(self._transitions.values())[request.transition]
        return signature.decode_result(answered.receipt.result)

    def receipt(self, answered: Answered, leaf_index: int) -> bytes:
        """The portable receipt of an operation whose epoch is certified."""
        found = answered.receipt
        path = self._store.receipt_path(found.thread, found.epoch, leaf_index)
        return receipt.encode(
            found._replace(
                leaf_index=leaf_index,
                leaves=path.leaves,
                path=path.path,
                threads=path.threads,
                receipts=path.receipts,
                thread_path=path.thread_path,
                signature=path.signature,
            )
        )
