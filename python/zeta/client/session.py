"""A session at the client: what it asks, authenticated, and what it was told, checked.

It recomputes from its own request the leaf that the verifier's reply is about. So a reply that was
made up, changed, or belongs to another request, number or session does not pass.
"""

import hmac
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from struct import Struct, error
from typing import NamedTuple

from zeta.client.fault import ForgedReply, RolledBack
from zeta.errors import InvalidValue
from zeta.receipts import Answer, Authentication, Introduction, Receipt
from zeta.receipts.receipt import leaf
from zeta.receipts.tree import leaf_hash

SEQUENCE_MAX = (1 << 33) - 1
"""The last number there is; to ask about it is to ask for the session's end."""
TRANSITION_MAX = (1 << 16) - 1
_MAC_LEN = 16
_REQUEST, _QUESTION, _REPLY, _STATUS, _REVOKED = 1, 2, 3, 4, 5
_ASKED = Struct("<BIQ")
_DIGESTED = Struct("<BH")
_DIGEST_OF_REQUEST = 0x20
_STATUS_HEAD = Struct("<BIQHB")
_REVOKED_HEAD = Struct("<BI")
_RECEIPT_VERSION = 1
_NO_EPOCH = -1


class Fate(IntEnum):
    """What became of a request's number."""

    UNKNOWN = 0
    """It may have run: never ask for the same under a new number."""
    EXECUTED = 1
    """It was answered, once."""
    NOT_EXECUTED = 2
    """It did not run, and never will."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked under a number, ready to be sent, also again and to the byte."""

    session: int
    sequence: int
    transition: int
    arguments: bytes
    mac: bytes
    after_epoch: int
    """The last certified epoch that the client knew of when it asked; -1 for none."""


class Reply(NamedTuple):
    """What the host says that the verifier answered; nobody's word before `Session.accept`."""

    answer: int
    code: int
    result: bytes
    thread: int
    epoch: int
    counter: int
    mac: bytes


class Status(NamedTuple):
    """What the host says that the verifier knows of a number; see `Session.accept_status`."""

    refusal: int
    """258 to 260 where a request was refused, 0 where the number was asked about."""
    fate: int
    leaf_hash: bytes
    mac: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """The verifier's own answer, provisional until its epoch is certified."""

    receipt: Receipt
    """Without its place in the tree and without a signature: those come with certification."""
    leaf_hash: bytes
    """What `zeta.receipts.Verified.leaf_hash` must be once it is certified, 32 bytes."""


