"""Imports of a hundred thousand rows: seeds as encrypted PSKC and as CSV, and people, on both
engines.

As `deskside admin … import` takes them: every row is judged, and stored a thousand at a time with
its audit. People come with ready hashes, or are each written a link; links are queued, not sent.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.measure import show, verdict

ROWS = 100_000
BOUND = 300
"""Seconds; "minutes"."""


def seeds_csv(path: Path, rows: int) -> None:
    """Keys of authenticator apps."""
    with path.open("w") as file:
        file.write("serial,key,kind\n")
        for number in range(rows):
            file.write(f"C-{number:06d},{secrets.token_hex(20)},totp\n")


def seeds_pskc(path: Path, rows: int) -> bytes:
    """Keys of AES-128-CBC, each with its MAC; the key that opens them."""
    from pskc import PSKC

    made, key = PSKC(), secrets.token_bytes(16)
    made.encryption.setup_preshared_key(key=key, algorithm="aes128-cbc")
    for number in range(rows):
        made.add_key(
            id=f"P-{number:06d}",
            serial=f"P-{number:06d}",
            algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp",
            secret=secrets.token_bytes(20),
            response_length=6,
            response_encoding="DECIMAL",
            time_interval=30,
        )
    made.write(str(path))
    return key


def people_csv(path: Path, rows: int, *, ready: str) -> None:
    """People with identification data; with a hash each, or an address for a link."""
    mark = "h" if ready else "l"
    with path.open("w") as file:
        file.write("username,name,email,password_hash,birth_date,citizenship,legal_residence,")
        file.write("document_type,document_number\n")
        for number in range(rows):
            file.write(
                f'{mark}{number:06d},Person {mark} {number},{mark}{number}@example.org,"{ready}",'
                f"1980-02-03,IT,IT,passport,YA{number:07d}\n"
            )


def run(*, peers: bool, rows: int = ROWS) -> None:
    """Measure and print."""
    from tests.postgres import running_server

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = _files(folder, rows)
        server = stack.enter_context(running_server())
        found: list[list[object]] = []
        for engine, url in (
            ("SQLite", f"sqlite:///{folder / 'desk.db'}"),
            ("PostgreSQL", server.url(server.new_database())),
        ):
            for name, read in files.items():
                seconds = _taken(url, folder / engine, read)
                print(f"{engine}, {name}: {seconds:.0f} s", file=sys.stderr, flush=True)
                found.append(
                    [engine, name, seconds, rows / seconds, verdict(seconds, BOUND * rows / ROWS)]
                )
    show(
        f"An import of {rows:,} rows, judged and stored",
        ["engine", "file", "s", "rows/s", f"≤ {BOUND * rows // ROWS} s"],
        found,
    )


def _files(folder: Path, rows: int) -> dict[str, Callable[[], tuple[str, Iterator[Any]]]]:
    from deskside.secure_login.passwords import hash_now
    from deskside.secure_login.people.reading import read_people
    from deskside.secure_login.seeds.reading import read_seeds

    seeds_csv(folder / "seeds.csv", rows)
    key = seeds_pskc(folder / "seeds.xml", rows)
    people_csv(folder / "hashes.csv", rows, ready=hash_now("seven grey herons"))
    people_csv(folder / "links.csv", rows, ready="")
    return {
        "seeds, CSV": lambda: ("devices", read_seeds(folder / "seeds.csv")),
        "seeds, PSKC encrypted": lambda: ("devices", read_seeds(folder / "seeds.xml", key=key)),
        "people with hashes": lambda: ("people", read_people(folder / "hashes.csv")),
        "people with links": lambda: ("people", read_people(folder / "links.csv")),
    }


def _taken(url: str, data: Path, read: Callable[[], tuple[str, Iterator[Any]]]) -> float:
    """Seconds for one file, from opening it to the last commit; every row is new."""
    from deskside.foundation.config import Config
    from deskside.portal import open_services
    from deskside.secure_login.people.service import PeopleImport

    data.mkdir(exist_ok=True)
    with open_services(
        Config.load(flags={"portal.database": url, "portal.data": str(data)}), data
    ) as here:
        people = PeopleImport(here.directory, lambda: "https://desk.example", mails=True)
        started = time.perf_counter()
        kind, lines = read()
        taking = people if kind == "people" else here.imports.devices
        told = [outcome.outcome for outcome in taking.run(lines)]
        seconds = time.perf_counter() - started
    assert set(told) == {"new"}, set(told)
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    run(peers=False, rows=parser.parse_args().rows)
