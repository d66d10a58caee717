"""What the pages of the knowledge base have in common: addresses, languages, rows of lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from deskside.foundation.text import LANGUAGES, language, use_language
from deskside.knowledge.model import Article
from deskside.web.service import AnyRequest


def speak(request: AnyRequest) -> None:
    """Answer in the language that the address names, if it names one of ours."""
    if (named := request.query_params.get("lang", "")) in LANGUAGES:
        use_language(named)


def site(request: AnyRequest) -> str:
    """The site's own address, without a slash at its end."""
    return str(request.base_url).rstrip("/")


def with_query(path: str, options: Mapping[str, str]) -> str:
    """A path with choices in its query."""
    return f"{path}?{urlencode(options)}" if options else path


def row(article: Article) -> dict[str, Any]:
    """An article as lists show it."""
    return {
        "number": article.number,
        "title": article.title,
        "summary": article.summary,
        "foreign": foreign(article.language),
        "language": article.language,
        "runs": bool(article.checks),
    }


def foreign(tag: str) -> str:
    """The name of a language that is not the visitor's; empty where it is."""
    return "" if tag == language() else LANGUAGES[tag]


def chosen(articles: list[Article], request: AnyRequest) -> list[Article]:
    """The articles with the tag and for the platform that the address names."""
    tag = request.query_params.get("tag", "")
    platform = request.query_params.get("platform", "")
    return [
        article
        for article in articles
        if (not tag or tag in article.tags) and (not platform or platform in article.platforms)
    ]
