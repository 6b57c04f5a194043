"""Attacks on a host's memory and logs for people to watch: what is done, and what catches it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import zeta
from zeta import errors, hazmat, log

# Long enough to see that a wrong answer is out before its epoch ends.
_EPOCH_SECONDS = 0.25

ALICE, BOB = b"alice", b"bob"


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    act: Callable[[Stage], None]
    policy: zeta.Policy = "deferred"


@dataclass(frozen=True, slots=True)
class Catch:
    """How an attack ended."""

    attack: Attack
    story: tuple[str, ...]
    caught: bool
    by: str
    """The check that refused an entry, or `Mismatch`."""
    sentence: str
    ms: float
    """From the act to its detection."""
    epochs: int
    """That were turned meanwhile."""


@dataclass(slots=True)
class Stage:
    """A store of accounts, the way into its host's memory, and what the viewer is told."""

    store: zeta.Store
    tamper: hazmat.Tamper
    story: list[str] = field(default_factory=list)
    struck_at: float = 0.0
    struck_in: int = 0
    answer: zeta.Operation[bytes | None] | None = None

    def prepare(self) -> None:
        accounts = [f"account-{number}".encode() for number in range(200)]
        self.store.put_many([ALICE, BOB, *accounts], [b"100", b"2500", *([b"0"] * 200)])
        self.store.certify()

    def strike(self, what: str) -> None:
        """Says what is about to be done; from here on the time counts."""
        self.story.append(what)
        self.struck_at = time.perf_counter()
        self.struck_in = self.store.epoch

    def read(self, key: bytes = ALICE) -> None:
        """A client reads, and the host answers if its verifier lets it."""
        self.answer = self.store.op.get(key)
        value = self.answer.result
        told = "nothing" if value is None else f"`{value.decode()}`"
        self.story.append(f"a client reads `{key.decode()}` and is told {told}: provisional")

    def rewrite(self, change: Callable[[list[log.Entry]], list[log.Entry]]) -> None:
        """Changes the next entries that the host submits, once, and then reads."""
        changed = False

        def intercept(_thread: int, submitted: bytes) -> bytes | None:
            nonlocal changed
            entries = log.decode(submitted)
            if changed or not any(isinstance(entry, log.RunApp) for entry in entries):
                return None
            changed = True
            return log.encode(change(entries))

        self.tamper.intercept(intercept)
        self.read()


def attempt(attack: Attack) -> Catch:
    """Runs an attack on a fresh store until it is caught, or certified."""
    store = zeta.open(policy=attack.policy, epoch=_EPOCH_SECONDS)
    stage = Stage(store, hazmat.tamper(store))
    stage.prepare()
    caught, by, sentence = False, "", ""
    try:
        attack.act(stage)
        if stage.answer:
            stage.answer.certified()
    except (errors.Rejected, errors.PoisonedError) as error:
        caught, by = True, str(error.reason)
        sentence = f"check {error.number}, {error.reason.text}"
    except errors.MismatchError as error:
        caught, by = True, "Mismatch"
        sentence = f"epoch {error.first} does not add up, and never certifies"
    ms = (time.perf_counter() - stage.struck_at) * 1000
    epochs = store.epoch - stage.struck_in
    # What was tampered with cannot be certified at the end either.
    with suppress(errors.HostError):
        store.close()
    return Catch(attack, tuple(stage.story), caught, by, sentence, ms, epochs)


def change_a_value(stage: Stage) -> None:
    stage.strike("memory says `alice` has 100; somebody writes 9999 over it")
    stage.tamper.set_value(ALICE, b"9999")
    stage.read()


def roll_back_a_value(stage: Stage) -> None:
    earlier = stage.tamper.element(ALICE)
    stage.store.put(ALICE, b"250")
    stage.strike("`alice` was put from 100 to 250; the host restores the 100")
    stage.tamper.roll_back(ALICE, earlier)
    stage.read()


def swap_two_values(stage: Stage) -> None:
    stage.strike("the host swaps the values of `alice` and `bob`, both true a moment ago")
    stage.tamper.swap_values(ALICE, BOB)
    stage.read()


def replay_an_element(stage: Stage) -> None:
    old = stage.tamper.element(ALICE)
    stage.store.put(ALICE, b"250")
    stage.store.certify()
    stage.strike("the host kept the old 100 with its true timestamp, and submits it again")
    stage.tamper.set_element(ALICE, old)
    stage.read()


def skew_a_timestamp(stage: Stage) -> None:
    stage.strike("the host claims that `alice` was put aside a moment later than she was")
    stage.tamper.skew_timestamp(ALICE, 1)
    stage.read()


def change_a_value_in_the_tree(stage: Stage) -> None:
    stage.tamper.retire(ALICE)
    stage.strike("`alice` rests in the Merkle tree; somebody writes 9999 over her 100")
    stage.tamper.set_value(ALICE, b"9999")
    stage.read()


def forge_a_hash(stage: Stage) -> None:
    stage.tamper.retire(ALICE)
    stage.strike("somebody changes the hash that the tree holds of `alice`")
    stage.tamper.corrupt_node(ALICE, "hash")
    stage.read()


def fork_a_record(stage: Stage) -> None:
    stage.strike("the host makes a second `alice`, new and empty, beside the first")
    stage.tamper.duplicate(ALICE)
    stage.read()


def drop_an_entry(stage: Stage) -> None:
    def drop(entries: list[log.Entry]) -> list[log.Entry]:
        return [entry for entry in entries if not isinstance(entry, log.AddB)]

    stage.strike("the host's log leaves out where the record came from")
    stage.rewrite(drop)


def reorder_entries(stage: Stage) -> None:
    stage.strike("the host's log is submitted in another order: last entry first")
    stage.rewrite(lambda entries: entries[::-1])


def cut_the_log(stage: Stage) -> None:
    stage.strike("the last bytes of the host's log are lost")

    def intercept(_thread: int, submitted: bytes) -> bytes:
        return submitted[:-3]

    stage.tamper.intercept(intercept)
    stage.read()


def turn_back_the_clock(stage: Stage) -> None:
    def turn_back(entries: list[log.Entry]) -> list[log.Entry]:
        return [
            replace(entry, timestamp=log.Timestamp(0, 1))
            if isinstance(entry, log.EvictB)
            else entry
            for entry in entries
        ]

    stage.strike("the host puts a record aside with a timestamp of long ago")
    stage.rewrite(turn_back)


ATTACKS = (
    Attack("change a value", change_a_value),
    Attack("roll a value back", roll_back_a_value),
    Attack("swap two deferred values", swap_two_values),
    Attack("replay an old element", replay_an_element),
    Attack("skew a timestamp", skew_a_timestamp),
    Attack("change a value in the tree", change_a_value_in_the_tree, "hybrid"),
    Attack("forge a hash of the tree", forge_a_hash, "hybrid"),
    Attack("fork a record", fork_a_record),
    Attack("drop an entry of the log", drop_an_entry),
    Attack("reorder the log", reorder_entries),
    Attack("cut the log", cut_the_log),
    Attack("turn back the clock", turn_back_the_clock),
)
