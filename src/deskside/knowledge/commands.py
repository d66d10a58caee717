"""`deskside kb` reads the knowledge base, `deskside run` runs one of its articles."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import (
    EXIT_PROBLEM,
    change_options,
    command_options,
    confirm,
    emit,
    exit_with,
    note,
    table,
    wants_json,
)
from deskside.foundation.errors import Refused
from deskside.foundation.text import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from deskside.foundation.changes.model import Change, Plan
    from deskside.knowledge.model import Article, Result
    from deskside.knowledge.results.sending import Link
    from deskside.knowledge.running import Report
    from deskside.knowledge.service import Library


@click.group()
def kb() -> None:
    """Read the knowledge base.

    \b
    Exit: 0 fine, 1 lint found a problem, 2 wrong usage, 3 no such article.
    """


@kb.command("list")
@command_options
def list_articles() -> None:
    """List all articles."""
    from deskside.knowledge.service import Library

    articles = Library.open().articles()
    brief = [
        {"number": a.number, "title": a.title, "language": a.language, "summary": a.summary}
        for a in articles
    ]
    rows = [[a.name, a.title] for a in articles]
    emit({"articles": brief}, lambda: table([_("Number"), _("Title")], rows))


@kb.command()
@click.argument("number", metavar="KBnnnn[#SECTION]")
@command_options
def show(number: str) -> None:
    """Show one article, or one section of it: KB2323#settings-damaged."""
    from deskside.knowledge.service import Library
    from deskside.knowledge.terminal import page, section

    name, _mark, anchor = number.partition("#")
    article = Library.open().article(name)
    part = {"section": anchor, "body": section(article, anchor)} if anchor else {}
    emit(article.as_json() | part, lambda: page(article, anchor))


@kb.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 100), default=8, show_default=True)
@command_options
def search(words: tuple[str, ...], limit: int) -> None:
    """Search: words, a message pasted whole, a finding's code, a number.

    The best come first. Mistyped words are corrected; the last word may be the beginning of one.
    """
    from deskside.knowledge.service import Library

    results, corrected = Library.open().find(" ".join(words), limit=limit)
    if corrected:
        note(_("Searched for: {words}").format(words=corrected))
    human = "\n".join(map(_found, results))
    emit({"results": [r.as_json() for r in results]}, human or _("Nothing was found."))


@kb.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False))
@click.option("--data", metavar="DIR", help="The portal's data folder, whose articles count, too.")
@command_options
def lint(folder: str | None, data: str | None) -> None:
    """Check that the articles keep all rules: the installed ones and your own.

    With FOLDER only those in it, as a knowledge base by itself.
    """
    from pathlib import Path

    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report
    from deskside.knowledge.service import Library

    own = Path(data) / "articles" if data else None
    findings = Library.open(Path(folder) if folder else None, own=own).lint()
    result = verdict(findings)
    emit(report(findings), lambda: render_report(findings, result))
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


@kb.command()
@click.argument("folder", metavar="DIR")
@click.option("--url", default="", metavar="URL", help="Where it will be published: adds feeds.")
@command_options
def export(folder: str, url: str) -> None:
    """Write all articles to DIR as a site that needs no server, search included.

    With --url it has feeds, a site map and the addresses of its languages, too. An earlier export
    in DIR is replaced; anything else is left alone.

    \b
    Exit: 0 fine, 2 wrong usage, 3 refused.
    """
    from pathlib import Path

    from deskside.knowledge.export.site import export as write
    from deskside.knowledge.service import Library

    if url and not re.fullmatch(r"https?://[^\s\"'<>?#]+", url):
        raise click.BadParameter(_("Write it as https://…"), param_hint="--url")
    place = Path(folder).expanduser().absolute()
    pages = write(Library.open(), place, url)
    told = ngettext(
        "{count} page was written. Open {file}", "{count} pages were written. Open {file}", pages
    ).format(count=pages, file=place / "index.html")
    emit({"folder": str(place), "pages": pages}, told)
    if not url:
        note(_("Feeds and a site map need the address of the site: add --url."))


