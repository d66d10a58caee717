"""Importing people: what is refused row by row; hashes that are taken, and made anew; links."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import argon2
import httpx2
import pytest
from argon2.low_level import Type, hash_secret
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from deskside.directory.model import Role
from deskside.directory.service import LinkGone
from deskside.directory.store import user_name
from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import Refused
from deskside.secure_login.admin_commands import users
from deskside.secure_login.endings import LoginFailed
from deskside.secure_login.people import hashes, service
from deskside.secure_login.people.hashes import why_not
from deskside.secure_login.people.reading import COLUMNS, read_people
from deskside.secure_login.people.service import PeopleImport
from deskside.secure_login.seeds.jobs import Kind, Status
from deskside.secure_login.seeds.service import Outcome
from tests.secure_login.browser import FIREFOX, Browser, portal
from tests.secure_login.desk import CHEAP, PASSWORD, Desk

READY = argon2.PasswordHasher(5, 7168, 1).hash(PASSWORD, salt=b"always the same.")


def file_of(*rows: str, head: str = "username,name,email,password_hash") -> bytes:
    return "\n".join([head, *rows]).encode()


def row(name: str, *, email: str = "", ready: str = READY) -> str:
    return f'{name},{name.title()},{email},"{ready}"'


def importing(desk: Desk, *, mails: bool = True, staff: bool = False) -> PeopleImport:
    return PeopleImport(desk.directory, lambda: "https://desk.example", mails, staff)


def taken(desk: Desk, content: bytes, *, dry_run: bool = False, **given: bool) -> list[Outcome]:
    lines = read_people(io.BytesIO(content))
    return list(importing(desk, **given).run(lines, dry_run=dry_run))


# Hashes


@given(
    memory=st.integers(1, 90_000),
    passes=st.integers(1, 40),
    lanes=st.integers(1, 20),
    salt=st.binary(min_size=1, max_size=70),
    value=st.binary(min_size=1, max_size=80),
)
def test_a_hash_is_taken_within_bounds_and_never_else(
    memory: int, passes: int, lanes: int, salt: bytes, value: bytes
) -> None:
    def text(part: bytes) -> str:
        return base64.b64encode(part).rstrip(b"=").decode()

    phc = f"$argon2id$v=19$m={memory},t={passes},p={lanes}${text(salt)}${text(value)}"
    fits = (
        7168 <= memory <= 65536
        and passes <= 10
        and lanes <= 8
        and 35_840 <= memory * passes <= 262_144
        and 8 <= len(salt) <= 48
        and 16 <= len(value) <= 64
        and len(phc) <= 127
    )
    assert (why_not(phc) == "") is fits


@given(
    lanes=st.integers(1, hashes.MOST_LANES),
    salt=st.binary(min_size=8, max_size=24),
    length=st.integers(16, 40),
)
def test_a_hash_that_is_taken_is_one_that_we_verify(lanes: int, salt: bytes, length: int) -> None:
    made = hash_secret(b"an old password", salt, 5, 7168, lanes, length, Type.ID).decode()
    if why_not(made):
        assert len(made) > hashes.LONGEST
        return
    assert CHEAP.verify(made, b"an old password")
    assert not CHEAP.verify(made, b"another password")


@pytest.mark.parametrize(
    "stored",
    [
        READY.replace("argon2id", "argon2i"),
        READY.replace("argon2id", "argon2d"),
        READY.replace("v=19", "v=16"),
        READY.replace("$v=19", ""),
        READY.replace("m=7168", "m=07168"),
        READY.replace("m=7168", "m=-7168"),
        READY.replace("m=7168", "m=٧١٦٨"),
        READY.replace("m=7168,t=5", "t=5,m=7168"),
        READY + "=",
        READY + "\n",
        READY[:-1] + "!",
        READY.replace("m=7168", "m=4194304"),
        READY.replace("t=5", "t=999"),
        READY.replace("p=1", "p=99"),
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        PASSWORD,
    ],
)
def test_other_hashes_are_refused(stored: str) -> None:
    assert why_not(READY) == ""
    assert why_not(stored)


# Rows


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "username"),
        (b"name,email\nAnna,a@example.org\n", "username"),
        (b"username,password\nanna,secret\n", "password"),
    ],
)
def test_what_is_no_file_of_people(content: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        list(read_people(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"username": "Anna"}, "user name"),
        ({"username": ""}, "user name"),
        ({"name": ""}, "no name"),
        ({"email": "nowhere"}, "e-mail"),
        ({"password_hash": PASSWORD}, "Argon2id"),
        ({"password_hash": "", "email": ""}, "neither"),
        ({"birth_date": "31/12/1980"}, "1980-12-31"),
        ({"citizenship": "Italy"}, "two letters"),
        ({"roles": "trader king"}, "roles are"),
        ({"roles": "operator"}, "own computer"),
        ({"roles": "security-officer", "equity": "5"}, "only traders"),
        ({"account": "closed"}, "open or not-approved"),
        ({"kind": "robot"}, "person or entity"),
        ({"equity": "-5"}, "whole number"),
        ({"language": "tlh"}, "does not speak"),
        ({"holder_of": "nobody"}, "no user name nobody"),
        ({"document_number": "9" * 201}, "too long"),
    ],
)
def test_each_row_is_judged_by_itself(small_desk: Desk, cells: dict[str, str], said: str) -> None:
    good = dict.fromkeys(COLUMNS, "") | {"username": "anna", "name": "Anna", "password_hash": READY}
    rows = [good | {"username": "zoe"}, good | cells, good | {"username": "bea"}]
    written = io.StringIO()
    written.write(",".join(COLUMNS) + "\n")
    for each in rows:
        written.write(",".join(f'"{each[name]}"' for name in COLUMNS) + "\n")
    first, wrong, last = taken(small_desk, written.getvalue().encode())
    assert (first.outcome, last.outcome) == ("new", "new")
    assert wrong.outcome == "refused"
    assert said in wrong.problem
    assert PASSWORD not in wrong.problem
    assert [user.name for user in small_desk.directory.users()] == ["bea", "zoe"]


def test_everything_that_a_row_says_is_kept(desk: Desk) -> None:
    head = (
        "username,name,email,password_hash,birth_date,citizenship,legal_residence,document_type,"
        "document_number,kind,roles,account,equity,language,holder_of"
    )
    content = file_of(
        f'brera,Brera Srl,brera@example.org,"{READY}",2009-10-12,it,IT,registration,MI-1,entity,,'
        "not-approved,2500000,it,",
        f'brera.officer,,,"{READY}",,,,,,,security-officer,,,,brera',
        head=head,
    )
    assert [each.outcome for each in taken(desk, content)] == ["new", "new"]
    trader, officer = map(desk.directory.find, ("brera", "brera.officer"))
    assert officer.holder_id == trader.holder_id
    assert (trader.account, officer.account) == ("not-approved", None)
    assert officer.roles == {Role.SECURITY_OFFICER}
    holder = desk.directory.holder(trader.holder_id)
    assert holder.kind == "entity"
    assert holder.identity.citizenship == "IT"
    assert str(holder.identity.birth_date) == "2009-10-12"
    with desk.database.read() as connection:
        assert desk.directory.email(connection, trader.holder_id) == "brera@example.org"
        assert desk.directory.language_of(connection, trader.id) == "it"
        (account,) = desk.directory.accounts.of_holder(connection, trader.holder_id)
    assert account.equity == 2_500_000
    assert [user.name for user in desk.directory.search("srl")] == ["brera", "brera.officer"]


def test_a_dry_run_foresees_the_import_and_an_import_can_be_repeated(desk: Desk) -> None:
    head = "username,name,email,password_hash,holder_of"
    content = file_of(
        f'anna,Anna,,"{READY}",', f'anna.savings,,,"{READY}",anna', f'anna,Twice,,"{READY}",',
        "nobody,No,,,", head=head,
    )  # fmt: skip
    foreseen = taken(desk, content, dry_run=True)
    assert [each.outcome for each in foreseen] == ["new", "new", "present", "refused"]
    assert desk.directory.is_empty()
    assert taken(desk, content) == foreseen
    assert [each.outcome for each in taken(desk, content)] == [*["present"] * 3, "refused"]
    assert desk.directory.find("anna").display_name == "Anna"


# Logging in


def test_the_old_password_opens_and_its_hash_is_made_anew(desk: Desk) -> None:
    taken(desk, file_of(row("anna")))

    def stored() -> str:
        with desk.database.read() as connection:
            found = select(user_name.c.password_hash).where(user_name.c.name == "anna")
            return str(connection.execute(found).scalar_one())

    assert stored() == READY
    with pytest.raises(LoginFailed):
        desk.begin("anna", "not the password")
    assert stored() == READY
    assert desk.begin("anna").session
    assert not CHEAP.is_outdated(stored())
    assert desk.begin("anna").session


def test_a_link_is_mailed_once_works_once_and_lapses(desk: Desk, clock: FrozenClock) -> None:
    content = file_of(
        *(row(name, email=f"{name}@example.org", ready="") for name in ("anna", "bea"))
    )
    told = taken(desk, content)
    assert [each.outcome for each in taken(desk, content)] == ["present", "present"]
    mails = {to: body for to, _subject, body in desk.mails()}
    assert len(desk.mails()) == 2
    tokens = {
        to: re.findall(r"https://desk\.example/setup/([\w-]{43})\s", body)[0]
        for to, body in mails.items()
    }
    written = json.dumps([desk.events(), [each.problem for each in told]])
    assert not any(token in written for token in tokens.values())
    with pytest.raises(LoginFailed):
        desk.begin("anna")
    chosen = "eleven quiet otters"
    asyncio.run(desk.service.choose_password(tokens["anna@example.org"], chosen))
    assert desk.begin("anna", chosen).session
    with pytest.raises(LinkGone):
        asyncio.run(desk.service.choose_password(tokens["anna@example.org"], chosen))
    clock.advance(timedelta(days=7))
    with pytest.raises(LinkGone):
        desk.directory.open_link(tokens["bea@example.org"])


def test_no_link_without_a_mail_server(small_desk: Desk) -> None:
    (told,) = taken(small_desk, file_of(row("anna", email="a@example.org", ready="")), mails=False)
    assert told.outcome == "refused"
    assert "mail.host" in told.problem
    assert small_desk.mails() == []


# In the background, on pages, at the terminal


@pytest.mark.parametrize("broken_off_after", range(3))
def test_cut_off_after_any_batch(
    desk: Desk, broken_off_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is whole or not at all: nobody is entered twice, and nobody gets two links."""
    monkeypatch.setattr(service, "BATCH", 4)
    names = [f"user{number}" for number in range(11)]
    rows = [row(name, email=f"{name}@example.org", ready="") for name in names]
    imports = desk.imports
    found = imports.begin(io.BytesIO(file_of(*rows)), "p.csv", "an-operator", kind=Kind.PEOPLE)
    imports.turn()
    checked = imports.one(found.id)
    assert (checked.status, checked.new, checked.total) == (Status.CHECKED, 11, 11)
    assert desk.directory.is_empty()
    imports.go(found.id, "an-operator")

    class Killed(BaseException):
        pass

    judged, calls = PeopleImport._judged, Counter[str]()

    def killed(self: PeopleImport, *arguments: object) -> object:
        calls["batches"] += 1
        if calls["batches"] > broken_off_after:
            raise Killed
        return judged(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(PeopleImport, "_judged", killed)
    with pytest.raises(Killed):
        imports.turn()
    monkeypatch.setattr(PeopleImport, "_judged", judged)
    half = imports.one(found.id)
    assert (half.status, half.done) == (Status.RUNNING, broken_off_after * 4)
    imports.turn()
    done = imports.one(found.id)
    assert (done.status, done.new, done.present) == (Status.DONE, 11, 0)
    assert sorted(each.name for each in desk.directory.users()) == sorted(names)
    assert Counter(to for to, _subject, _body in desk.mails()) == Counter(
        f"{name}@example.org" for name in names
    )


def test_the_pages(small_desk: Desk) -> None:
    small_desk.person("otto", card=False, account=None, roles=frozenset({Role.OPERATOR}))
    small_desk.person("hugo", card=False, account=None, roles=frozenset({Role.HELPDESK}))
    content, imports = file_of(row("anna"), row("Wrong")), small_desk.imports
    with portal(small_desk) as address:
        otto, hugo = (Browser(address) for _each in range(2))
        for name, browser in (("otto", otto), ("hugo", hugo)):
            browser.follow(browser.post("/login", username=name, password=PASSWORD))

        def give(browser: Browser, kind: str) -> httpx2.Response:
            cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
            return httpx2.post(
                f"{address}/desk/imports",
                headers={
                    "cookie": cookies, "sec-fetch-site": "same-origin", "user-agent": FIREFOX
                },
                data={"kind": kind, "key": "", "password": ""},
                files={"file": ("people.csv", content, "text/csv")},
            )  # fmt: skip

        assert give(hugo, "people").status_code == 403
        assert "Choose what the file holds" in give(otto, "robots").text
        here = give(otto, "people").headers["location"]
        imports.turn()
        shown = otto.get(here).text
        assert "Import the people" in shown
        assert "cannot be a user name" in shown
        assert otto.post(f"{here}/go").status_code == 303
        imports.turn()
        assert "The user names are entered" in otto.get(here).text
        report = otto.get(f"{here}/report/csv").text.splitlines()
        assert report[0] == "line,username,outcome,problem"
        assert report[1] == "2,anna,new,"
        assert "$argon2" not in otto.get(f"{here}/report/json").text
        assert "People" in otto.get("/desk/imports").text
    assert small_desk.directory.find("anna").has_password
    assert ("directory.user-name-imported", small_desk.directory.find("anna").id) in (
        small_desk.events()
    )


def test_the_command(small_desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(
        file_of(f'olga,Olga,,"{READY}",operator', "bea,Bea,b@example.org,,",
                head="username,name,email,password_hash,roles")
    )  # fmt: skip
    place = ["--data", str(tmp_path), "--database", f"sqlite:///{small_desk.database.file}"]
    dry = CliRunner().invoke(users, ["import", str(path), "--dry-run", "--json", *place])
    said = json.loads(dry.stdout)
    assert (dry.exit_code, said["new"], said["refused"], said["dry_run"]) == (1, 1, 1, True)
    assert small_desk.directory.is_empty()
    run = CliRunner().invoke(users, ["import", str(path), *place])
    assert run.exit_code == 1
    assert "3: bea: no link can be sent" in run.stdout
    assert small_desk.directory.find("olga").roles == {Role.OPERATOR}
    with pytest.raises(Refused):
        CliRunner().invoke(
            users, ["import", str(tmp_path / "none.csv"), *place], standalone_mode=False,
            catch_exceptions=False,
        )  # fmt: skip


def test_links_go_out_by_the_command(
    small_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKSIDE_MAIL_HOST", "mail.example")
    path = tmp_path / "people.csv"
    path.write_bytes(file_of(row("anna", email="anna@example.org", ready="")))
    place = ["--data", str(tmp_path), "--database", f"sqlite:///{small_desk.database.file}"]
    run = CliRunner().invoke(users, ["import", str(path), "--json", *place])
    assert json.loads(run.stdout)["new"] == 1
    assert "setup/" not in run.output
    assert small_desk.count("outbox") == 1
