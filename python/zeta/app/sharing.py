"""Sharing: a value that is moved where paths meet stays in the register that it was made in."""

from __future__ import annotations

from zeta.app.code import CodeBlock, Register, Return
from zeta.app.order import in_order, reads, successors


def share(entry: CodeBlock, arguments: list[Register]) -> None:
    """Gives both sides of a move one register, where they never hold two values at once."""
    blocks = in_order(entry)
    bits = _bits(blocks, arguments)
    if not bits:
        return
    apart = _apart(blocks, bits)
    chosen = {register: register for register in bits}

    def found(register: Register) -> Register:
        root = register
        while chosen[root] is not root:
            root = chosen[root]
        while register is not root:
            register, chosen[register] = chosen[register], root
        return root

    masks = {register: 1 << bit for register, bit in bits.items()}
    for block in blocks:
        for operation in block.operations:
            if operation.name != "move" or operation.sources[0] not in bits:
                continue
            target, source = found(operation.targets[0]), found(operation.sources[0])
            if target is source or target.type != source.type:
                continue
            if apart[target] & masks[source] or apart[source] & masks[target]:
                continue
            chosen[source] = target
            masks[target] |= masks[source]
            apart[target] |= apart[source]
    names = {register: found(register) for register in bits}
    for block in blocks:
        _rename(block, names)


def _bits(blocks: list[CodeBlock], arguments: list[Register]) -> dict[Register, int]:
    """The registers that are moved, or moved to; arguments stay where they are."""
    moved: dict[Register, int] = {}
    for block in blocks:
        for operation in block.operations:
            if operation.name == "move" and operation.sources[0] not in arguments:
                for register in (*operation.targets, *operation.sources):
                    moved.setdefault(register, len(moved))
    return moved


def _apart(blocks: list[CodeBlock], bits: dict[Register, int]) -> dict[Register, int]:
    """For each register those whose values are still needed when it is written."""
    apart = dict.fromkeys(bits, 0)
    live_at: dict[int, int] = {}
    for block in reversed(blocks):
        live = 0
        for following in successors(block):
            live |= live_at[id(following)]
        live |= _mask(reads(block), bits)
        for operation in reversed(block.operations):
            targets = _mask(operation.targets, bits)
            sources = _mask(operation.sources, bits)
            for target in operation.targets:
                if target in bits:
                    own = 1 << bits[target]
                    others = (live | targets) & ~own
                    if operation.name == "move":
                        others &= ~sources
                    apart[target] |= others
            live = (live & ~targets) | sources
        live_at[id(block)] = live
    return apart


def _mask(registers: list[Register], bits: dict[Register, int]) -> int:
    found = 0
    for register in registers:
        if register in bits:
            found |= 1 << bits[register]
    return found


def _rename(block: CodeBlock, names: dict[Register, Register]) -> None:
    kept = []
    for operation in block.operations:
        operation.targets = [names.get(one, one) for one in operation.targets]
        operation.sources = [names.get(one, one) for one in operation.sources]
        if operation.name != "move" or operation.targets != operation.sources:
            kept.append(operation)
    block.operations = kept
    if isinstance(block.end, Return):
        block.end.values = [names.get(one, one) for one in block.end.values]
    elif block.end is not None and hasattr(block.end, "condition"):
        block.end.condition = names.get(block.end.condition, block.end.condition)
