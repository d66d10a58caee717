"""`deskside config`, `completion`, `admin audit` and `admin keys`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from deskside.foundation.console import (
    EXIT_PROBLEM,
    change_options,
    command_options,
    confirm,
    emit,
    exit_with,
    table,
)
from deskside.foundation.errors import NotFound
from deskside.foundation.text import _

if TYPE_CHECKING:
    from deskside.foundation.config import Config
    from deskside.foundation.database import Database
    from deskside.foundation.keyring import Keyring

P = ParamSpec("P")
R = TypeVar("R")


def place_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give an administrator's command `--data` and `--database`."""
    command = click.option(
        "--database", metavar="URL", help="The portal's database, if not the configured one."
    )(command)
    return click.option(
        "--data", metavar="DIR", help="The portal's data folder, if not the configured one."
    )(command)


@contextmanager
def desk(data: str | None, database: str | None) -> Iterator[tuple[Config, Database]]:
    """The configuration and the open database of the portal that a command acts on.

    Raises:
        NotFound: no portal has ever run there (`no-database`).
    """
    from deskside.foundation.config import Config
    from deskside.foundation.database import Database

    config = Config.load(flags={"data": data, "database": database})
    place = config.database_url()
    if isinstance(place, Path) and not place.exists():
        raise NotFound(
            "no-database",
            _("There is no portal's database here ({file}).").format(file=place),
            hint=_("Name the portal's folder with --data, or start one: deskside serve"),
        )
    opened = Database.open(place)
    try:
        opened.migrate()
        yield config, opened
    finally:
        opened.close()


def keys_of(config: Config, database: Database) -> Keyring:
    """The keyring of the portal that a command acts on."""
    from deskside.foundation.keyring import Keyring

    return Keyring.open(database, config.data_folder() / "keys", kek_file=config.file("kek.file"))


@click.group()
def config() -> None:
    """Show the configuration."""


@config.command("show")
@click.option("--file", type=click.Path(path_type=Path), help="Another file of settings.")
@command_options
def show_config(file: Path | None) -> None:
    """Show every setting, and where its value came from.

    A flag of `serve` comes before the environment, that before the file, that before the
    default. Secrets are shown as "set".
    """
    from deskside.foundation.config import Config
    from deskside.foundation.paths import config_file

    loaded = Config.load(file)
    chosen = list(loaded.chosen.values())
    rows = [[item.setting.key, item.shown or "–", item.source] for item in chosen]
    emit(
        {"file": str(file or config_file()), "settings": [item.as_json() for item in chosen]},
        lambda: table([_("Setting"), _("Value"), _("From")], rows),
    )


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@command_options
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL complete the commands of Deskside.

    \b
    Examples:
      deskside completion bash > ~/.local/share/bash-completion/completions/deskside
      deskside completion zsh > ~/.zfunc/_deskside
      deskside completion fish > ~/.config/fish/completions/deskside.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    script = made(context.find_root().command, {}, "deskside", "_DESKSIDE_COMPLETE")
    text = script.source_template % script.source_vars()
    emit({"shell": shell, "script": text}, text)


@click.group()
def audit() -> None:
    """List and verify the audit trail."""


@audit.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--event", metavar="NAME", help="Only events that begin so, such as login.")
@place_options
@command_options
def list_audit(limit: int, event: str | None, data: str | None, database: str | None) -> None:
    """List what happened, the latest first. Rows hold ids only."""
    from deskside.foundation.audit.model import moment
    from deskside.foundation.audit.service import latest

    with desk(data, database) as (_config, opened):
        found = latest(opened, limit=limit, event=event)
    rows: list[dict[str, Any]] = [
        {
            "id": row.id,
            "at": moment(row.at),
            "event": row.event,
            "actor": row.actor,
            "subject": row.subject,
            "detail": row.fields,
            "position": position,
        }
        for row, position in found
    ]
    emit({"events": rows}, lambda: _listed(rows))


@audit.command()
@click.option(
    "--heads",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Signed heads kept by another node; may be given again.",
)
@place_options
@command_options
def verify(heads: tuple[Path, ...], data: str | None, database: str | None) -> None:
    """Find edits, removals, reordering and a cut end in the audit trail.

    \b
    Exit: 0 the trail is whole, 1 it is not, 2 wrong usage, 3 could not run.
    """
    from deskside.foundation.audit import service
    from deskside.foundation.clock import SystemClock
    from deskside.foundation.findings import Verdict, report, verdict
    from deskside.foundation.findings_terminal import render_report

    with desk(data, database) as (loaded, opened):
        own = loaded.data_folder() / service.HEADS_FILE
        keyring = keys_of(loaded, opened)
        findings = service.verify(opened, keyring, SystemClock(), [own, *heads])
    result = verdict(findings)
    emit(report(findings), lambda: render_report(findings, result))
    if result is not Verdict.SUCCESS:
        exit_with(EXIT_PROBLEM)


@click.group()
def keys() -> None:
    """Show and rotate the desk's keys."""


@keys.command("show")
@place_options
@command_options
def show_keys(data: str | None, database: str | None) -> None:
    """Show the names of the keys; never a key itself."""
    with desk(data, database) as (loaded, opened):
        keyring = keys_of(loaded, opened)
        shown = {
            "key_encryption_key": keyring.key_encryption_key_id,
            "data_key_version": keyring.data_key_version,
            "signing_key": keyring.public_key_hex,
        }
    rows = [
        [_("Key-encryption key"), str(shown["key_encryption_key"])],
        [_("Data key, version"), str(shown["data_key_version"])],
        [_("Signing key (Ed25519, public half)"), str(shown["signing_key"])],
    ]
    emit(shown, lambda: table([_("Key"), _("Name")], rows))


@keys.command()
@place_options
@change_options
@command_options
def rotate(data: str | None, database: str | None, dry_run: bool, yes: bool) -> None:
    """Wrap the data keys under a new key-encryption key, while nodes run on.

    Where the key is in the data folder, a new one is made and the old one is kept beside it
    for old backups. Where you provide the key, first put the new one before the old one.
    """
    from deskside.foundation.audit.service import COMMAND_LINE, Audit
    from deskside.foundation.clock import SystemClock

    with desk(data, database) as (loaded, opened):
        keyring = keys_of(loaded, opened)
        if dry_run:
            old = keyring.key_encryption_key_id
            emit(
                {"changed": False, "old": old, "new": None},
                _("Key {old} would be replaced. Nothing was changed.").format(old=old),
            )
            return
        confirm(_("Replace the key-encryption key?"), yes=yes)
        old, new = keyring.rotate_key_encryption_key()
        with opened.write() as connection:
            detail = {"old": old, "new": new}
            Audit(SystemClock()).record(
                connection, "keys.rotated", actor=COMMAND_LINE, subject=None, detail=detail
            )
    emit(
        {"changed": True, "old": old, "new": new},
        _(
            "Key {old} is replaced by {new}. Back up the new key now, apart from the database."
        ).format(old=old, new=new),
    )


def _listed(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return _("Nothing is recorded yet.")
    from deskside.foundation.units import when

    headings = [_("Row"), _("When"), _("Event"), _("Who"), _("What"), _("Detail")]
    return table(
        headings,
        [
            [
                str(row["position"] or "–"),
                when(row["at"]),
                row["event"],
                row["actor"] or "–",
                row["subject"] or "–",
                " ".join(f"{name}={value}" for name, value in row["detail"].items()),
            ]
            for row in rows
        ],
    )
