"""The network's checks."""

from __future__ import annotations

from collections.abc import Iterable

from deskside.foundation.findings import Finding
from deskside.foundation.registry import Situation
from deskside.foundation.text import mark
from deskside.network.causes import WORDS


class Hosts:
    """Whether this computer reaches every host and port that TWS needs (KB2816)."""

    id = "network.hosts"
    reaches_out = True
    title = mark("Hosts and ports")
    options = ("catalogue", "only")
    codes = tuple(WORDS)

    def applies(self, situation: Situation) -> bool:
        return True

    def run(self, situation: Situation) -> Iterable[Finding]:
        from deskside.network.service import NetworkService

        service = NetworkService()
        only = situation.option("only")
        report = service.test(
            service.load(situation.option("catalogue")), only=only.split(",") if only else ()
        )
        return report.findings
