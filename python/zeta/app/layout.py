"""Layout: from blocks to instructions in a row, without what nobody needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from zeta.app.code import (
    PURE,
    Branch,
    CodeBlock,
    Fail,
    Jump,
    Operation,
    Register,
    Return,
    RowOf,
)
from zeta.app.order import in_order, reads, successors
from zeta.app.sharing import share
from zeta.app.tree import Place
from zeta.app.types import Leaf
from zeta.errors import LanguageError

INSTRUCTIONS_MAX = 4096
REGISTERS_MAX = 4096
BINDS_MAX = 32
"""The most rows that a path binds."""


@dataclass(frozen=True)
class Instruction:
    """One instruction as a program holds it: registers are numbers, and so are jumps."""

    name: str
    targets: tuple[int, ...]
    sources: tuple[int, ...]
    number: int = 0
    """A word, an operation, a code, or where a jump goes."""
    constant: bytes = b""


@dataclass(frozen=True)
class Laid:
    """The code of a transition."""

    locals: tuple[Leaf | RowOf, ...]
    instructions: tuple[Instruction, ...]


def lay_out(entry: CodeBlock, arguments: list[Register]) -> Laid:
    """The instructions of a transition; raises `LanguageError` where there are too many."""
    _shorten_jumps(entry)
    _coalesce(entry)
    _drop_unused(entry)
    share(entry, arguments)
    _shorten_jumps(entry)
    _bind_early(entry, arguments)
    _check_binds(entry)
    return _linear(entry, arguments)


def _shorten_jumps(entry: CodeBlock) -> None:
    """Lets jumps to jumps go where those go, and appends blocks that only one path leads to."""

    def last(block: CodeBlock) -> CodeBlock:
        while not block.operations and isinstance(block.end, Jump):
            block = block.end.to
        return block

    for block in in_order(entry):
        match block.end:
            case Jump(to):
                block.end.to = last(to)
            case Branch(_, then, otherwise):
                block.end.then, block.end.otherwise = last(then), last(otherwise)
                if block.end.then is block.end.otherwise:
                    block.end = Jump(block.end.then, block.end.place)
    entering = Counter(id(to) for block in in_order(entry) for to in successors(block))
    for block in in_order(entry):
        while isinstance(block.end, Jump) and entering[id(block.end.to)] == 1:
            after = block.end.to
            block.operations += after.operations
            block.end = after.end
            after.operations = []


def _use_counts(blocks: list[CodeBlock]) -> Counter[Register]:
    counts: Counter[Register] = Counter()
    for block in blocks:
        for operation in block.operations:
            counts.update(operation.sources)
        counts.update(reads(block))
    return counts


def _coalesce(entry: CodeBlock) -> None:
    """Lets an operation fill the register that its result is only moved to."""
    blocks = in_order(entry)
    counts = _use_counts(blocks)
    for block in blocks:
        made: dict[Register, Operation] = {}
        kept: list[Operation] = []
        for operation in block.operations:
            source = operation.sources[0] if operation.name == "move" else None
            maker = made.get(source) if source is not None else None
            if source is not None and maker is not None and counts[source] == 1:
                target = operation.targets[0]
                if source.type == target.type or maker.name in ("constant", "read", "load"):
                    maker.targets = [target if one is source else one for one in maker.targets]
                    made[target] = maker
                    continue
            for target in operation.targets:
                made[target] = operation
            kept.append(operation)
        block.operations = kept


def _drop_unused(entry: CodeBlock) -> None:
    """Drops what cannot fail and whose result nobody reads."""
    while True:
        blocks = in_order(entry)
        counts = _use_counts(blocks)
        dropped = False
        for block in blocks:
            kept = [one for one in block.operations if _is_needed(one, counts)]
            dropped = dropped or len(kept) < len(block.operations)
            block.operations = kept
        if not dropped:
            return


def _is_needed(operation: Operation, counts: Counter[Register]) -> bool:
    return operation.name not in PURE or any(counts[target] for target in operation.targets)


def _bind_early(entry: CodeBlock, arguments: list[Register]) -> None:
    """Binds all rows first, where their keys are arguments and one path binds them all.

    It cannot change what a call does, and then a host knows the rows before it runs anything.
    """
    blocks = in_order(entry)
    binds = [one for block in blocks for one in block.operations if one.name == "bind"]
    if not all(source in arguments for bind in binds for source in bind.sources):
        return
    first: dict[tuple[object, ...], Operation] = {}
    renamed: dict[Register, Register] = {}
    for bind in binds:
        kept = first.setdefault((bind.targets[0].type, *map(id, bind.sources)), bind)
        renamed[bind.targets[0]] = kept.targets[0]
    if len(first) > _most_binds(entry):
        return
    for block in blocks:
        block.operations = [one for one in block.operations if one.name != "bind"]
        for operation in block.operations:
            operation.sources = [renamed.get(one, one) for one in operation.sources]
    entry.operations = [*first.values(), *entry.operations]


def _most_binds(entry: CodeBlock) -> int:
    """The most binds on a path."""
    rest: dict[int, int] = {}
    for block in reversed(in_order(entry)):
        after = max((rest[id(to)] for to in successors(block)), default=0)
        rest[id(block)] = after + sum(one.name == "bind" for one in block.operations)
    return rest[id(entry)]


def _check_binds(entry: CodeBlock) -> None:
    before: dict[int, int] = {id(entry): 0}
    for block in in_order(entry):
        count = before[id(block)]
        for operation in block.operations:
            count += operation.name == "bind"
            if count > BINDS_MAX:
                raise operation.place.position.refuse(
                    f"a path touches more than `{BINDS_MAX}` rows",
                    "fewer rounds, or several transitions",
                )
        for to in successors(block):
            before[id(to)] = max(before.get(id(to), 0), count)


def _linear(entry: CodeBlock, arguments: list[Register]) -> Laid:
    blocks = in_order(entry)
    starts: dict[int, int] = {}
    rows: list[tuple[Operation, CodeBlock | None]] = []
    for index, block in enumerate(blocks):
        starts[id(block)] = len(rows)
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        rows += [(operation, None) for operation in block.operations]
        rows += _ending(block, following)
    if len(rows) > INSTRUCTIONS_MAX:
        raise _too_many(rows[INSTRUCTIONS_MAX][0].place, f"`{INSTRUCTIONS_MAX}` instructions")
    numbers = {register: index for index, register in enumerate(arguments)}
    for operation, _ in rows:
        for register in operation.targets:
            numbers.setdefault(register, len(numbers))
        if len(numbers) > REGISTERS_MAX:
            raise _too_many(operation.place, f"`{REGISTERS_MAX}` values")
    instructions = tuple(
        Instruction(
            one.name,
            tuple(numbers[register] for register in one.targets),
            tuple(numbers[register] for register in one.sources),
            one.number if to is None else starts[id(to)],
            one.constant,
        )
        for one, to in rows
    )
    return Laid(tuple(one.type for one in numbers)[len(arguments) :], instructions)


def _ending(
    block: CodeBlock, following: CodeBlock | None
) -> Iterator[tuple[Operation, CodeBlock | None]]:
    """The instructions at a block's end, and where those that jump go."""
    match block.end:
        case Jump(to, place) if to is not following:
            yield Operation("jump", [], [], place), to
        case Branch(condition, then, otherwise, place):
            yield Operation("jump unless", [], [condition], place), otherwise
            if then is not following:
                yield Operation("jump", [], [], place), then
        case Return(values, place):
            yield Operation("return", [], values, place), None
        case Fail(code, place):
            yield Operation("fail", [], [], place, code), None


def _too_many(place: Place, what: str) -> LanguageError:
    return place.position.refuse(
        f"the transition has more than {what}", "fewer rounds, or several transitions"
    )
