"""Running an article, or one step of it: check, findings, plan, apply, verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deskside.foundation import registry
from deskside.foundation.changes.engine import Engine
from deskside.foundation.changes.model import Change, Plan
from deskside.foundation.errors import NotFound, Refused, UsageProblem
from deskside.foundation.findings import Finding, Status, Verdict, verdict
from deskside.foundation.paths import data_folder
from deskside.foundation.registry import Situation
from deskside.foundation.text import _
from deskside.knowledge import markdown, steps
from deskside.knowledge.model import Article, Step
from deskside.knowledge.steps import StepState

URGENCY = (Status.FAILURE, Status.WARNING, Status.NOTICE)
"""The findings that a fix may answer, the worst first."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix of the article that applies to something that was found."""

    fix: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks of an article, or of one step, found, and what could be done about it.

    Attributes:
        findings: what is shown of it.
        fixes: ids of the fixes that may be offered.
        seen: all that each check found, by its id.
    """

    article: Article
    situation: Situation
    findings: tuple[Finding, ...]
    fixes: tuple[str, ...]
    seen: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """What the findings come to."""
        return verdict(self.findings)

    @property
    def offers(self) -> list[Offer]:
        """The fixes that apply, those for the worst findings first."""
        return [
            Offer(fix, finding)
            for status in URGENCY
            for finding in self.findings
            if finding.status is status
            for fix in finding.fixes
            if fix in self.fixes
        ]

    def offer(self, fix: str | None = None) -> Offer | None:
        """The offer for a fix; without a name, the first that answers a problem, if any.

        Raises:
            NotFound: `fix-not-offered`: the article or the findings do not offer that fix.
        """
        if fix is None:
            return next((offer for offer in self.offers if offer.finding.is_problem), None)
        for offer in self.offers:
            if offer.fix == fix:
                return offer
        offered = ", ".join(dict.fromkeys(offer.fix for offer in self.offers))
        raise NotFound(
            "fix-not-offered",
            _("The fix {fix} does not apply to what was found.").format(fix=fix),
            hint=_("Applies now: {fixes}").format(fixes=offered or _("none")),
        )


def option_names(article: Article) -> tuple[str, ...]:
    """Names of the choices that the checks of an article take, in order.

    A check that is not registered takes none; to run it is refused, not to read about it.
    """
    known = registry.ids(registry.CHECKS)
    checks = (registry.check(name) for name in article.checks if name in known)
    return tuple(dict.fromkeys(name for check in checks for name in check.options))


def refuse_unknown(article: Article, options: Mapping[str, str]) -> None:
    """Make sure that the checks take every choice that was made.

    Raises:
        UsageProblem: `unknown-option`: one of them would have no effect.
    """
    known = option_names(article)
    for name in options:
        if article.checks and name not in known:
            raise UsageProblem(
                "unknown-option",
                _("The checks of {name} take no choice “{option}”.").format(
                    name=article.name, option=name
                ),
                hint=_("They take: {options}").format(options=", ".join(known) or _("none")),
            )


def examine(article: Article, options: Mapping[str, str]) -> Report:
    """Run the checks of an article; nothing is changed.

    Raises:
        NotFound: the article names a check that is not registered.
        Refused: `nothing-to-run`: the article has no checks.
    """
    if not article.checks:
        raise Refused(
            "nothing-to-run",
            _("{name} is for reading; there is nothing in it to run.").format(name=article.name),
            hint=f"deskside kb show {article.name}",
        )
    situation = Situation(dict(options))
    seen = {name: _look(name, situation) for name in article.checks}
    findings = tuple(finding for found in seen.values() for finding in found)
    return Report(article, situation, findings, article.fixes, seen)


def examine_step(article: Article, address: str, options: Mapping[str, str]) -> Report:
    """Run the check of one step; nothing is changed.

    Raises:
        NotFound: `unknown-step`, or its check is not registered.
    """
    step = the_step(article, address)
    situation = Situation(dict(options))
    found = _look(step.check, situation)
    fixes = (step.fix,) if step.fix else ()
    return Report(
        article, situation, tuple(steps.relevant(step, found)), fixes, {step.check: found}
    )


def the_step(article: Article, address: str) -> Step:
    """The step of an address like `restore.4`.

    Raises:
        NotFound: `unknown-step`; the hint names all.
    """
    known = {step.address: step for step in markdown.steps(article.body)}
    if address not in known:
        raise NotFound(
            "unknown-step",
            _("{name} has no step “{step}” that knows its check.").format(
                name=article.name, step=address
            ),
            hint=_("It has: {steps}").format(steps=", ".join(known) or _("none")),
        )
    return known[address]


def look_around(
    article: Article, options: Mapping[str, str], seen: Mapping[str, tuple[Finding, ...]]
) -> dict[str, tuple[Finding, ...]]:
    """What was seen already, and what the other checks of the steps see; nothing is changed.

    A check that reaches out over the network waits until the person asks for it.
    """
    situation = Situation(dict(options))
    names = dict.fromkeys(step.check for step in markdown.steps(article.body))
    known = set(registry.ids(registry.CHECKS))
    wanted = [name for name in names if name in known and name not in seen]
    at_hand = [n for n in wanted if not getattr(registry.check(n), "reaches_out", False)]
    return dict(seen) | {name: _look(name, situation) for name in at_hand}


def step_states(
    article: Article, seen: Mapping[str, tuple[Finding, ...]]
) -> list[tuple[Step, StepState]]:
    """Every step of an article that knows its check, and whether it is done by what was seen."""
    return [
        (step, steps.state(step, seen[step.check]) if step.check in seen else StepState.UNCHECKED)
        for step in markdown.steps(article.body)
    ]


def _look(name: str, situation: Situation) -> tuple[Finding, ...]:
    return tuple(registry.run(registry.check(name), situation))


def make_plan(report: Report, offer: Offer) -> Plan:
    """The steps of a fix for what was found.

    Raises:
        Refused: it cannot be mended from here; the hint says what else to do.
    """
    return registry.fix(offer.fix).plan(report.situation, offer.finding)


def apply(plan: Plan) -> Change:
    """Apply a plan, whole or not at all; see the change engine for what it refuses."""
    return engine().apply(plan)


def engine() -> Engine:
    """The change engine with this computer's journal, and nothing left half done."""
    made = Engine(data_folder() / "changes")
    made.recover()
    return made
