"""Prints Coq declarations, read from extraction's JSON, as Rust.

This is trusted to keep the meaning of what it prints, so it is small, and it refuses what it does
not know. The language that it accepts:
- the types, functions and values in the tables of `primitives`, which Rust has by hand;
- records become structs, other inductive types enums, all of them `Copy`; what is large is passed
  by reference, which changes nothing of what cannot change;
- `and_then r (fun x => k)` becomes `let x = r?; k`, only where leaving the block leaves the
  function: in tail position;
- matches on booleans, and on an option in tail position; calls of first-order functions by all
  their arguments.
- the prime of a name is dropped (an update's field is `clock'` where a view has `clock`, for
  fields share one name space in Coq), and the number that extraction puts behind a variable.

Numbers stay within their widths: they come in through Rust types, and sums saturate, as N.sub
does by itself. Layout is left to rustfmt.
"""

import re
from typing import TypeAlias

from coq_comments import rust_comment
from coq_json import Module, Node, field_read, numeral
from primitives import (
    BY_PATH,
    CONSTRUCTORS,
    EQUAL,
    EQUATIONS,
    FIELDS,
    GENERIC,
    INFIX,
    LARGE,
    METHODS,
    TIGHT,
    TYPES,
    VALUES,
)

# Of a variable: its name in Rust, its type where it is known, and whether it is a reference.
Scope: TypeAlias = dict[str, tuple[str, str, bool]]

DERIVE = "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\n"
TABLES = TYPES, GENERIC, BY_PATH, INFIX, EQUATIONS, METHODS, FIELDS, CONSTRUCTORS, VALUES


class Refused(Exception):
    """The Coq text is outside the language that this program prints."""


def plain(name: str) -> str:
    """A name without its module and prime."""
    last = name.rpartition(".")[2].removesuffix("'")
    if not re.fullmatch(r"\w+", last):
        raise Refused(f"the name `{name}` is not one in Rust")
    return last


