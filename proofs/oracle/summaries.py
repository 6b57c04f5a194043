"""Compares the canonical trees that Coq and Rust make of random data sets.

The extension must be built.
"""

import random
import struct
import subprocess
import sys

import zeta

from vectors import ORACLE, Replies, counted, record

DATA_SETS = 400
KEYS_MAX = 40


def data_set(rng):
    """Keys and values of all lengths."""
    count = rng.randrange(KEYS_MAX)
    return {
        rng.randbytes(rng.choice([0, 1, 1, 2, 8, 300])): rng.randbytes(rng.choice([0, 1, 8, 600]))
        for _ in range(count)
    }


def in_the_log(data):
    """The records as the log encodes them: those of relation 0, with values."""
    return b"".join(
        struct.pack("<BHH", 2, 0, len(key)) + key + counted(value) for key, value in data.items()
    )


def main():
    rng = random.Random(1)
    data_sets = [data_set(rng) for _ in range(DATA_SETS)]
    asked = b"".join(record(b"S", in_the_log(data)) for data in data_sets)
    said = subprocess.run([ORACLE], input=asked, stdout=subprocess.PIPE, check=True).stdout
    replies = Replies(said)
    # After the root stands the number of records.
    differing = [data for data in data_sets if bytes(zeta.summary(data))[:-8] != replies.next()]
    if differing:
        sys.exit(
            f"{len(differing)} of {DATA_SETS} data sets differ, such as {min(differing, key=len)}"
        )
    records = sum(map(len, data_sets))
    print(f"{DATA_SETS} data sets of {records} records have one canonical tree in Coq and in Rust")


if __name__ == "__main__":
    main()
