"""Signatures: what a transition takes and returns, and both as bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from zeta.app.codec import Encoder, decoded, encoder
from zeta.app.types import Type
from zeta.app.values import Admitter, admitter
from zeta.errors import InvalidType


@dataclass(frozen=True)
class Parameter:
    """An argument of a transition."""

    name: str
    type: Type


@dataclass(frozen=True)
class Signature:
    """A transition from outside."""

    name: str
    parameters: tuple[Parameter, ...]
    result: Type
    doc: str

    def bound(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        """The arguments in order, checked; raises `InvalidType` or `InvalidValue`."""
        if kwargs or len(args) != len(self.parameters):
            args = self._in_order(args, kwargs)
        admitted = zip(self._admitters, args, strict=True)
        return [admit(value, name) for (admit, name), value in admitted]

    def _in_order(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
        names = [parameter.name for parameter in self.parameters]
        if len(args) > len(names):
            raise InvalidType(f"`{self.name}` takes `{len(names)}` arguments, not `{len(args)}`")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in names:
                raise InvalidType(f"`{self.name}` takes no argument `{name}`")
            if name in given:
                raise InvalidType(f"`{self.name}` got the argument `{name}` twice")
            given[name] = value
        missing = [name for name in names if name not in given]
        if missing:
            raise InvalidType(f"`{self.name}` lacks the argument `{missing[0]}`")
        return [given[name] for name in names]

    @cached_property
    def _admitters(self) -> list[tuple[Admitter, str]]:
        return [(admitter(one.type), one.name) for one in self.parameters]

    @cached_property
    def _encoders(self) -> list[Encoder]:
        return [encoder(one.type) for one in self.parameters]

    def encode_arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bytes:
        """The arguments of a call as bytes; raises `InvalidType` or `InvalidValue`."""
        pairs = zip(self._encoders, self.bound(args, kwargs), strict=True)
        return b"".join([encode(value) for encode, value in pairs])

    def decode_result(self, data: bytes) -> Any:
        """The value that a call returned, with rows as instances and ordinary integers."""
        return decoded(self.result, data)

    def __str__(self) -> str:
        taken = ", ".join(f"{one.name}: {one.type}" for one in self.parameters)
        return f"{self.name}({taken}) -> {self.result}"
