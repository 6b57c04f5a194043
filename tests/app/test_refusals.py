"""What the language does not have is refused where it stands, with what to write instead.

In each case the part in question is between `<<` and `>>`: its line and column are expected.
"""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import pytest
from zeta.errors import LanguageError

PRELUDE = """\
from dataclasses import replace
from enum import Enum, Flag
from typing import Annotated
import math
import zeta.app
from zeta.app import *

Name = Annotated[str, Max(8)]
Raw = Annotated[bytes, Max(8)]
Long = Annotated[bytes, Max(64)]
Tag = Annotated[bytes, Exactly(4)]
RATE = 1.5
LIMIT = U8(5)
REASON = "a reason"

class Color(Enum):
    RED = 1
    BLUE = 2

@row
class Account:
    balance: U64
    limit: U8 | None

class Options(Flag):
    A = 1

@row
class Clash:
    present: bool

Lists = Annotated[list[U8], Max(2)]
Half = tuple[tuple(U8 for _ in range(33))]
Wide = tuple[tuple(U8 for _ in range(65))]

def again(n: U8) -> U8:
    return again(n)

def untyped(n):
    return n

def half(n: U8) -> U8:
    if n > 2:
        return n
"""

CLASS = """
class App(Application):
    accounts: Relation[Name, Account]
    counts: Relation[U8, U64]
    SCALE = 3

    @transition
    def other(self, n: U8) -> U8:
        return n

    def loop(self, n: U8) -> U8:
        return self.loop(n)

    @transition
    def act(self, a: U8, b: U64, s: I16, raw: Raw, tag: Tag, name: Name, flag: bool, color: Color,
            row: Account, some: Account | None, long: Long, maybe: U8 | None) -> None:
"""

_numbers = itertools.count()


def define(source: str) -> None:
    """Defines a source as if it were in a file."""
    file = f"<refused {next(_numbers)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names: dict[str, Any] = {"__name__": "refused"}
    exec(compile(source, file, "exec", dont_inherit=True), names)


def refused(source: str) -> LanguageError:
    """The error for a source, which is expected at the marked place."""
    start = source.index("<<")
    line = source.count("\n", 0, start) + 1
    column = start - source.rfind("\n", 0, start)
    end = source.index(">>")
    width = end - start - 2
    plain = source.replace("<<", "", 1).replace(">>", "", 1)
    with pytest.raises(LanguageError) as caught:
        define(plain)
    error = caught.value
    assert (error.line, error.column) == (line, column), str(error)
    assert error.width == width, str(error)
    assert error.text == plain.splitlines()[line - 1]
    return error


