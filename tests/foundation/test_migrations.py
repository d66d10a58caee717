"""Every database is brought to the same tables, by one node or by several at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

import deskside
from deskside.foundation.database import Database, metadata, sqlite_url
from deskside.foundation.errors import Refused
from deskside.foundation.migrations import alembic_config
from tests.postgres import Server

SOURCE = Path(deskside.__file__).parent


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "empty.sqlite3")
    server = request.getfixturevalue("postgresql_server")
    assert isinstance(server, Server)
    return server.url(server.new_database())


def all_tables() -> None:
    """Import every module that defines a table."""
    for path in SOURCE.rglob("*.py"):
        if "= Table(" in path.read_text("utf-8"):
            import_module(".".join(path.relative_to(SOURCE.parent).with_suffix("").parts))


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


def test_migrated_tables_are_those_of_the_program(database: Database) -> None:
    all_tables()
    with database.read() as connection:
        assert differences(connection) == []
        assert len(inspect(connection).get_table_names()) == len(metadata.tables) + 1


def test_unique_constraints_and_checks_are_those_of_the_program(database: Database) -> None:
    all_tables()
    with database.read() as connection:
        inspector = inspect(connection)
        for table in metadata.tables.values():
            named = {constraint.name for constraint in table.constraints if constraint.name}
            found = {
                item["name"]
                for items in (
                    inspector.get_unique_constraints(table.name),
                    inspector.get_check_constraints(table.name),
                    inspector.get_foreign_keys(table.name),
                    [inspector.get_pk_constraint(table.name)],
                )
                for item in items
            }
            assert {str(name) for name in named} == found, table.name


def test_the_history_is_one_line(sqlite_database: Database) -> None:
    with sqlite_database.read() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    assert all(not script.is_branch_point for script in scripts.walk_revisions())


def test_several_nodes_may_start_at_once(empty_url: str) -> None:
    nodes = [Database.open(empty_url) for _ in range(6)]
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(Database.migrate, nodes))
    with nodes[0].read() as connection:
        assert "audit_event" in inspect(connection).get_table_names()
    for node in nodes:
        node.close()


def test_a_second_migration_changes_nothing(database: Database) -> None:
    database.migrate()
    with database.read() as connection:
        versions = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    assert len(versions) == 1


def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Refused) as caught:
        database.migrate()
    assert caught.value.code == "database-newer"
    assert caught.value.hint
    with database.read() as connection:
        version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    assert version == "9999"


def test_a_migration_that_fails_leaves_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("cut off")

    monkeypatch.setattr(op, "create_index", fail)
    node = Database.open(empty_url)
    with pytest.raises(RuntimeError):
        node.migrate()
    with node.read() as connection:
        assert inspect(connection).get_table_names() == []
    monkeypatch.undo()
    node.migrate()
    node.close()
