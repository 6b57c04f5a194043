"""Prints decide functions, extracted from Coq as JSON, as Rust on standard output.

usage: print_rust.py JSON_FOLDER COQ_FOLDER MODULE...

This program is trusted to keep the meaning of what it prints, so it is small, and it refuses what
it does not know. The language that it accepts:
- widths: a type named `u32` or `u64` (a Coq name for N). A bare N has no width and is refused.
- records, whose projections give the names of the fields, become structs; other inductive types
  become enums. All are `Copy`; a parameter whose type ends in `View` is taken by reference.
- `and_then r (fun x => k)` becomes `let x = r?; k`, only where leaving the block leaves the
  function: in tail position.
- matches on booleans, calls of first-order functions by all their arguments, and the operators in
  the tables below. Unbounded arithmetic (N.add, N.mul) is in no table.
- the prime of a name is dropped: an update's field is `clock'` where a view has `clock`, for
  fields share one name space in Coq.

Numbers stay within their widths: they come in through Rust types, and sums saturate, as N.sub
does by itself. Layout is left to rustfmt.
"""

import json
import re
import sys
from pathlib import Path

from coq_comments import comments, rust_doc, subject

# Operator, how tightly it binds, and how tightly its operands must.
INFIX = {
    "N.eqb": ("==", 3, 4),
    "N.leb": ("<=", 3, 4),
    "N.ltb": ("<", 3, 4),
    "andb": ("&&", 2, 3),
    "orb": ("||", 1, 3),
}
TIGHT = 4
METHODS = {f"saturating_add_{width}": "saturating_add" for width in ("u32", "u64")}
METHODS["N.sub"] = METHODS["since"] = "saturating_sub"
VALUES = {"true": "true", "false": "false", "tt": "()", "N0": "0"}
VALUES |= {"u32_max": "u32::MAX", "u64_max": "u64::MAX"}
# Its error is of any type: the only function that is not first-order.
REQUIRE = """pub fn require<E>(holds: bool, error: E) -> Result<(), E> {
    if holds { Ok(()) } else { Err(error) }
}
"""
DERIVE = "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\n"


class Refused(Exception):
    """The Coq text is outside the language that this program prints."""


def plain(name):
    """A name without its Coq file, prime, and the prefix that extraction puts before capitals."""
    module, _, last = name.rpartition(".")
    last = re.sub(r"^[Cc]oq_|'$", "", last)
    if not re.fullmatch(r"\w+", last):
        raise Refused(f"the name `{name}` is not one in Rust")
    return f"N.{last}" if module == "BinNat.N" else last


def numeral(e):
    """A binary number: its lowest bit is outermost."""
    name = plain(e["name"])
    return 1 if name == "xH" else 2 * numeral(e["args"][0]) + (name == "xI")


def projection(d):
    """The record and the position of the field, where the declaration is a bare projection."""
    cases = d["value"].get("body", {}).get("cases", [])
    if len(cases) != 1 or cases[0]["body"]["what"] != "expr:rel":
        return None
    names, name = cases[0]["pat"]["argnames"], cases[0]["body"]["name"]
    return plain(d["type"]["left"]["name"]), names.index(name)


