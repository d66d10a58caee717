"""A test's result in files that stand alone: JUnit XML for build servers, HTML for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from jinja2 import Environment, PackageLoader

from deskside.foundation.evidence import in_words
from deskside.foundation.findings import Finding, Status
from deskside.foundation.text import _, language
from deskside.foundation.units import when
from deskside.network.diagnosis import Report


def junit(report: Report) -> str:
    """A JUnit XML document: a test case for each finding."""
    failures = sum(finding.status is Status.FAILURE for finding in report.findings)
    suite = ET.Element(
        "testsuite",
        name="deskside network test",
        tests=str(len(report.findings)),
        failures=str(failures),
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    for finding in report.findings:
        suite.append(_case(finding))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _case(finding: Finding) -> ET.Element:
    case = ET.Element("testcase", classname=f"network.{finding.code}", name=finding.title)
    details = "\n".join(
        part for part in (seen(finding.evidence), finding.cause, finding.remedy) if part
    )
    if finding.is_problem:
        kind = "skipped" if finding.status is Status.UNKNOWN else "failure"
        problem = ET.SubElement(case, kind, message=finding.title)
        problem.text = details
    return case


def html(report: Report) -> str:
    """One page that needs nothing else. Whatever strangers answered is escaped."""
    environment = Environment(loader=PackageLoader("deskside.network"), autoescape=True)
    return environment.get_template("report.html").render(
        _=_,
        language=language(),
        report=report,
        seen=seen,
        when=when(datetime.now(UTC)),
    )


def seen(evidence: Mapping[str, Any]) -> str:
    """Evidence on one line."""
    return " · ".join(in_words(evidence))
