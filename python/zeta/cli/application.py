"""The application: which commands there are, and how they end."""

from __future__ import annotations

from collections.abc import Callable

import typer

from zeta.cli.failure import guarded


def application() -> typer.Typer:
    from zeta.cli.app import show
    from zeta.cli.attack import attack
    from zeta.cli.bench import bench
    from zeta.cli.demo import demo
    from zeta.cli.replay import replay
    from zeta.cli.serve import keygen, serve
    from zeta.cli.verify import verify
    from zeta.cli.verify_log import verify_log

    app = typer.Typer(
        name="zeta",
        help="A key-value store whose every answer a small trusted verifier checks.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    for command in (demo, attack, replay, bench, serve, keygen, verify, verify_log):
        name = command.__name__.replace("_", "-")
        app.command(name, help=_paragraphs(command))(guarded(command))
    applications = typer.Typer(help="Look at applications.", no_args_is_help=True)
    applications.command("show", help=_paragraphs(show))(guarded(show))
    app.add_typer(applications, name="app")
    return app


def _paragraphs(command: Callable[..., None]) -> str:
    """The docstring with each paragraph as one line, for the terminal to break."""
    paragraphs = (command.__doc__ or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def run() -> None:
    application()()
