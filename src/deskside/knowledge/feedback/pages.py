"""The portal's pages by which readers tell the desk something: search, and *was this helpful*."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Response

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.knowledge.feedback.rules import LONGEST_COMMENT
from deskside.knowledge.feedback.service import Feedback
from deskside.knowledge.listing import speak, with_query
from deskside.knowledge.search_pages import list_page
from deskside.knowledge.service import Library
from deskside.web.model import FieldError
from deskside.web.service import AnyRequest, errors, form, page, redirect, visitor

Articles = NamedDependency[Library]
Told = NamedDependency[Feedback]
Name = FromPath[str]

ANSWERS = {"yes": True, "no": False}


def portal_pages() -> list[Any]:
    """The addresses."""
    return [portal_list, opinion_page, give_opinion, thanks_page]


@get("/kb", include_in_schema=False, sync_to_thread=True)
def portal_list(request: AnyRequest, library: Articles, feedback: Told) -> Response[str]:
    """All articles, or those that were searched for."""
    return list_page(request, library, feedback.missed)


@get("/kb/{number:str}/opinion", include_in_schema=False, sync_to_thread=True)
def opinion_page(request: AnyRequest, library: Articles, number: Name) -> Response[str]:
    """The question on a page of its own."""
    speak(request)
    return _form(request, library, number)


@post("/kb/{number:str}/opinion", include_in_schema=False, status_code=303)
async def give_opinion(
    request: AnyRequest, library: Articles, feedback: Told, number: Name
) -> Response[Any]:
    """Take an opinion, and say thanks."""
    speak(request)
    fields = await form(request)
    return await anyio.to_thread.run_sync(_take, request, library, feedback, number, fields)


@get("/kb/{number:str}/thanks", include_in_schema=False, sync_to_thread=True)
def thanks_page(request: AnyRequest, library: Articles, number: Name) -> Response[str]:
    """The same for everybody, whatever they said."""
    speak(request)
    article = library.article(number)
    return page(
        request,
        "pages/message.html",
        kind="confirmation",
        title=_("Thank you"),
        lead=_("Your desk reads what is said of its articles. Your name was not kept."),
        actions=[
            {"href": f"/kb/{article.number}", "label": _("Back to the article")},
            {"href": "/kb", "label": _("Knowledge base")},
        ],
    )


def _take(
    request: AnyRequest, library: Library, feedback: Feedback, number: str, fields: dict[str, str]
) -> Response[Any]:
    article = library.article(number)
    comment, helped = fields.get("comment", ""), ANSWERS.get(fields.get("helpful", ""))
    if helped is None:
        return _form(request, library, number, comment, errors(comment=_("Press Yes or No.")))
    person, client = visitor(request), request.client
    source = person.user_name_id if person else client.host if client else ""
    try:
        feedback.give(
            article.number, article.language, helped=helped, comment=comment, visitor=source
        )
    except UsageProblem as problem:
        return _form(request, library, number, comment, errors(comment=problem.message))
    query = {"lang": request.query_params["lang"]} if "lang" in request.query_params else {}
    return redirect(with_query(f"/kb/{article.number}/thanks", query))


def _form(
    request: AnyRequest,
    library: Library,
    number: str,
    comment: str = "",
    wrong: list[FieldError] | None = None,
) -> Response[str]:
    return page(
        request,
        "pages/article_opinion.html",
        status=400 if wrong else 200,
        article=library.article(number),
        comment=comment,
        most=LONGEST_COMMENT,
        errors=wrong or [],
    )
