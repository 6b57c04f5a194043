"""Where a mistake is, and the error that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from zeta.errors import LanguageError


@dataclass(frozen=True)
class Position:
    """A part of a source file. Lines and columns count from 1, columns in characters."""

    file: str
    line: int
    column: int = 1
    width: int = 1
    text: str = ""
    """The whole line."""

    def refuse(self, what: str, instead: str) -> LanguageError:
        """The error for what stands here; `instead` says what to write."""
        return LanguageError(
            what,
            instead,
            file=self.file,
            line=self.line,
            column=self.column,
            width=self.width,
            text=self.text,
        )
