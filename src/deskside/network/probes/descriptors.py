"""How many sockets may be open at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SPARE = 64
"""Descriptors left to the rest of the process."""


@contextmanager
def descriptors(wanted: int) -> Iterator[int]:
    """How many sockets may be open; the soft limit is lifted for as long as it takes."""
    try:
        import resource
    except ImportError:  # Windows: the selector itself takes no more
        yield 500
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lifted = max(soft, min(hard, wanted + _SPARE))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (lifted, hard))
    try:
        yield max(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _SPARE, 1)
    finally:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