class Printer:
    def __init__(self, modules: list[Module]) -> None:
        """`modules`: those to be printed and those whose constructors they use."""
        self.imports: set[str] = set()
        self.printed: set[str] = set()
        self.fields: dict[
            str, dict[int, str]
        ] = {}  # constructor of a record -> its fields' names, by position
        self.kinds: dict[str, list[str]] = {}  # constructor of a record -> its fields' types
        self.owner: dict[str, str] = {}  # constructor -> its type
        declared = [d for module in modules for d in module.declarations]
        for d in declared:
            if d["what"] == "decl:ind":
                self.owner |= {c["name"]: d["name"] for c in d["constructors"]}
        self.skipped: set[str] = set().union(*TABLES)
        self.skipped |= {f"{name}_{end}" for name in self.owner.values() for end in ("rect", "rec")}
        for d in declared:
            body = d["value"].get("body") if d["what"] == "decl:term" else None
            if body and len(d["value"]["argnames"]) == 1 and (read := field_read(body)):
                _, constructor, position = read
                self.fields.setdefault(constructor, {})[position] = d["name"]
                self.skipped.add(d["name"])

    # Declarations.

    def module(self, module: Module) -> str:
        self.comments, text = module.comments, ""
        for d in module.declarations:
            if d["name"] in self.skipped:
                continue
            try:
                text += "\n" + self.declaration(d)
                self.printed.add(d["name"])
            except Refused as refusal:
                raise SystemExit(f"`{d['name']}` cannot be printed: {refusal}") from None
        return text

    def comment(self, *key: str, mark: str = "//") -> str:
        text = self.comments.get(key if len(key) > 1 else key[0])
        return rust_comment(text, mark) if text else ""

    def declaration(self, d: Node) -> str:
        self.inside = name = plain(d["name"])
        head = self.comment(name, mark="///")
        if d["what"] == "decl:ind":
            record = d["constructors"][0]["name"] in self.fields
            return head + DERIVE + (self.struct if record else self.enum)(name, d["constructors"])
        if d["what"] != "decl:term":
            raise Refused(f"a declaration `{d['what']}`")
        value, kind, parameters = d["value"], d["type"], []
        scope: Scope = {}
        if value["what"] != "expr:lambda":
            raise Refused("a function without its parameters")
        for parameter in value["argnames"]:
            taken = self.type(kind["left"])
            text = self.bind(scope, parameter, taken, by_reference=self.is_large(taken))
            parameters.append(f"{text}: {'&' if self.is_large(taken) else ''}{taken}")
            kind = kind["right"]
        body = self.block(value["body"], scope)
        if not parameters:
            return f"{head}pub const {name}: {self.type(kind)} = {body};\n"
        return f"{head}pub fn {name}({', '.join(parameters)}) -> {self.type(kind)} {{\n{body}\n}}\n"

    def type(self, t: Node) -> str:
        if t["what"] != "type:glob":
            raise Refused(f"the type `{t['what']}` is not first-order")
        name, args = t["name"], [self.type(a) for a in t["args"]]
        if name in GENERIC:
            return GENERIC[name].format(*args)
        if name in TYPES:
            return self.imported(TYPES[name])
        if name in self.owner.values():
            return plain(name)
        raise Refused(f"the type `{name}`")

    def is_large(self, kind: str) -> bool:
        return kind in LARGE or kind.endswith("View")

    def imported(self, path: str) -> str:
        if "::" in path:
            self.imports.add(path)
        return path.rpartition("::")[2]

    def struct(self, name: str, constructors: list[Node]) -> str:
        (constructor,), lines = constructors, ""
        kinds = [self.type(kind) for kind in constructor["argtypes"]]
        self.kinds[constructor["name"]] = kinds
        for position, kind in enumerate(kinds):
            field = self.fields[constructor["name"]][position].rpartition(".")[2]
            lines += f"{self.comment(name, field, mark='///')}pub {plain(field)}: {kind},\n"
        return f"pub struct {name} {{\n{lines}}}\n"

    def enum(self, name: str, constructors: list[Node]) -> str:
        lines = ""
        for c in constructors:
            variant, kinds = plain(c["name"]), ", ".join(self.type(k) for k in c["argtypes"])
            lines += self.comment(name, variant, mark="///")
            lines += variant + (f"({kinds})" if kinds else "") + ",\n"
        return f"pub enum {name} {{\n{lines}}}\n"

    # Statements. A scope maps a variable to its name in Rust, its type, and whether by reference.

    def bind(
        self, scope: Scope, variable: str, kind: str = "", *, by_reference: bool = False
    ) -> str:
        name = plain(variable.rstrip("0123456789"))
        if name in {known for known, _, _ in scope.values()}:
            name = plain(variable)
        scope[variable] = (name, kind, by_reference)
        return name

    def block(self, e: Node, scope: Scope) -> str:
        """The inside of the braces of a function, or of an arm in tail position."""
        if e["what"] == "expr:let":
            value, kind = e["nameval"], self.type_of(e["nameval"], scope)
            text = self.argument(value, scope)
            inner = dict(scope)
            name = self.bind(inner, e["name"], kind, by_reference=self.is_large(kind))
            note = self.comment(self.inside, name)
            return f"{note}let {name} = {text};\n{self.block(e['body'], inner)}"
        if self.called(e) == "Reason.and_then":
            first, then = e["args"]
            if then["what"] != "expr:lambda" or len(then["argnames"]) != 1:
                raise Refused("`and_then` without its function")
            text, inner, binding = f"{self.note(first)}", dict(scope), ""
            statement = f"{self.value(first, scope, TIGHT)}?;\n"
            if then["argnames"] != ["_"]:
                binding = f"let {self.bind(inner, then['argnames'][0])} = "
            return f"{text}{binding}{statement}{self.block(then['body'], inner)}"
        if e["what"] == "expr:case" and not field_read(e):
            return self.case(e, scope)
        return self.note(e) + self.value(e, scope)

    def note(self, e: Node) -> str:
        """The comment on a check, which is found by its reason."""
        if self.called(e) != "Reason.require":
            return ""
        stop = e["args"][1]
        while stop.get("args"):
            stop = stop["args"][-1]
        return self.comment(self.inside, plain(stop["name"]))

    def called(self, e: Node) -> str:
        """The name of the function, where `e` calls one by its name."""
        name: str = e["func"].get("name", "") if e["what"] == "expr:apply" else ""
        return name

    def case(self, e: Node, scope: Scope) -> str:
        arms = {c["pat"].get("name"): (c["pat"].get("argnames"), c["body"]) for c in e["cases"]}
        if set(arms) == {"Datatypes.true", "Datatypes.false"}:
            yes, no = (self.block(arms[f"Datatypes.{b}"][1], scope) for b in ("true", "false"))
            return f"if {self.value(e['expr'], scope)} {{\n{yes}\n}} else {{\n{no}\n}}"
        if set(arms) == {"Datatypes.Some", "Datatypes.None"}:
            none = self.block(arms["Datatypes.None"][1], scope)
            (variable,), body = arms["Datatypes.Some"]
            kind = self.type_of(e["expr"], scope).removeprefix("Option<").removesuffix(">")
            large, inner = self.is_large(kind), dict(scope)
            name = self.bind(inner, variable, kind, by_reference=large)
            matched = ("&" if large else "") + self.value(e["expr"], scope, TIGHT)
            some = self.block(body, inner)
            return f"match {matched} {{\nNone => {{\n{none}\n}}\nSome({name}) => {{\n{some}\n}}\n}}"
        raise Refused(f"a match on {list(arms)}")

    # Expressions.

    def type_of(self, e: Node, scope: Scope) -> str:
        """The Rust type of a variable or a field; empty for what is computed."""
        if e["what"] == "expr:rel":
            return scope[e["name"]][1]
        if read := field_read(e):
            _, constructor, position = read
            return self.kinds[constructor][position]
        return FIELDS[self.called(e)][1] if self.called(e) in FIELDS else ""

    def argument(self, e: Node, scope: Scope) -> str:
        """What is passed: what is large by reference, the rest by value."""
        if not self.is_large(self.type_of(e, scope)):
            return self.value(e, scope)
        is_reference = e["what"] == "expr:rel" and scope[e["name"]][2]
        return ("" if is_reference else "&") + self.place(e, scope)

    def place(self, e: Node, scope: Scope) -> str:
        """What a field is read of, or a method called on: Rust follows references there."""
        return scope[e["name"]][0] if e["what"] == "expr:rel" else self.value(e, scope, TIGHT)

    def value(self, e: Node, scope: Scope, binding: int = 0) -> str:
        """An expression, in parentheses where it binds less tightly than its place asks."""
        kind = e["what"]
        if kind == "expr:rel":
            name, _, by_reference = scope[e["name"]]
            return f"*{name}" if by_reference else name
        if kind == "expr:global":
            return VALUES.get(e["name"]) or self.named(e["name"])
        if kind == "expr:constructor":
            return self.constructor(e["name"], e["args"], scope)
        if kind == "expr:apply" and e["func"]["what"] == "expr:global":
            return self.apply(e, scope, binding)
        if read := field_read(e):
            base, constructor, position = read
            return f"{self.place(base, scope)}.{plain(self.fields[constructor][position])}"
        raise Refused(f"an expression `{kind}`")

    def constructor(self, name: str, args: list[Node], scope: Scope) -> str:
        if name in VALUES or name == "BinNums.Npos":
            return VALUES.get(name) or str(numeral(args[0]))
        values = [self.value(a, scope) for a in args]
        if name in self.fields:
            fields = [plain(self.fields[name][position]) for position in range(len(args))]
            pairs = (f if f == v else f"{f}: {v}" for f, v in zip(fields, values, strict=True))
            return f"{plain(self.owner[name])} {{ {', '.join(pairs)} }}"
        if not (call := CONSTRUCTORS.get(name)):
            owner = self.owner[name]
            call = self.imported(TYPES.get(owner, plain(owner))) + "::" + plain(name)
        return call + (f"({', '.join(values)})" if values else "")

    def apply(self, e: Node, scope: Scope, binding: int) -> str:
        name, args = e["func"]["name"], e["args"]
        if sides := self.equation(e):
            return self.infix(EQUAL, sides, scope, binding)
        if name in INFIX:
            return self.infix(INFIX[name], args, scope, binding)
        if name == "Datatypes.negb":
            if sides := self.equation(args[0]):
                return self.infix(("!=", *EQUAL[1:]), sides, scope, binding)
            return f"!{self.value(args[0], scope, TIGHT)}"
        if name in FIELDS:
            return f"{self.place(args[0], scope)}.{FIELDS[name][0]}"
        if name in METHODS:
            listed = ", ".join(self.argument(a, scope) for a in args[1:])
            return f"{self.place(args[0], scope)}.{METHODS[name]}({listed})"
        return f"{self.named(name)}({', '.join(self.argument(a, scope) for a in args)})"

    def named(self, name: str) -> str:
        """A function or constant, of Rust by hand or printed before."""
        if name not in BY_PATH and name not in self.printed:
            raise Refused(f"the name `{name}`")
        return self.imported(BY_PATH[name]) if name in BY_PATH else plain(name)

    def equation(self, e: Node) -> list[Node] | None:
        """The two sides, where `e` is one."""
        called = self.called(e)
        if called in EQUATIONS:
            value = {"what": "expr:constructor", "name": EQUATIONS[called], "args": []}
            return [e["args"][0], value]
        return e["args"] if INFIX.get(called) == EQUAL else None

    def infix(
        self, written: tuple[str, int, int], args: list[Node], scope: Scope, binding: int
    ) -> str:
        operator, own, operand = written
        text = f" {operator} ".join(self.value(a, scope, operand) for a in args)
        return f"({text})" if own < binding else text
