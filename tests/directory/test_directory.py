"""Holders, user names and one-time links."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from deskside.directory.model import (
    AccountStatus,
    HolderKind,
    Identity,
    LinkPurpose,
    Role,
    UserName,
)
from deskside.directory.service import DirectoryService, LinkGone, link_address
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import FrozenClock
from deskside.foundation.database import Database
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import Mail

IDENTITY = Identity(
    "Tessa Marino", date(1984, 3, 14), "IT", "IT", "passport", "YA1204417", "078-05-1120"
)


@pytest.fixture
def directory(database: Database, tmp_path: Path, clock: FrozenClock) -> DirectoryService:
    keyring = Keyring.open(database, tmp_path / "keys")
    return DirectoryService(database, keyring, clock, Audit(clock), Mail(keyring, clock))


def tessa(directory: DirectoryService, email: str = "tessa@example.org") -> UserName:
    holder = directory.add_holder(HolderKind.PERSON, IDENTITY, email=email)
    account = directory.add_account(holder.id)
    return directory.add_user_name("tessa", holder.id, account_id=account)


def test_what_was_entered_is_found(directory: DirectoryService) -> None:
    assert directory.is_empty()
    user = tessa(directory)
    assert not directory.is_empty()
    assert directory.find("tessa") == user
    assert user.display_name == "Tessa Marino"
    assert user.roles == {Role.TRADER}
    assert user.account is AccountStatus.OPEN
    assert user.enabled
    assert not user.has_password
    assert directory.holder(user.holder_id).identity == IDENTITY
    second = directory.add_user_name("tessa2", user.holder_id, frozenset(Role))
    assert second.roles == set(Role)
    assert second.account is None
    assert [found.name for found in directory.users()] == ["tessa", "tessa2"]


def test_a_user_name_belongs_to_one(directory: DirectoryService) -> None:
    user = tessa(directory)
    with pytest.raises(Refused) as caught:
        directory.add_user_name("tessa", user.holder_id)
    assert caught.value.code == "user-name-taken"
    for unknown in ("Tessa", "nobody", "", "tessa\x00"):
        with pytest.raises(NotFound):
            directory.find(unknown)


def test_personal_data_is_sealed(directory: DirectoryService) -> None:
    tessa(directory)
    with directory.database.read() as connection:
        identity = connection.execute(text("SELECT identity FROM holder")).scalar_one()
        address = connection.execute(text("SELECT address FROM contact_point")).scalar_one()
    assert b"Marino" not in bytes(identity)
    assert b"example" not in bytes(address)


def test_a_link_works_once(directory: DirectoryService) -> None:
    user = tessa(directory)
    token = directory.issue_link(user, LinkPurpose.SET_UP)
    link = directory.open_link(token)
    assert link.user_name == "tessa"
    assert link.purpose is LinkPurpose.SET_UP
    assert directory.known_of(link) == ("tessa", "Tessa Marino", "tessa@example.org")

    def spend(number: int) -> bool:
        try:
            with directory.database.write() as connection:
                directory.spend_link(connection, token, f"hash {number}")
        except LinkGone:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(spend, range(24))) == 1
    with pytest.raises(LinkGone):
        directory.open_link(token)
    assert directory.find("tessa").has_password


@pytest.mark.parametrize(("purpose", "hours"), [(LinkPurpose.SET_UP, 24), (LinkPurpose.RESET, 1)])
def test_a_link_expires(
    directory: DirectoryService, clock: FrozenClock, purpose: LinkPurpose, hours: int
) -> None:
    token = directory.issue_link(tessa(directory), purpose)
    clock.advance(timedelta(hours=hours, seconds=-1))
    assert directory.open_link(token)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(LinkGone):
        directory.open_link(token)


def test_a_new_link_replaces_the_one_before(directory: DirectoryService) -> None:
    user = tessa(directory)
    first = directory.issue_link(user, LinkPurpose.RESET)
    second = directory.issue_link(user, LinkPurpose.RESET)
    with pytest.raises(LinkGone):
        directory.open_link(first)
    assert directory.open_link(second)
    for other in ("", "x", "\ud800", "a" * 10_000):
        with pytest.raises(LinkGone):
            directory.open_link(other)


def test_a_disabled_user_name_has_no_link(directory: DirectoryService) -> None:
    user = tessa(directory)
    token = directory.issue_link(user, LinkPurpose.RESET)
    with directory.database.write() as connection:
        directory.set_enabled(connection, user.id, enabled=False)
    with pytest.raises(LinkGone):
        directory.open_link(token)


def test_links_go_by_mail_where_an_address_is_known(directory: DirectoryService) -> None:
    user = tessa(directory)
    assert directory.send_link(user, LinkPurpose.RESET, "https://desk.example")
    with directory.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM outbox")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM secret_link")).scalar_one() == 1


def test_no_link_without_an_address(directory: DirectoryService) -> None:
    user = tessa(directory, email="")
    assert not directory.send_link(user, LinkPurpose.RESET, "https://desk.example")
    with directory.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM secret_link")).scalar_one() == 0


def test_the_address_of_a_link() -> None:
    assert link_address("https://desk.example/", LinkPurpose.RESET, "t") == (
        "https://desk.example/reset/t"
    )
    assert link_address("https://desk.example", LinkPurpose.SET_UP, "t").endswith("/setup/t")
