"""Builds an application out of the pages of the parts: the portal's, or this computer's own."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from anyio import to_thread
from litestar import Litestar, Router, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException, InternalServerException, NotFoundException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.response import Response
from litestar.static_files import create_static_files_router

from deskside import __version__
from deskside.foundation.errors import DesksideError
from deskside.foundation.text import LANGUAGES
from deskside.web.middleware import (
    LANGUAGE_COOKIE,
    App,
    CrossSiteGuard,
    HeadAsGet,
    HostGuard,
    RequestContext,
    SecurityHeaders,
    Sessions,
    cookie_header,
)
from deskside.web.model import Resolve
from deskside.web.moved import moved_session
from deskside.web.page_cache import PageCache, Policy
from deskside.web.problems import described, on_crash, on_deskside_error, on_http_exception
from deskside.web.service import STATIC, AnyRequest, Shell, form, own_path, redirect, visitor
from deskside.web.static_files import KEEP, StaticFiles

YEAR = 365 * 24 * 3600
BODY_LIMIT = 1024 * 1024
"""Bytes of a request body; a route that takes files raises it for itself."""


def build_app(
    shell: Shell,
    pages: Sequence[Any],
    *,
    api: Sequence[Any] = (),
    dependencies: Mapping[str, Any] | None = None,
    resolve: Resolve | None = None,
    hosts: Collection[str] = ("localhost", "127.0.0.1", "::1"),
    https: bool = False,
    access: Callable[..., None] | None = None,
    shared: Sequence[tuple[Policy, int]] = (),
    on_startup: Sequence[Callable[[], None]] = (),
    on_shutdown: Sequence[Callable[[], None]] = (),
) -> App:
    """Compose pages and API routes into one ASGI application.

    Args:
        shell: what all pages share.
        pages: route handlers of pages.
        api: route handlers, mounted under `/api/v1`.
        dependencies: services by the parameter name under which handlers take them.
        resolve: looks up session tokens; None where there are no sessions.
        hosts: host names that we answer to.
        https: whether browsers reach us by TLS.
        access: called once per request with what the access log holds.
        shared: which pages are the same for everybody, and the bytes that these may take.
    """
    litestar = Litestar(
        route_handlers=[
            # As one router, since an application prepares the handlers of a path anew with each
            # that joins it, and would put those for worker threads into a thread twice.
            Router("/", route_handlers=[*pages, choose_language], before_request=moved_session),
            Router(
                "/api/v1",
                route_handlers=[described(handler) for handler in api],
                before_request=moved_session,
            ),
            create_static_files_router(
                "/static",
                [STATIC],
                include_in_schema=False,
                after_request=_cache_for_ever,
                exception_handlers={
                    ValueError: _no_such_file,
                    InternalServerException: _no_such_file,
                },
            ),
        ],
        dependencies={name: _provide(service) for name, service in (dependencies or {}).items()},
        exception_handlers={
            DesksideError: on_deskside_error,
            HTTPException: on_http_exception,
            Exception: on_crash,
        },
        openapi_config=OpenAPIConfig(
            title="Deskside",
            version=__version__,
            # At its very address: above it Litestar would put pages of its own.
            path="/api/v1/openapi.json",
            render_plugins=[JsonRenderPlugin(path="/")],
        ),
        state=State({"shell": shell}),
        request_max_body_size=BODY_LIMIT,
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
        logging_config=None,
    )
    app: App = litestar
    for policy, keep in [(StaticFiles(), KEEP), *shared]:
        app = PageCache(app, policy, keep)
    app = HeadAsGet(app)
    if resolve is not None:
        app = Sessions(app, resolve)
    app = CrossSiteGuard(app)
    app = SecurityHeaders(app, https=https)
    app = HostGuard(app, hosts)
    return RequestContext(app, access)


@post("/language", include_in_schema=False, status_code=303)
async def choose_language(request: AnyRequest) -> Response[str]:
    """Remember the language that a person chose, and return to the page they were on."""
    fields = await form(request)
    chosen = fields.get("language", "")
    response = redirect(own_path(fields.get("next", "/")))
    if chosen in LANGUAGES:
        name, value = cookie_header(LANGUAGE_COOKIE, chosen, max_age=YEAR)
        response.headers[name.decode()] = value.decode()
        person = visitor(request)
        if person is not None:
            shell: Shell = request.app.state.shell
            await to_thread.run_sync(shell.language_chosen, person.user_name_id, chosen)
    return response


def _provide(service: Any) -> Provide:
    return Provide(lambda: service, sync_to_thread=False)


def _no_such_file(request: AnyRequest, error: Exception) -> Response[Any]:
    """Names that no file can have: with a NUL, or longer than a file system takes."""
    too_long = getattr(error.__cause__, "errno", None) == errno.ENAMETOOLONG
    if isinstance(error, HTTPException) and not too_long:
        return on_http_exception(request, error)
    return on_http_exception(request, NotFoundException())


def _cache_for_ever(response: Response[Any]) -> Response[Any]:
    response.headers["cache-control"] = f"public, max-age={YEAR}, immutable"
    return response
