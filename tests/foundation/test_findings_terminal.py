"""Findings in a terminal: the same is said once, the root cause first, no line too long."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import replace

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.findings import Finding, Status, Verdict
from deskside.foundation.findings_terminal import render_report, render_terminal

NO_NAME = Finding(
    code="dns-blocked",
    status=Status.FAILURE,
    subject="a.example",
    title="a.example (a): the name cannot be looked up",
    evidence={"lookup": "silent", "milliseconds": 5.0},
    cause="The name server gives no address.",
    remedy="Use one that does.",
    article="2816#dns-blocked",
)
OK = Finding(
    code="settings-ok",
    status=Status.OK,
    subject="/x/tws.xml",
    title="whole and saved",
    evidence={"sha256": "ab" * 32, "latest_snapshot": "s1"},
    cause="not shown",
)
PROBLEMS = (Status.FAILURE, Status.WARNING, Status.UNKNOWN, Status.CRASHED)


def shown(*findings: Finding) -> list[str]:
    return click.unstyle(render_terminal(findings)).splitlines()


def about(name: str, one: Finding = NO_NAME, **changed: object) -> Finding:
    said = one.title.partition(": ")[2]
    return replace(one, subject=name, title=f"{name} ({name[0]}): {said}", **changed)  # type: ignore[arg-type]


def test_evidence_has_its_own_line_in_words() -> None:
    assert shown(OK) == ["✓ whole and saved", "    SHA-256 abababababab… · latest snapshot s1"]
    assert shown(replace(OK, evidence={})) == ["✓ whole and saved"]


def test_one_problem() -> None:
    assert shown(NO_NAME) == [
        "✗ a.example (a): the name cannot be looked up",
        "    look-up silent · 5.0 ms",
        "    Why: The name server gives no address.",
        "    Do: Use one that does.",
        "    Read: KB2816#dns-blocked",
    ]


def test_the_same_problem_of_many_hosts_is_one_block() -> None:
    many = [about(f"{letter}.example") for letter in "bcdefgh"]
    many[2] = replace(many[2], evidence={"lookup": "silent", "milliseconds": 7.0})
    backup = replace(NO_NAME, status=Status.WARNING)
    lines = shown(backup, *many, OK)
    assert lines[:3] == [
        "✗ The name cannot be looked up (8)",
        "    " + ", ".join(f"{letter}.example ({letter})" for letter in "abcdefgh"),
        "    look-up silent",
    ]
    assert len(lines) == 8


def test_titles_without_a_common_word_are_all_listed() -> None:
    edited = [replace(NO_NAME, title=f"Row {number} was edited") for number in (2, 3)]
    assert shown(*edited)[:2] == ["✗ Row 2 was edited", "    Row 3 was edited"]


def test_a_root_cause_comes_first_and_folds_what_it_explains() -> None:
    root = replace(NO_NAME, code="no-network", title="This computer has no network", cause="none")
    hosts = [about(f"{letter}.example", explained_by="no-network") for letter in "bc"]
    silent = replace(NO_NAME, code="port-dropped", explained_by="no-network", title="z: no answer")
    lines = shown(OK, *hosts, silent, root)
    assert lines[0] == "✗ This computer has no network"
    assert lines[-4:-2] == [
        "    Explains: The name cannot be looked up (2): b.example (b), c.example (c)",
        "    Explains: z: no answer",
    ]
    assert lines[-2] == "✓ whole and saved"
    assert not any("Why: The name server" in line for line in lines)


def test_what_is_explained_by_something_absent_stands_for_itself() -> None:
    assert "Why: The name server gives no address." in "\n".join(
        shown(replace(NO_NAME, explained_by="no-network"))
    )


def test_the_verdict_stands_below_a_blank_line() -> None:
    text = click.unstyle(render_report([OK], Verdict.SUCCESS, "A remark"))
    assert text.splitlines()[-3:] == ["", "A remark", "Success"]
    assert click.unstyle(render_report([], Verdict.SUCCESS)) == "Success"


findings = st.lists(
    st.builds(
        Finding,
        code=st.sampled_from(["a", "b", "c"]),
        status=st.sampled_from(Status),
        subject=st.sampled_from(["s", "t"]),
        title=st.sampled_from(["x: said", "y: said", "y: other", "alone", ": ", "host: " * 40]),
        evidence=st.dictionaries(st.sampled_from(["ports", "n_ms"]), st.integers(0, 3)),
        cause=st.sampled_from(["", "one", "two " * 60]),
        explained_by=st.sampled_from([None, "a", "b", "c"]),
    ),
    max_size=8,
)


@given(findings, st.sampled_from([50, 80, 300]))
def test_nothing_is_left_out_and_no_line_is_too_long(listed: list[Finding], columns: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        patch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((columns, 24)))
        text = click.unstyle(render_terminal(listed))
    assert all(len(line) <= min(columns, 100) for line in text.splitlines())
    said = re.sub(r"\s+", " ", text).lower()
    for finding in listed:
        for word in ("alone", "said", "other"):
            assert word not in finding.title or word in said
        if finding.cause and finding.status in PROBLEMS and finding.explained_by is None:
            assert finding.cause.split()[0] in said
