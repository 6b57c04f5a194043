"""`zeta serve` and `zeta keygen`: an application on the network, and the keys that it takes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import signal
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

import zeta
from zeta.access import AccessList, Client, Grant
from zeta.cli import options
from zeta.cli.app import named
from zeta.cli.failure import INTERRUPTED, misuse
from zeta.cli.screen import Screen
from zeta.client.handshake import public_key
from zeta.errors import ApiMisuse
from zeta.receipts import introduction
from zeta.server import Limits, Server

_SEED_LEN = 32
# Beside the connections: those that are told that they are too many, logs, and what Python opens.
_OTHER_FILES = 512
_CLIENT = {"key", "transitions", "lifetime", "gateway", "grants"}
_GRANT = {"relation", "access", "prefix"}


def keygen(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the secret goes.")],
    json: options.Json = False,
) -> None:
    """Draw a secret: of an identity, or of a client. Print what others may know of it.

    The secret goes to a new file that only you may read, and nowhere else.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = secrets.token_bytes(_SEED_LEN)
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        misuse(f"`{file}` exists, and may hold a secret that is still needed")
    with os.fdopen(made, "w") as out:
        out.write(secret.hex() + "\n")
    screen = Screen(json)
    identity = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw().hex()
    client = public_key(secret).hex()
    screen.say(f"as an identity  {identity}")
    screen.say(f"as a client     {client}")
    screen.result({"identity": identity, "client_key": client})


def serve(
    app: Annotated[str, typer.Option(metavar="MODULE:CLASS", help="The application.")],
    access: Annotated[
        Path, typer.Option(help="The access list, in TOML.", exists=True, dir_okay=False)
    ],
    identity_key: Annotated[
        Path,
        typer.Option(help="The identity's secret, from keygen.", exists=True, dir_okay=False),
    ],
    listen: Annotated[str, typer.Option(metavar="HOST:PORT")] = "127.0.0.1:7070",
    epoch: Annotated[float, typer.Option(min=0.001, help="Seconds between certifications.")] = 1.0,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Verifier threads.")] = 1,
    log: Annotated[Path | None, typer.Option(help="A new folder for the logs.")] = None,
    connections: Annotated[
        int, typer.Option(min=1, max=65_000, help="Connections that are taken.")
    ] = Limits().connections,
    sessions: Annotated[
        int, typer.Option(min=1, max=65_535, help="Sessions of each worker, open at once.")
    ] = 16_384,
    json: options.Json = False,
) -> None:
    """Serve an application to the clients of an access list, until a signal ends it.

    Then what was asked is answered and certified before the connections are closed. A second
    signal ends it at once.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        misuse(f"`{listen}` is not HOST:PORT")
    served = named(app)
    allowed = access_list(access.read_text())
    seed = secret_in(identity_key)
    screen = Screen(json)
    make_room(connections)

    async def run() -> None:
        server = Server(Limits(connections=connections))
        with zeta.open(
            app=served,
            access=allowed,
            identity=seed,
            epoch=epoch,
            workers=workers,
            sessions=sessions,
            log=log,
            on_epoch=server.epoch_decided,
        ) as store:
            ended = ended_by_signal(screen)
            try:
                bound = await server.listen(store, host, int(port))
            except OSError as error:
                misuse(f"`{listen}` cannot be listened on: {error}")
            who = introduction.decode(store.introduction)
            pin = f"zeta://{host}:{bound} {who.identity.hex()} {who.instance.hex()}"
            screen.say("clients pin this line in their trust file:")
            screen.say(pin)
            told = {"identity": who.identity.hex(), "instance": who.instance.hex()}
            # At once: who started this needs it to pin, while it runs.
            screen.result({**told, "port": bound})
            await ended.wait()
            await server.close()

    asyncio.run(run())


def make_room(connections: int) -> None:
    """Sees to it that so many connections fit into what the system lets a process open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _OTHER_FILES
    if hard != resource.RLIM_INFINITY and hard < needed:
        misuse(f"`{connections}` connections need `{needed}` open files, and `{hard}` are allowed")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def ended_by_signal(screen: Screen) -> asyncio.Event:
    """Is set by the first signal; the second ends the process where it is."""
    ended = asyncio.Event()

    def end() -> None:
        if ended.is_set():
            screen.say("ended at once: what was open is not certified")
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        screen.say("ending: what was asked is answered and certified; again ends it at once")
        ended.set()

    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, end)
    return ended


def secret_in(file: Path) -> bytes:
    """The secret in a file that `keygen` wrote."""
    with contextlib.suppress(ValueError):
        secret = bytes.fromhex(file.read_text())
        if len(secret) == _SEED_LEN:
            return secret
    misuse(f"`{file}` holds no secret: make one with `zeta keygen`")


def access_list(text: str) -> AccessList:
    """The access list that a TOML text states."""
    try:
        stated = tomllib.loads(text)
        _only(stated, {"clients", "embedded_receipts"})
        return AccessList(
            tuple(_client(one) for one in stated.get("clients", [])),
            embedded_receipts=_flag(stated, "embedded_receipts"),
        )
    except (ValueError, TypeError, KeyError, AttributeError, ApiMisuse) as error:
        misuse(f"the access list cannot be read: {error}")


def _client(stated: dict[str, Any]) -> Client:
    _only(stated, _CLIENT)
    return Client(
        key=bytes.fromhex(stated["key"]),
        transitions=_names(stated["transitions"]),
        grants=tuple(_grant(one) for one in stated.get("grants", [])),
        lifetime=stated.get("lifetime", Client.lifetime),
        gateway=_flag(stated, "gateway"),
    )


def _names(stated: Any) -> tuple[str, ...]:
    if type(stated) is not list or not all(type(one) is str for one in stated):
        raise ValueError("`transitions` is a list of names")
    return tuple(stated)


def _grant(stated: dict[str, Any]) -> Grant:
    _only(stated, _GRANT)
    prefix = bytes.fromhex(stated.get("prefix", ""))
    return Grant(stated["relation"], stated.get("access", "both"), prefix)


def _flag(stated: dict[str, Any], name: str) -> bool:
    value = stated.get(name, False)
    if type(value) is not bool:
        raise ValueError(f"`{name}` is true or false")
    return value


def _only(stated: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(stated.keys() - known)
    if unknown:
        # A right that is misspelled must not become another one.
        raise ValueError(f"`{unknown[0]}` is none of {sorted(known)}")