# A body of a transition, what it says is wrong, and what it says to write instead.
BODIES = [
    # Statements.
    ("<<while>> flag:\n    pass", "`while`", "for i in range(N)"),
    ("<<try>>:\n    pass\nexcept ValueError:\n    pass", "`try`", "check(condition, reason)"),
    ("<<raise ValueError>>", "`raise`", "check(False"),
    ("<<assert flag>>", "`assert`", "check(condition"),
    ("<<with>> open('f') as f:\n    pass", "`with`", "atomic"),
    ("<<global x>>", "`global`", "a relation"),
    ("<<import os>>", "`import`", "top of the module"),
    ("<<def>> f():\n    pass", "a function in a function", "a method"),
    ("<<class>> C:\n    pass", "a class in a function", "`@row`"),
    ("<<match>> a:\n    case _:\n        pass", "`match`", "`if` and `elif`"),
    # Expressions.
    ("x = <<f'{a}'>>", "an f-string", "joined by `+`"),
    ("x = <<lambda: 1>>", "`lambda`", "a function with annotations"),
    ("x = <<[i for i in range(3)]>>", "a comprehension", "list.append"),
    ("x = <<{1: 2}>>", "a dictionary", "a `Relation`"),
    ("x = <<{1, 2}>>", "a set", "a `Relation`"),
    ("x = <<[a]>>", "a list here", "Annotated[list[T], Max(N)]"),
    ("if (<<y := a>>) > 1:\n    pass", "`:=`", "a line of its own"),
    # Names.
    ("x = <<missing>>", "`missing` is not there", "defined above"),
    ("x = <<later>>\nlater = a", "`later` is not assigned here", "an assignment"),
    ("if flag:\n    x = a\ny = <<x>>", "not assigned on every path", "before the paths part"),
    ("if flag:\n    x = a\nelse:\n    x = b\ny = <<x>>", "`U8` and `U64`", "two names"),
    ("x = 0\nif flag:\n    x = a\ny = <<x>>", "a plain number on some path", "x = U64(0)"),
    ("x = <<RATE>>", "`float`", "a constant that is"),
    ("x = <<self>>", "`self` is no value", "self.relation[key]"),
    ("x = <<self.accounts>>", "is no value", "self.accounts[key]"),
    ("x = <<self.missing>>", "has no `missing`", "a relation or a constant"),
    ("x = <<math.pi>>", "`float`", "a constant"),
    # Integers.
    ("x = b + <<a>>", "`U8` and `U64` are mixed", "`U64(a)`"),
    ("x = a + <<300>>", "`300` is not in `U8`", "0 to 255"),
    ("x = a - <<-1>>", "`-1` is not in `U8`", "0 to 255"),
    ("x = <<a / 2>>", "`/` gives fractions", "`//`"),
    ("x = <<a ** 2>>", "`**`", "a product"),
    ("x = <<a & 1>>", "`&`", "`%`"),
    ("x = <<a | 1>>", "`|`", "`or`"),
    ("x = <<a ^ 1>>", "`^`", "`!=`"),
    ("x = <<~a>>", "`~`", "`not`"),
    ("x = <<1 // 0>>", "a division by zero", "another number"),
    ("x = U8(<<256>>)", "`256` is not in `U8`", "0 to 255"),
    ("x = U8(<<flag>>)", "`bool`", "`U8(1) if flag else U8(0)`"),
    ("x: U8 = <<5>>", "no type when Python runs it", "`x = U8(5)`"),
    ("x = a if flag else <<0>>", "takes no type", "`U8(0)`"),
    ("x = <<a if flag else b>>", "`U8` or `U64`", "values of one type"),
    ("x = <<flag + flag>>", "`+` does not go with `bool`", "integers of one type"),
    ("x = <<int(a)>>", "`int` has no bound", "`U64(value)`"),
    ("x = <<abs(s)>>", "`abs`", "-x if x < 0 else x"),
    ("x = min(a, <<5>>)", "a plain number", "`U64(5)`"),
    ("x = <<a.to_bytes(2, 'little')>>", "in another way", 'a.to_bytes(1, "little")'),
    # Conditions and comparisons.
    ("if <<a>>:\n    pass", "a condition that is `U8`", "`a != 0`"),
    ("if <<some>>:\n    pass", "a condition that is", "`some is not None`"),
    ("check(<<a>> and flag, 'x')", "a condition that is `U8`", "`a != 0`"),
    ("x = a == <<b>>", "are mixed", "`U8(b)`"),
    ("x = <<raw == name>>", "is not compared with", "values of one type"),
    ("x = <<some == None>>", "`None` is not compared", "`some is None`"),
    ("x = <<a is LIMIT>>", "`is` compares with `None`", "`==`"),
    ("x = <<color < Color.BLUE>>", "has no order", "integers, bytes or text"),
    ("x = a in <<raw>>", "`in` looks into relations", "key in self.relation"),
    # Values that may be none.
    ("x = <<some>>.balance", "may be none", "`if some is not None:`"),
    ("x = <<maybe>> + 1", "this may be none", "`if maybe is not None:`"),
    ("x = replace(<<some>>, balance=1)", "a row is needed", "`if some is not None:`"),
    ("y = U8(<<maybe>>)", "`U8` is needed", "`if maybe is not None:`"),
    # Bytes and text.
    ("x = <<raw[0]>>", "a byte is no number", "`raw[0:0 + 1]`"),
    ("x = raw[<<b>>:]", "`U32` is needed", "`U32(b)`"),
    ("x = raw[0:4:<<2>>]", "a slice with steps", "a slice without"),
    ("x = <<name[0:2]>>", "not cut by characters", "name.encode()"),
    ("x = <<len(name)>>", "in characters", "`len(name.encode())`"),
    ("x = <<len(a)>>", "has no length", "bytes or a list"),
    ("x = <<raw + name>>", "does not go with", "bytes or text joined"),
    ("x = <<name * 2>>", "does not go with", "integers of one type"),
    ("x: Raw = <<long>>", "is needed", "narrow(long, Annotated[bytes, Max(8)])"),
    ("x = sha256(<<name>>)", "bytes are needed", "`name.encode()`"),
    ("x = sha256(<<b>>)", "bytes are needed", 'b.to_bytes(8, "little")'),
    ("x = <<Raw(long)>>", "`Raw` is called", "`narrow(long, Raw)`"),
    ("x = <<narrow(a, Raw)>>", "is not narrowed", "bytes to bytes"),
    ("x = narrow(raw, <<str>>)", "has no bound", "Max(64)"),
    ("x = <<str(a)>>", "`str`", "value.decode()"),
    # Rows, tuples, enums.
    ("x = <<row.missing>>", "has no field `missing`", "`balance`, `limit`"),
    ("x = <<Account(1)>>", "`limit` is missing", "`limit=..`"),
    ("x = Account(1, None, <<extra=1>>)", "is not there", "`balance`"),
    ("x = Account(<<a>>, None)", "`U64` is needed", "`U64(a)`"),
    ("<<row.balance>> = b", "a row does not change", "row = replace(row, balance=..)"),
    ("<<self.total>> = b", "nothing but relations lasts", "a relation"),
    ("x, y = <<row>>", "is not unpacked", "a tuple"),
    ("<<x, y>> = (a, b, s)", "`3` values for `2` names", "as many names"),
    ("x = (a, b)[<<2>>]", "the tuple has `2` elements", "a smaller number"),
    ("x = (a, b)[<<a>>]", "is not known", "a plain number"),
    ("x = <<Color(1)>>", "by its value", "the member itself"),
    ("<<x = y = a>>", "several names", "one assignment for each"),
    # Relations.
    ("x = self.accounts[<<a>>]", "`U8`", "a value of"),
    ("self.accounts[name] = <<a>>", "`Account` is needed", "a value of `Account`"),
    ("x = <<self.accounts.pop>>(name)", "have no `pop`", "self.accounts.get(key)"),
    ("x = <<self.accounts.get(name, None)>>", "`get` with a default", "then `is None`"),
    ("for key in <<self.accounts>>:\n    pass", "something else than a range", "range(N)"),
    ("del <<a>>", "only rows are deleted", "del self.relation[key]"),
    # Loops.
    ("for i in range(<<a>>):\n    pass", "is not known", "a constant `N`"),
    ("for i in <<range(5000)>>:\n    pass", "`5000` rounds", "fewer rounds"),
    ("for i in <<(1, 2)>>:\n    pass", "something else than a range", "range(N)"),
    ("for <<i, j>> in range(2):\n    pass", "more than one name", "one name"),
    # Lists.
    ("x: Raw = <<[]>>", "a list as", "Annotated[list[T], Max(N)]"),
    ("x: Annotated[list[U8], Max(2)] = []\ny = <<x>>", "can only be appended to", "`return`"),
    ("x: Annotated[list[U8], Max(2)] = []\nx.append(<<b>>)", "`U8` is needed", "`U8(b)`"),
    ("x: Annotated[list[U8], Max(2)] = []\n<<x.pop()>>", "lists have no `pop`", "append"),
    # Calls.
    ("x = <<untyped(a)>>", "has no annotations", "a type for each argument"),
    ("x = <<math.sqrt(a)>>", "", "a function"),
    ("x = <<print(a)>>", "`print`", "a result that is returned"),
    ("x = <<self.other>>(a)", "is a transition", "without `@transition`"),
    ("x = <<self.nothing>>(a)", "has no method", "a method of the class"),
    ("x = <<nothing>>(a)", "is not there", "defined above"),
    ("x = again(<<b>>)", "`U8` is needed", "`U8(b)`"),
    ("x = again(<<*raw>>)", "not listed", "each by itself"),
    ("x = <<again()>>", "lacks `n`", "a value for each"),
    ("x = <<check(flag, 'x')>>", "inside of an expression", "a line of its own"),
    ("<<check(flag)>>", "without a reason", 'check(condition, "reason")'),
    ("check(flag, <<name>>)", "not known beforehand", '`"reason"`'),
    ("check(flag, <<''>>)", "empty", "a short line"),
    ("check(flag, <<f'{a}'>>)", "not known beforehand", '`"reason"`'),
    ("x = <<id(a)>>", "differs from run to run", "a key"),
    ("x = <<hash(a)>>", "differs from run to run", "`sha256(value)`"),
    ("x = <<sha256(raw, raw)>>", "takes `1` arguments", "with `1` values"),
    ("x = <<min(a)>>", "the least of a list", "`min(a, b)`"),
    ("x = <<replace(row, row)>>", "`replace` without a row", "field=value"),
    ("x = <<again(a, a)>>", "takes `1` values", "one for each name"),
    ("x = <<a.bit_length>>()", "has no `bit_length`", "or a function"),
    ("x = <<name.upper>>()", "has no `upper`", "or a function"),
    # What is written where another type is needed.
    ("x = sha256(<<maybe>>)", "bytes are needed", "`if maybe is not None:`"),
    ("x = sha256(<<flag>>)", "bytes are needed", "bytes"),
    ("x: Name = <<raw>>", "is needed", "`raw.decode()`"),
    ("x: Raw = <<name>>", "is needed", "`name.encode()`"),
    ("x: bool = <<a>>", "`bool` is needed", "`a != 0`"),
    ("x: Annotated[str, Max(2)] = <<name>>", "is needed", "narrow(name,"),
    ("x: <<float>> = a", "`float`", "smallest unit"),
    ("if <<name>>:\n    pass", "a condition that is", "a comparison"),
    ("x = <<'\\ud800'>>", "UTF-8 cannot hold", "other text"),
    ("x = <<99999999999999999999>>", "no type holds", "a smaller number"),
    ("x = <<a.nothing>>", "has no field `nothing`", "a `@row` class"),
    ("x = <<a < a in self.counts>>", "in a chain", "`and` between"),
    ("<<a[0]>> = a", "is not assigned to", "a local name"),
    ("for i in <<range(1, 2, 0)>>:\n    pass", "that Python does not have", "range(N)"),
    # Results.
    ("return <<a>>", "`None` is needed", "a value of `None`"),
]


