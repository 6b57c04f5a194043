"""The extension module: glue around the verifier and the host, which are written in Rust."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol, TypeVar, final, overload

from typing_extensions import disjoint_base

from zeta.answer import Answer, Pointer, Pointers
from zeta.app import Application
from zeta.auditing import AuditReport
from zeta.column import BytesLike
from zeta.log import Entry, Timestamp
from zeta.outcome import Outcome
from zeta.store import EpochInfo, OpenOptions, Stats
from zeta.verifier import Progress

__all__ = [
    "CallResults",
    "Column",
    "KeptReplies",
    "Path",
    "Program",
    "Results",
    "Store",
    "Verifier",
    "ask_session",
    "audit",
    "call_shown",
    "certification",
    "corrupt_node",
    "decode",
    "decode_answers",
    "decode_pointers",
    "duplicate",
    "element",
    "encode",
    "encode_pointers",
    "handshake",
    "intercept",
    "introduction",
    "join_columns",
    "key_value",
    "leading_requests",
    "leaf_path",
    "node_hash",
    "program_changes",
    "reasons",
    "receipt_path",
    "retire",
    "revoke_session",
    "run_frames",
    "run_requests",
    "set_element",
    "set_value",
    "skew_timestamp",
    "summarize",
    "swap_values",
    "value_hash",
]

_Default = TypeVar("_Default")

class _HasPointers(Protocol):
    @property
    def left(self) -> Pointer | None: ...
    @property
    def right(self) -> Pointer | None: ...

@final
class Path:
    """A place in the tree: up to 256 bits, the most significant bit of byte 0 first.

    Raises `InvalidValue` for other than 32 bytes, more than 256 bits, or a bit that is set beyond
    `length`.
    """

    ROOT: Final[Path]
    def __new__(cls, bits: BytesLike, length: int = 256) -> Path: ...
    @property
    def bits(self) -> bytes:
        """32 bytes; the bits beyond the length are zero."""
    @property
    def length(self) -> int:
        """Number of bits: 0 for the root, 256 for a leaf."""
    @property
    def is_leaf(self) -> bool: ...
    def truncated(self, length: int) -> Path:
        """The first `length` bits; the path itself where it is shorter."""
    def is_below(self, ancestor: Path) -> bool:
        """Whether this path is strictly below `ancestor`."""
    def bit(self, depth: int) -> int:
        """The bit at `depth`, 0 for left and 1 for right; 0 where the path ends before."""
    def common_prefix(self, other: Path) -> Path:
        """The longest path above or at both."""
    def __lt__(self, other: Path, /) -> bool: ...
    def __le__(self, other: Path, /) -> bool: ...
    def __gt__(self, other: Path, /) -> bool: ...
    def __ge__(self, other: Path, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Verifier:
    """The threads of one verifier: bytes of a log in, answers and verdicts out.

    `app` is an application or its program, by default the key-value application. `root` is the
    initial value of the root, anything with `left` and `right`, or a `Summary`. `byte_budget`
    bounds the bytes of keys and values in the slots of one thread. `nonce` and `incarnation` are 16
    public bytes, drawn at random by default; the secret of the multiset hash is always drawn.

    Python threads may call it side by side; calls on one verifier thread take turns.
    Raises `InvalidValue` for a configuration from which no verifier can be made.
    """

    def __new__(
        cls,
        threads: int = 1,
        slots: int = 64,
        *,
        app: type[Application] | BytesLike | None = None,
        byte_budget: int = 67_108_864,
        root: _HasPointers | None = None,
        nonce: BytesLike | None = None,
        incarnation: BytesLike | None = None,
    ) -> Verifier: ...
    def verify_log(self, thread: int, data: BytesLike) -> Progress:
        """Checks and applies a log entry by entry, up to the first that may not run.

        What others could still write to is copied first. Long logs release the interpreter.
        """
    def outcome(self, epoch: int) -> Outcome:
        """What became of an epoch."""
    def clock(self, thread: int) -> Timestamp:
        """A thread's clock: evictions to deferred state need a later timestamp."""
    @property
    def certified(self) -> int | None:
        """The last certified epoch; `None` before the first."""
    @property
    def instance(self) -> bytes:
        """Names the application with its initial state, for clients to pin: 16 bytes."""
    @property
    def threads(self) -> int:
        """Number of verifier threads."""

@final
class KeptReplies:
    """The last replies of each session, for who lost one and sends its request again."""

    def __new__(cls, replies: int, session_bytes: int, bytes: int) -> KeptReplies: ...
    def forget(self, session: int) -> None:
        """Forgets a session that has ended."""