def own_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command about a desk's own text its language and the portal's folder."""
    language = click.option(
        "--language", "tag", default="en", show_default=True, metavar="TAG", help="Which text."
    )
    data = click.option(
        "--data", metavar="DIR", help="The portal's data folder; without it, this computer's own."
    )
    return language(data(command))


@kb.command()
@click.argument("number", metavar="KBnnnn")
@own_options
@command_options
def history(number: str, tag: str, data: str | None) -> None:
    """List the versions of an article of your own."""
    from deskside.foundation.units import when

    versions = _own(data).history(_number(number), tag)
    listed = [{"version": v.count, "at": v.at.isoformat()} for v in versions]
    rows = [[str(v.count), when(v.at)] for v in versions]
    nothing = _("There is no text of your own for KB{number} ({language}).").format(
        number=_number(number), language=tag
    )
    emit(
        {"versions": listed},
        lambda: table([_("Version"), _("Time")], rows) if rows else nothing,
    )


@kb.command()
@click.argument("number", metavar="KBnnnn")
@click.argument("old", type=click.IntRange(min=0), required=False)
@click.argument("new", type=click.IntRange(min=0), required=False)
@own_options
@command_options
def diff(number: str, old: int | None, new: int | None, tag: str, data: str | None) -> None:
    """Show what changed from version OLD to version NEW of an article of your own.

    Version 0 is the text that came with Deskside; without numbers, the last two are compared.
    """
    library, article = _own(data), _number(number)
    newest = len(library.history(article, tag))
    until = newest if new is None else new
    since = max(until - 1, 0) if old is None else old
    lines = library.difference(article, tag, since, until)
    emit(
        {"old": since, "new": until, "changes": lines},
        lambda: "\n".join(lines) or _("There is no difference."),
    )


@kb.command()
@click.argument("number", metavar="KBnnnn")
@click.argument("version", type=click.IntRange(min=1))
@own_options
@change_options
@command_options
def restore(
    number: str, version: int, tag: str, data: str | None, *, dry_run: bool, yes: bool
) -> None:
    """Put a version of an article of your own back; it becomes the newest."""
    library, article = _own(data), _number(number)
    newest = len(library.history(article, tag))
    lines = library.difference(article, tag, newest or version, version)
    if not wants_json():
        click.echo("\n".join(lines) or _("There is no difference."))
    if not dry_run:
        confirm(_("Put this version back?"), yes=yes)
        library.restore(article, tag, version)
    emit({"restored": None if dry_run else version, "changes": lines}, "")


def _own(data: str | None) -> Library:
    from pathlib import Path

    from deskside.knowledge.service import Library

    return Library.open(own=Path(data).expanduser() / "articles" if data else None)


def _number(name: str) -> str:
    from deskside.knowledge.model import article_number

    number = article_number(name)
    if number is None:
        raise click.BadParameter(_("Write it as KB2323."), param_hint="KBnnnn")
    return number


@click.command()
@click.argument("number", metavar="KBnnnn")
@click.option("--root", metavar="DIR", help="The TWS folder, where it is not the usual one.")
@click.option("--user", metavar="NAME", help="The user name, where there are several.")
@click.option("--file", metavar="FILE", help="A file of yours that the fix should use.")
@click.option(
    "--option",
    "further",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other choice that the article's checks take; may be repeated.",
)
@click.option("--step", metavar="STEP", help="Only this step, for example restore.4.")
@click.option("--fix", metavar="ID", help="Apply this fix; without it, the first that applies.")
@click.option("--send-to", metavar="LINK", help="Send the findings to the page with this link.")
@click.option("--with-names", is_flag=True, help="Send names and places as they are.")
@change_options
@command_options
def run(
    number: str,
    *,
    root: str | None,
    user: str | None,
    file: str | None,
    further: tuple[str, ...],
    step: str | None,
    fix: str | None,
    send_to: str | None,
    with_names: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Run an article: check, show what was found, plan, and after your word apply and verify.

    Steps that know their check are listed with what was seen of them; --step runs one alone.

    Without --yes and with nobody to ask, the plan is shown and nothing is changed.

    \b
    Exit: 0 fine, 1 a problem remains, 2 wrong usage, 3 refused or could not run.
    """
    from deskside.knowledge import running
    from deskside.knowledge.results.sending import Link
    from deskside.knowledge.service import Library

    link = Link.parse(send_to) if send_to else None
    article = Library.open().article(number)
    options = _choices(further, {"root": root, "user": user, "file": file})
    running.refuse_unknown(article, options)
    report = _examine(article, options, step)
    _tell(report)
    plan = _plan(report, fix, wanted=yes or bool(fix), dry_run=dry_run)
    change = None
    if plan and not dry_run and _agreed(yes=yes, demanded=bool(fix)):
        change = running.apply(plan)
        report = _examine(article, options, step)
        _tell_verified(report, change)
    if link:
        _send(link, report, names=with_names)
    _finish(report, plan, change)


def _examine(article: Article, options: dict[str, str], step: str | None) -> Report:
    from deskside.knowledge import running

    if step:
        return running.examine_step(article, step, options)
    return running.examine(article, options)


def _send(link: Link, report: Report, *, names: bool) -> None:
    """Send what was found last, and say what went where."""
    from deskside.knowledge.results.sending import send

    count = send(link, report, names=names)
    note(
        ngettext(
            "{count} finding was sent to {portal}.",
            "{count} findings were sent to {portal}.",
            count,
        ).format(count=count, portal=link.portal)
    )
    if not names:
        note(_("Names and places were replaced; --with-names leaves them."))


