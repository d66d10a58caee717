"""The findings about the name servers, from all that was seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _
from deskside.network.host_findings import Judged, finding_of
from deskside.network.line_observations import RunSeen
from deskside.network.observations import Found

LONG_LOOK_UP = 2_000.0
"""Milliseconds of a look-up that waited for a silent name server; systems wait so long at least."""


def findings(run: RunSeen, judged: Sequence[Judged]) -> list[Finding]:
    """All of them."""
    return [*_names(run, judged), *_mute_servers(run)]


def _names(run: RunSeen, judged: Sequence[Judged]) -> list[Finding]:
    """The resolver invents answers, or somebody on the way does."""
    found = []
    injected = [one for one in run.line.answers if len(set(filter(None, one.answers))) > 1]
    invented = [
        one for one in (run.canary, *run.line.canaries) if one and one.result is Found.FOUND
    ]
    # Whoever forges answers on the way forges those for names that do not exist, too.
    if invented and not injected and not any(one.finding.code == "dns-hijacked" for one in judged):
        evidence = {"name": invented[0].name, "addresses": [*invented[0].ipv4, *invented[0].ipv6]}
        found.append(finding_of("dns-hijacked", Status.WARNING, "resolver", evidence))
    names = {one.name for one in injected}
    hurt = any(one.finding.is_problem and one.seen.host.host in names for one in judged)
    for answers in injected[:1]:
        status = Status.FAILURE if hurt else Status.WARNING
        told = [list(one) for one in answers.answers]
        about = {"server": answers.server, "answers": told, "names": len(names)}
        found.append(finding_of("dns-injected", status, answers.name, about))
    return found


def _mute_servers(run: RunSeen) -> Iterable[Finding]:
    """Name servers that were silent before another answered, and that look-ups waited for."""
    answering = next((one.server for one in run.line.answers if one.answers), "")
    waited = max((one.lookup.milliseconds for one in run.hosts if one.lookup), default=0.0)
    mute = dict.fromkeys(one.server for one in run.line.answers if one.server != answering)
    for server in mute if answering and waited >= LONG_LOOK_UP else ():
        evidence = {"milliseconds": round(waited), "answered_by": answering}
        yield replace(
            finding_of("dns-blocked", Status.WARNING, server, evidence),
            title=_("The name server {address} does not answer").format(address=server),
            cause=_("Every look-up waits for it before the next name server is asked."),
            remedy=_("Take it out of this computer's network settings, or have it repaired."),
        )
