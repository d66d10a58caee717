"""The connection over time as a page: on the portal, and on this very computer."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Response
from markupsafe import Markup

from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.network.monitor.drawing import cells, draw
from deskside.network.monitor.metrics import CONTENT_TYPE
from deskside.network.monitor.model import Change, State
from deskside.network.monitor.overview import SPANS, Overview
from deskside.network.monitor.service import MonitorService, of_this_computer
from deskside.network.monitor.words import (
    outcome_words,
    state_word,
    target_row,
)
from deskside.web.service import AnyRequest, page, require_visitor

PATH = "/network/monitor"

_TONES = {
    State.SUCCESS: "ok",
    State.DEGRADED: "warning",
    State.FAILURE: "failure",
    State.VOID: "neutral",
}


@get(PATH, sync_to_thread=True, include_in_schema=False)
def portal_page(request: AnyRequest, monitor: NamedDependency[MonitorService]) -> Response[str]:
    """What the portal's own computer saw."""
    require_visitor(request)
    return _page(request, monitor)


@get("/metrics", sync_to_thread=True, include_in_schema=False)
def portal_metrics(request: AnyRequest, monitor: NamedDependency[MonitorService]) -> Response[str]:
    """The same for Prometheus; for nobody unless the operator says for whom."""
    address = request.client.host if request.client else ""
    text = monitor.metrics(address, request.headers.get("authorization", ""))
    return Response(text, media_type=CONTENT_TYPE)


@get(PATH, sync_to_thread=True, include_in_schema=False, name="local-monitor")
def local_page(request: AnyRequest) -> Response[str]:
    """What this computer saw."""
    return _page(request, of_this_computer())


def _page(request: AnyRequest, monitor: MonitorService) -> Response[str]:
    span = SPANS.get(request.query_params.get("span", ""), SPANS["day"])
    target = request.query_params.get("host") or None
    begun = monitor.file.is_file()
    context: dict[str, Any] = {
        "begun": begun,
        "spans": [(one.name, _(one.label)) for one in SPANS.values()],
        "span": span.name,
        "host": target or "",
    }
    if begun:
        context |= _shown(monitor.overview(span, target))
    return page(request, "pages/network_monitor.html", **context)


def _shown(seen: Overview) -> dict[str, Any]:
    label = _("Latency, loss and verdict: {span}").format(span=_(seen.span.label))
    title = f"{label} · {seen.target}" if seen.target else label
    confirmed, since = seen.standing.confirmed, seen.standing.since
    last = seen.last.outcome if seen.last else None
    return {
        "verdict": confirmed.state.value if confirmed else "",
        "holds": outcome_words(confirmed) if confirmed else "",
        "since": _("Since {time}").format(time=when(since)) if since else "",
        "last": _latest(seen),
        "void": outcome_words(last) if last and last.state is State.VOID else "",
        "picture": Markup(draw(seen.periods, title)),  # noqa: S704 - made by us, texts escaped
        "title": title,
        "hosts": [
            ("", _("All hosts")),
            *((one.id, f"{one.host} ({one.id})") for one in seen.targets),
        ],
        "rows": [target_row(one) for one in seen.targets],
        "periods": [cells(one) for one in reversed(seen.periods) if one.worst],
        "changes": [_change(one) for one in seen.changes],
        "counts": [(state_word(state), count) for state, count in seen.runs.items()],
    }


def _latest(seen: Overview) -> str:
    if seen.last is None:
        return ""
    return _("Latest test: {time}, {outcome}").format(
        time=when(seen.last.started), outcome=outcome_words(seen.last.outcome)
    )


def _change(one: Change) -> dict[str, str]:
    before = (
        _("Before: {outcome}").format(outcome=outcome_words(one.previous)) if one.previous else ""
    )
    return {
        "title": outcome_words(one.now),
        "when": when(one.at),
        "iso": one.at.isoformat(),
        "detail": before,
        "tone": _TONES[one.now.state],
    }


def portal_pages() -> list[Any]:
    """Pages of the portal."""
    return [portal_page, portal_metrics]


def local_pages() -> list[Any]:
    """Pages of this computer."""
    return [local_page]