def _choices(further: tuple[str, ...], named: dict[str, str | None]) -> dict[str, str]:
    choices = {name: value for name, value in named.items() if value}
    for item in further:
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise click.BadParameter(_("Write it as NAME=VALUE."), param_hint="--option")
        choices[name] = value
    return choices


def _plan(report: Report, fix: str | None, *, wanted: bool, dry_run: bool) -> Plan | None:
    """The plan that answers what was found, shown; None where there is none.

    Where nobody asked for a fix, one that cannot be had is a remark and no error.
    """
    from deskside.knowledge.running import make_plan

    offer = report.offer(fix)
    if offer is None:
        return None
    try:
        plan = make_plan(report, offer)
    except Refused as refused:
        if wanted:
            raise
        note(" ".join(filter(None, [refused.message, refused.hint])))
        return None
    _tell_plan(plan, dry_run=dry_run)
    return plan


def _agreed(*, yes: bool, demanded: bool) -> bool:
    """Whether to apply the plan; refused where a fix was demanded and nobody confirms it."""
    if not (yes or demanded or (sys.stdin.isatty() and not wants_json())):
        note(_("Nothing was changed. To apply the plan, add --yes."))
        return False
    confirm(_("Apply this plan?"), yes=yes)
    return True


def _found(result: Result) -> str:
    """A result as a terminal shows it: the hits stand out."""
    from deskside.foundation.wrapping import wrapped

    title = wrapped(f"KB{result.number}  {result.title}", "    ", "")
    heading = click.style("\n".join(title), bold=True)
    section = f"KB{result.place} {result.section}: " if result.anchor else ""
    pieces = re.split("\x02([^\x03]*)\x03", "\n".join(wrapped(section + result.marked, "    ")))
    snippet = "".join(click.style(p, bold=True) if i % 2 else p for i, p in enumerate(pieces))
    return f"{heading}\n{snippet}"


def _tell(report: Report) -> None:
    from deskside.foundation.findings_terminal import render_report

    if not wants_json():
        click.echo(click.style(f"{report.article.name}  {report.article.title}", bold=True))
        click.echo(render_report(report.findings, report.verdict))
        _tell_steps(report)


def _tell_steps(report: Report) -> None:
    """The steps that know their check, each with a mark that says whether it is done."""
    from deskside.foundation.wrapping import wrapped
    from deskside.knowledge.running import step_states
    from deskside.knowledge.steps import StepState

    marks = {
        StepState.DONE: ("✓", "green", _("done")),
        StepState.TO_DO: ("✗", "red", _("not done yet")),
        StepState.UNKNOWN: ("?", "yellow", _("could not be checked")),
        StepState.NOT_APPLICABLE: ("–", "bright_black", _("nothing to check here")),
    }
    known = [(s, state) for s, state in step_states(report.article, report.seen) if state in marks]
    if known:
        click.echo("\n" + click.style(_("Steps"), bold=True))
    for step, state in known:
        sign, colour, word = marks[state]
        first, *more = wrapped(f"{step.address}  {step.text} ({word})", "  ")
        click.echo("\n".join([f"{click.style(sign, fg=colour)}{first[1:]}", *more]))


def _tell_plan(plan: Plan, *, dry_run: bool) -> None:
    from deskside.foundation.changes.rendering import render_look, render_plan

    if not wants_json():
        click.echo(f"\n{render_look(plan) if dry_run else render_plan(plan)}")


def _tell_verified(after: Report, change: Change) -> None:
    from deskside.foundation.findings_terminal import render_report

    if not wants_json():
        click.echo(_("Applied. Checked again:"))
        click.echo(render_report(after.findings, after.verdict))
        _tell_steps(after)
        click.echo(_("To undo: deskside changes undo {id}").format(id=change.id))


def _finish(report: Report, plan: Plan | None, change: Change | None) -> None:
    """Print the JSON document, and end with 1 where a problem remains."""
    from deskside.foundation.findings import Verdict
    from deskside.knowledge.running import step_states

    document: dict[str, Any] = {
        "verdict": report.verdict.value,
        "findings": [finding.as_json() for finding in report.findings],
        "steps": [
            {"step": s.address, "text": s.text, "check": s.check, "fix": s.fix, "state": state}
            for s, state in step_states(report.article, report.seen)
        ],
        "change": change.id if change else None,
        "plan": plan.as_json() if plan else None,
    }
    emit(document, "")
    exit_with(EXIT_PROBLEM if report.verdict is not Verdict.SUCCESS else 0)
