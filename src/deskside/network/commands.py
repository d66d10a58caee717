"""`deskside network`: test the connection, list the hosts, run a responder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deskside.foundation.console import (
    EXIT_FINE,
    EXIT_PROBLEM,
    command_options,
    emit,
    exit_with,
    note,
    wants_json,
)
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.network.monitor.commands import history, monitor

if TYPE_CHECKING:
    from deskside.network.diagnosis import Report
    from deskside.network.reports import Document
    from deskside.network.responder import Responder
    from deskside.network.service import NetworkService

FORMAT_NAMES = (
    "table",
    "json",
    "csv",
    "nftables",
    "iptables",
    "windows",
    "panos",
    "pac",
    "commands",
)


@click.group()
def network() -> None:
    """Prove that this computer reaches what TWS needs, and say why where it does not."""


@network.command()
@click.option("--catalogue", metavar="FILE|URL", help="Hosts to test; default: the portal's.")
@click.option("--only", multiple=True, metavar="ID", help="Test this row alone; may be repeated.")
@click.option(
    "--deadline",
    type=float,
    metavar="SECONDS",
    help="Default: 10, with --deep 90; more for thousands of rows.",
)
@click.option("--deep", is_flag=True, help="Try idle times and limits of responders, too.")
@click.option("--html", type=click.Path(dir_okay=False), help="Write an HTML report too.")
@click.option("--junit", type=click.Path(dir_okay=False), help="Write a JUnit XML report too.")
@click.option("--text", type=click.Path(dir_okay=False), help="Write a text report too.")
@click.option("--redact", is_flag=True, help="Leave out names and addresses of yours.")
@click.option("--redact-desk", is_flag=True, help="The same, and the desk's own hosts.")
@command_options
def test(
    catalogue: str | None,
    only: tuple[str, ...],
    deadline: float | None,
    deep: bool,
    html: str | None,
    junit: str | None,
    text: str | None,
    redact: bool,
    redact_desk: bool,
) -> None:
    """Test every host and port, and name the cause where one cannot be reached.

    A port counts as reachable only when the far end has proved itself: by a trusted
    certificate, or by signing a fresh nonce. Vendors' hosts get at most three connections.

    Ctrl+C ends the test and reports what was seen until then; a second one gives up.

    \b
    Exit codes: 0 success, 1 degraded, failure or stopped, 2 wrong usage, 3 could not run.
    Examples:
      deskside network test --only tws-europe
      deskside network test --html report.html --redact
    """
    from deskside.network.live import watched
    from deskside.network.reports.text import terminal
    from deskside.network.service import NetworkService, usual_deadline

    service = NetworkService()
    loaded = service.load(catalogue, say=note)
    usual = usual_deadline(len(only) or len(loaded.hosts), deep=deep)
    seconds = deadline if deadline is not None else usual
    with watched(seconds, shown=not wants_json()) as (progress, stop):
        report = service.test(
            loaded, only=only, deadline=seconds, deep=deep, progress=progress, stop=stop
        )
    document = _document(report, service, redact=redact, redact_desk=redact_desk)
    _write_reports(document, {"html": html, "junit": junit, "text": text})
    emit(document.as_json(), lambda: terminal(document))
    fine = report.verdict.value == "success" and not report.stopped
    exit_with(EXIT_FINE if fine else EXIT_PROBLEM)


def _document(
    report: Report, service: NetworkService, *, redact: bool, redact_desk: bool
) -> Document:
    from datetime import UTC, datetime

    from deskside.network.reports import document_of, redacted

    now, where = datetime.now(UTC), _("from this computer")
    if not (redact or redact_desk):
        return document_of(report, made=now, where=where)
    from deskside.network.reports.private import of_this_computer

    document = document_of(report, made=now, where=where, private=of_this_computer())
    return redacted(document, desk=service.desk_rows(report.hosts) if redact_desk else ())


def _write_reports(document: Document, files: dict[str, str | None]) -> None:
    from deskside.network.reports import FORMATS

    for name, file in files.items():
        if file:
            Path(file).write_text(FORMATS[name].write(document), encoding="utf-8")


@network.command()
@click.option("--format", "name", type=click.Choice(FORMAT_NAMES), default="table")
@click.option("--catalogue", metavar="FILE|URL", help="Default: the portal's, else the shipped.")
@command_options
def hosts(name: str, catalogue: str | None) -> None:
    """List the hosts and ports, or write them as an allow-list.

    nftables and iptables know addresses only: names are resolved now, and a comment marks
    those without a known address.

    \b
    Examples:
      deskside network hosts
      deskside network hosts --format nftables > deskside.nft
    """
    from deskside.network.service import NetworkService

    service = NetworkService()
    loaded = service.load(catalogue, say=note)
    if wants_json() and name not in ("table", "json"):
        text = service.write(loaded, name)
        emit({**loaded.as_json(), "format": name, "text": text}, "")
        return
    emit(loaded.as_json(), lambda: service.write(loaded, name))


@network.command()
@click.option(
    "--plain",
    multiple=True,
    metavar="HOST:PORT",
    default=["127.0.0.1:4000"],
    show_default=True,
    help="A plain port; may be repeated.",
)
@click.option(
    "--tls",
    multiple=True,
    metavar="HOST:PORT",
    default=["127.0.0.1:4001"],
    show_default=True,
    help="A TLS port; may be repeated.",
)
@click.option("--key", type=click.Path(dir_okay=False), help="Ed25519 key, made where missing.")
@click.option("--name", metavar="HOST", help="Name by which others reach this computer.")
@click.option(
    "--catalogue", type=click.Path(dir_okay=False), help="Write a catalogue that pins the key."
)
@command_options
def responder(
    plain: tuple[str, ...],
    tls: tuple[str, ...],
    key: str | None,
    name: str | None,
    catalogue: str | None,
) -> None:
    """Run the far end of a connection test, until interrupted.

    It answers a nonce with a signed line that tells the address it saw and the certificate
    it served. Port 0 takes a free port.

    \b
    Examples:
      deskside network responder --catalogue lab.toml
      deskside network responder --plain 0.0.0.0:4000 --plain 0.0.0.0:4002 --name desk.example
      deskside network test --catalogue lab.toml
    """
    from deskside.foundation.paths import data_folder
    from deskside.network import certificates
    from deskside.network.responder import Responder

    folder = data_folder() / "responder"
    signing_key = certificates.signing_key(Path(key) if key else folder / "signing.pem")
    running = Responder(
        signing_key,
        folder,
        plain=[_address(text) for text in plain],
        tls=[_address(text) for text in tls],
        name=name,
    )
    running.start()
    try:
        _announce(running, catalogue)
        _wait()
    finally:
        running.stop()


def _announce(running: Responder, catalogue: str | None) -> None:
    from datetime import UTC, datetime

    from deskside.network.model import Catalogue
    from deskside.network.service import NetworkService

    today = datetime.now(UTC).date().isoformat()
    listed = Catalogue(
        version="1",
        date=today,
        hosts=tuple(running.rows()),
        responder_key=running.public_key,
    )
    if catalogue:
        Path(catalogue).write_text(NetworkService().as_toml(listed), encoding="utf-8")
    kinds = ("plain", "tls")
    where = {kind: [_shown(one) for one in running.addresses(kind)] for kind in kinds}
    data = {
        **{kind: next(iter(several), None) for kind, several in where.items()},
        "addresses": where,
        "public_key": running.public_key,
        "fingerprint": running.fingerprint,
    }
    lines = [f"{kind:<6} {one}" for kind, several in where.items() for one in several]
    emit(data, "\n".join([*lines, f"key    {running.public_key}"]))
    note(_("Answering until interrupted (Ctrl+C)."))


def _shown(address: tuple[str, int]) -> str:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{host}:{address[1]}"


def _wait() -> None:
    """Until Ctrl+C or a polite kill."""
    import signal
    import threading

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_seen: stop.set())
    while not stop.wait(0.5):
        pass


def _address(text: str) -> tuple[str, int]:
    host, _separator, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or int(port) > 65535:
        raise UsageProblem(
            "wrong-address",
            _("{text} is not an address to listen on.").format(text=text),
            hint=_("Give it as 127.0.0.1:4000 or [::1]:4000."),
        )
    return host, int(port)


network.add_command(monitor)
network.add_command(history)
