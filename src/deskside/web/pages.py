"""The shell's own addresses: home, and whether the service lives and is ready."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response

from deskside.foundation.database import Database
from deskside.web.service import AnyRequest, Shell, page, visitor


def portal_pages() -> list[Any]:
    """The addresses that only the portal has."""
    return [home, alive, ready]


@get("/", sync_to_thread=True, include_in_schema=False)
def home(request: AnyRequest) -> Response[str]:
    """What the desk offers to who is logged in; what Deskside is to who is not."""
    person = visitor(request)
    if person is None:
        return page(request, "pages/welcome.html")
    shell: Shell = request.app.state.shell
    return page(request, "pages/home.html", events=shell.recent_events(person))


@get("/healthz", include_in_schema=False, media_type="text/plain", sync_to_thread=False)
def alive() -> str:
    """The process answers."""
    return "ok\n"


@get("/readyz", sync_to_thread=True, include_in_schema=False, media_type="text/plain")
def ready(database: NamedDependency[Database]) -> str:
    """The database answers; raises Unavailable where it does not."""
    with database.read() as connection:
        connection.exec_driver_sql("SELECT 1")
    return "ok\n"
