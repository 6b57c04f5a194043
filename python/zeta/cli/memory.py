"""How much memory this process has resident."""

from __future__ import annotations

import os
import resource
from pathlib import Path


def resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        # Without /proc the peak has to do; it is given in units of 1024 bytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
