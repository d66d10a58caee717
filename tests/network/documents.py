"""Documents to write and to redact, made of what a test may well have seen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jsonschema_rs

from deskside.foundation.findings import Finding, Status, verdict
from deskside.network.diagnosis import Report
from deskside.network.host_findings import finding_of
from deskside.network.model import Host
from deskside.network.reports import Document, document_of
from deskside.network.reports.data import schema
from deskside.network.reports.model import Private

CHECKED = jsonschema_rs.validator_for(schema(), validate_formats=True)
"""What every JSON form of a report keeps to."""

MADE = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
PUBLIC = Host(
    id="tws-europe",
    host="zdc1.ibllc.com",
    ports=(4000, 4001),
    tls=(4001,),
    product="Desktop TWS",
    region="Europe",
)
DESK = Host(id="office-milan", host="far-end.desk.test", ports=(4000,), responder=True)


def document(
    *findings: Finding,
    hosts: tuple[Host, ...] = (PUBLIC, DESK),
    targets: tuple[dict[str, Any], ...] = (),
    private: Private | None = None,
    **fields: Any,
) -> Document:
    """A document with these findings; a row without a target of its own was not tested."""
    listed = targets or tuple(target(host) for host in hosts)
    values: dict[str, Any] = {
        "verdict": verdict(findings),
        "root_cause": next((one.code for one in findings if one.is_problem), None),
        "undecided_between": (),
        "findings": findings,
        "targets": listed,
        "hosts": hosts,
        "seconds": 2.5,
    }
    return document_of(
        Report(**(values | fields)), made=MADE, where="from this computer", private=private
    )


def target(host: Host, code: str = "not-tested", **fields: Any) -> dict[str, Any]:
    return {
        "id": host.id,
        "region": host.region,
        "product": host.product,
        "role": host.role,
        "host": host.host,
        "status": "unknown",
        "code": code,
        "finished": True,
        "lookup": None,
        "ports": [],
    } | fields


def dropped(host: Host, **evidence: Any) -> Finding:
    seen = {"ports": list(host.ports), "seen": "silent", "attempts": 6} | evidence
    return finding_of("port-dropped", Status.FAILURE, host, seen)
