"""The order of blocks: each after all that lead to it, since code only goes forward."""

from __future__ import annotations

from zeta.app.code import Branch, CodeBlock, Jump, Register, Return


def successors(block: CodeBlock) -> list[CodeBlock]:
    """The blocks that a block leads to."""
    match block.end:
        case Jump(to):
            return [to]
        case Branch(_, then, otherwise):
            # The other side first, so that what holds follows the branch in the layout.
            return [otherwise, then]
        case _:
            return []


def in_order(entry: CodeBlock) -> list[CodeBlock]:
    """The blocks that are reached, each after all that lead to it."""
    found: list[CodeBlock] = []
    seen = {id(entry)}
    stack: list[tuple[CodeBlock, list[CodeBlock]]] = [(entry, successors(entry))]
    while stack:
        block, rest = stack[-1]
        if not rest:
            found.append(block)
            stack.pop()
            continue
        following = rest.pop(0)
        if id(following) not in seen:
            seen.add(id(following))
            stack.append((following, successors(following)))
    return found[::-1]


def reads(block: CodeBlock) -> list[Register]:
    """The registers that the end of a block reads."""
    match block.end:
        case Branch(condition):
            return [condition]
        case Return(values):
            return values
        case _:
            return []
