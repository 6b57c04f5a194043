"""Reads the doc comments of a Coq file, so that the printed Rust keeps them.

They carry no meaning: nothing here is trusted.
"""

import re

DEFINED = re.compile(r"\(\*\* ((?:(?!\*\)).)*?) \*\)\n(?:Definition|Record|Inductive) (\w+)", re.S)
RECORD = re.compile(r"Record (\w+) := \{(.*?)\}\.", re.S)
FIELD = re.compile(r"^ *(\w+) :[^(\n]*\(\*\* (.*?) \*\)", re.M)
SUBJECT = re.compile(r"\(\*\* (.*?)(?:\n\n| \*\))", re.S)


def comments(source):
    """The comment before each definition by its name, and after each field by (record, field)."""
    found = {name: text for text, name in DEFINED.findall(source)}
    for record, fields in RECORD.findall(source):
        found |= {(record, field): text for field, text in FIELD.findall(fields)}
    return found


def subject(source):
    """The first paragraph of the file."""
    return SUBJECT.match(source)[1]


def rust_doc(text, mark="///"):
    """The comment in Rust's form: [name] becomes `name`."""
    lines = re.sub(r"\[(\w+)\]", r"`\1`", text).splitlines()
    return "".join(f"{mark} {line.strip()}\n" for line in lines)
