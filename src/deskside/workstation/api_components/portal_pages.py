"""The packages of API components as the portal shows them, with the command that installs each.

A server touches nobody's computer: what a visitor does is done by their own `deskside`.
"""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.response import Response

from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.web.service import AnyRequest, page
from deskside.workstation.api_components.catalogue import packages
from deskside.workstation.api_components.model import Package

SYSTEMS = {"windows": "Windows", "macos": "macOS", "linux": "Linux"}
_SIGNS = (("windows", "windows"), ("mac os", "macos"), ("macintosh", "macos"), ("linux", "linux"))
"""Words of a browser's own name for its system, and which it is."""

_LANGUAGES = {"cpp": "C++", "csharp": "C#", "excel": "Excel", "java": "Java", "python": "Python"}


@get("/api-components", sync_to_thread=False, include_in_schema=False)
def portal_page(request: AnyRequest) -> Response[str]:
    """What the vendor has published for a system: the visitor's own, or one that they name."""
    named = str(request.query_params.get("system", ""))
    system = named if named in SYSTEMS else system_of(request.headers.get("user-agent", ""))
    fitting = [one for one in packages() if system in one.systems]
    return page(
        request,
        "api_components/portal.html",
        system=system,
        systems=[
            (name, label, f"/api-components?system={name}") for name, label in SYSTEMS.items()
        ],
        system_name=SYSTEMS[system],
        newest=next((_row(one) for one in fitting if one.fits(system) and one.url), None),
        packages=[_row(one) for one in fitting],
    )


def system_of(browser: str) -> str:
    """The system that a browser says it runs on; Windows where it does not say."""
    told = browser.lower()
    return next((system for sign, system in _SIGNS if sign in told), "windows")


def portal_pages() -> list[Any]:
    """Pages of the portal."""
    return [portal_page]


def _row(package: Package) -> dict[str, Any]:
    channels = {"latest": _("latest"), "stable": _("stable"), "old": _("old")}
    opened = package.kind in ("zip", "jar")
    return {
        "version": package.version,
        "channel": channels.get(package.channel, package.channel),
        "file": package.file,
        "size": size(package.size) if package.size else "",
        "licence": package.licence,
        "components": ", ".join(_LANGUAGES.get(one, one) for one in package.components),
        "minimum": package.minimum_tws,
        "released": package.released.isoformat() if package.released else "",
        "note": _(package.note) if package.note else "",
        "url": package.url,
        "command": f"deskside api install {package.url or package.file}" if opened else "",
    }
