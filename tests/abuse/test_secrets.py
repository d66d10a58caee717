"""After a day's work and a day's mistakes: no secret lies about in the log or in the database."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.abuse.conftest import person
from tests.abuse.wire import JSON, send
from tests.prove.client import Client, Ledger
from tests.secure_login.browser import Browser, challenge_on
from tests.system.conftest import Portal, run_deskside, start_portal, stop_portal

CHOSEN = "seventeen quiet herons " + secrets.token_hex(4)
MISTYPED = "sixteen quiet herons " + secrets.token_hex(4)


def test_no_secret_is_left_in_clear(tmp_path: Path) -> None:
    portal = start_portal(tmp_path / "portal", "--demo")
    try:
        used, pins = work(portal, tmp_path)
        running = left_behind(portal.folder)
        assert any(path.name.endswith("-wal") for path in running)
        assert_absent(running, used)
        assert_no_pin(portal.folder, pins)
    finally:
        stop_portal(portal)
    assert_absent(left_behind(portal.folder), used)


def left_behind(folder: Path) -> list[Path]:
    """All that the portal writes, but the keys and the demonstration's own notes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    kept = [path for path in files if path.relative_to(folder).parts[0] not in ("keys", "cards")]
    assert any(path.parent.name == "logs" for path in kept)
    return [path for path in kept if path.name != "demo.json"]


def assert_absent(files: list[Path], used: set[bytes]) -> None:
    for path in files:
        content = path.read_bytes()
        for secret in used:
            assert secret not in content, f"{path.name} holds {secret[:3]!r}…"


def assert_no_pin(folder: Path, pins: set[str]) -> None:
    """Four digits are found anywhere by chance; so value by value, where they stand alone."""
    with closing(sqlite3.connect(folder / "deskside.sqlite3")) as database:
        for value in [*cells(database), *logged(folder / "logs")]:
            assert not any(re.search(rf"(?<![\w.:-]){pin}(?![\w.:-])", value) for pin in pins)


def cells(database: sqlite3.Connection) -> Iterator[str]:
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE rootpage")]
    for table in tables:
        if not table.startswith(("sqlite_", "ix_", "uq_")):
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield from (value for value in row if isinstance(value, str))


def logged(folder: Path) -> Iterator[str]:
    for file in folder.iterdir():
        for line in file.read_text().splitlines():
            yield from (str(value) for key, value in json.loads(line).items() if key != "ms")


def work(portal: Portal, folder: Path) -> tuple[set[bytes], set[str]]:
    """Do and get wrong what people do; the secrets that were used, and the PINs."""
    users = portal.demo["users"]
    devices = [device for user in users for device in user["devices"]]
    texts = {CHOSEN, MISTYPED} | {user["password"] for user in users}
    texts |= by_program(portal) | by_browser(portal) | by_link(portal, folder) | misplaced(portal)
    texts |= {secret for device in devices for secret in on_device(Path(device["file"]))}
    keys = {bytes.fromhex(text) for text in texts if re.fullmatch("[0-9a-f]{40,}", text)}
    assert len(keys) > 5
    used = {text.encode() for text in texts} | keys
    return used, {device["pin"] for device in devices if device.get("pin")}


def on_device(file: Path) -> Iterator[str]:
    """The key or the codes of a virtual device; a cell of three is found anywhere by chance."""
    held = json.loads(file.read_text())
    for name in ("key", "code", "codes"):
        yield from (word for word in held.get(name, "").split() if len(word) > 3)


def by_program(portal: Portal) -> set[str]:
    ledger = Ledger(person(portal, "bruno"))
    with Client(portal.address, ledger) as client:
        client.guess_wrong()
        token = client.log_in()
        assert client.who(token) == "bruno"
        content = b"<Settings account='U" + secrets.token_hex(8).encode() + b"'/>"
        push(client, token, content)
    answers = {each.text for each in ledger.answered} | {each.login for each in ledger.answered}
    return answers | {token, content.decode()}


def push(client: Client, token: str, content: bytes) -> None:
    from hashlib import sha256

    headers = client.bearer(token) | {"deskside-sha256": sha256(content).hexdigest()}
    address = "/me/settings/tws-secret.xml/snapshots"
    assert client.http.post(address, headers=headers, content=content).status_code == 200


def by_browser(portal: Portal) -> set[str]:
    """With the demonstration's card on the screen, PIN and all."""
    who, browser = person(portal, "tessa"), Browser(portal.address)
    browser.post("/login", username=who.name, password=MISTYPED)
    browser.post("/login", username=who.password, password=who.password)
    browser.post("/login", username=who.name, password=who.password)
    login = browser.cookies["__Host-login"]
    identifier, digits = challenge_on(browser.get("/login/factor").text)
    state = ""
    for key in ["press", *who.pin, "ok", *digits, "ok"]:
        shown = browser.post("/demo/card", key=key, state=state).text
        found = re.search(r'id="card-state" value="([^"]+)"', shown)
        assert found
        state = found[1]
    right = who.card.respond(digits, who.pin)
    display = re.search(r'id="card-display">\s*<span>([\d ]+)<', shown)
    assert display
    assert display[1].replace(" ", "") == right
    browser.post("/login/factor", challenge=identifier, answer=right)
    tokens = {browser.cookies["__Host-session"], browser.cookies["__Host-browser"]}
    return {login, right, state, *tokens}


def by_link(portal: Portal, folder: Path) -> set[str]:
    """A new password by a one-time link, refused at first."""
    command = ["admin", "users", "reset", "renata", "--data", str(portal.folder), "--json"]
    done = run_deskside(*command, data=folder)
    assert done.returncode == 0, done.stderr
    messages = [file.read_text() for file in portal.folder.glob("outbox/*.eml")]
    found = re.search(r"/reset/([\w-]{20,})", " ".join([done.stdout, *messages]))
    assert found, done.stdout
    browser = Browser(portal.address)
    path = f"/reset/{found[1]}"
    assert browser.get(path).status_code == 200
    assert browser.post(path, password="short").status_code == 400
    assert browser.post(path, password=CHOSEN).status_code == 200
    assert browser.get(path).status_code == 404
    return {found[1]}


def misplaced(portal: Portal) -> set[str]:
    """Secrets where they do not belong: in addresses, headers and fields of another name."""
    made = [f"Secret{secrets.token_hex(12)}" for _place in range(8)]
    send(portal, "GET", f"/login?password={made[0]}")
    send(portal, "GET", f"/kb/{made[1]}")
    send(portal, "GET", f"/reset/{made[2]}")
    send(portal, "GET", "/", f"Authorization: Bearer {made[3]}", f"User-Agent: {made[4]}")
    send(portal, "GET", "/", f"Cookie: __Host-session={made[5]}", f"Referer: http://x/{made[5]}")
    body = json.dumps({"username": made[6], "password": made[7], "pin": made[7]}).encode()
    send(portal, "POST", "/api/v1/login", JSON, body=body)
    send(portal, f"{made[7]}", "/nope")
    return set(made)
