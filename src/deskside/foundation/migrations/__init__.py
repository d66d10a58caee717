"""The one linear history of the tables, and how a database is brought up to date.

The whole way is one transaction under a lock, so that nodes may start at once and a start
that is cut off leaves the database as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deskside.foundation.errors import Refused, Unavailable
from deskside.foundation.locking import held
from deskside.foundation.text import _

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

    from deskside.foundation.database import Database

FOLDER = Path(__file__).parent
PATIENCE = 60
"""Seconds that a node waits for another node's migration."""


def migrate(database: Database) -> None:
    """Bring a database up to this program's tables.

    Raises:
        Refused: it is newer than the program (`database-newer`).
        Unavailable: another node has been migrating for too long.
    """
    from alembic import command

    from deskside.foundation.database import exclusive

    with _alone(database), database.write() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        exclusive(connection, "migrate")
        config = alembic_config(connection)
        if _standing(connection, config):
            command.upgrade(config, "head")


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for work on an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _standing(connection: Connection, config: Config) -> bool:
    """Whether there is anything to do.

    Raises:
        Refused: the database stands at a revision that this program does not know.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise Refused(
            "database-newer",
            _("The database was made by a newer Deskside than this one; it was not touched."),
            hint=_("Upgrade Deskside, or restore the backup made before the upgrade."),
            detail=f"revision {current}",
        )
    return current != scripts.get_current_head()


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    if database.file is None:
        yield
        return

    def taken() -> Unavailable:
        return Unavailable(
            "database-busy",
            _("Another Deskside has been preparing the database for a long time."),
            hint=_("Try again in a moment."),
        )

    with held(Path(f"{database.file}.lock"), taken, wait=PATIENCE):
        yield
