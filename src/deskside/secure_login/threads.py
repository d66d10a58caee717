"""Blocking work out of an async handler.

Handlers that share an address with another method are async and use this: Litestar 2.25 wraps a
synchronous one once for each method of its address, and then awaits only the outermost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

import anyio.to_thread

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


async def in_thread(work: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Run a blocking function in a worker thread, with the request's language."""
    return await anyio.to_thread.run_sync(work, *arguments)
