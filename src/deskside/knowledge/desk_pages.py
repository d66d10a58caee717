"""The operator's pages of a desk's own articles: how each stands, its versions, what changed."""

from __future__ import annotations

import re
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from deskside.foundation.errors import NotFound
from deskside.foundation.text import LANGUAGES, _
from deskside.foundation.units import when
from deskside.knowledge.model import OwnText, article_number
from deskside.knowledge.service import Library
from deskside.web.service import AnyRequest, form, page, redirect, require_role

ADDRESS = "/desk/articles"
OPERATOR = "operator"
SHIPPED = 0
"""The count that stands for the text that came with Deskside."""

Articles = NamedDependency[Library]
Name = FromPath[str]


def desk_pages() -> list[Any]:
    """The addresses."""
    return [own_articles, versions_page, restore_version]


@get(ADDRESS, include_in_schema=False, sync_to_thread=True)
def own_articles(request: AnyRequest, library: Articles) -> Response[str]:
    """Every text of the desk's own."""
    require_role(request, OPERATOR)
    return page(
        request,
        "pages/own_articles.html",
        crumbs=_crumbs(""),
        texts=[_row(text) for text in library.own_texts()],
    )


@get(f"{ADDRESS}/{{number:str}}/{{tag:str}}", include_in_schema=False, sync_to_thread=True)
def versions_page(request: AnyRequest, library: Articles, number: Name, tag: Name) -> Response[str]:
    """The versions of one text, and what changed between two of them."""
    require_role(request, OPERATOR)
    text = _the_text(library, number, tag)
    kept = library.history(number, tag)
    newest = kept[-1].count if kept else SHIPPED
    before = newest - 1 if newest > 1 or text.ours else newest
    old = _count(request.query_params.get("old", ""), before)
    new = _count(request.query_params.get("new", ""), newest)
    changes = library.difference(number, tag, old, new) if kept else []
    counts = [version.count for version in kept] + ([SHIPPED] if text.ours else [])
    return page(
        request,
        "pages/own_article.html",
        crumbs=_crumbs(f"KB{number} {LANGUAGES[tag]}"),
        text=_row(text),
        versions=[
            {"count": v.count, "when": when(v.at), "newest": v.count == newest}
            for v in reversed(kept)
        ],
        choices=[(str(count), _label(count)) for count in sorted(counts, reverse=True)],
        old=str(old),
        new=str(new),
        changes=[(_kind(line), line) for line in changes],
        restored=request.query_params.get("done", "") == "1",
    )


@post(f"{ADDRESS}/{{number:str}}/{{tag:str}}", include_in_schema=False, status_code=303)
async def restore_version(
    request: AnyRequest, library: Articles, number: Name, tag: Name
) -> Response[str]:
    """Put a version back; it becomes the newest."""
    require_role(request, OPERATOR)
    fields = await form(request)
    _the_text(library, number, tag)
    library.restore(number, tag, _count(fields.get("version", ""), -1))
    return redirect(f"{ADDRESS}/{number}/{tag}?done=1")


def _the_text(library: Library, number: str, tag: str) -> OwnText:
    for text in library.own_texts():
        if (text.number, text.language) == (number, tag) and tag in LANGUAGES:
            return text
    raise NotFound(
        "unknown-article",
        _("There is no text of your own for KB{number} ({language}).").format(
            number=number[:20], language=tag[:20]
        ),
        hint=_("Put it into the folder of articles of the portal."),
    )


def _row(text: OwnText) -> dict[str, Any]:
    """A text as the list shows it; what is named wrongly has no page of its own."""
    numbered = article_number(text.number) == text.number
    return {
        "name": f"KB{text.number}" if numbered else text.number,
        "language": LANGUAGES.get(text.language, text.language),
        "title": text.title,
        "href": f"{ADDRESS}/{text.number}/{text.language}"
        if numbered and text.language in LANGUAGES
        else "",
        "article_href": f"/kb/{text.number}?lang={text.language}",
        "versions": text.versions,
        "ours": text.ours,
        "outdated": text.outdated,
        "fault": text.fault,
    }


def _crumbs(here: str) -> list[tuple[str, str]]:
    own = (_("Articles of your own"), ADDRESS if here else "")
    return [(_("Desk"), "/desk"), own, *([(here, "")] if here else [])]


def _label(count: int) -> str:
    return _("as it came with Deskside") if count == SHIPPED else str(count)


def _count(written: str, default: int) -> int:
    return int(written) if re.fullmatch("[0-9]{1,8}", written) else default


def _kind(line: str) -> str:
    if line.startswith(("---", "+++", "@@")):
        return "place"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")
