"""Processes of the test's own that start fast: forked from a server that has imported all."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext


def forked() -> ForkServerContext:
    """How to start them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["deskside.foundation.audit.service", "alembic.command", "hypothesis", "pytest", "psycopg"]
    )
    return context
