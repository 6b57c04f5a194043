"""Reads what Coq's extraction writes as JSON, and gives every name its module."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]
Comments: TypeAlias = dict[str | tuple[str, ...], str]

# Nodes whose name is not a variable's.
GLOBAL = {"decl:ind", "decl:term", "decl:type", "decl:constructor", "type:glob"}
GLOBAL |= {"expr:global", "expr:constructor", "pat:constructor"}


@dataclass
class Module:
    name: str
    declarations: list[Node]
    comments: Comments


def with_modules(node: Any, module: str) -> Any:
    """The same node; its global names are `Module.name`, without the marks of extraction."""
    if isinstance(node, list):
        return [with_modules(one, module) for one in node]
    if not isinstance(node, dict):
        return node
    node = {key: with_modules(value, module) for key, value in node.items()}
    if node.get("what") in GLOBAL:
        place, _, last = node["name"].rpartition(".")
        last = re.sub(r"^[Cc]oq_", "", last)
        node["name"] = f"{place or module}.{last}"
    return node


def declarations(path: Path, module: str) -> list[Node]:
    text = json.loads(path.read_text("ascii"))
    for declared in text["declarations"]:
        for constructor in declared.get("constructors", []):
            constructor["what"] = "decl:constructor"
    named: list[Node] = with_modules(text["declarations"], module)
    return named


def field_read(e: Node) -> tuple[Node, str, int] | None:
    """What a field is read of, the constructor and the position, where `e` reads a field.

    Extraction writes a projection as a match on the record's only constructor.
    """
    if e["what"] != "expr:case" or len(e["cases"]) != 1:
        return None
    pattern, body = e["cases"][0]["pat"], e["cases"][0]["body"]
    if pattern["what"] != "pat:constructor" or body["what"] != "expr:rel":
        return None
    if pattern["argnames"].count(body["name"]) != 1:
        return None
    return e["expr"], pattern["name"], pattern["argnames"].index(body["name"])


def numeral(e: Node) -> int:
    """A binary number: its lowest bit is outermost."""
    digit: str = e["name"]
    if digit == "BinNums.xH":
        return 1
    return 2 * numeral(e["args"][0]) + int(digit == "BinNums.xI")
