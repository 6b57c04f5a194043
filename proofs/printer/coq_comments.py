"""Reads the comments of a Coq file, so that the printed Rust keeps them.

They carry no meaning: nothing here is trusted.
"""

import re

from coq_json import Comments

HEAD = re.compile(r"\(\*\* (.*?) \*\)", re.S)
DEFINED = re.compile(r"\(\*\* ((?:(?!\*\)).)*?) \*\)\n(?:Definition|Record|Inductive) (\w+)", re.S)
TYPE = re.compile(r"(?:Record|Inductive) (\w+) :=(.*?)\.\n", re.S)
MEMBER = re.compile(r"^ *(?:\| )?([\w']+)[^\n]*? \(\*\* ((?:(?!\*\)).)*?) \*\)", re.M | re.S)
DEFINITION = re.compile(r"^Definition (\w+)(.*?)\.$", re.M | re.S)
# A comment in a definition belongs to the check, or to the condition with a name, that follows it.
STEP = re.compile(
    r"\(\* ((?:(?!\*\)).)*?) \*\)\s*"
    r"(?:let (\w+) :=|require (?:(?!;;).)*?\((?:Rejected|Retry|Refused) (\w+)\))",
    re.S,
)


def head(source: str) -> str:
    """What the file says of itself."""
    found = HEAD.match(source)
    return found[1] if found else ""


def comments(source: str) -> Comments:
    """By name, by (type, member), and by (definition, named condition or reason)."""
    found: Comments = {name: text for text, name in DEFINED.findall(source)}
    for kind, members in TYPE.findall(source):
        found |= {(kind, member): text for member, text in MEMBER.findall(members)}
    for definition, body in DEFINITION.findall(source):
        for text, condition, reason in STEP.findall(body):
            found[definition, condition or reason] = text
    return found


def rust_comment(text: str, mark: str) -> str:
    """The comment in Rust's form: [name] becomes `name`."""
    lines = re.sub(r"\[(\w+)\]", r"`\1`", text).splitlines()
    return "".join(f"{mark} {line.strip()}".rstrip() + "\n" for line in lines)
