"""What to tell an administrator: a text to copy, precise enough to act on without asking back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deskside.foundation.evidence import in_words
from deskside.foundation.findings import Finding, Status
from deskside.foundation.findings_grouped import LISTED, Block, grouped, some
from deskside.foundation.text import _, ngettext
from deskside.network.reports import words
from deskside.network.reports.model import Document

_NOT_FOR_THEM = frozenset({Status.OK, Status.NOTICE, Status.NOT_APPLICABLE})


def write(document: Document) -> str:
    """The text; empty where there is nothing to ask for."""
    blocks = [
        (block, explained)
        for block, explained in grouped(document.report.findings)
        if block.status not in _NOT_FOR_THEM
    ]
    if not blocks:
        return ""
    ports = {row.host.host: row.host.ports for row in document.rows()}
    parts = [_head(document, blocks[0][0])]
    for number, (block, explained) in enumerate(blocks, 1):
        parts.append("\n".join(_block(number, block, explained, ports)))
    parts += filter(None, [_deciding(document), _untested(document), _reached(document)])
    return "\n\n".join(parts)


def _head(document: Document, first: Block) -> str:
    code = document.report.root_cause or first.first.code
    subject = _("Subject: trading connection: {code}").format(code=code)
    said = _(
        "The connection test of Deskside ended at {time}, {where}, with the result: {verdict}."
    ).format(
        time=words.moment(document),
        where=document.where,
        verdict=_(words.VERDICTS[document.report.verdict]),
    )
    side = _("The fault is on this computer's side, not on the way or at the far end.")
    return f"{subject}\n\n{said}" + (f"\n{side}" if document.report.our_side else "")


def _block(
    number: int, block: Block, explained: Sequence[Block], ports: dict[str, tuple[int, ...]]
) -> Iterable[str]:
    first = block.first
    title, _who = block.parts
    yield f"{number}. {title} [{first.code}]"
    if first.cause:
        yield "   " + _("Cause: {text}").format(text=first.cause)
    if first.remedy:
        yield "   " + _("Please: {text}").format(text=first.remedy)
    yield "   " + _("Seen:")
    yield from (f"   - {line}" for line in _lines(block, ports))
    for one in explained:
        yield "   " + _("This also explains: {text} [{code}]").format(
            text=one.parts[0], code=one.first.code
        )
        yield from (f"     - {line}" for line in _lines(one, ports))


def _lines(block: Block, ports: dict[str, tuple[int, ...]]) -> list[str]:
    told = [_line(one, ports) for one in block.findings[:LISTED]]
    return some([*told, *(one.subject for one in block.findings[LISTED:])])


def _line(finding: Finding, ports: dict[str, tuple[int, ...]]) -> str:
    """Host, ports, and what was seen of them."""
    evidence = dict(finding.evidence)
    touched = evidence.pop("ports", None) or ports.get(finding.subject, ())
    listed = ", ".join(map(str, touched)) if isinstance(touched, (list, tuple)) else ""
    name = f"{finding.subject} TCP {listed}" if listed else finding.subject
    if isinstance(touched, dict):
        evidence["ports"] = touched
    seen = " · ".join(in_words(evidence))
    return f"{name}: {seen}" if seen else name


def _deciding(document: Document) -> str:
    report = document.report
    if not report.undecided_between:
        return ""
    codes = ", ".join(report.undecided_between)
    told = [_("From here these look the same: {codes}.").format(codes=codes)]
    if report.deciding_tests:
        told += [_("What would decide:"), *(f"- {test}" for test in report.deciding_tests)]
    return "\n".join(told)


def _untested(document: Document) -> str:
    told = [f"- {what}: {why}" for what, why in words.not_tested(document)]
    return "\n".join([_("Not tested, so nothing is claimed about it:"), *told]) if told else ""


def _reached(document: Document) -> str:
    proved = sum(one.status is Status.OK for one in document.report.findings)
    if not proved:
        return _("No host could be reached.")
    return ngettext(
        "{count} host was reached and proved who it is.",
        "{count} hosts were reached and proved who they are.",
        proved,
    ).format(count=proved)