@pytest.mark.parametrize(("body", "what", "instead"), BODIES)
def test_body_is_refused(body: str, what: str, instead: str) -> None:
    indented = "".join(f"        {line}\n" for line in body.splitlines())
    error = refused(PRELUDE + CLASS + indented)
    assert what in error.what, str(error)
    assert instead in error.instead, str(error)
    assert str(error).splitlines()[-1].endswith(f"= write instead: {error.instead}")


CLASSES = [
    ("accounts: <<Relation[Name, bytes]>>", "has no bound", "Max(64)"),
    ("accounts: <<Relation[Name, U8 | None]>>", "may be none", "a `@row` class"),
    ("accounts: <<Relation[Long, Annotated[list[U8], Max(2)]]>>", "is `Annotated", "tuple[()]"),
    ("accounts: <<Relation>>", "without types", "Relation[Key, Row]"),
    ("accounts: <<U8>>", "has no value", "Relation[Key, Row]"),
    ("accounts: <<Relation[Annotated[bytes, Max(5000)], U8]>>", "more than `4096`", "smaller"),
    ("accounts: <<Relation[float, U8]>>", "`float`", "an integer of the smallest unit"),
    ("digest: <<Relation[U8, U8]>>", "of its own", "another name"),
]


@pytest.mark.parametrize(("line", "what", "instead"), CLASSES)
def test_relation_is_refused(line: str, what: str, instead: str) -> None:
    source = f"{PRELUDE}\nclass App(Application):\n    {line}\n\n"
    source += "    @transition\n    def act(self) -> None:\n        pass\n"
    error = refused(source)
    assert what in error.what, str(error)
    assert instead in error.instead, str(error)


