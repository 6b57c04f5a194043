"""Why something is no receipt, or none of what the caller pinned: one class for each fault.

The names are those of the vectors, and the same in Rust and JavaScript.
"""

from zeta.errors import ReceiptError


class WrongFile(ReceiptError):
    """A file whose name ends in `.json` does not hold the one JSON."""


class Truncated(ReceiptError):
    """The bytes end before the map does."""


class TrailingBytes(ReceiptError):
    """The bytes go on after the map."""


class WrongType(ReceiptError):
    """An item is of another type than its key asks for."""


class WrongKeys(ReceiptError):
    """A key is missing, additional, repeated or not in its place."""


class WrongLength(ReceiptError):
    """A hash, a key or a name has not its length."""


class NotShortest(ReceiptError):
    """A number or a length is written longer than need be, or left open: somebody re-encoded it."""


class OutOfRange(ReceiptError):
    """A number is wider than its field."""


class UnknownVersion(ReceiptError):
    """It says that it is of another version."""


class UnknownOrigin(ReceiptError):
    """The verifier began from something else than the instance's initial state."""


class UnknownAuthentication(ReceiptError):
    """It says that it was asked for in a way that does not exist."""


class UnknownAnswer(ReceiptError):
    """It says that it ended in a way that does not exist."""


class WrongAsker(ReceiptError):
    """An embedded operation has a client, or a session's has none or no number."""


class WrongAnswer(ReceiptError):
    """A code or a result stands with an answer that has none."""


class WrongScope(ReceiptError):
    """It is of something else than was expected; the subclass says of what."""


class OtherIdentity(WrongScope):
    """It says itself that it is of another identity; only introductions do."""


class OtherInstance(WrongScope):
    """It is of another instance: another application, initial state or access list."""


class OtherIncarnation(WrongScope):
    """It is of another life of the verifier."""


class OtherProgram(WrongScope):
    """It is of another program."""


class OtherEpoch(WrongScope):
    """It is of another epoch than the one that was asked about."""


class WrongPath(ReceiptError):
    """Its place in the tree cannot be, or the path does not fit the place."""


class NotCertified(ReceiptError):
    """The identity has not signed this."""
