"""The embedded verified store: a mapping of bytes to bytes whose every answer is checked."""

import os
import secrets
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, get_args, overload

from zeta import _native
from zeta.access import AccessList
from zeta.adoption import Summary, relation_columns, summary_of
from zeta.argument import byte_string, folder_path, many, number_within
from zeta.certifying import Certifying
from zeta.column import Data, Strings, column
from zeta.errors import (
    CertificationTimeout,
    HostError,
    InvalidType,
    InvalidValue,
    StoreClosed,
)
from zeta.operation import Operations
from zeta.outcome import Outcome, Pending
from zeta.program import program_of
from zeta.serving import Serving
from zeta.values import Batch, Values

if TYPE_CHECKING:
    from zeta.app import Application
    from zeta.application_store import ApplicationStore

Policy: TypeAlias = Literal["hybrid", "deferred", "merkle", "unverified", "map"]

# Kinds of store without a verifier, to compare with.
UNVERIFIED: tuple[Policy, ...] = ("unverified", "map")
Kind: TypeAlias = Literal["get", "put", "delete"]


class OpenOptions(TypedDict):
    """What `open` takes, checked and with every default filled in."""

    workers: int
    policy: str
    slots: int | None
    byte_budget: int | None
    epoch: float | None
    log: str | None
    program: bytes | None
    serving: tuple[bytes, bytes, int] | None
    entropy: bytes | None
    """`None` for fresh bits; see `zeta.hazmat.Copies`."""


KINDS: dict[str, int] = {"get": 0, "put": 1, "delete": 2}
"""The numbers of the operations that `run_many` takes."""


@dataclass(frozen=True, slots=True)
class EpochInfo:
    """What is known of one epoch."""

    epoch: int
    outcome: Outcome
    operations: int
    """Operations that were answered in it."""
    seconds: float | None
    """How long it was open; `None` while it is."""
    seconds_to_certify: float | None
    """From its end to its certification; `None` while it is not certified."""


@dataclass(frozen=True, slots=True)
class Stats:
    """Where records are, and what they take."""

    records: int
    """Keys that the store has a record of, those that read as absent included."""
    in_slots: int
    deferred: int
    in_tree: int
    lent: int
    """Under way from one worker to another."""
    bytes: int
    """Memory of records, index and tree."""
    operations: int
    """Operations answered since the store was opened."""
    nodes: int
    """Nodes of the tree."""


class Store(Certifying, Serving, _native.Store, MutableMapping[bytes, bytes]):
    """A verified key-value store, made by `zeta.open`.

    Every answer is provisional until its epoch is certified. Where the host lied, `certify`,
    `close`, a wait for a certification, and every later operation raise a `HostError`.

    Keys are up to 4096 bytes, values up to 1 MiB. Listings (iteration, `len`, `keys`) are the
    host's word: it may leave keys out; each value that is read is verified. Threads may share a
    store. A forked child may not use it. It cannot be opened again once its process is gone.
    """

    @property
    def _native_store(self) -> _native.Store:
        return self

    @property
    def op(self) -> Operations:
        """The same operations, each returning a handle that can be waited for."""
        return Operations(self)

    def close(self) -> None:
        """Certifies everything and closes; raises where the host lied.

        The store answers nothing afterwards. To close it again says the same again: a store that
        did not certify never looks as if it had. Returns when `on_epoch` was told of all epochs.
        """
        try:
            _native.Store.close(self)
        finally:
            self._end_watch()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.key_list())

    # A store is itself: to compare it with a mapping would read every record.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def get_many(self, keys: Strings, *, width: int | None = None) -> Values:
        """Reads many keys at once, while other Python threads run.

        Where all values have `width` bytes, saying so makes `Values.to_numpy` free.
        """
        return Values(self.run(KINDS["get"], column(keys), None, width))

    def put_many(self, keys: Strings, values: Strings) -> Batch:
        """Writes many values at once, while other Python threads run."""
        return Batch(Values(self.run(KINDS["put"], column(keys), column(values), None)))

    def run_many(
        self,
        kinds: Kind | Iterable[int],
        keys: Strings,
        values: Strings | None = None,
        *,
        width: int | None = None,
    ) -> Batch:
        """Runs many operations at once, while other Python threads run; those on one key in order.

        `kinds` is one name for all, or a number of `KINDS` for each. `values` has a string for
        each operation, of which only those of puts are read.
        """
        numbers: int | Iterable[int]
        if isinstance(kinds, str):
            if kinds not in KINDS:
                raise InvalidValue(f"`kinds` is one of {sorted(KINDS)}, not `{kinds}`")
            numbers = KINDS[kinds]
            needs_values = kinds == "put"
        else:
            each = many("kinds", kinds)
            numbers = each if hasattr(each, "__array_interface__") else list(each)
            needs_values = values is None and KINDS["put"] in numbers
        if values is None and needs_values:
            raise InvalidValue("puts need `values`")
        strings = None if values is None else column(values)
        return Batch(Values(self.run(numbers, column(keys), strings, width)))


