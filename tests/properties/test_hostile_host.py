"""A small honest host writes logs; a hostile one changes them: what then certifies is still true.

The honest run is recorded as (thread, entry) in the order of processing. Nothing in it depends on
the verifier's secret, so an attack is a function of that record, played to a fresh verifier. The
checker knows nothing of slots, clocks or hashes: it runs the operations on a dict, in the order in
which the verifier answered them, and compares every answer that belongs to a certified epoch.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pytest
import zeta
from zeta import log
from zeta.log import AddB, AddM, App, EvictB, EvictBM, EvictM, Node, Path, RunApp, Timestamp
from zeta.verifier import Done, Rejected

THREADS = 3
SEEDS = range(12)
KEYS = [b"key %d" % number for number in range(10)]

Steps: TypeAlias = list[tuple[int, log.Entry]]


@dataclass
class Deferred:
    value: bytes | None
    timestamp: Timestamp
    thread: int


@dataclass
class HonestHost:
    """Keeps half of the keys deferred and half in the tree, and notes every entry."""

    rng: random.Random
    verifier: zeta.Verifier = field(default_factory=lambda: zeta.Verifier(THREADS, slots=80))
    steps: Steps = field(default_factory=list)
    deferred: dict[bytes, Deferred] = field(default_factory=dict)
    in_tree: dict[bytes, bytes | None] = field(default_factory=dict)
    nodes: dict[Path, log.Pointers] = field(default_factory=dict)
    below: dict[Path, list[Path | None]] = field(default_factory=lambda: {Path.ROOT: [None, None]})

    def submit(self, thread: int, entry: log.Entry) -> list[log.Answer]:
        progress = self.verifier.verify_log(thread, log.encode(entry))
        assert progress.stop == Done(), entry
        self.steps.append((thread, entry))
        return progress.outputs

    def next_timestamp(self, thread: int) -> Timestamp:
        clock = self.verifier.clock(thread)
        return Timestamp(clock.epoch, clock.counter + 1)

    def descend(self, key: bytes, value: bytes | None) -> list[Path]:
        """Brings the path to a leaf into the slots of thread 0; slot `i` holds path `i`."""
        leaf = log.leaf_path(0, key)
        way = [Path.ROOT]
        while True:
            at, slot = way[-1], len(way)
            side = leaf.bit(at.length)
            child = self.below[at][side]
            if child is None or child == leaf:
                self.below[at][side] = leaf
                self.submit(0, AddM(slot, slot - 1, App(key, value)))
                return [*way, leaf]
            if leaf.is_below(child):
                self.submit(0, AddM(slot, slot - 1, Node(child, *self.nodes[child])))
            else:
                fork = leaf.common_prefix(child)
                self.below[fork] = [None, None]
                self.below[fork][child.bit(fork.length)] = child
                self.below[at][side] = child = fork
                self.submit(0, AddM(slot, slot - 1, Node(fork)))
            way.append(child)

    def ascend(self, way: list[Path]) -> None:
        for slot in range(len(way) - 1, 0, -1):
            [answer] = self.submit(0, EvictM(slot, slot - 1))
            assert isinstance(answer, log.Evicted)
            assert isinstance(answer.value, log.Pointers)
            self.nodes[way[slot]] = answer.value

    def use_tree(self, key: bytes, operations: list[RunApp]) -> None:
        way = self.descend(key, self.in_tree.get(key))
        for operation in operations:
            self.submit(0, replace(operation, slots=(len(way) - 1,)))
        [answer] = self.submit(0, EvictM(len(way) - 1, len(way) - 2))
        assert isinstance(answer, log.Evicted)
        assert not isinstance(answer.value, log.Pointers)
        self.in_tree[key] = answer.value
        self.ascend(way[:-1])

    def defer(self, key: bytes) -> None:
        way = self.descend(key, None)
        timestamp = self.next_timestamp(0)
        self.submit(0, EvictBM(len(way) - 1, len(way) - 2, timestamp))
        self.deferred[key] = Deferred(None, timestamp, 0)
        self.ascend(way[:-1])

    def use_deferred(self, thread: int, keys: list[bytes], operations: list[RunApp]) -> None:
        for slot, key in enumerate(keys, 10):
            record = self.deferred[key]
            self.submit(thread, AddB(slot, record.thread, record.timestamp, App(key, record.value)))
        for operation in operations:
            self.submit(thread, operation)
        for slot, key in enumerate(keys, 10):
            timestamp = self.next_timestamp(thread)
            [answer] = self.submit(thread, EvictB(slot, timestamp))
            assert isinstance(answer, log.Evicted)
            assert not isinstance(answer.value, log.Pointers)
            self.deferred[key] = Deferred(answer.value, timestamp, thread)

    def turn_epoch(self) -> None:
        for thread in range(THREADS):
            self.submit(thread, log.NextEpoch())
        for key in self.deferred:
            self.use_deferred(self.rng.randrange(THREADS), [key], [])
        for thread in range(THREADS):
            self.submit(thread, log.VerifyEpoch())

    def operate(self) -> None:
        value = b"value %d" % self.rng.randrange(1000)
        if self.rng.random() < 0.3:
            key = self.rng.choice(KEYS[5:])
            self.use_tree(key, [self.rng.choice([log.get(key), log.put(key, value)])])
            return
        one, two = self.rng.sample(KEYS[:5], 2)
        thread = self.rng.randrange(THREADS)
        if self.rng.random() < 0.2:
            self.use_deferred(thread, [one, two], [log.rename(one, two, 10, 11)])
            return
        operations = [log.get(one, 10), log.put(one, value, 10), log.delete(one, 10)]
        self.use_deferred(thread, [one], self.rng.choices(operations, weights=(3, 3, 1), k=2))


def honest_run(seed: int, epochs: int = 3, operations: int = 25) -> Steps:
    host = HonestHost(random.Random(seed))
    for key in KEYS[:5]:
        host.defer(key)
    for _ in range(epochs):
        for _ in range(operations):
            host.operate()
        host.turn_epoch()
    assert host.verifier.certified == epochs - 1
    return host.steps


@dataclass
class Played:
    """What a fresh verifier made of a record."""

    verifier: zeta.Verifier
    rejected: Rejected | None
    answered: list[tuple[int, RunApp, log.Answer]]


def play(steps: Steps) -> Played:
    """Submits a record; a thread that is stopped gets nothing more."""
    played = Played(zeta.Verifier(THREADS, slots=80), None, [])
    stopped = set()
    for thread, entry in steps:
        if thread in stopped:
            continue
        epoch = played.verifier.clock(thread).epoch
        progress = played.verifier.verify_log(thread, log.encode(entry))
        if progress.stop != Done():
            stopped.add(thread)
            if isinstance(progress.stop, Rejected) and played.rejected is None:
                played.rejected = progress.stop
        elif isinstance(entry, RunApp):
            played.answered.append((epoch, entry, progress.outputs[0]))
    return played


def strings(arguments: bytes) -> Iterator[bytes]:
    while arguments:
        end = 4 + int.from_bytes(arguments[:4], "little")
        yield arguments[4:end]
        arguments = arguments[end:]


def check(played: Played) -> None:
    """Every answer of a certified epoch is the one that a dict gives."""
    certified = played.verifier.certified
    model: dict[bytes, bytes] = {}
    for epoch, operation, answer in played.answered:
        if certified is None or epoch > certified:
            continue
        key, *rest = strings(operation.arguments)
        match operation.transition:
            case 0:
                assert log.value_of(answer) == model.get(key)
            case 1:
                model[key] = rest[0]
            case 2:
                assert log.flag_of(answer) == (model.pop(key, None) is not None)
            case 4:
                assert log.flag_of(answer) == (key in model)
                if key in model:
                    model[rest[0]] = model.pop(key)


@pytest.fixture(scope="module", params=SEEDS)
def run(request: pytest.FixtureRequest) -> tuple[int, Steps]:
    """A seed, from which each test draws anew, and the honest record that it gives."""
    return request.param, honest_run(request.param)


def positions(steps: Steps, kind: type[log.Entry]) -> list[int]:
    return [index for index, (_, entry) in enumerate(steps) if isinstance(entry, kind)]


def changed(steps: Steps, index: int, **fields: object) -> Steps:
    thread, entry = steps[index]
    lie = replace(entry, **fields)  # type: ignore[arg-type]
    return [*steps[:index], (thread, lie), *steps[index + 1 :]]


def add_b_at(steps: Steps, index: int) -> AddB:
    entry = steps[index][1]
    assert isinstance(entry, AddB)
    return entry


def app_of(entry: AddB) -> App:
    assert isinstance(entry.record, App)
    return entry.record


def change_value(rng: random.Random, steps: Steps) -> Steps:
    index = rng.choice(positions(steps, AddB))
    record = app_of(add_b_at(steps, index))
    return changed(steps, index, record=replace(record, value=b"forged"))


def roll_back(rng: random.Random, steps: Steps) -> Steps:
    adds = positions(steps, AddB)
    while True:
        late = rng.choice(adds)
        record = app_of(add_b_at(steps, late))
        older = [
            app_of(add_b_at(steps, early))
            for early in adds
            if early < late and app_of(add_b_at(steps, early)).key == record.key
        ]
        older = [old for old in older if old.value != record.value]
        if older:
            return changed(steps, late, record=rng.choice(older))


def swap_values(rng: random.Random, steps: Steps) -> Steps:
    """Two deferred records of one epoch trade values: a sum of affine hashes would not notice."""
    adds = positions(steps, AddB)
    while True:
        one, two = rng.sample(adds, 2)
        first, second = add_b_at(steps, one), add_b_at(steps, two)
        a, b = app_of(first), app_of(second)
        if first.timestamp.epoch == second.timestamp.epoch and a.value != b.value:
            swapped = changed(steps, one, record=replace(a, value=b.value))
            return changed(swapped, two, record=replace(b, value=a.value))


def replay(rng: random.Random, steps: Steps) -> Steps:
    """An element that was added before is added again, elsewhere."""
    index = rng.choice(positions(steps, AddB))
    again = replace(add_b_at(steps, index), slot=70)
    thread = rng.randrange(THREADS)
    return [*steps[: index + 1], (thread, again), *steps[index + 1 :]]


def drop_write(rng: random.Random, steps: Steps) -> Steps:
    """A put that changes something is answered in no log, yet its value stays."""
    values: dict[bytes, bytes] = {}
    candidates = []
    for index, (_, entry) in enumerate(steps):
        if isinstance(entry, RunApp):
            key, *rest = strings(entry.arguments)
            if entry.transition == 1 and key in KEYS[:5] and values.get(key) != rest[0]:
                candidates.append(index)
            if entry.transition == 1:
                values[key] = rest[0]
    index = rng.choice([i for i in candidates if not isinstance(steps[i + 1][1], RunApp)])
    return steps[:index] + steps[index + 1 :]


def later_timestamp(rng: random.Random, steps: Steps) -> Steps:
    """A thread that adds its own elements needs nobody's published clock, only the truth."""
    own = [i for i in positions(steps, AddB) if add_b_at(steps, i).thread == steps[i][0]]
    index = rng.choice(own)
    epoch, counter = add_b_at(steps, index).timestamp
    return changed(steps, index, timestamp=Timestamp(epoch, counter + 1000))


