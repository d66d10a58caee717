"""What every format of a report is made from. Plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deskside.foundation.findings import Finding
from deskside.network.diagnosis import Report
from deskside.network.model import Host

VERSION = 1
"""Of the JSON form; `schema.json` describes it."""

FALSE_ADDRESSES = frozenset({"captive-portal", "dns-hijacked", "dns-injected"})
"""Causes with which the addresses of names cannot be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """What belongs to a person, a computer or its network, and is taken out on request.

    Attributes:
        addresses: of this computer, its routers and name servers; also hardware addresses.
        names: of this computer and its network, search domains too.
        people: user names.
        places: folders whose paths name a person.
    """

    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the catalogue, and how the test of it ended.

    Attributes:
        addresses: what its name resolved to, where that can be trusted.
        finding: the finding about it.
    """

    host: Host
    addresses: tuple[str, ...]
    finding: Finding | None

    @property
    def failed(self) -> bool:
        """Whether it could not be reached as it should; what was not tested has not failed."""
        return (
            self.finding is not None
            and self.finding.code != "not-tested"
            and (self.finding.is_problem)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report with what its reader needs besides.

    Attributes:
        where: from where it was tested, in words.
        made: when the test ended.
        hidden: ids of rows whose host was taken out, so that no rule can be written for them.
        redacted: whether private values were taken out.
    """

    report: Report
    made: datetime
    where: str
    private: Private = field(default_factory=Private)
    hidden: frozenset[str] = frozenset()
    redacted: bool = False

    def as_json(self) -> dict[str, Any]:
        """The document of `network test --json`."""
        return {
            "format": VERSION,
            "made": self.made.isoformat(timespec="seconds"),
            "seconds": round(self.report.seconds, 1),
            "stopped": self.report.stopped,
            "redacted": self.redacted,
            **self.report.as_json(),
        }

    def rows(self) -> list[Row]:
        """The rows, in the order of the catalogue."""
        about = _about_rows(self.report.findings)
        distrusted = self.report.root_cause in FALSE_ADDRESSES
        rows = []
        for host, target in zip(self.report.hosts, self.report.targets, strict=True):
            finding = about.get((host.host, str(target["code"])))
            false = distrusted or target["code"] in FALSE_ADDRESSES
            found = () if false else addresses_of(target)
            rows.append(Row(host=host, addresses=found, finding=finding))
        return rows


def addresses_of(target: dict[str, Any]) -> tuple[str, ...]:
    """What the name of a target resolved to."""
    lookup = target["lookup"] or {}
    return (*lookup.get("ipv4", ()), *lookup.get("ipv6", ()))


def _about_rows(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    return {(one.subject, one.code): one for one in findings}


def document_of(
    report: Report, *, made: datetime, where: str, private: Private | None = None
) -> Document:
    """The document of a report; `private` is needed to take it out later."""
    return Document(report=report, made=made, where=where, private=private or Private())
