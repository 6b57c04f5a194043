"""`python -m zeta.cli`, the same as the command `zeta`."""

from zeta.cli import main

main()