def evict_twice_at_once(rng: random.Random, steps: Steps) -> Steps:
    index = rng.choice(positions(steps, EvictB))
    return changed(steps, index, timestamp=Timestamp(0, 0))


def duplicate_key(rng: random.Random, steps: Steps) -> Steps:
    """A deferred key is brought again through the tree, as if it had never been there."""
    first = positions(steps, EvictBM)[0]
    host = HonestHost(rng)
    host.defer(KEYS[0])
    assert steps[: first + 1] == host.steps[: first + 1]
    return [*host.steps, (0, AddM(1, 0, App(KEYS[0], None)))]


def foreign_slot(rng: random.Random, steps: Steps) -> Steps:
    index = rng.choice(positions(steps, RunApp))
    return changed(steps, index, slots=(0,))


def no_slot(rng: random.Random, steps: Steps) -> Steps:
    return changed(steps, rng.choice(positions(steps, RunApp)), slots=())


def one_slot_more(rng: random.Random, steps: Steps) -> Steps:
    index = rng.choice(positions(steps, RunApp))
    entry = steps[index][1]
    assert isinstance(entry, RunApp)
    return changed(steps, index, slots=(*entry.slots, entry.slots[0]))


def tree_value(rng: random.Random, steps: Steps) -> Steps:
    def known(index: int) -> bool:
        entry = steps[index][1]
        return isinstance(entry, AddM) and isinstance(entry.record, App)

    seen: set[bytes] = set()
    again = []
    for index in filter(known, positions(steps, AddM)):
        key = steps[index][1].record.key  # type: ignore[union-attr]
        if key in seen:
            again.append(index)
        seen.add(key)
    index = rng.choice(again)
    record = steps[index][1].record  # type: ignore[union-attr]
    return changed(steps, index, record=replace(record, value=b"forged"))


