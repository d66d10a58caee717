"""HTML that stands alone: one file, no script, nothing from elsewhere, and a policy that says so.

Whatever strangers answered is escaped, and could do nothing if it were not.
"""

from __future__ import annotations

import base64
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deskside import __version__
from deskside.foundation.evidence import named
from deskside.foundation.findings_grouped import grouped, has_more
from deskside.foundation.text import _, language, ngettext
from deskside.foundation.units import number
from deskside.network.reports import allow, letter, words
from deskside.network.reports.model import Document

_STYLE = Path(__file__).parent / "templates" / "report.css"


def write(document: Document) -> str:
    """The page."""
    blocks = grouped(document.report.findings)
    failed = allow.allowable(document, failed=True)
    everything = allow.allowable(document, failed=False)
    page = _environment().get_template("report.html")
    return page.render(
        language=language(),
        policy=_policy(),
        style=Markup(_style()),  # noqa: S704 -- our own file
        version=__version__,
        document=document,
        report=document.report,
        made=words.moment(document),
        seconds=number(document.report.seconds, 1),
        summary=_(words.SUMMARIES[document.report.verdict]),
        problems=[pair for pair in blocks if has_more(pair[0].first)],
        rows=document.rows(),
        not_tested=words.not_tested(document),
        proxy_scripts=words.proxy_scripts(document),
        failed=failed,
        lists_failed=allow.lists(document, failed),
        everything=everything,
        lists_all=allow.lists(document, everything) if len(everything) > len(failed) else [],
        letter=letter.write(document),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("deskside.network.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        extensions=["jinja2.ext.i18n"],
    )
    # Jinja's i18n extension adds this method at run time.
    environment.install_gettext_callables(_, ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {
        "named": named,
        "count_word": number,
        "most_rows": allow.MOST_ROWS,
        "verdict_word": lambda verdict: _(words.VERDICTS[verdict]),
        "status_word": lambda status: _(words.STATUSES[status]),
    }
    return environment


@cache
def _style() -> str:
    return _STYLE.read_text(encoding="utf-8")


@cache
def _policy() -> str:
    """Nothing but our own style, known by its digest (CSP level 3, section 8.3)."""
    digest = base64.b64encode(sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
