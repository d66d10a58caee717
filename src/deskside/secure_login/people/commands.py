"""`deskside admin users import`: people from another system's file."""

from __future__ import annotations

from pathlib import Path

import click

from deskside.foundation.commands import place_options
from deskside.foundation.console import command_options
from deskside.foundation.errors import Refused
from deskside.foundation.text import _


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Judge every row and store nothing.")
@place_options
@command_options
def import_users(file: Path, dry_run: bool, data: str | None, database: str | None) -> None:
    """Take people from a CSV file of another system.

    Its first line names the columns: username, and where wanted name, email, password_hash
    (Argon2id, PHC format), holder_of, kind, birth_date, citizenship, legal_residence,
    document_type, document_number, us_ssn, roles, account, equity, language. Whoever comes
    without a hash is sent a link to choose a password; it works once, for seven days, and is
    printed nowhere. User names that are there already are passed over, so an import that was cut
    off is simply run again. With --json every row is told of; else the ones that were refused.

    \b
    Example:
      deskside admin users import people.csv --dry-run

    Exit codes: 0 all rows are in, 1 some were refused, 3 the file cannot be read.
    """
    from deskside.secure_login.office import office
    from deskside.secure_login.people.reading import people_in, read_people
    from deskside.secure_login.people.service import PeopleImport
    from deskside.secure_login.seeds.terminal import taken, tell

    try:
        with file.open("rb") as rows:
            total = people_in(rows)
    except OSError as error:
        raise Refused(
            "file-unreadable", _("The file {path} cannot be read.").format(path=file)
        ) from error
    with office(data, database) as here:
        mails = here.config.optional_text("mail.host") is not None
        taking = PeopleImport(here.directory, lambda: here.address, mails, staff=True)
        told = taken(taking, read_people(file), total, dry_run=dry_run)
    tell(told, dry_run=dry_run)