SIGNATURES = [
    ("<<def>> act() -> None:", "has no `self`", "`self` as first"),
    ("def act(self, <<a>>) -> None:", "has no type", "`a: U64`"),
    ("<<def>> act(self, a: U8):", "its result has no type", "-> None"),
    ("def act(self, a: <<int>>) -> None:", "`int` has no bound", "`U64`"),
    ("def act(self, a: <<str>>) -> None:", "`str` has no bound", "Max(64)"),
    ("def act(self, a: <<U8 | U16>>) -> None:", "several types", "`T | None`"),
    ("def act(self, a: <<tuple[U8, ...]>>) -> None:", "any length", "tuple[U32, U64]"),
    ("def act(self, a: <<Annotated[str, Exactly(4)]>>) -> None:", "none belongs", "`Exactly` for"),
    ("def act(self, a: <<Annotated[list[U8], Max(4)]>>) -> None:", "an argument is", "for each"),
    ("def act(self, a: U8 = <<5>>) -> None:", "may be left out", "plain arguments"),
    ("def act(self, *<<args>>) -> None:", "may be left out", "plain arguments"),
    ("def act(self, a: <<Annotated[bytes, Max(2097152)]>>) -> None:", "too long", "1048576"),
    ("def act(self, a: <<Annotated[bytes, Exactly(0)]>>) -> None:", "cannot be", "Exactly(1)"),
    ("def act(self, a: <<Annotated[bytes, Max('4')]>>) -> None:", "not an integer", "Max(64)"),
    ("def act(self, a: <<Annotated[bytes, Max(4), Max(5)]>>) -> None:", "two bounds", "one `Max"),
    ("def act(self, a: <<Options>>) -> None:", "no enum", "`enum.Enum`"),
    ("def act(self, a: <<tuple[Lists, U8]>>) -> None:", "a tuple of these", "values or rows"),
    ("def act(self) -> <<Annotated[list[Lists], Max(2)]>>:", "a list of these", "values, rows"),
    ("def act(self) -> <<Lists | None>>:", "a list that may be none", "an empty list"),
    ("def act(self, a: <<Clash | None>>) -> None:", "two values `a.present`", "another name"),
    ("def act(self, a: <<Wide>>) -> None:", "has `65` values", "several smaller"),
    ("<<def>> act(self, a: Half, b: Half) -> None:", "are `66` values", "at most `64`"),
    ("def act(self) -> <<dict[str, int]>>:", "`dict`", "a `Relation`"),
    ("<<def>> act(self, a: U8) -> U8:", "may end without a result", "`return` with a value"),
]


