"""Sending what an article found to the page that shows a link; nothing else, and nothing back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.redaction import Redactor
    from deskside.knowledge.running import Report

PLACE = re.compile(r"/kb/(?P<number>[1-9][0-9]{0,5})/result")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a page waits for a result, and the secret that opens it once."""

    portal: str
    number: str
    token: str

    @classmethod
    def parse(cls, text: str) -> Link:
        """The link as the page shows it.

        Raises:
            UsageProblem: `wrong-link`.
        """
        parts = urlsplit(text)
        place = PLACE.fullmatch(parts.path)
        known = parts.scheme in ("http", "https") and parts.hostname
        if not (place and known and TOKEN.fullmatch(parts.fragment)):
            raise UsageProblem(
                "wrong-link",
                _("That is not a link from the page of an article."),
                hint=_("Copy the whole command from the page; put the link in quotation marks."),
            )
        return cls(f"{parts.scheme}://{parts.netloc}", place["number"], parts.fragment)


def document(report: Report, *, names: bool) -> dict[str, Any]:
    """What would be sent: the article's number and what was found.

    Args:
        names: leave names, places and addresses as they are.
    """
    from deskside.foundation.redaction import Redactor

    findings: list[Any] = [finding.as_json() for finding in report.findings]
    for finding in findings:
        del finding["fixes"]
    if not names:
        user = report.situation.option("user")
        redactor = Redactor.of_this_computer({user: "<user>"} if user else {})
        findings = [_redacted(redactor, finding) for finding in findings]
    return {"article": report.article.number, "findings": findings}


def send(link: Link, report: Report, *, names: bool) -> int:
    """Send what was found to the page; the number of findings.

    Raises:
        UsageProblem: `wrong-link`: it is for another article.
        DesksideError: the portal is out of reach, or the link is spent.
    """
    from deskside.foundation.portal_client import PortalClient

    if link.number != report.article.number:
        raise UsageProblem(
            "wrong-link",
            _("The link is for KB{number}.").format(number=link.number),
            hint=f"deskside run KB{link.number}",
        )
    sent = document(report, names=names)
    with PortalClient(link.portal) as portal:
        portal.request("POST", "/results", json={"token": link.token} | sent)
    return len(sent["findings"])


def _redacted(redactor: Redactor, finding: dict[str, Any]) -> dict[str, Any]:
    """A finding with personal data replaced; codes and statuses are no person's."""
    kept = {name: finding[name] for name in ("code", "status", "article", "explained_by")}
    return {name: redactor.value(value) for name, value in finding.items()} | kept
