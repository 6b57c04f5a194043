"""A client can be installed where the host and the extension are not."""

import subprocess
import sys

SCRIPT = """
import sys
sys.modules["zeta._native"] = None
import zeta.client
loaded = {name for name in sys.modules if name.startswith("zeta.")}
allowed = ("zeta.client", "zeta.receipts", "zeta.errors", "zeta._native", "zeta.network")
print(sorted(name for name in loaded if not name.startswith(allowed)))
"""


def test_neither_host_nor_extension_is_loaded() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
