"""What verdicts, statuses, and what was not tested are called."""

from __future__ import annotations

from deskside.foundation.findings import Status, Verdict
from deskside.foundation.findings_grouped import some
from deskside.foundation.text import _, mark
from deskside.foundation.units import when
from deskside.network.line_observations import DEADLINE, STOPPED
from deskside.network.reports.model import Document

VERDICTS = {
    Verdict.SUCCESS: mark("Success"),
    Verdict.DEGRADED: mark("Degraded"),
    Verdict.FAILURE: mark("Failure"),
}
STATUSES = {
    Status.OK: mark("OK"),
    Status.NOTICE: mark("Notice"),
    Status.WARNING: mark("Warning"),
    Status.FAILURE: mark("Problem"),
    Status.NOT_APPLICABLE: mark("Does not apply"),
    Status.UNKNOWN: mark("Unknown"),
    Status.CRASHED: mark("Check crashed"),
}
SUMMARIES = {
    Verdict.SUCCESS: mark("Everything tested can be reached"),
    Verdict.DEGRADED: mark("It works, with problems"),
    Verdict.FAILURE: mark("Something that is needed cannot be reached"),
}
_WHAT = {
    "canary": mark("who answers for hosts that do not exist"),
    "dns-injected": mark("forged answers about names"),
    "idle": mark("how long quiet connections are kept"),
    "limits": mark("how many connections are allowed at once"),
    "line": mark("this computer and its line, to the end"),
    "ping": mark("ping"),
    "proxies": mark("the proxies that are configured"),
    "rate": mark("how fast data passes"),
    "responder": mark("what only a responder can prove"),
    "segments": mark("large packets"),
    "series": mark("series of connections"),
}
_WHY = {
    DEADLINE: mark("the time was up"),
    STOPPED: mark("the test was stopped"),
    **{
        said: said
        for said in (
            mark("no address is known to be absent"),
            mark("no name server is known"),
            mark("no quiet connection could be judged"),
            mark("no responder of the desk is among the hosts"),
            mark("only with --deep, against a responder"),
            mark("the responder had no room"),
            mark("this computer was too busy"),
            mark("this user may send no echo request"),
            mark("too little came back"),
            mark("too little time for all addresses"),
            mark("too little time; a longer --deadline allows it"),
            mark("too many packets are lost to tell"),
        )
    },
}


def not_tested(document: Document) -> list[tuple[str, str]]:
    """What nothing is claimed about, and why."""
    return [
        (_(_WHAT.get(one["what"], "")) if one["what"] in _WHAT else one["what"], _why(one["why"]))
        for one in document.report.not_tested
    ]


def _why(said: str) -> str:
    return _(_WHY[said]) if said in _WHY else said


def moment(document: Document) -> str:
    """When the test ended. Without the reader's own zone, which tells where they are, where
    private values were taken out."""
    if document.redacted:
        return f"{document.made:%Y-%m-%d %H:%M:%S} UTC"
    return when(document.made)


def proxy_scripts(document: Document) -> list[tuple[str, list[str]]]:
    """Each script that could be used, and what it gives, for whom."""
    return [
        (
            _("Proxy script {address} ({source})").format(address=one.address, source=one.source),
            [f"{answer or '–'}: {', '.join(some(ends))}" for answer, ends in one.given.items()],
        )
        for one in document.report.proxy_scripts
        if not one.problem
    ]
