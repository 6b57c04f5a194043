"""Applications: classes whose transitions a verifier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from zeta.app.annotation import names_around
from zeta.app.compilation import compiled, loaded
from zeta.app.declaration import Declaration, declare
from zeta.app.encoding import Assembly, digest_of
from zeta.app.failure import REASON_BASE
from zeta.app.integers import U32
from zeta.app.relation import Table
from zeta.app.signature import Signature
from zeta.errors import InvalidType


class Application:
    """The base of every application: relations, and methods that are transitions.

    The class is checked when it is defined; what its language does not have raises
    `LanguageError` there.
    """

    transitions: ClassVar[dict[str, Signature]]
    """The transitions by name, in the order of their numbers."""
    relations: ClassVar[dict[str, Table]]
    """The relations by name, in the order of their numbers."""
    reasons: ClassVar[dict[int, str]]
    """The texts of the application's own failures, by code."""
    if TYPE_CHECKING:
        epoch: U32
        """The epoch in which a transition runs; it never goes down from call to call."""

    _declaration: ClassVar[Declaration]
    _assembly: ClassVar[Assembly]
    _program: ClassVar[bytes]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        declaration = declare(cls, names_around(1))
        cls._declaration = declaration
        cls.relations = declaration.tables
        cls.transitions = {
            name: declared.signature for name, declared in declaration.transitions.items()
        }
        assembly = compiled(declaration)
        cls.reasons = {REASON_BASE + index: reason for index, reason in enumerate(assembly.reasons)}
        cls._assembly = assembly
        cls._program = loaded(declaration, assembly)

    def __new__(cls) -> Self:
        raise InvalidType(
            f"`{cls.__name__}` is not made: `zeta.open(app={cls.__name__})` serves it, "
            f"`{cls.__name__}.simulate()` tries it out"
        )

    @classmethod
    def program(cls) -> bytes:
        """The program that a verifier loads: the application's one encoding."""
        return cls._program

    @classmethod
    def assembly(cls) -> Assembly:
        """The program in parts, for people to read."""
        return cls._assembly

    @classmethod
    def digest(cls) -> bytes:
        """SHA-256 of "zeta program v1", a zero byte and the program: what people approve."""
        return digest_of(cls._program)

    @classmethod
    def simulate(cls) -> Self:
        """The application as plain Python over dicts: the meaning of its program.

        Transitions are methods, relations are mappings, and `epoch` may be set.
        """
        from zeta.app.simulation import Simulation

        return cast(Self, Simulation(cls._declaration, cls.reasons))
