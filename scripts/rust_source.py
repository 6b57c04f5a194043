"""Reads Rust sources well enough to count and rewrite them: blanks out strings and comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*)
  | (?P<block>/\*)
  | (?P<raw>\b(?:br|cr|r)(?P<hashes>\#*)"(?s:.*?)"(?P=hashes))
  | (?P<string>\b[bc]?"(?:\\(?s:.)|[^"\\])*"|"(?:\\(?s:.)|[^"\\])*")
  | (?P<char>'(?:\\(?:u\{[0-9a-fA-F_]+\}|x[0-9a-fA-F]{2}|.)|[^'\\\n])')
    """,
    re.VERBOSE,
)
FUNCTION = re.compile(
    r"\b(?:pub(?:\([^)]*\))?\s+)?(?:(?:const|async|unsafe|extern)\s+)*fn\s+(?P<name>\w+)"
)
TEST_FILE = re.compile(r"^#!\[cfg\(all\(test\b", re.MULTILINE)
TEST_MODULE = re.compile(
    r"#\[cfg\(test\)\]\s*(?:#\[[^\n]*\]\s*)*(?:pub\s+)?mod\s+\w+\s*(?P<end>[;{])"
)


@dataclass(frozen=True)
class Function:
    name: str
    line: int
    length: int


def block_comment_end(text: str, start: int) -> int:
    """Rust nests block comments, which no regular expression follows."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[start:]):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return start + mark.end()
    return len(text)


def blank(text: str) -> str:
    """The text with strings, characters and comments turned to spaces; positions are kept."""
    pieces: list[str] = []
    position = 0
    while found := TOKEN.search(text, position):
        end = block_comment_end(text, found.start()) if found["block"] else found.end()
        pieces.append(text[position : found.start()])
        pieces.append(re.sub(r"[^\n]", " ", text[found.start() : end]))
        position = end
    pieces.append(text[position:])
    return "".join(pieces)


def closing(code: str, opening: int) -> int:
    """The position after the bracket that closes the one at `opening`, in blanked code."""
    pairs = {"{": "}", "(": ")", "[": "]"}
    opener, closer = code[opening], pairs[code[opening]]
    depth = 0
    for position in range(opening, len(code)):
        if code[position] == opener:
            depth += 1
        elif code[position] == closer:
            depth -= 1
            if depth == 0:
                return position + 1
    return len(code)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def test_spans(code: str) -> list[tuple[int, int]]:
    """Where the test modules of a file stand, in blanked code; a file may be one as a whole."""
    if TEST_FILE.search(code):
        return [(0, len(code))]
    return [
        (found.start(), closing(code, found.start("end")) if found["end"] == "{" else found.end())
        for found in TEST_MODULE.finditer(code)
    ]


def without_tests(code: str) -> str:
    """Blanked code with its test modules turned to spaces as well."""
    for start, end in test_spans(code):
        code = code[:start] + re.sub(r"[^\n]", " ", code[start:end]) + code[end:]
    return code


def code_line_count(text: str) -> int:
    """Lines that are neither blank, nor comment, nor in a test module."""
    return sum(1 for line in without_tests(blank(text)).splitlines() if line.strip())


def line_count_without_tests(text: str) -> int:
    """All lines but those of the test modules, which end a file."""
    tests = sum(text.count("\n", start, end) + 1 for start, end in test_spans(blank(text)))
    return len(text.splitlines()) - tests


def functions(text: str) -> Iterator[Function]:
    """Every function with a body, and how many lines it takes from `fn` to its last brace."""
    code = blank(text)
    for found in FUNCTION.finditer(code):
        position = found.end()
        while position < len(code) and code[position] not in "{;":
            position = closing(code, position) if code[position] in "([" else position + 1
        if position < len(code) and code[position] == "{":
            start, end = line_of(code, found.start()), line_of(code, closing(code, position) - 1)
            yield Function(found["name"], start, end - start + 1)