@overload
def open(
    data: Data | None = None,
    *,
    app: None = None,
    workers: int = 1,
    policy: Policy = "hybrid",
    slots: int | None = None,
    byte_budget: int | None = None,
    epoch: float | None = 1.0,
    log: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
    access: AccessList | None = None,
    identity: bytes | None = None,
    sessions: int = 1024,
    on_epoch: Callable[[EpochInfo], object] | None = None,
) -> Store: ...
@overload
def open(
    data: Mapping[str, Any] | None = None,
    *,
    app: "type[Application]",
    workers: int = 1,
    policy: Policy = "hybrid",
    slots: int | None = None,
    byte_budget: int | None = None,
    epoch: float | None = 1.0,
    log: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
    access: AccessList | None = None,
    identity: bytes | None = None,
    sessions: int = 1024,
    on_epoch: Callable[[EpochInfo], object] | None = None,
) -> "ApplicationStore": ...
def open(
    data: Data | Mapping[str, Any] | None = None,
    *,
    app: "type[Application] | None" = None,
    workers: int = 1,
    policy: Policy = "hybrid",
    slots: int | None = None,
    byte_budget: int | None = None,
    epoch: float | None = 1.0,
    log: str | os.PathLike[str] | None = None,
    summary: Summary | None = None,
    access: AccessList | None = None,
    identity: bytes | None = None,
    sessions: int = 1024,
    on_epoch: Callable[[EpochInfo], object] | None = None,
) -> "Store | ApplicationStore":
    """Opens a verified store, empty or over an existing data set.

    It lives in memory and as long as this process: it cannot be opened again, whatever its log
    holds. Used as a context manager, it is certified and closed at the end, or raises.

    - `data`: a mapping, an iterable of pairs, or a tuple of two columns, to adopt. For an
      application, a mapping of relations' names to such data, of the relations' types.
    - `app`: the application, a class: its transitions are the store's methods. By default a
      mapping of bytes to bytes.
    - `workers`: verifier threads, each with its share of the records, 1 to 256.
    - `policy`: where records are between their operations. `hybrid` keeps hot ones in slots, the
      rest deferred, idle ones in the tree; `deferred` and `merkle` know one place. Two are there to
      compare with: `unverified` runs the same program without a verifier, `map` not even that.
    - `slots`: records in each thread's trusted memory, `None` for a cache's worth. The rows of
      an operation and a path of the tree must fit: fewer are refused, and told how many it takes.
    - `byte_budget`: bytes of keys and values in each thread's slots, `None` for 64 MiB.
    - `epoch`: seconds between certifications; `None` certifies only when it is asked to.
    - `log`: a new or empty directory for the logs of the verifier's threads.
    - `summary`: what the verifier adopts; `data` must agree with it. Without one, `data` are
      believed as they are given here.
    - `access`: whom the store serves besides this process: an `AccessList`. Then there are
      sessions and receipts, and the list is part of the instance's name.
    - `identity`: the secret of the identity that clients pin, 32 random bytes; `None` for one of
      this store alone.
    - `sessions`: how many may be open at once for each worker, 1 to 65535.
    - `on_epoch`: called in a thread of its own with each epoch that was decided, at the latest
      before `close` returns; it must not wait for the thread that closes.

    Raises `InvalidValue` and `InvalidType` for options that make no store, or data that are not
    those of the summary, and `LogWriteError` where the log cannot be begun.
    """
    _check(policy, epoch, on_epoch)
    _check_clients(policy, access, identity)
    options: OpenOptions = {
        "workers": number_within("workers", workers, 1, 256),
        "policy": policy,
        "slots": None if slots is None else number_within("slots", slots, 1, 65_534),
        "byte_budget": (
            None if byte_budget is None else number_within("byte_budget", byte_budget, 1, 2**63)
        ),
        "epoch": epoch,
        "log": None if log is None else folder_path("log", log),
        "program": None if app is None else program_of(app),
        "serving": None if access is None else _serving(app, access, identity, sessions),
        "entropy": None,
    }
    store = _opened(app, options, data, summary)
    store._certifies = policy not in UNVERIFIED
    _begin(store, options, access, on_epoch)
    return store


