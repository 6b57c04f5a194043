"""Writing a small file so that a crash leaves either the old or the new one, whole."""

import os
from pathlib import Path


def write(path: Path, data: bytes) -> None:
    """Replaces a file; when it returns, the new content survives a loss of power.

    Only the owner may read it. One writer at a time: callers hold a lock.

    Raises:
        OSError: it cannot be written; the old file is whole.
    """
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # A file that was left behind keeps its rights.
        os.fchmod(descriptor, 0o600)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(new, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
