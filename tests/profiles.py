"""How hard the property tests try; loaded by tests/conftest.py.

default  fast; where CI is set, the same cases every time, so that a red run stays red
fuzz     many more cases: `make fuzz`
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

IN_CI = bool(os.environ.get("CI"))

settings.register_profile(
    "default",
    max_examples=60,
    deadline=None,
    derandomize=IN_CI,
    database=None if IN_CI else settings.get_profile("default").database,
    print_blob=True,
)
settings.register_profile(
    "fuzz",
    max_examples=5_000,
    deadline=None,
    derandomize=False,
    print_blob=True,
    phases=list(Phase),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("default")  # `--hypothesis-profile` comes after it
