"""JUnit XML for build servers: the part that Jenkins and Maven Surefire both know.

A finding is a test case: a problem fails it, what was not tested is skipped.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from deskside.foundation.evidence import in_words
from deskside.foundation.findings import Finding, Status
from deskside.network.reports import words
from deskside.network.reports.model import Document

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold (section 2.2)."""


def write(document: Document) -> str:
    """The XML document."""
    report = document.report
    cases = [_case(finding) for finding in report.findings]
    suite = ET.Element(
        "testsuite",
        name="deskside network test",
        time=f"{report.seconds:.3f}",
        tests=str(len(cases)),
        errors=str(sum(case.find("error") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("made", document.made.isoformat(timespec="seconds")),
        ("verdict", report.verdict.value),
        ("root_cause", report.root_cause or ""),
        ("undecided_between", " ".join(report.undecided_between)),
        ("stopped", str(report.stopped).lower()),
        ("redacted", str(document.redacted).lower()),
        *((f"not tested: {what}", why) for what, why in words.not_tested(document)),
    ):
        ET.SubElement(properties, "property", name=_clean(name), value=_clean(value))
    suite.extend(cases)
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=False).join(
        ['<?xml version="1.0" encoding="UTF-8"?>\n', "\n"]
    )


def _case(finding: Finding) -> ET.Element:
    case = ET.Element(
        "testcase",
        classname=_clean(f"network.{finding.code}"),
        name=_clean(finding.title),
        time="0",
    )
    details = "\n".join(filter(None, [seen(finding), finding.cause, finding.remedy]))
    if finding.status is Status.UNKNOWN:
        problem = ET.SubElement(case, "skipped", message=_clean(finding.title))
    elif finding.is_problem:
        kind = "error" if finding.status is Status.CRASHED else "failure"
        problem = ET.SubElement(case, kind, message=_clean(finding.title), type=finding.code)
    else:
        problem = ET.SubElement(case, "system-out")
    problem.text = _clean(details)
    return case


def seen(finding: Finding) -> str:
    """Evidence on one line."""
    return " · ".join(in_words(finding.evidence))


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
