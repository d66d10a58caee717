"""The operator's page of what readers say of articles, and of what they searched for in vain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response
from markupsafe import Markup

from deskside.foundation.errors import NotFound
from deskside.foundation.text import LANGUAGES, _
from deskside.foundation.units import when
from deskside.knowledge.feedback.model import Comment, Helpfulness, MissedSearch
from deskside.knowledge.feedback.service import Feedback
from deskside.knowledge.service import Library
from deskside.web.downloads import TYPES, download
from deskside.web.service import AnyRequest, page, redirect, require_role

ADDRESS = "/desk/knowledge"
OPERATOR = "operator"
LISTED = 50
"""Comments and searches that the page shows; the files hold all."""

COLUMNS = {
    "articles": ["number", "language", "helped", "not_helped", "comments"],
    "comments": ["id", "at", "number", "language", "helped", "text"],
    "searches": ["words", "language", "count", "last_seen"],
}

Told = NamedDependency[Feedback]


def desk_pages() -> list[Any]:
    """The addresses."""
    return [knowledge_of_readers, export_file, remove_comment]


@get(ADDRESS, include_in_schema=False, sync_to_thread=True)
def knowledge_of_readers(
    request: AnyRequest, library: NamedDependency[Library], feedback: Told
) -> Response[str]:
    """Articles by helpfulness, comments, and searches without a result."""
    require_role(request, OPERATOR)
    titles = {article.number: article.title for article in library.articles()}
    return page(
        request,
        "pages/desk_knowledge.html",
        crumbs=[(_("Desk"), "/desk"), (_("What readers say"), "")],
        articles=[_article_row(each, titles) for each in feedback.articles()],
        comments=[_comment_row(each, titles) for each in feedback.comments(LISTED)],
        searches=[_search_row(each) for each in feedback.searches(LISTED)],
        files={what: _files(what) for what in COLUMNS},
        removed=request.query_params.get("done", "") == "1",
    )


@get(f"{ADDRESS}/{{what:str}}/{{kind:str}}", include_in_schema=False, sync_to_thread=True)
def export_file(
    request: AnyRequest, feedback: Told, what: FromPath[str], kind: FromPath[str]
) -> Response[Any]:
    """All of it as a file."""
    person = require_role(request, OPERATOR)
    if what not in COLUMNS or kind not in TYPES:
        raise NotFound("unknown-export", _("There is no such export."))
    feedback.exported(f"knowledge-{what}", person.user_name_id)
    kept: dict[str, Iterable[Helpfulness | Comment | MissedSearch]] = {
        "articles": feedback.articles(),
        "comments": feedback.comments(),
        "searches": feedback.searches(),
    }
    rows = (each.as_json() for each in kept[what])
    return download(f"knowledge-{what}", kind, rows, COLUMNS[what])


@post(
    f"{ADDRESS}/remove/{{identifier:str}}",
    include_in_schema=False,
    status_code=303,
    sync_to_thread=True,
)
def remove_comment(request: AnyRequest, feedback: Told, identifier: FromPath[str]) -> Response[str]:
    """Take the words of a comment away."""
    person = require_role(request, OPERATOR)
    feedback.remove_comment(identifier, person.user_name_id)
    return redirect(f"{ADDRESS}?done=1#comments-heading")


def _files(what: str) -> list[tuple[str, str]]:
    return [(kind.upper(), f"{ADDRESS}/{what}/{kind}") for kind in TYPES]


def _article_row(told: Helpfulness, titles: dict[str, str]) -> list[Any]:
    return [
        _link(told.number, told.language, f"{told.name} {titles.get(told.number, '')}"),
        LANGUAGES.get(told.language, told.language),
        {"text": told.helped},
        {"text": told.not_helped},
        {"text": told.comments},
    ]


def _comment_row(comment: Comment, titles: dict[str, str]) -> dict[str, Any]:
    return {
        "link": _link(
            comment.number, comment.language, f"{comment.name} {titles.get(comment.number, '')}"
        ),
        "language": comment.language,
        "language_name": LANGUAGES.get(comment.language, comment.language),
        "when": when(comment.at),
        "helped": comment.helped,
        "text": comment.text,
        "remove_href": f"{ADDRESS}/remove/{comment.id}",
    }


def _search_row(search: MissedSearch) -> list[Any]:
    return [
        search.words,
        LANGUAGES.get(search.language, search.language),
        {"text": search.count},
        when(search.last_seen),
    ]


def _link(number: str, language: str, label: str) -> Markup:
    link = '<a class="govuk-link" href="/kb/{}?lang={}">{}</a>'
    return Markup(link).format(number, language, label.strip())  # noqa: S704