def open_copy(
    app: "type[Application]",
    access: AccessList,
    identity: bytes,
    entropy: bytes,
    on_epoch: Callable[[EpochInfo], object] | None,
) -> "ApplicationStore":
    """As `open` for clients, from random bits that others may have, too: for `zeta.hazmat`."""
    from zeta.application_store import ApplicationStore

    options: OpenOptions = {
        "workers": 1,
        "policy": "hybrid",
        "slots": None,
        "byte_budget": None,
        "epoch": None,
        "log": None,
        "program": program_of(app),
        "serving": _serving(app, access, identity, 1024),
        "entropy": entropy,
    }
    store = ApplicationStore(app, _native.Store(options, [], None))
    _begin(store, options, access, on_epoch)
    return store


def _begin(
    store: "Store | ApplicationStore",
    options: OpenOptions,
    access: AccessList | None,
    on_epoch: Callable[[EpochInfo], object] | None,
) -> None:
    store._turns_by_itself = options["epoch"] is not None
    store._shows = access is not None and access.embedded_receipts
    if on_epoch is not None:
        _begin_watch(store, on_epoch)


def _check(policy: object, epoch: object, on_epoch: object) -> None:
    if epoch is not None and not isinstance(epoch, int | float):
        raise InvalidType(f"`epoch` is a number of seconds or `None`, not `{type(epoch).__name__}`")
    if not isinstance(policy, str):
        raise InvalidType(f"`policy` is a name, not `{type(policy).__name__}`")
    if policy not in get_args(Policy):
        raise InvalidValue(f"`policy` is one of {sorted(get_args(Policy))}, not `{policy}`")
    if on_epoch is not None and not callable(on_epoch):
        raise InvalidType(f"`on_epoch` is a function, not `{type(on_epoch).__name__}`")
    if on_epoch is not None and policy in UNVERIFIED:
        raise InvalidValue("without a verifier nothing certifies: `on_epoch` is never called")


def _check_clients(policy: Policy, access: AccessList | None, identity: bytes | None) -> None:
    if access is None and identity is not None:
        raise InvalidValue("`identity` signs for clients: it needs `access`")
    if access is not None and policy in UNVERIFIED:
        raise InvalidValue("without a verifier there is nothing to show to clients: no `access`")


def _serving(
    app: "type[Application] | None", access: AccessList, identity: bytes | None, sessions: int
) -> tuple[bytes, bytes, int]:
    if not isinstance(access, AccessList):
        raise InvalidType(f"`access` is an access list, not `{type(access).__name__}`")
    from zeta.applications.key_value import KeyValue

    seed = secrets.token_bytes(_SEED_LEN) if identity is None else byte_string(identity)
    if len(seed) != _SEED_LEN:
        raise InvalidValue(f"`identity` has `{_SEED_LEN}` bytes, not `{len(seed)}`")
    return access.encode(app or KeyValue), seed, number_within("sessions", sessions, 1, 65_535)


def _opened(
    app: "type[Application] | None",
    options: OpenOptions,
    data: Data | Mapping[str, Any] | None,
    summary: Summary | None,
) -> "Store | ApplicationStore":
    given = [] if data is None else relation_columns(data, app)
    if data is not None and summary is None:
        summary = summary_of(given)
    adopted = None if summary is None else (_native.encode_pointers(summary), summary.records)
    if app is None:
        return Store(options, given, adopted)
    from zeta.application_store import ApplicationStore

    return ApplicationStore(app, _native.Store(options, given, adopted))


def _begin_watch(
    store: "Store | ApplicationStore", on_epoch: Callable[[EpochInfo], object]
) -> None:
    watch = threading.Thread(
        target=_watch, args=(weakref.ref(store), on_epoch), name="zeta epochs", daemon=True
    )
    store._watch = watch
    watch.start()


def _watch(
    reference: "weakref.ref[Store] | weakref.ref[ApplicationStore]",
    on_epoch: Callable[[EpochInfo], object],
) -> None:
    """Waits for each epoch in turn; never keeps a forgotten store alive for long."""
    epoch = 0
    while (store := reference()) is not None:
        try:
            store.wait_for(epoch, _WATCH_SECONDS)
        except CertificationTimeout:
            del store
            continue
        except StoreClosed:
            _tell_rest(store, epoch, on_epoch)
            return
        except HostError:
            decided = False
        else:
            decided = True
        for info in store.epochs(epoch):
            if info.epoch == epoch:
                on_epoch(info)
        if not decided:
            return
        epoch += 1
        del store


def _tell_rest(
    store: "Store | ApplicationStore", first: int, on_epoch: Callable[[EpochInfo], object]
) -> None:
    """Tells of the epochs that closing has decided."""
    for info in store.epochs(first):
        if not isinstance(info.outcome, Pending):
            on_epoch(info)


_WATCH_SECONDS = 0.5
_SEED_LEN = 32
