from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deskside.foundation.changes.shown import apply_shown, plan_digest
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.findings import Verdict
from deskside.foundation.text import use_language
from deskside.knowledge import running
from deskside.knowledge.service import Library

from .conftest import Write

pytestmark = pytest.mark.usefixtures("plugin")


@pytest.fixture
def opened(write: Write, library: Callable[[], Library]) -> Library:
    write("7001", checks='["sample.greeting"]', fixes='["sample.polite"]')
    write("7002", checks='["sample.greeting"]')
    write("7003")
    return library()


def test_check_plan_apply_verify_undo(opened: Library, rude: Path) -> None:
    article, options = opened.article("7001"), {"root": str(rude)}
    report = running.examine(article, options)
    assert report.verdict is Verdict.FAILURE
    offer = report.offer()
    assert offer
    plan = running.make_plan(report, offer)
    assert (rude / "greeting.txt").read_text() == "Oi!"
    change = apply_shown(running.engine(), plan, plan_digest(plan))
    assert running.examine(article, options).verdict is Verdict.SUCCESS
    running.engine().undo(change.id)
    assert (rude / "greeting.txt").read_text() == "Oi!"


def test_only_the_plan_that_was_shown_is_applied(opened: Library, rude: Path) -> None:
    report = running.examine(opened.article("7001"), {"root": str(rude)})
    offer = report.offer("sample.polite")
    assert offer
    shown = plan_digest(running.make_plan(report, offer))
    (rude / "greeting.txt").write_text("Grr")
    with pytest.raises(Refused, match="since this plan was shown"):
        apply_shown(running.engine(), running.make_plan(report, offer), shown)
    assert (rude / "greeting.txt").read_text() == "Grr"


def test_a_plan_has_one_digest_in_every_language(opened: Library, rude: Path) -> None:
    report = running.examine(opened.article("7001"), {"root": str(rude)})
    offer = report.offer()
    assert offer
    digests = set()
    for tag in ("en", "it"):
        use_language(tag)
        digests.add(plan_digest(running.make_plan(report, offer)))
    assert len(digests) == 1


def test_a_fix_that_the_article_does_not_name_is_not_offered(opened: Library, rude: Path) -> None:
    report = running.examine(opened.article("7002"), {"root": str(rude)})
    assert report.findings[0].fixes
    assert report.offer() is None
    with pytest.raises(NotFound, match="does not apply"):
        report.offer("sample.polite")


def test_an_article_without_checks_has_nothing_to_run(opened: Library) -> None:
    with pytest.raises(Refused, match="for reading"):
        running.examine(opened.article("7003"), {})


def test_an_unknown_article_names_the_nearest(opened: Library) -> None:
    with pytest.raises(NotFound) as caught:
        opened.article("KB7011")
    assert "KB7001 A greeting" in caught.value.hint


BODY = """## Manners {#manners}

1. Look.
2. Say it politely. {check=sample.greeting unless=greeting-rude fix=sample.polite}
3. Wait. {check=sample.greeting}
"""


@pytest.fixture
def stepped(write: Write, library: Callable[[], Library]) -> Library:
    write("7001", checks='["sample.greeting"]', fixes='["sample.polite"]', body=BODY)
    return library()


def states(library: Library, options: dict[str, str]) -> dict[str, str]:
    article = library.article("7001")
    seen = running.look_around(article, options, {})
    return {step.address: state.value for step, state in running.step_states(article, seen)}


def test_a_step_is_run_fixed_and_undone(stepped: Library, rude: Path) -> None:
    article, options = stepped.article("7001"), {"root": str(rude)}
    assert states(stepped, options) == {"manners.2": "to-do", "manners.3": "to-do"}
    report = running.examine_step(article, "manners.2", options)
    offer = report.offer()
    assert offer
    change = running.apply(running.make_plan(report, offer))
    assert states(stepped, options) == {"manners.2": "done", "manners.3": "done"}
    running.engine().undo(change.id)
    assert states(stepped, options) == {"manners.2": "to-do", "manners.3": "to-do"}


def test_a_step_offers_only_its_own_fix(stepped: Library, rude: Path) -> None:
    report = running.examine_step(stepped.article("7001"), "manners.3", {"root": str(rude)})
    assert report.findings
    assert report.offers == []


def test_what_could_not_be_checked_is_never_done(stepped: Library, rude: Path) -> None:
    assert set(states(stepped, {}).values()) == {"not-applicable"}
    (rude / "greeting.txt").unlink()
    assert set(states(stepped, {"root": str(rude)}).values()) == {"unknown"}


def test_an_unknown_step_names_the_known(stepped: Library) -> None:
    with pytest.raises(NotFound) as caught:
        running.examine_step(stepped.article("7001"), "manners.1", {})
    assert "manners.2, manners.3" in caught.value.hint
