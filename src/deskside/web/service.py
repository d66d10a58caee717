"""What the pages of every part use of the shell: rendering, forms, redirects, the visitor."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, Template
from litestar import Request
from litestar.exceptions import ClientException, HTTPException
from litestar.response import Response, Stream

from deskside import __version__
from deskside.foundation import evidence
from deskside.foundation.errors import NotAllowed, NotLoggedIn
from deskside.foundation.text import LANGUAGES, _, language, ngettext
from deskside.web.middleware import CONTENT_SECURITY_POLICY
from deskside.web.model import FieldError, NavigationItem, Visitor

AnyRequest = Request[Any, Any, Any]

STATIC = Path(__file__).parent / "static"
NOW = "\0"
"""Where a template wants what it has written so far to be sent: a sign that no page contains."""

FORM_LIMIT = 64 * 1024
"""Bytes of a form that we read; no form of ours comes near it."""


@dataclass
class Shell:
    """What is the same for all pages of one application.

    Attributes:
        packages: packages whose `templates/` are searched after the shell's own.
        navigation: the main navigation, in order.
        local: pages of this very computer instead of the portal.
        demo: show the demonstration banner.
        language_chosen: is told the id of a user name and the language that its owner chose.
        recent_events: what happened lately to a visitor's user name, as `ui.events` shows it.
    """

    packages: list[str]
    navigation: list[NavigationItem]
    local: bool = False
    demo: bool = False
    recent_events: Callable[[Visitor], list[dict[str, str]]] = lambda _visitor: []
    language_chosen: Callable[[str, str], None] = lambda _user_name_id, _language: None
    digests: dict[str, str] = field(default_factory=dict)

    @cached_property
    def environment(self) -> Environment:
        """The template environment: escaped, strict, translated."""
        loaders = [PackageLoader("deskside.web"), *map(PackageLoader, self.packages)]
        environment = Environment(
            loader=ChoiceLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        # Jinja's i18n extension adds this method at run time.
        environment.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]
        environment.globals |= {"static": self.static, "in_words": evidence.named, "now": NOW}
        return environment

    def static(self, name: str) -> str:
        """Address of a static file, with its digest so that it may be cached for ever."""
        if name not in self.digests:
            content = (STATIC / name).read_bytes()
            self.digests[name] = hashlib.sha256(content).hexdigest()[:12]
        return f"/static/{name}?v={self.digests[name]}"

    def render(self, request: AnyRequest, template: str, context: dict[str, Any]) -> str:
        """One page as text."""
        return self._template(template).render(self._shared(request) | context)

    def pieces(self, request: AnyRequest, template: str, context: dict[str, Any]) -> Iterator[str]:
        """One page in the pieces that the template cuts it into by `NOW`."""
        held: list[str] = []
        for chunk in self._template(template).generate(self._shared(request) | context):
            before, *rest = chunk.split(NOW)
            held.append(before)
            for more in rest:
                yield "".join(held)
                held = [more]
        yield "".join(held)

    def _template(self, name: str) -> Template:
        return self.environment.get_template(name)

    def _shared(self, request: AnyRequest) -> dict[str, Any]:
        """What every template may use."""
        path, person = request.url.path, visitor(request)
        return {
            "language": language(),
            "languages": list(LANGUAGES.items()),
            "visitor": person,
            "navigation": [item.at(path) for item in self.navigation if item.is_for(person)],
            "demo": self.demo,
            "demo_href": "/demo/card" if self.demo else "",
            "local": self.local,
            "version": __version__,
            "path": path,
            "here": f"{path}?{query}" if (query := _place(request)) else path,
        }


def _place(request: AnyRequest) -> str:
    """The query of a page that is read, without a language: what a change of language keeps."""
    if request.method not in {"GET", "HEAD"}:
        return ""
    return urlencode([(k, v) for k, v in request.query_params.multi_items() if k != "lang"])


def page(
    request: AnyRequest,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """Render a template as the response to a request."""
    shell: Shell = request.app.state.shell
    text = shell.render(request, template, context)
    return Response(text, status_code=status, headers=headers, media_type="text/html")


def growing_page(request: AnyRequest, template: str, **context: Any) -> Stream:
    """Render a template as a response that is sent while it grows, piece by piece.

    Nothing can be changed once it has begun: whatever may refuse the request comes before.
    """
    shell: Shell = request.app.state.shell
    pieces = shell.pieces(request, template, context)
    # A proxy that gathers the page first would show nothing until it is whole.
    return Stream(
        pieces, status_code=200, headers={"x-accel-buffering": "no"}, media_type="text/html"
    )


def may_connect_to(sources: Iterable[str]) -> dict[str, str]:
    """Headers for a page whose script connects to other places too (CSP level 3, `connect-src`)."""
    allowed = "; ".join(
        f"{directive} {' '.join(sources)}" if directive.startswith("connect-src") else directive
        for directive in CONTENT_SECURITY_POLICY.split("; ")
    )
    return {"content-security-policy": allowed}


def part(request: AnyRequest, template: str, **context: Any) -> str:
    """Render a template that is a part of a page."""
    shell: Shell = request.app.state.shell
    return shell.render(request, template, context)


def redirect(path: str, *, cookies: list[Any] | None = None) -> Response[str]:
    """Send the browser on with GET after a form (RFC 9110 section 15.4.4).

    `path` must be one of ours, built by us: use `own_path` for one that came from a request.
    """
    return Response(
        "",
        status_code=303,
        headers={"location": path},
        cookies=cookies or [],
        media_type="text/plain",
    )


def own_path(candidate: str, default: str = "/") -> str:
    """A path on this site that came from a request, or the default: never another site."""
    safe = candidate.startswith("/") and not candidate.startswith(("//", "/\\"))
    return candidate if safe and candidate.isprintable() else default


def visitor(request: AnyRequest) -> Visitor | None:
    """Whose session the request belongs to, if anybody's."""
    found: Visitor | None = request.scope.get("deskside.visitor")  # type: ignore[assignment]
    return found


def require_visitor(request: AnyRequest) -> Visitor:
    """Whose session the request belongs to.

    Raises:
        NotLoggedIn: there is no session, or it has ended.
    """
    found = visitor(request)
    if found is None:
        raise NotLoggedIn(
            "not-logged-in",
            _("You are not logged in, or your session has ended."),
            hint=_("Log in and try again."),
        )
    return found


def require_role(request: AnyRequest, role: str) -> Visitor:
    """The visitor, who must hold a role.

    Raises:
        NotLoggedIn: there is no session.
        NotAllowed: the visitor does not hold the role.
    """
    found = require_visitor(request)
    if role not in found.roles:
        raise NotAllowed(
            "not-allowed",
            _("Your user name may not do this."),
            hint=_("Ask an administrator of your desk."),
        )
    return found


async def form(request: AnyRequest, limit: int = FORM_LIMIT) -> dict[str, str]:
    """The fields of a posted form of at most `limit` bytes; the last of several equal names wins.

    Raises:
        HTTPException: 415 for another content type, 413 when it is too large.
        ClientException: 400 when it is not UTF-8.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(status_code=415, detail=_("A form was expected."))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(status_code=413, detail=_("The form is too large."))
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200, errors="strict")
        )
    except ValueError as error:
        raise ClientException(_("The form could not be read.")) from error


def errors(**messages: str) -> list[FieldError]:
    """Mistakes of a form, for the error summary and beside the fields."""
    return [FieldError(name, message) for name, message in messages.items()]
