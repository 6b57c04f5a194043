"""The command `zeta`; its libraries load when it runs, not with the package."""


def main() -> None:
    from zeta.cli.application import run

    run()