class Printer:
    def __init__(self, declarations, docs):
        self.docs = {name: rust_doc(text) for name, text in docs.items()}
        self.fields = {}  # record -> position -> name of the field
        self.owner = {}  # constructor -> its type
        for d in declarations:
            if d["what"] == "decl:ind":
                self.owner |= {plain(c["name"]): plain(d["name"]) for c in d["constructors"]}
            elif found := projection(d):
                self.fields.setdefault(found[0], {})[found[1]] = plain(d["name"])
        self.projections = {n for names in self.fields.values() for n in names.values()}

    def declaration(self, d):
        name = plain(d["name"])
        if d["what"] == "decl:type" or name in {"and_then", "Result", "since"} | self.projections:
            return ""  # These are Rust's own.
        head = self.docs.get(name, "")
        if name == "require":
            return head + REQUIRE
        if d["what"] == "decl:ind":
            return head + DERIVE + (self.record if name in self.fields else self.enum)(name, d)
        parameters, kind = [], d["type"]
        for parameter in d["value"]["argnames"]:
            taken = self.type(kind["left"])
            parameters.append(f"{parameter}: {'&' if taken.endswith('View') else ''}{taken}")
            kind = kind["right"]
        body, kind, listed = self.block(d["value"]["body"]), self.type(kind), ", ".join(parameters)
        if not parameters:
            return f"{head}pub const {name}: {kind} = {body};\n"
        return f"{head}pub fn {name}({listed}) -> {kind} {{\n{body}\n}}\n"

    def type(self, t):
        if t["what"] != "type:glob":
            raise Refused(f"the type `{t['what']}` is not first-order")
        name, args = plain(t["name"]), [self.type(a) for a in t["args"]]
        if name == "N":
            raise Refused("a number without a width")
        own = {"Result": f"Result<{', '.join(args)}>", "unit": "()", "Epoch": "u32"}
        return own.get(name, name)

    def record(self, name, d):
        (constructor,), lines = d["constructors"], ""
        for position, kind in enumerate(constructor["argtypes"]):
            if not (field := self.fields[name].get(position)):
                raise Refused(f"field {position} lost its name: extract its projection")
            lines += f"{self.docs.get((name, field), '')}pub {field}: {self.type(kind)},\n"
        return f"pub struct {name} {{\n{lines}}}\n"

    def enum(self, name, d):
        lines = ""
        for c in d["constructors"]:
            kinds = ", ".join(self.type(k) for k in c["argtypes"])
            lines += plain(c["name"]) + (f"({kinds})" if kinds else "") + ",\n"
        return f"pub enum {name} {{\n{lines}}}\n"

    def block(self, e, tail=True):
        """The inside of a pair of braces."""
        if e["what"] == "expr:let":
            rest = self.block(e["body"], tail)
            return f"let {e['name']} = {self.expression(e['nameval'])};\n{rest}"
        if e["what"] == "expr:apply" and plain(e["func"].get("name", "_")) == "and_then":
            first, then = e["args"]
            if not tail or then["what"] != "expr:lambda" or len(then["argnames"]) != 1:
                raise Refused("`and_then` outside tail position, or without its function")
            binding = "" if then["argnames"] == ["_"] else f"let {then['argnames'][0]} = "
            return f"{binding}{self.expression(first, TIGHT)}?;\n{self.block(then['body'])}"
        return self.case(e, tail) if e["what"] == "expr:case" else self.expression(e)

    def case(self, e, tail):
        arms = {plain(c["pat"].get("name", "_")): c["body"] for c in e["cases"]}
        if set(arms) != {"true", "false"}:
            raise Refused(f"a match on `{list(arms)[0]}`: extract the projection or function")
        yes, no = self.block(arms["true"], tail), self.block(arms["false"], tail)
        return f"if {self.expression(e['expr'])} {{\n{yes}\n}} else {{\n{no}\n}}"

    def expression(self, e, binding=0):
        """An expression, in parentheses where it binds less tightly than its place asks."""
        kind = e["what"]
        if kind in ("expr:rel", "expr:global"):
            name = plain(e["name"])
            return VALUES.get(name, name) if kind == "expr:global" else name
        if kind == "expr:constructor":
            return self.constructor(plain(e["name"]), e["args"])
        if kind == "expr:apply" and e["func"]["what"] == "expr:global":
            return self.apply(plain(e["func"]["name"]), e["args"], binding)
        if kind == "expr:case" and not binding:
            return self.case(e, tail=False)
        raise Refused(f"an expression `{kind}`")

    def constructor(self, name, args):
        if name == "Npos" or name in VALUES:
            return VALUES.get(name) or str(numeral(args[0]))
        owner, values = self.owner.get(name), [self.expression(a) for a in args]
        if owner in self.fields:
            pairs = (f"{self.fields[owner][i]}: {value}" for i, value in enumerate(values))
            return f"{owner} {{ {', '.join(pairs)} }}"
        call = name if owner == "Result" else f"{owner}::{name}"
        return call + (f"({', '.join(values)})" if values else "")

    def apply(self, name, args, binding):
        if name in INFIX:
            operator, own, operand = INFIX[name]
            text = f" {operator} ".join(self.expression(a, operand) for a in args)
            return f"({text})" if own < binding else text
        if name == "negb":
            return f"!{self.expression(args[0], TIGHT)}"
        if name in self.projections:
            return f"{self.expression(args[0], TIGHT)}.{name}"
        if name == "and_then" or name.startswith("N.") and name not in METHODS:
            raise Refused(f"`{name}` in an expression")
        values = [self.expression(a, TIGHT if name in METHODS else 0) for a in args]
        if name in METHODS:
            return f"{values[0]}.{METHODS[name]}({', '.join(values[1:])})"
        return f"{name}({', '.join(values)})"


def main(json_folder, coq_folder, *modules):
    sources = [(Path(coq_folder) / f"{m}.v").read_text("ascii") for m in modules]
    files = [json.loads((Path(json_folder) / f"{m}.json").read_text("ascii")) for m in modules]
    declarations = [d for file in files for d in file["declarations"]]
    printer = Printer(declarations, comments("".join(sources)))
    print(rust_doc(subject(sources[-1]), "//!"), end="//!\n")
    print(f"//! Generated from the Coq files {', '.join(modules)}: do not edit.")
    for d in declarations:
        try:
            print("\n" + printer.declaration(d), end="")
        except Refused as refusal:
            sys.exit(f"`{d['name']}` cannot be printed: {refusal}")


if __name__ == "__main__":
    main(*sys.argv[1:])