@final
class Column:
    """A column of byte strings for a batch; immutable."""

    @staticmethod
    def fixed(bytes: bytes, width: int) -> Column:
        """Strings of `width` bytes, one after the other."""
    @staticmethod
    def offsets(bytes: bytes, offsets: memoryview) -> Column:
        """`bytes` begin with the string at `offsets[0]`: string `i` lies between `offsets[i]` and
        `offsets[i + 1]`, counted from there. Offsets are a buffer of 32 or 64 bits each.
        """
    @staticmethod
    def strings(strings: Iterable[BytesLike]) -> Column:
        """The strings of an iterable."""
    @staticmethod
    def same(string: BytesLike) -> Column:
        """One string in every place."""
    @staticmethod
    def texts(texts: Iterable[str]) -> Column:
        """The strings of an iterable of text, as UTF-8."""
    @staticmethod
    def pairs(pairs: Iterable[tuple[BytesLike, BytesLike]]) -> tuple[Column, Column]:
        """Two columns from an iterable of pairs."""
    def __len__(self) -> int: ...

@final
class Results:
    """The results of a batch; immutable."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> bytes | None: ...
    @property
    def present(self) -> bytes:
        """One byte for each operation: whether a get found a value and a delete removed one."""
    @property
    def statuses(self) -> bytes:
        """One byte for each operation: 0 done, 1 absent, 4 a value of another width."""
    @property
    def content(self) -> bytes:
        """Of a batch with a width, all values, one after the other."""
    @property
    def width(self) -> int | None: ...
    @property
    def epoch(self) -> int: ...

@final
class CallResults:
    """The answers to the calls of a batch; immutable."""

    def __len__(self) -> int: ...
    def answer(self, index: int) -> tuple[int, int, bytes]:
        """The status of a call, its code, and its encoded result."""
    @property
    def statuses(self) -> bytes:
        """One byte for each call: 0 done, 2 failed, 3 refused."""
    @property
    def codes(self) -> bytes:
        """Two bytes for each call, in this machine's order: the codes of those that failed."""
    @property
    def content(self) -> bytes:
        """Of results of one width, all of them, one after the other."""
    @property
    def epoch(self) -> int: ...

@disjoint_base
class Store:
    """The native part of `zeta.Store`."""

    def __new__(
        cls,
        options: OpenOptions,
        data: Sequence[tuple[int, Column, Column]],
        summary: tuple[bytes, int] | None = None,
    ) -> Store: ...
    @overload
    def get(self, key: BytesLike) -> bytes | None: ...
    @overload
    def get(self, key: BytesLike, default: _Default) -> bytes | _Default:
        """The value of a key; `default` where it is absent."""
    def put(self, key: BytesLike, value: BytesLike) -> None:
        """Writes a value."""
    def delete(self, key: BytesLike) -> bool:
        """Makes a key absent; whether it was present."""
    def compare_and_set(
        self, key: BytesLike, expected: BytesLike | None, new: BytesLike | None
    ) -> bool:
        """Sets the value to `new` where it is `expected`, and says whether; `None` is absent."""
    def rename(self, source: BytesLike, target: BytesLike) -> bool:
        """Moves the value of `source` to `target`; whether there was one."""
    def get_in_epoch(self, key: BytesLike) -> tuple[bytes | None, int]: ...
    def put_in_epoch(self, key: BytesLike, value: BytesLike) -> int: ...
    def delete_in_epoch(self, key: BytesLike) -> tuple[bool, int]: ...
    def compare_and_set_in_epoch(
        self, key: BytesLike, expected: BytesLike | None, new: BytesLike | None
    ) -> tuple[bool, int]: ...
    def rename_in_epoch(self, source: BytesLike, target: BytesLike) -> tuple[bool, int]: ...
    def __getitem__(self, key: BytesLike, /) -> bytes: ...
    def __setitem__(self, key: BytesLike, value: BytesLike, /) -> None: ...
    def __delitem__(self, key: BytesLike, /) -> None: ...
    def __contains__(self, key: object, /) -> bool: ...
    def __len__(self) -> int:
        """Number of keys with a value, by the host's word; takes a pass over all records."""
    def key_list(self) -> list[bytes]:
        """Every key that has a value, by the host's word; not one moment's listing."""
    def run(
        self,
        kinds: int | Iterable[int],
        keys: Column,
        values: Column | None,
        width: int | None,
    ) -> Results: ...
    def call(self, transition: int, arguments: bytes) -> tuple[int, int, bytes, int]:
        """Runs one call: its status, its code, its result, and the epoch that certifies it."""
    def call_many(self, transition: int, arguments: Column, width: int | None) -> CallResults: ...
    def turn(self) -> int:
        """Turns the epoch; the one that ended certifies everything answered so far."""
    def wait_for(self, epoch: int, timeout: float | None) -> None: ...
    def outcome(self, epoch: int) -> Outcome:
        """What became of an epoch."""
    def epochs(self, first: int = 0) -> list[EpochInfo]:
        """The latest epochs, up to 4096, oldest first; none before `first`."""
    def stats(self) -> Stats:
        """Where records are, and what they take; takes a pass over all records."""
    @property
    def epoch(self) -> int:
        """The epoch in which operations run now."""
    @property
    def certified_epoch(self) -> int | None:
        """The last certified epoch."""
    @property
    def instance(self) -> bytes:
        """Names the application with its initial state, for clients to pin: 16 bytes."""
    def close(self) -> None:
        """Certifies everything and closes; raises where the host lied.

        The store answers nothing afterwards. To close it again says the same again: a store that
        did not certify never looks as if it had.
        """

