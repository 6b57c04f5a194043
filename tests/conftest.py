"""Settings of every test: how hypothesis searches."""

import os

from hypothesis import settings

# Timings are noisy on a busy machine, so no example has a deadline. In continuous integration the
# search is the same at every run: a failure there must be one that its author can repeat.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("long", deadline=None, max_examples=10_000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "default")
)