@dataclass(slots=True)
class Session:
    """An open session. It knows nothing of sockets: bytes come in, and verdicts go out."""

    introduction: Introduction
    client_key: bytes
    """The client's X25519 public key, 32 bytes."""
    authentication: Authentication
    """What the access list says of the key: client or gateway."""
    session: int
    last_epoch: int
    """The last epoch in which requests run."""
    request_key: bytes = field(repr=False)
    reply_key: bytes = field(repr=False)
    certified_epoch: int = _NO_EPOCH
    """The last epoch that the client has seen certified; -1 for none."""
    strict_order: bool = False
    """Each request waits until the one before it is settled."""

    def request(self, sequence: int, transition: int, arguments: bytes) -> Request:
        """Authenticates a request; its number must never be used for another.

        Raises:
            InvalidValue: the number or the transition is out of range.
        """
        if not 1 <= sequence <= SEQUENCE_MAX:
            raise InvalidValue(f"`{sequence}` is no sequence number: `1` to `{SEQUENCE_MAX}`")
        if not 0 <= transition <= TRANSITION_MAX:
            raise InvalidValue(f"`{transition}` is no transition: `0` to `{TRANSITION_MAX}`")
        digest = sha256(_DIGESTED.pack(_DIGEST_OF_REQUEST, transition) + arguments).digest()
        asked = _ASKED.pack(_REQUEST, self.session, sequence)
        return Request(
            session=self.session,
            sequence=sequence,
            transition=transition,
            arguments=arguments,
            mac=_mac(self.request_key, asked + digest),
            after_epoch=self.certified_epoch,
        )

    def question(self, sequence: int) -> bytes:
        """The MAC of the question what became of a number; asking it ends a number that is free.

        Raises:
            InvalidValue: the number is out of range.
        """
        if not 1 <= sequence <= SEQUENCE_MAX:
            raise InvalidValue(f"`{sequence}` is no sequence number: `1` to `{SEQUENCE_MAX}`")
        return _mac(self.request_key, _ASKED.pack(_QUESTION, self.session, sequence))

    def accept(self, request: Request, reply: Reply) -> Answered:
        """Takes a reply as the verifier's answer to this request, if that is what it is.

        Raises:
            ForgedReply: the verifier has not said this about this request.
            RolledBack: it has, in an epoch that was over before the client asked.
        """
        answered = self._answered(request, reply)
        if not _is_mac(self.reply_key, bytes([_REPLY]) + answered.leaf_hash, reply.mac):
            raise ForgedReply(
                f"the verifier did not say this about request `{request.sequence}`: the host "
                "changed it, made it up, or took it from another request"
            )
        # A thread that certified an epoch runs nothing in it, and so nothing that is asked later.
        if reply.epoch <= request.after_epoch:
            raise RolledBack(
                f"request `{request.sequence}` ran in epoch `{reply.epoch}`, after "
                f"`{request.after_epoch}` was certified: the verifier was set back, or copied"
            )
        return answered

    def accept_status(self, sequence: int, status: Status) -> Fate:
        """Takes a status as the verifier's word on a number, if that is what it is.

        Raises:
            ForgedReply: the verifier has not said this about this number.
        """
        refusal, fate, found, mac = status
        try:
            head = _STATUS_HEAD.pack(_STATUS, self.session, sequence, refusal, fate)
            known = Fate(fate)
        except (error, ValueError):
            raise ForgedReply(f"`{fate}` after refusal `{refusal}` is no status") from None
        if not _is_mac(self.reply_key, head + found, mac):
            raise ForgedReply(f"the verifier did not say this about number `{sequence}`")
        return known

    def accept_kept(self, request: Request, reply: Reply, status: Status) -> Answered:
        """Takes a reply that the host had kept, on the word of a status that it was executed.

        Raises:
            ForgedReply: the status is not the verifier's, or is about another answer.
        """
        fate = self.accept_status(request.sequence, status)
        answered = self._answered(request, reply)
        if fate is not Fate.EXECUTED or answered.leaf_hash != status.leaf_hash:
            raise ForgedReply(
                f"the reply that the host kept for request `{request.sequence}` is another than "
                "the verifier gave"
            )
        return answered

    def accept_revoked(self, mac: bytes) -> None:
        """Checks the verifier's word that no request of the session will run any more.

        Raises:
            ForgedReply: it has not said so.
        """
        if not _is_mac(self.reply_key, _REVOKED_HEAD.pack(_REVOKED, self.session), mac):
            raise ForgedReply(f"the verifier did not say that session `{self.session}` is over")

    def _answered(self, request: Request, reply: Reply) -> Answered:
        if request.session != self.session:
            raise InvalidValue(f"the request is of session `{request.session}`")
        scope = self.introduction
        try:
            receipt = Receipt(
                version=_RECEIPT_VERSION,
                instance=scope.instance,
                incarnation=scope.incarnation,
                program=scope.program,
                authentication=self.authentication,
                client_key=self.client_key,
                session=self.session,
                sequence=request.sequence,
                transition=request.transition,
                arguments=request.arguments,
                answer=Answer(reply.answer),
                code=reply.code,
                result=reply.result,
                thread=reply.thread,
                epoch=reply.epoch,
                counter=reply.counter,
                leaf_index=0,
                leaves=0,
                path=(),
                threads=0,
                receipts=0,
                thread_path=(),
                signature=b"",
            )
            return Answered(receipt, leaf_hash(leaf(receipt)))
        except (error, ValueError):
            raise ForgedReply(f"no verifier answers `{reply}`") from None


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")[:_MAC_LEN]


def _is_mac(key: bytes, message: bytes, mac: bytes) -> bool:
    return hmac.compare_digest(_mac(key, message), mac)
