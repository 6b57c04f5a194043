"""What Python has and the language does not, and what to write instead."""

from __future__ import annotations

_UNROLLED = "`for i in range(N):` with a constant `N`"

EXPRESSIONS = {
    "JoinedStr": ("an f-string", "texts joined by `+`"),
    "TemplateStr": ("a template string", "texts joined by `+`"),
    "Lambda": ("a `lambda`", "a function with annotations"),
    "ListComp": ("a comprehension", f"{_UNROLLED} and `list.append`"),
    "SetComp": ("a comprehension", _UNROLLED),
    "DictComp": ("a comprehension", _UNROLLED),
    "GeneratorExp": ("a comprehension", _UNROLLED),
    "Dict": ("a dictionary", "a `Relation` of the class, or a `@row` class"),
    "Set": ("a set", "a `Relation` of the class"),
    "List": (
        "a list here",
        "`found: Annotated[list[T], Max(N)] = []`, and `found.append(value)`",
    ),
    "NamedExpr": ("`:=`", "an assignment on a line of its own"),
    "Await": ("`await`", "the plain call"),
    "Yield": ("`yield`", "a list that is returned"),
    "YieldFrom": ("`yield from`", "a list that is returned"),
    "Starred": ("`*`", "each value by itself"),
    "Slice": ("a slice here", "`value[i:j]` of bytes"),
}
"""By the name of the syntax: what it is, and what to write."""

STATEMENTS = {
    "While": ("`while`", _UNROLLED),
    "Try": ("`try`", "`check(condition, reason)` before what may fail"),
    "TryStar": ("`try`", "`check(condition, reason)` before what may fail"),
    "Raise": ("`raise`", '`check(False, "reason")`'),
    "Assert": ("`assert`", '`check(condition, "reason")`'),
    "With": ("`with`", "the plain statements: a transition is atomic"),
    "AsyncWith": ("`async`", "the plain statements"),
    "AsyncFor": ("`async`", _UNROLLED),
    "FunctionDef": ("a function in a function", "a function of the module, or a method"),
    "AsyncFunctionDef": ("`async`", "a plain function of the module"),
    "ClassDef": ("a class in a function", "a `@row` class of the module"),
    "Global": ("`global`", "a relation: it is all that lasts between calls"),
    "Nonlocal": ("`nonlocal`", "arguments and results"),
    "Import": ("`import` in a function", "an import at the top of the module"),
    "ImportFrom": ("`import` in a function", "an import at the top of the module"),
    "Match": ("`match`", "`if` and `elif`"),
    "TypeAlias": ("`type` in a function", "an alias at the top of the module"),
}
"""By the name of the syntax: what it is, and what to write."""

OPERATORS = {
    "Div": ("`/` gives fractions", "`//`, which rounds down"),
    "Pow": ("`**` is not part of the language", "a product, or a constant"),
    "LShift": ("`<<` is not part of the language", "`* 2`, or by another power"),
    "RShift": ("`>>` is not part of the language", "`// 2`, or by another power"),
    "BitAnd": ("`&` is not part of the language", "`and` for bools, `%` for low bits"),
    "BitOr": ("`|` is not part of the language", "`or` for bools, `+` for bits that differ"),
    "BitXor": ("`^` is not part of the language", "`!=` for bools"),
    "MatMult": ("`@` is not part of the language", "`*`"),
    "Invert": ("`~` is not part of the language", "`not` for bools"),
    "USub": ("`-` before what is no integer", "`-` before an integer"),
    "UAdd": ("`+` before a value", "the value alone"),
}
"""By the name of the syntax: what is wrong, and what to write."""

CALLS = {
    "print": ("`print` would show something", "a result that is returned"),
    "int": ("`int` has no bound", "`U64(value)`, or another of `U8` to `I64`"),
    "str": ("`str` is not part of the language", "text as an argument, or `value.decode()`"),
    "bytes": ("`bytes` is not part of the language", "`value.encode()`, `value.to_bytes(8, ..)`"),
    "bool": ("`bool` is not part of the language", "a comparison, as `value != 0`"),
    "float": ("`float` is not part of the language", "an integer of the smallest unit"),
    "abs": ("`abs` is not part of the language", "`-x if x < 0 else x`"),
    "sum": ("`sum` is not part of the language", _UNROLLED + " and `+=`"),
    "pow": ("`pow` is not part of the language", "a product, or a constant"),
    "divmod": ("`divmod` is not part of the language", "`//` and `%`"),
    "sorted": ("`sorted` is not part of the language", "a relation whose rows name the next key"),
    "isinstance": ("`isinstance` is not part of the language", "`value is None`"),
    "range": ("`range` stands in `for` only", _UNROLLED),
    "super": ("`super` is not part of the language", "a helper function"),
    "list": ("`list` is not part of the language", "`found: Annotated[list[T], Max(N)] = []`"),
    "tuple": ("`tuple` is not part of the language", "`(a, b)`"),
    "getattr": ("`getattr` is not part of the language", "`value.field`"),
    "enumerate": ("`enumerate` is not part of the language", _UNROLLED),
    "zip": ("`zip` is not part of the language", _UNROLLED),
    "hash": ("`hash` differs from run to run", "`sha256(value)`"),
    "id": ("`id` differs from run to run", "a key of a relation"),
    "open": ("files are outside of the state", "a relation, or an argument"),
    "input": ("input is outside of the state", "an argument"),
}
"""By the name of the function: what is wrong, and what to write."""
