"""One running instance of the peer on SQLite, with people who hold an OCRA token each."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUITE = "OCRA-1:HOTP-SHA1-8:QN06"
"""Questions only: those with a PIN can be enrolled but not answered."""

PIN = "ocra-pin"
WORKERS = 2

CONFIGURATION = """
import logging
SUPERUSER_REALM = ['super']
SECRET_KEY = 'only for this benchmark 0123456789'
PI_PEPPER = 'only for this benchmark'
PI_ENCFILE = {folder!r} + '/enckey'
PI_AUDIT_KEY_PRIVATE = {folder!r} + '/private.pem'
PI_AUDIT_KEY_PUBLIC = {folder!r} + '/public.pem'
PI_AUDIT_SQL_TRUNCATE = True
PI_LOGFILE = {folder!r} + '/privacyidea.log'
PI_LOGLEVEL = logging.WARNING
PI_UUID_FILE = {folder!r} + '/uuid.txt'
SQLALCHEMY_DATABASE_URI = 'sqlite:///' + {folder!r} + '/pi.sqlite'
{more}
"""
CHEAP = (
    "PI_HASH_ALGO_PARAMS = {'argon2__rounds': 1, 'argon2__memory_cost': 64,"
    " 'argon2__parallelism': 1}"
)
"""Password hashing at next to no cost, to see everything else."""

APPLICATION = """
import os
from privacyidea.app import create_app
application = create_app(
    config_name="production", config_file=os.environ["PRIVACYIDEA_CONFIGFILE"], silent=True
)
"""


@dataclass
class Instance:
    """A running instance: where, whose processes, and who may log in."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    users: list[str]

    def call(self, method: str, path: str, data: Any = None, token: str = "") -> Any:
        """One request of its API in JSON."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, method=method)
        request.add_header("content-type", "application/json")
        if token:
            request.add_header("authorization", token)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def log_in(self, user: str) -> None:
        """Both requests of a log-in with an OCRA token: the PIN, then the answer."""
        asked = self.call("POST", "/validate/check", {"user": user, "pass": PIN})
        detail = asked["detail"]
        given = detail.get("attributes") or detail["multi_challenge"][0]["attributes"]
        answer = response(key_of(user), given["challenge"])
        done = {"user": user, "pass": answer, "transaction_id": detail["transaction_id"]}
        assert self.call("POST", "/validate/check", done)["result"]["value"] is True


def key_of(user: str) -> str:
    """A token's key."""
    return hashlib.sha256(user.encode()).hexdigest()[:40]


def response(key: str, question: str) -> str:
    """What the token shows, by our own implementation of RFC 6287."""
    from deskside.secure_login.otp.ocra import respond
    from deskside.secure_login.otp.suite import Suite

    return respond(Suite.parse(SUITE), bytes.fromhex(key), question)


@contextmanager
def running(environment: Path, folder: Path, people: int, *, cheap: bool) -> Iterator[Instance]:
    """A fresh instance for as long as the block runs."""
    programs, folder = environment / "bin", folder.resolve()
    (folder / "pi.cfg").write_text(
        CONFIGURATION.format(folder=str(folder), more=CHEAP if cheap else "")
    )
    (folder / "peer.py").write_text(APPLICATION)
    settings = os.environ | {"PRIVACYIDEA_CONFIGFILE": str(folder / "pi.cfg")}
    for words in (
        ("setup", "create_enckey"),
        ("setup", "create_audit_keys"),
        ("setup", "create_tables"),
        ("admin", "add", "-p", "only-for-this", "admin"),
    ):
        command = [str(programs / "pi-manage"), *words]
        subprocess.run(command, cwd=folder, env=settings, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    listen = ["-w", str(WORKERS), "-b", f"127.0.0.1:{port}", "peer:application"]
    with (folder / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(
            [str(programs / "gunicorn"), *listen], cwd=folder, env=settings, stdout=log, stderr=log
        )
    try:
        instance = Instance(folder, port, process, [f"user{number}" for number in range(people)])
        _wait(instance)
        _enrol(instance)
        yield instance
    finally:
        process.terminate()
        process.wait(30)


def _wait(instance: Instance) -> None:
    address = f"http://127.0.0.1:{instance.port}/healthz/livez"
    for _time in range(600):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError((instance.folder / "gunicorn.log").read_text()[-2000:])


def _enrol(instance: Instance) -> None:
    """A table of users as its resolver reads them, a realm, and a token each."""
    database = instance.folder / "users.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(40) UNIQUE, email TEXT,"
            " givenname TEXT, surname TEXT, password TEXT)"
        )
        connection.executemany(
            "INSERT INTO users VALUES (?, ?, '', '', '', '')", enumerate(instance.users, 1)
        )
    columns = ("username", "email", "givenname", "surname", "password")
    admin = {"username": "admin", "password": "only-for-this"}
    token = instance.call("POST", "/auth", admin)["result"]["value"]["token"]
    resolver = {
        "type": "sqlresolver",
        "Driver": "sqlite",
        "Server": "/",
        "Database": str(database).lstrip("/"),
        "Table": "users",
        "Limit": 500,
        "Map": json.dumps({"userid": "id", **{name: name for name in columns}}),
        "Editable": 0,
        "User": "",
        "Password": "",
        "Encoding": "utf-8",
    }
    instance.call("POST", "/resolver/sql", resolver, token)
    instance.call("POST", "/realm/bench", {"resolvers": "sql"}, token)
    instance.call("POST", "/defaultrealm/bench", {}, token)
    instance.call("POST", "/system/setConfig", {"DefaultMaxFailCount": "1000000"}, token)
    for number, user in enumerate(instance.users):
        card = {
            "type": "ocra",
            "serial": f"OCRA{number:05d}",
            "pin": PIN,
            "user": user,
            "realm": "bench",
            "otpkey": key_of(user),
            "ocrasuite": SUITE,
        }
        instance.call("POST", "/token/init", card, token)