def node_at(rng: random.Random, steps: Steps) -> tuple[int, Node]:
    """A node that is brought back, so that its value is vouched for."""
    nodes = [
        (index, entry.record)
        for index, (_, entry) in enumerate(steps)
        if isinstance(entry, AddM) and isinstance(entry.record, Node)
        if entry.record.left is not None and entry.record.right is not None
    ]
    return rng.choice(nodes)


def node_hash_changed(rng: random.Random, steps: Steps) -> Steps:
    index, node = node_at(rng, steps)
    assert node.left is not None
    other = bytes(byte ^ 0xFF for byte in node.left.hash)
    return changed(steps, index, record=replace(node, left=replace(node.left, hash=other)))


def deferred_flag_flipped(rng: random.Random, steps: Steps) -> Steps:
    index, node = node_at(rng, steps)
    assert node.right is not None
    flipped = replace(node.right, deferred=not node.right.deferred)
    return changed(steps, index, record=replace(node, right=flipped))


Attack: TypeAlias = Callable[[random.Random, Steps], Steps]

# Each attack and how it must end: the reasons of a rejection, or none for a mismatch.
MISMATCH: frozenset[zeta.Reason] = frozenset()
ATTACKS: list[tuple[Attack, frozenset[zeta.Reason]]] = [
    (change_value, MISMATCH),
    (roll_back, MISMATCH),
    (swap_values, MISMATCH),
    (drop_write, MISMATCH),
    (later_timestamp, MISMATCH),
    (evict_twice_at_once, frozenset({zeta.Reason.EVICT_NOT_AFTER_CLOCK})),
    (duplicate_key, frozenset({zeta.Reason.POINTER_DEFERRED})),
    (foreign_slot, frozenset({zeta.Reason.SLOT_KEY_MISMATCH, zeta.Reason.SLOT_EMPTY})),
    (no_slot, frozenset({zeta.Reason.SLOT_NOT_LISTED})),
    (one_slot_more, frozenset({zeta.Reason.SLOT_UNUSED})),
    (tree_value, frozenset({zeta.Reason.HASH_MISMATCH})),
    (node_hash_changed, frozenset({zeta.Reason.HASH_MISMATCH})),
    (deferred_flag_flipped, frozenset({zeta.Reason.HASH_MISMATCH})),
]


