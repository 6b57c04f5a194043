"""From a transition's name and arguments to a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zeta.client.task import Call
from zeta.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zeta.app import Application
    from zeta.client.session import Request


class Transitions:
    """Those of an application; without one, they are numbers and take bytes."""

    def __init__(self, app: type[Application] | None) -> None:
        self._app = app
        self._known = {} if app is None else dict(app.transitions)
        self._numbers = {name: number for number, name in enumerate(self._known)}

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def unknown(self, name: str) -> AttributeError:
        """What is raised for an attribute that is none."""
        if self._app is None:
            return AttributeError(f"no transition `{name}` is known: connect with `app=`")
        return AttributeError(f"`{self._app.__name__}` has no transition `{name}`")

    def call(self, name: str | int, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """A call, whose arguments are checked.

        Raises:
            InvalidType: an argument is of another type, is missing, or too many.
            InvalidValue: there is no such transition, or an argument is out of range.
        """
        if isinstance(name, int):
            if len(args) != 1 or kwargs or not isinstance(args[0], bytes):
                raise InvalidType("a transition that is named by its number takes one `bytes`")
            if not 0 <= name < 1 << 16:
                raise InvalidValue(f"`{name}` is no transition: `0` to `{(1 << 16) - 1}`")
            return Call(name, args[0], None)
        if name not in self._known:
            raise InvalidValue(str(self.unknown(name)))
        signature = self._known[name]
        return Call(self._numbers[name], signature.encode_arguments(args, kwargs), signature)

    def again(self, request: Request) -> Call:
        """The call that a request is of."""
        signatures, which = list(self._known.values()), request.transition
        known = signatures[which] if which < len(signatures) else None
        call = Call(which, request.arguments, known)
        call.request = request
        return call