@pytest.mark.parametrize(("line", "what", "instead"), SIGNATURES)
def test_signature_is_refused(line: str, what: str, instead: str) -> None:
    source = f"{PRELUDE}\nclass App(Application):\n    @transition\n    {line}\n        pass\n"
    error = refused(source)
    assert what in error.what, str(error)
    assert instead in error.instead, str(error)


def test_recursion_is_refused_where_the_helper_calls_itself() -> None:
    marked = PRELUDE.replace("return again(n)", "return <<again(n)>>")
    error = refused(marked + CLASS + "        x = again(a)\n")
    assert "calls itself" in error.what
    marked = CLASS.replace("return self.loop(n)", "return <<self.loop(n)>>")
    error = refused(PRELUDE + marked + "        x = self.loop(a)\n")
    assert "calls itself" in error.what


def test_helper_without_a_result_on_some_path_is_refused() -> None:
    marked = PRELUDE.replace("def half", "<<def>> half")
    error = refused(marked + CLASS + "        x = half(a)\n")
    assert "may end without a result" in error.what


def test_list_that_may_be_too_long_is_refused() -> None:
    source = f"{PRELUDE}\nclass App(Application):\n    @transition\n"
    source += "    def act(self, a: U8) -> Lists:\n        found: Lists = [a, a]\n"
    source += "        if a > 1:\n            found.append(a)\n        return <<found>>\n"
    error = refused(source)
    assert "a list of up to `3` elements" in error.what
    source = source.replace("return <<found>>", "return <<[a]>>").replace("-> Lists", "-> U8")
    assert "a list as `U8`" in refused(source).what


