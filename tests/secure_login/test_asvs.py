"""The list of ASVS requirements is whole, and what it points at is there."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from deskside.secure_login.authenticators import authenticator, kinds
from deskside.secure_login.sessions import Limits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security" / "asvs.md").read_text(encoding="utf-8")
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
}  # fmt: skip
"""How many requirements each section of V6 and V7 has in ASVS 5.0.0."""

ROWS = re.findall(r"^\| (\d\.\d\.\d+) \| .+? \| ([a-z/]+) \| (.+) \|$", PAGE, re.MULTILINE)
TESTS = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
}


def test_every_requirement_stands_here_once() -> None:
    wanted = [f"{s}.{n}" for s, count in SECTIONS.items() for n in range(1, count + 1)]
    assert [number for number, _state, _how in ROWS] == wanted


def test_every_row_says_how() -> None:
    for number, state, how in ROWS:
        assert state in {"yes", "deviation", "later", "n/a"}, number
        assert len(how) > 20 or state == "n/a", number


def test_every_requirement_that_is_met_or_decided_names_a_test() -> None:
    for number, state, how in ROWS:
        if state in {"yes", "deviation"}:
            assert re.search(r"`test_\w+\.py::test_\w+`", how), number


def test_what_the_list_calls_documented_is() -> None:
    guide = " ".join((ROOT / "docs" / "security" / "login.md").read_text("utf-8").split())
    limits = Limits()
    assert (limits.idle, limits.absolute) == (timedelta(minutes=30), timedelta(hours=12))
    for told in ("30 minutes", "12 hours", "product.s name", "e-mail address"):
        assert re.search(told, guide), told


def test_no_kind_of_device_is_a_telephone() -> None:
    methods = {method for kind in kinds() for method in authenticator(kind).amr}
    assert methods
    assert not methods & {"sms", "tel"}


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 50
    for file, test in named:
        assert f"def {test}(" in TESTS[file], f"{file}::{test}"
