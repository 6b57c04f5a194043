"""The printer of the verifier's checks prints what it knows, and refuses everything else."""

from typing import Any

import pytest
from coq_comments import comments
from coq_json import Module, with_modules
from rust import Printer

Node = dict[str, Any]
U32 = {"what": "type:glob", "name": "Width.u32", "args": []}
N = {"what": "type:glob", "name": "BinNums.N", "args": []}
BOOL = {"what": "type:glob", "name": "Datatypes.bool", "args": []}
TRUE = {"what": "expr:constructor", "name": "Datatypes.Coq_true", "args": []}


def variable(name: str) -> Node:
    return {"what": "expr:rel", "name": name}


def call(name: str, *args: Node) -> Node:
    return {"what": "expr:apply", "func": {"what": "expr:global", "name": name}, "args": list(args)}


def function(body: Node, taken: Node = U32, given: Node = BOOL) -> Node:
    arrow = {"what": "type:arrow", "left": taken, "right": given}
    value = {"what": "expr:lambda", "argnames": ["a"], "body": body}
    return {"what": "decl:term", "name": "f", "type": arrow, "value": value}


def printed(*declarations: Node, source: str = "") -> str:
    module = Module("M", with_modules(list(declarations), "M"), comments(source))
    return Printer([module]).module(module).strip()


def match(*arms: tuple[str, list[str], Node]) -> Node:
    cases = [
        {"pat": {"what": "pat:constructor", "name": name, "argnames": names}, "body": body}
        for name, names, body in arms
    ]
    return {"what": "expr:case", "expr": variable("a"), "cases": cases}


def test_operators_bind_as_in_coq() -> None:
    less = call("BinNat.N.ltb", variable("a"), variable("a"))
    either = call("Datatypes.orb", less, TRUE)
    both = call("Datatypes.andb", either, less)
    assert "(a < a || true) && a < a" in printed(function(both))
    assert "!(a < a)" in printed(function(call("Datatypes.negb", less)))


def test_a_negated_equation_is_an_inequation() -> None:
    same = call("BinNat.N.eqb", variable("a"), variable("a"))
    assert "a != a" in printed(function(call("Datatypes.negb", same)))


def test_a_comment_on_a_check_is_kept() -> None:
    stop = {"what": "expr:constructor", "name": "Reason.Floor", "args": []}
    floor = {"what": "decl:constructor", "name": "Reason.Floor", "argtypes": []}
    reasons = {"what": "decl:ind", "name": "Reason.NotYet", "constructors": [floor]}
    body = call("Reason.require", call("BinNat.N.eqb", variable("a"), variable("a")), stop)
    source = "Definition f (a : u32) :=\n  (* Why. *)\n  require (a =? a) (Retry Floor).\n"
    text = printed(reasons, function(body), source=source)
    assert "// Why.\nrequire(a == a, NotYet::Floor)" in text


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        pytest.param(call("BinNat.N.add", variable("a"), variable("a")), U32, id="unbounded"),
        pytest.param(call("M.g", variable("a")), U32, id="unknown function"),
        pytest.param(variable("a"), N, id="number without a width"),
        pytest.param(call("BinNat.N.eqb", match(), variable("a")), U32, id="match in expression"),
        pytest.param(
            match(("Datatypes.O", [], TRUE), ("Datatypes.S", ["b"], TRUE)), U32, id="other match"
        ),
        pytest.param(
            call("Datatypes.negb", call("Reason.and_then", variable("a"), variable("a"))),
            U32,
            id="and_then outside tail position",
        ),
        pytest.param(call("Reason.and_then", TRUE, variable("a")), U32, id="and_then by name"),
        pytest.param({"what": "expr:fix"}, U32, id="recursion"),
    ],
)
def test_what_is_not_known_is_refused(body: Node, taken: Node) -> None:
    with pytest.raises(SystemExit, match="cannot be printed"):
        printed(function(body, taken))


def test_a_function_that_lost_its_parameters_is_refused() -> None:
    lost = function(TRUE) | {"value": {"what": "expr:global", "name": "BinNat.N.sub"}}
    with pytest.raises(SystemExit, match="without its parameters"):
        printed(lost)