def test_honest_runs_certify(run: tuple[int, Steps]) -> None:
    played = play(run[1])
    assert played.rejected is None
    assert played.verifier.certified == 2
    assert len(played.answered) > 50
    check(played)


@pytest.mark.parametrize(
    ("attack", "reasons"), ATTACKS, ids=[attack.__name__ for attack, _ in ATTACKS]
)
def test_attack_is_caught(
    run: tuple[int, Steps], attack: Attack, reasons: frozenset[zeta.Reason]
) -> None:
    rng, steps = random.Random(run[0]), run[1]
    played = play(attack(rng, steps))
    check(played)
    if reasons:
        assert played.rejected is not None
        assert played.rejected.reason in reasons
    else:
        assert isinstance(played.verifier.outcome(2), zeta.Mismatch | zeta.Poisoned)


def test_an_element_is_added_once(run: tuple[int, Steps]) -> None:
    rng, steps = random.Random(run[0]), run[1]
    played = play(replay(rng, steps))
    check(played)
    assert played.verifier.certified != 2


def mutate(rng: random.Random, steps: Steps) -> Steps:
    """One random change of whatever kind."""
    index = rng.randrange(len(steps))
    match rng.randrange(5):
        case 0:
            return steps[:index] + steps[index + 1 :]
        case 1:
            return [*steps[:index], steps[index], *steps[index:]]
        case 2:
            other = rng.randrange(len(steps))
            swapped = list(steps)
            swapped[index], swapped[other] = swapped[other], swapped[index]
            return swapped
        case 3:
            return [*steps[:index], (rng.randrange(THREADS), steps[index][1]), *steps[index + 1 :]]
        case _:
            cut = rng.randrange(len(steps))
            thread = rng.randrange(THREADS)
            return steps[:cut] + [step for step in steps[cut:] if step[0] != thread]


def test_any_combination_of_lies_certifies_nothing_false(run: tuple[int, Steps]) -> None:
    rng, steps = random.Random(run[0]), run[1]
    for _ in range(25):
        attack = rng.choice([attack for attack, _ in ATTACKS])
        lies = attack(rng, steps) if rng.random() < 0.5 else steps
        for _ in range(rng.randint(1, 2)):
            if lies:  # a log that was cut may have nothing left to change
                lies = mutate(rng, lies)
        check(play(lies))


def test_a_stale_read_by_an_early_add_is_not_let_in() -> None:
    """The shortest run that is in order by logical clocks and not in real time."""
    key, slot = b"L", 1
    steps: Steps = [
        (0, AddM(slot, 0, App(key, None))),
        (1, AddB(slot, 0, Timestamp(0, 1), App(key, None))),
        (1, log.put(key, b"1", slot)),
        (0, log.get(key, slot)),
        (0, EvictBM(slot, 0, Timestamp(0, 1))),
    ]
    played = play(steps)
    # The put never ran, so the read before it was no lie.
    assert [operation.transition for _, operation, _ in played.answered] == [0]
    early = played.verifier.verify_log(1, log.encode(log.NextEpoch()))
    assert early.stop == Done()
    assert played.verifier.clock(1) == Timestamp(1, 0)