def element(store: Store, relation: int, key: BytesLike) -> tuple[bytes | None, int, int, int]: ...
def set_value(store: Store, relation: int, key: BytesLike, value: BytesLike | None) -> None: ...
def set_element(
    store: Store,
    relation: int,
    key: BytesLike,
    value: BytesLike | None,
    epoch: int,
    counter: int,
    thread: int,
) -> None: ...
def swap_values(store: Store, relation: int, first: BytesLike, second: BytesLike) -> None: ...
def skew_timestamp(store: Store, relation: int, key: BytesLike, by: int) -> None: ...
def retire(store: Store, relation: int, key: BytesLike) -> None: ...
def corrupt_node(store: Store, relation: int, key: BytesLike, part: str) -> None: ...
def duplicate(store: Store, relation: int, key: BytesLike) -> None: ...
def intercept(store: Store, change: Callable[[int, bytes], bytes | None]) -> None: ...
def audit(
    folder: str,
    program: bytes | None,
    on_progress: Callable[[int, int], object] | None,
) -> AuditReport:
    """Replays the logs in a folder."""

def summarize(data: Sequence[tuple[int, Column, Column]]) -> bytes:
    """The encoded root of the canonical tree over the keys and values of these relations."""

def join_columns(
    rows: int, parts: Sequence[tuple[str, str, int, Column, bytes | None]], bare: bool
) -> Column:
    """Joins columns of values, each with its name, form, limit, and where it is there at all."""

def program_changes(before: bytes, after: bytes) -> list[str]:
    """What of one program is otherwise in another; empty where both are the same."""

@final
class Program:
    """A program that the loader took, and its machine over rows in a dict.

    Raises `InvalidValue` for bytes that are no program.
    """

    def __new__(cls, data: BytesLike) -> Program: ...
    @property
    def digest(self) -> bytes: ...
    def cost(self, transition: int) -> tuple[int, int, int]:
        """The most rows, bytes of scratch memory, and time that a call takes."""

    def run(
        self, transition: int, args: BytesLike, epoch: int, rows: dict[tuple[int, bytes], bytes]
    ) -> tuple[int, bytes, list[tuple[int, bytes, bytes | None]]]:
        """Runs one call; `rows` holds the rows by relation and key.

        Returns the code of its failure (0: none), its result, and each row that it wrote: the
        relation, the key, and the row or none. Raises `InvalidValue` for ill-typed arguments.
        """

def key_value() -> bytes:
    """The program of the key-value application."""

def reasons() -> list[tuple[str, int, str]]:
    """Every reason of a rejection: name, number and text."""

def encode(entries: Entry | Iterable[Entry]) -> bytes:
    """Encodes one entry, or the entries of an iterable."""

def decode(log: BytesLike) -> list[Entry]:
    """Decodes the entries of a log; raises `InvalidValue` at bytes that no entry encodes to."""

def decode_answers(outputs: BytesLike) -> list[Answer]:
    """Decodes the answers of a verifier; raises `InvalidValue` at bytes that are no answer."""

def decode_pointers(bytes: BytesLike) -> Pointers:
    """Decodes the value of a node."""

def encode_pointers(node: _HasPointers) -> bytes:
    """Encodes the value of a node, without its path."""

def leaf_path(relation: int, key: BytesLike) -> Path:
    """The leaf of a record: where its key lies in the tree."""

def value_hash(value: BytesLike | None) -> bytes:
    """The hash that the tree holds of an application's value, 32 bytes; `None` is null."""

def node_hash(node: _HasPointers) -> bytes:
    """The hash that the tree holds of a node's value, 32 bytes."""

def introduction(store: Store) -> bytes: ...
def handshake(store: Store, message: BytesLike, replaces: int) -> tuple[int, int, bytes]: ...
def revoke_session(store: Store, session: int) -> tuple[int, int, bytes]: ...
def ask_session(
    store: Store, session: int, sequence: int, mac: BytesLike
) -> tuple[int, int, bytes]: ...
def run_requests(store: Store, packed: BytesLike) -> bytes: ...
def leading_requests(bytes: bytes, begin: int, frame_max: int, most: int) -> tuple[int, int]: ...
def run_frames(
    store: Store, connections: list[tuple[bytes, int]], kept: KeptReplies | None, embedded: bool
) -> list[bytes]: ...
def call_shown(
    store: Store, transition: int, arguments: BytesLike
) -> tuple[int, int, bytes, bytes]: ...
def certification(store: Store, epoch: int) -> bytes: ...
def receipt_path(
    store: Store, thread: int, epoch: int, index: int
) -> tuple[int, list[bytes], int, int, list[bytes], bytes]: ...
