"""Access lists: whom an instance serves, which transitions they may call, on which rows."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Literal, TypeAlias

from zeta.argument import byte_string, many, number_within
from zeta.errors import InvalidType, InvalidValue

if TYPE_CHECKING:
    from zeta.app import Application

Access: TypeAlias = Literal["read", "write", "both"]

_MAGIC = b"zeta access v1\0"
_COUNT = Struct("<H")
_CLIENT = Struct("<32sBI")
_GRANT = Struct("<HBH")
_ACCESS: dict[str, int] = {"read": 1, "write": 2, "both": 3}
_KEY_LEN = 32
_PREFIX_LEN_MAX = 4096
_COUNT_MAX = 2**16 - 1
_CLIENT_KIND, _GATEWAY_KIND = 1, 2


@dataclass(frozen=True)
class Grant:
    """Rows of a relation, and what may be done to them.

    Raises `InvalidValue` and `InvalidType` for what no access list can say.
    """

    relation: str
    access: Access = "both"
    prefix: bytes = b""
    """Of the keys' encodings (`relation.encode_key`); empty for the whole relation."""

    def __post_init__(self) -> None:
        if self.access not in _ACCESS:
            raise InvalidValue(f"`access` is one of {sorted(_ACCESS)}, not `{self.access}`")
        if len(byte_string(self.prefix)) > _PREFIX_LEN_MAX:
            raise InvalidValue(f"a prefix has at most `{_PREFIX_LEN_MAX}` bytes")


@dataclass(frozen=True)
class Client:
    """A client key, and what who has it may do. A transition needs its rows granted, too."""

    key: bytes
    """X25519 public key, 32 bytes."""
    transitions: tuple[str, ...]
    grants: tuple[Grant, ...]
    lifetime: int = 86_400
    """A session ends so many epochs after the one in which it was opened."""
    gateway: bool = False
    """It asks for others, and receipts say so."""

    def __post_init__(self) -> None:
        key = byte_string(self.key)
        if len(key) != _KEY_LEN or not any(key):
            raise InvalidValue(f"a client key has `{_KEY_LEN}` bytes, not all of them zero")
        number_within("lifetime", self.lifetime, 0, 2**32 - 1)
        if isinstance(self.transitions, str):
            raise InvalidType("`transitions` are names, not one")


@dataclass(frozen=True)
class AccessList:
    """Whom an instance serves. Its name contains the list: who pins the one pins the other."""

    clients: tuple[Client, ...] = ()
    embedded: bool = True
    """The host itself may ask, for anything."""
    embedded_receipts: bool = False
    """What the host itself asks for has receipts, too."""

    def encode(self, app: type[Application]) -> bytes:
        """The list's one encoding for an application, whose names it uses.

        Raises:
            InvalidValue: it names what the application has not, or a client twice.
        """
        if self.embedded_receipts and not self.embedded:
            raise InvalidValue("`embedded_receipts` are receipts of nothing without `embedded`")
        clients = {byte_string(one.key): one for one in many("clients", self.clients)}
        if len(clients) < len(tuple(self.clients)):
            raise InvalidValue("a client key stands in the access list twice")
        flags = int(self.embedded) | int(self.embedded_receipts) << 1
        encoded = [_MAGIC, bytes([flags]), _count("clients", len(clients))]
        encoded += [_client(app, clients[key]) for key in sorted(clients)]
        return b"".join(encoded)


def _client(app: type[Application], client: Client) -> bytes:
    numbers = {name: number for number, name in enumerate(app.transitions)}
    transitions = sorted({_known(app, "transition", numbers, one) for one in client.transitions})
    tables = {name: table.index for name, table in app.relations.items()}
    grants: dict[tuple[int, bytes], int] = {}
    for grant in client.grants:
        place = _known(app, "relation", tables, grant.relation), byte_string(grant.prefix)
        grants[place] = grants.get(place, 0) | _ACCESS[grant.access]
    kind = _GATEWAY_KIND if client.gateway else _CLIENT_KIND
    encoded = [_CLIENT.pack(byte_string(client.key), kind, client.lifetime)]
    encoded.append(_count("transitions", len(transitions)))
    encoded += [_COUNT.pack(number) for number in transitions]
    encoded.append(_count("grants", len(grants)))
    for (relation, prefix), access in sorted(grants.items()):
        encoded += [_GRANT.pack(relation, access, len(prefix)), prefix]
    return b"".join(encoded)


def _known(app: type[Application], what: str, numbers: dict[str, int], name: str) -> int:
    try:
        return numbers[name]
    except KeyError:
        has = ", ".join(f"`{one}`" for one in numbers)
        raise InvalidValue(f"`{app.__name__}` has no {what} `{name}`: it has {has}") from None


def _count(what: str, count: int) -> bytes:
    if count > _COUNT_MAX:
        raise InvalidValue(f"an access list has at most `{_COUNT_MAX}` {what}")
    return _COUNT.pack(count)
