"""Text: what a terminal shows, and as a file with the letter to the administrator below."""

from __future__ import annotations

import click

from deskside.foundation.findings_terminal import render_report
from deskside.foundation.text import _
from deskside.foundation.wrapping import wrapped
from deskside.network.reports import letter, words
from deskside.network.reports.model import Document


def terminal(document: Document) -> str:
    """The report as a terminal shows it; colours are the terminal's to drop."""
    report = document.report
    root = report.root_cause
    remarks = [_("Root cause: {code}").format(code=root)] if root else []
    if report.undecided_between:
        codes = ", ".join(report.undecided_between)
        remarks += [_("Undecided between: {codes}").format(codes=codes), *report.deciding_tests]
    if report.our_side:
        remarks.append(_("The fault is on this computer's side, not on the way or at the far end."))
    if report.stopped:
        remarks.insert(0, _("The test was stopped; this is what was seen until then."))
    below = [*_scripts(document), *_untested(document), *remarks]
    return render_report(report.findings, report.verdict, *below)


def write(document: Document) -> str:
    """The report and the letter as a file."""
    head = _("Connection test of {time}, {where}").format(
        time=words.moment(document), where=document.where
    )
    told = letter.write(document)
    below = [_("What to tell your administrator"), "", told] if told else []
    return "\n".join(
        [head, "", click.unstyle(terminal(document)), *([""] if below else []), *below, ""]
    )


def _scripts(document: Document) -> list[str]:
    return [
        line
        for script, given in words.proxy_scripts(document)
        for line in (f"{script}:", *(f"  {one}" for one in given), "")
    ]


def _untested(document: Document) -> list[str]:
    """What was not tested: once for each reason."""
    by_reason: dict[str, list[str]] = {}
    for what, why in words.not_tested(document):
        by_reason.setdefault(why, []).append(what)
    if not by_reason:
        return []
    lines = [
        line
        for why, what in by_reason.items()
        for line in wrapped(f"{', '.join(what)}: {why}", "  ")
    ]
    return [_("Not tested:"), *lines, ""]
