"""Prints decide functions, extracted from Coq as JSON, as Rust.

usage: print_rust.py JSON_FOLDER COQ_FOLDER MODULE...   (Rust on standard output)

This program is trusted to keep the meaning of what it prints, so it is small, and it refuses what
it does not know. The language that it accepts:

- widths: a type named `u32` or `u64` (a Coq name for N). A bare N has no width and is refused.
- records, whose projections give the names of the fields, become structs; other inductive types
  become enums. All are `Copy`; a parameter whose type ends in `View` is taken by reference.
- `and_then r (fun x => k)` becomes `let x = r?; k`, only where leaving the block leaves the
  function: in tail position.
- matches on booleans and options, calls of first-order functions by all their arguments, and the
  operators in the tables below. Unbounded arithmetic (N.add, N.mul) is in no table.

Numbers stay within their widths: they come in through Rust types, or from checked additions, or
from N.sub, which stops at zero as `saturating_sub` does. Layout is left to rustfmt.
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
METHODS = {
    "N.sub": "saturating_sub",
    "checked_add_u32": "checked_add",
    "checked_add_u64": "checked_add",
    "ok_or": "ok_or",
}
VALUES = {"true": "true", "false": "false", "tt": "()", "None": "None", "N0": "0"}
# Printed as Rust's own, so their Coq definitions are not printed.
BUILT_IN = {"and_then", "ok_or", "result"}
DERIVE = "#[derive(Clone, Copy, Debug, PartialEq, Eq)]\n"


class Refused(Exception):
    """The Coq text is outside the language that this program prints."""


def plain(name):
    """A name without its Coq file and without the prefix that extraction puts before capitals."""
    module, _, last = name.rpartition(".")
    last = re.sub(r"^[Cc]oq_", "", last)
    if not re.fullmatch(r"\w+", last):
        raise Refused(f"the name `{name}` is not one in Rust")
    return f"N.{last}" if module == "BinNat.N" else last


def numeral(e):
    """A binary number: its lowest bit is outermost."""
    name = plain(e["name"])
    return 1 if name == "xH" else 2 * numeral(e["args"][0]) + (name == "xI")


def projection(d):
    """The record and the position of the field, where the declaration is a bare projection."""
    body = d["value"]["body"]
    if body["what"] != "expr:case" or len(body["cases"]) != 1:
        return None
    pattern, value = body["cases"][0]["pat"], body["cases"][0]["body"]
    if pattern["what"] != "pat:constructor" or value["what"] != "expr:rel":
        return None
    return plain(d["type"]["left"]["name"]), pattern["argnames"].index(value["name"])


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
        self.projections = {name for names in self.fields.values() for name in names.values()}

    def declaration(self, d):
        name = plain(d["name"])
        if name in BUILT_IN | self.projections:
            return ""
        head = self.docs.get(name, "")
        if d["what"] == "decl:ind":
            record = name in self.fields
            return head + DERIVE + (self.record(name, d) if record else self.enum(name, d))
        parameters, kind = [], d["type"]
        for parameter in d["value"]["argnames"]:
            taken = self.type(kind["left"])
            parameters.append(f"{parameter}: {'&' if taken.endswith('View') else ''}{taken}")
            kind = kind["right"]
        body, kind = self.block(d["value"]["body"]), self.type(kind)
        if not parameters:
            return f"{head}pub const {name}: {kind} = {body};\n"
        return f"{head}pub fn {name}({', '.join(parameters)}) -> {kind} {{\n{body}\n}}\n"

    def type(self, t):
        if t["what"] != "type:glob":
            raise Refused(f"the type `{t['what']}` is not first-order")
        name, args = plain(t["name"]), [self.type(a) for a in t["args"]]
        if name == "N":
            raise Refused("a number without a width")
        if name in ("result", "option"):
            return f"Result<{args[0]}, Stop>" if name == "result" else f"Option<{args[0]}>"
        return "()" if name == "unit" else name

    def record(self, name, d):
        (constructor,), names, lines = d["constructors"], self.fields[name], ""
        for position, kind in enumerate(constructor["argtypes"]):
            if position not in names:
                raise Refused(f"field {position} lost its name: extract its projection")
            field = names[position]
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
            value = self.expression(e["nameval"])
            return f"let {e['name']} = {value};\n{self.block(e['body'], tail)}"
        if e["what"] == "expr:apply" and plain(e["func"].get("name", "_")) == "and_then":
            first, then = e["args"]
            if not tail or then["what"] != "expr:lambda" or len(then["argnames"]) != 1:
                raise Refused("`and_then` outside tail position, or without its function")
            binding = "" if then["argnames"] == ["_"] else f"let {then['argnames'][0]} = "
            return f"{binding}{self.expression(first, TIGHT)}?;\n{self.block(then['body'])}"
        return self.case(e, tail) if e["what"] == "expr:case" else self.expression(e)

    def case(self, e, tail):
        arms = {}
        for c in e["cases"]:
            name, bound = plain(c["pat"].get("name", "_")), c["pat"].get("argnames")
            arms[name + (f"({bound[0]})" if bound else "")] = self.block(c["body"], tail)
            if name not in ("true", "false", "Some", "None"):
                raise Refused(f"a match on `{name}`: keep its projection or function apart")
        matched = self.expression(e["expr"])
        if "true" in arms:
            return f"if {matched} {{\n{arms['true']}\n}} else {{\n{arms['false']}\n}}"
        lines = "".join(f"{pattern} => {{\n{body}\n}}\n" for pattern, body in arms.items())
        return f"match {matched} {{\n{lines}}}"

    def expression(self, e, binding=0):
        """An expression, in parentheses where it binds less tightly than its place asks."""
        kind = e["what"]
        if kind == "expr:rel":
            return e["name"]
        if kind == "expr:global":
            return plain(e["name"])
        if kind == "expr:constructor":
            return self.constructor(plain(e["name"]), e["args"])
        if kind == "expr:apply" and e["func"]["what"] == "expr:global":
            return self.apply(plain(e["func"]["name"]), e["args"], binding)
        if kind == "expr:case":
            return f"({self.case(e, tail=False)})" if binding else self.case(e, tail=False)
        raise Refused(f"an expression `{kind}`")

    def constructor(self, name, args):
        if name == "Npos" or name in VALUES:
            return VALUES.get(name) or str(numeral(args[0]))
        owner, values = self.owner.get(name), [self.expression(a) for a in args]
        if owner in self.fields:
            pairs = [(self.fields[owner][i], value) for i, value in enumerate(values)]
            return f"{owner} {{ {', '.join(f if f == v else f'{f}: {v}' for f, v in pairs)} }}"
        call = name if name in ("Some", "Ok", "Err") else f"{owner}::{name}"
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
    texts = [(Path(json_folder) / f"{m}.json").read_text("ascii") for m in modules]
    declarations = [d for text in texts for d in json.loads(text)["declarations"]]
    printer = Printer(declarations, {k: v for s in sources for k, v in comments(s).items()})
    print(rust_doc(subject(sources[-1]), "//!"), end="//!\n")
    print(f"//! Generated from the Coq files {', '.join(modules)}: do not edit.")
    for d in declarations:
        try:
            print("\n" + printer.declaration(d), end="")
        except Refused as refusal:
            sys.exit(f"`{d['name']}` cannot be printed: {refusal}")


if __name__ == "__main__":
    main(*sys.argv[1:])
