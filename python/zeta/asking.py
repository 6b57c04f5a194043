"""What a store asks for itself, where that has receipts too."""

from zeta import _native
from zeta.errors import InternalError
from zeta.serving import Serving, Shown, shown_of

_NO_KEY = bytes(32)


class Asked:
    """An operation of the host's own that was done, from its request to its leaf."""

    __slots__ = ("_arguments", "_number", "_result", "_store", "shown")

    def __init__(
        self, store: Serving, number: int, arguments: bytes, result: bytes, shown: Shown
    ) -> None:
        self._store = store
        self._number = number
        self._arguments = arguments
        self._result = result
        self.shown = shown

    def receipt(self) -> bytes:
        """Its portable receipt; raises `InvalidValue` unless its epoch is certified and kept."""
        from zeta.receipts import introduction
        from zeta.receipts.receipt import Answer, Authentication, Receipt, encode

        who, shown = introduction.decode(self._store.introduction), self.shown
        found = self._store.receipt_path(shown.thread, shown.epoch, shown.leaf_index)
        receipt = Receipt(
            version=1,
            instance=who.instance,
            incarnation=who.incarnation,
            program=who.program,
            authentication=Authentication.EMBEDDED,
            client_key=_NO_KEY,
            session=0,
            sequence=0,
            transition=self._number,
            arguments=self._arguments,
            answer=Answer.DONE,
            code=0,
            result=self._result,
            thread=shown.thread,
            epoch=shown.epoch,
            counter=shown.counter,
            leaf_index=shown.leaf_index,
            leaves=found.leaves,
            path=found.path,
            threads=found.threads,
            receipts=found.receipts,
            thread_path=found.thread_path,
            signature=found.signature,
        )
        return encode(receipt)


def ask(store: Serving, number: int, arguments: bytes) -> tuple[int, int, bytes, Asked | None]:
    """Runs a transition: its status, code and result, and what has a receipt if it was done."""
    status, code, result, proof = _native.call_shown(store._native_store, number, arguments)
    if status:
        return status, code, result, None
    shown = shown_of(proof)
    if shown is None:
        raise InternalError("an operation was done and has no receipt")
    return status, code, result, Asked(store, number, arguments, result, shown)
