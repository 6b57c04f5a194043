"""`zeta verify`: whether receipts hold, offline, under an identity that was pinned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zeta import receipts
from zeta.cli import options
from zeta.cli.failure import found_wrong, misuse
from zeta.cli.screen import Screen


def verify(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECEIPT...",
            help="Receipts: `.json`, or their bytes under any other name.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    identity: Annotated[
        Path,
        typer.Option(
            help="The file with the verifier's public key, such as zeta.pub.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    instance: Annotated[
        str | None, typer.Option(help="The instance that you expect, in hex. Better give it.")
    ] = None,
    program: Annotated[
        str | None, typer.Option(help="The digest of the program that you expect, in hex.")
    ] = None,
    incarnation: Annotated[
        str | None, typer.Option(help="The verifier's incarnation that you expect, in hex.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Verify receipts offline: nobody's word is taken but that of the identity that you name.

    Several are compared, too: two receipts of one epoch that was certified twice show that their
    owners were told two histories.

    Without `--instance`, compare the instance that is shown with the one that you expect: the
    identity may serve others.
    """
    screen = Screen(json)
    pinned = receipts.Pinned(
        receipts.read_identity(identity),
        None if instance is None else of_hex("--instance", instance),
        program=None if program is None else of_hex("--program", program),
        incarnation=None if incarnation is None else of_hex("--incarnation", incarnation),
    )
    rows = [verdict(pinned, file) for file in files]
    wrong = [row for row in rows if row["problem"]]
    for row in rows:
        if row["problem"] is None:
            show(screen, row, instance is not None, in_full=len(rows) == 1)
    screen.result({"operations": len(rows) - len(wrong), "receipts": rows})
    if wrong:
        lines = [
            f"{row['file']}: {row['problem']['text']} (`{row['problem']['reason']}`)"
            for row in wrong
        ]
        found_wrong("\nzeta: ".join(lines))


def of_hex(option: str, digits: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        misuse(f"`{option}` is to be hex digits, and is `{digits}`")


def verdict(pinned: receipts.Pinned, file: Path) -> dict[str, Any]:
    """What scripts are told of a receipt."""
    try:
        verified = pinned.verify(receipts.read(file))
    except (receipts.ReceiptError, receipts.Forked) as error:
        problem = {"reason": type(error).__name__, "text": str(error)}
        return {"file": str(file), "problem": problem}
    said = verified.receipt
    return {
        "file": str(file),
        "problem": None,
        "instance": said.instance.hex(),
        "incarnation": said.incarnation.hex(),
        "program": said.program.hex(),
        "authentication": said.authentication.name.lower(),
        "client_key": said.client_key.hex(),
        "session": said.session,
        "sequence": said.sequence,
        "transition": said.transition,
        "arguments": said.arguments.hex(),
        "answer": said.answer.name.lower(),
        "code": said.code,
        "result": said.result.hex(),
        "thread": said.thread,
        "epoch": said.epoch,
        "counter": said.counter,
        "leaf_hash": verified.leaf_hash.hex(),
    }


def show(screen: Screen, row: dict[str, Any], pinned: bool, in_full: bool) -> None:
    answer = row["answer"] + (f", code {row['code']}" if row["code"] else "")
    clock = f"epoch {row['epoch']}, counter {row['counter']}, thread {row['thread']}"
    screen.say(f"{row['file']}: verified, transition {row['transition']} {answer} in {clock}")
    if not in_full:
        return
    asked = {
        "embedded": "the host",
        "client": f"the client {row['client_key']}",
        "gateway": f"the gateway {row['client_key']}, for somebody else",
    }[row["authentication"]]
    if row["session"]:
        asked += f"; session {row['session']}, request {row['sequence']}"
    screen.table(
        [
            ("asked by", asked),
            ("arguments", row["arguments"] or "none"),
            ("result", row["result"] or "none"),
            ("instance", row["instance"] + ("" if pinned else " (is it the one you expect?)")),
            ("incarnation", row["incarnation"]),
            ("program", row["program"]),
        ]
    )