def test_too_many_rows_are_refused_at_the_statement() -> None:
    body = "        for i in range(40):\n            <<self.counts[U8(i)] = b>>\n"
    error = refused(PRELUDE + CLASS + body)
    assert "more than `32` rows" in error.what


def test_too_many_instructions_are_refused() -> None:
    body = "        x = b\n        for i in range(4096):\n            <<x = x + 1>>\n"
    error = refused(PRELUDE + CLASS + body)
    assert "more than `4096`" in error.what


def test_what_costs_too_much_is_refused_at_the_transition() -> None:
    source = (
        PRELUDE
        + """
Huge = Annotated[bytes, Max(1048576)]

class App(Application):
    @transition
    <<def>> act(self, data: Huge) -> bool:
        digest = sha256(data)
        for i in range(8):
            digest = hmac_sha256(digest, data)
        return digest == b"a"
"""
    )
    error = refused(source)
    assert "the verifier does not take the transition" in error.what
    assert "cost" in error.what


def test_nested_loops_end_before_they_take_for_ever() -> None:
    body = "        x = b\n"
    for depth in range(4):
        body += "    " * (depth + 2) + f"for i{depth} in range(4000):\n"
    body += "    " * 6 + "x = x + b\n"
    with pytest.raises(LanguageError, match="expressions"):
        define(PRELUDE + CLASS + body)


def test_class_without_source_is_refused() -> None:
    source = PRELUDE + CLASS + "        pass\n"
    with pytest.raises(LanguageError, match="cannot be read") as caught:
        exec(compile(source, "<stdin>", "exec", dont_inherit=True), {"__name__": "nowhere"})
    assert "into a file" in caught.value.instead


def test_class_without_transitions_is_refused() -> None:
    with pytest.raises(LanguageError, match="has no transitions"):
        define(PRELUDE + "class App(Application):\n    counts: Relation[U8, U64]\n")


def test_error_shows_the_line_as_rust_does() -> None:
    error = refused(PRELUDE + CLASS + "        x = <<a / 2>>\n")
    line = error.line
    assert str(error).splitlines() == [
        "`/` gives fractions",
        f"   --> {error.file}:{line}:13",
        "   |",
        f"{line} |         x = a / 2",
        "   |             ^^^^^",
        "   = write instead: `//`, which rounds down",
    ]


def test_error_survives_pickling() -> None:
    import pickle

    error = refused(PRELUDE + CLASS + "        x = <<a / 2>>\n")
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), vars(copy)) == (str(error), vars(error))
