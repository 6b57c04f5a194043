"""`zeta app`: applications, for those who approve and serve them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from zeta.app import Application
from zeta.app.listing import described
from zeta.cli import options
from zeta.cli.failure import misuse
from zeta.cli.screen import Screen


def show(
    application: Annotated[
        str, typer.Argument(metavar="MODULE:CLASS", help="The application, as Python imports it.")
    ],
    json: options.Json = False,
) -> None:
    """Show an application as the verifier sees it: what people approve by its digest."""
    found = described(named(application).assembly())
    screen = Screen(json)
    screen.say(f"{found['name']}: an application of {found['bytes']} bytes", "bold")
    screen.say(f"  digest   {found['digest']}")
    screen.title("Relations")
    for relation in found["relations"]:
        key, row = (_fields(relation[part]) for part in ("key", "row"))
        screen.say(f"  {relation['name']}[{key}]: {row}")
    for transition in found["transitions"]:
        _show_transition(screen, transition)
    screen.result(found)


def named(application: str) -> type[Application]:
    """The application that `MODULE:CLASS` names."""
    module_name, colon, class_name = application.partition(":")
    if not colon or not module_name or not class_name:
        misuse(f"`{application}` is not MODULE:CLASS")
    sys.path.insert(0, str(Path.cwd()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        misuse(f"there is no module `{error.name}`")
    found = getattr(module, class_name, None)
    if not isinstance(found, type) or not issubclass(found, Application):
        misuse(f"module `{module_name}` has no application `{class_name}`")
    return found


def _fields(fields: list[dict[str, str]]) -> str:
    return ", ".join(f"{one['name']}: {one['type']}" for one in fields)


def _show_transition(screen: Screen, transition: dict[str, Any]) -> None:
    screen.title(f"{transition['name']}({_fields(transition['arguments'])})")
    screen.say(f"  gives {transition['result']}")
    for line in transition["doc"].splitlines()[:1]:
        screen.say(f"  {line}")
    screen.say(
        f"  at most {transition['rows']} rows, {transition['scratch_bytes']:,} bytes of scratch "
        f"memory, {transition['time']:,} units of time"
    )
    for index, line in enumerate(transition["code"]):
        screen.say(f"  {index:4}  {line}")
