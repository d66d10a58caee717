"""The page on the portal and on this computer, the portal's own monitor, and who reads metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from deskside.foundation.clock import FrozenClock
from deskside.foundation.config import Config
from deskside.foundation.errors import DesksideError
from deskside.foundation.mail import Delivery, outbox
from deskside.network import pages
from deskside.network.monitor.alerts import document_of
from deskside.network.monitor.history import History
from deskside.network.monitor.model import Change, Standing
from deskside.network.monitor.monitoring import only_one
from deskside.network.monitor.service import MonitorService, Readers
from deskside.network.responder import Responder
from deskside.network.service import NetworkService
from deskside.portal import open_services
from tests.network.shell import BEARER, client

from .conftest import FAILURE, FINE, START, SUCCESS, VOID, keep, measure, run

NETWORK = Readers(networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))


@pytest.fixture
def kept(file: Path) -> Path:
    """An hour of a history: well, then blocked, then our own side."""
    rows = [measure("a"), measure("b", connect=200.0)]
    bad = [measure("a"), measure("b", reached=False, connect=None, lost=2, code="port-dropped")]
    with History.open(file) as history:
        keep(history, *(run(-60 + 5 * n, SUCCESS, *rows) for n in range(6)))
        change = Change(at=START - timedelta(minutes=10), now=FAILURE, previous=SUCCESS)
        keep(history, run(-15, FAILURE, *bad))
        history.record(run(-10, FAILURE, *bad), Standing(FAILURE, change.at), change, [])
        history.record(run(-5, VOID, *bad), Standing(FAILURE, change.at), None, [])
    return file


def monitor(file: Path, **fields: Any) -> MonitorService:
    return MonitorService(file=file, clock=FrozenClock(START), **fields)


@contextmanager
def portal(service: MonitorService) -> Iterator[TestClient[Any]]:
    desk = NetworkService(vendor_hosts=False)
    with client(pages.portal_pages(), desk, local=False, monitor=service) as opened:
        yield opened


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def test_the_page_needs_a_log_in(kept: Path) -> None:
    with portal(monitor(kept)) as opened:
        assert opened.get("/network/monitor", follow_redirects=False).status_code == 303


def test_the_page_shows_what_holds_what_changed_and_each_host(kept: Path) -> None:
    with portal(monitor(kept)) as opened:
        page = opened.get("/network/monitor", headers=BEARER).text
    text = words(page)
    assert "Failure (port-dropped)" in text
    assert "Since 2026-01-05 08:50:00 UTC" in text
    assert "The latest test is void" in text
    assert "b (b) 6/8 200.0 ms" in text
    assert "Before: Success" in text
    assert "<svg" in page
    assert page.count("ds-chart__band") == 1
    table = page[page.index("The same as a table") :]
    assert "2026-01-05 08:30:00 UTC" in table


def test_one_row_over_a_week(kept: Path) -> None:
    with portal(monitor(kept)) as opened:
        page = opened.get("/network/monitor?span=week&host=b", headers=BEARER).text
        assert "Latency, loss and verdict: One week · b" in page
        assert opened.get("/network/monitor?host=none", headers=BEARER).status_code == 404
        assert opened.get("/network/monitor?span=nonsense", headers=BEARER).status_code == 200


def test_the_next_run_is_on_the_next_page(kept: Path) -> None:
    with portal(monitor(kept)) as opened:
        before = words(opened.get("/network/monitor", headers=BEARER).text)
        with History.open(kept) as history:
            keep(history, run(-1, FAILURE, measure("a"), measure("b", reached=False)))
        after = words(opened.get("/network/monitor", headers=BEARER).text)
    assert ("b (b) 6/8" in before, "b (b) 6/9" in after) == (True, True)


def test_without_a_history_the_page_says_how_to_begin(tmp_path: Path) -> None:
    with portal(monitor(tmp_path / "none")) as opened:
        page = opened.get("/network/monitor", headers=BEARER)
        assert page.status_code == 200
        assert "monitor.portal" in page.text


def test_a_history_that_is_no_good_is_a_page_that_says_so(file: Path) -> None:
    file.write_text("Dear diary, " * 100)
    with portal(monitor(file)) as opened:
        page = opened.get("/network/monitor", headers=BEARER)
    assert page.status_code == 409
    assert "damaged" in page.text


def test_the_local_page(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with client(pages.local_pages(), None, local=True) as opened:
        assert "Nothing watched yet" in opened.get("/network/monitor").text
        monkeypatch.setenv("DESKSIDE_MONITOR_HISTORY", str(kept))
        page = opened.get("/network/monitor?span=month").text
        assert 'href="/network/monitor"' in opened.get("/network").text
    assert "Failure (port-dropped)" in page
    assert "deskside service install monitor" in words(page).replace(" $", "")


# Who reads metrics.


def test_metrics_are_for_nobody_unless_it_is_said_for_whom(kept: Path) -> None:
    with portal(monitor(kept)) as opened:
        assert opened.get("/metrics").status_code == 403
        assert opened.get("/metrics", headers=BEARER).status_code == 403


@pytest.mark.parametrize(
    ("address", "welcome"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("fd00::7", True),
        ("11.1.2.3", False),
        ("2001:db8::1", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_networks(address: str, *, welcome: bool) -> None:
    if welcome:
        NETWORK.admit(address, "")
        return
    with pytest.raises(DesksideError) as refused:
        NETWORK.admit(address, "Bearer x")
    assert refused.value.code == "metrics-not-allowed"


def test_a_token_lets_a_scrape_in(kept: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("let-prometheus-in\n")
    with portal(monitor(kept, readers=Readers(token_file=token))) as opened:
        wrong = ["", "Bearer", "Bearer let", "Basic let-prometheus-in", "Bearer let-prometheus-in2"]
        for header in wrong:
            assert opened.get("/metrics", headers={"authorization": header}).status_code == 403
        seen = opened.get("/metrics", headers={"authorization": "Bearer let-prometheus-in"})
        token.write_text("\n")
        assert opened.get("/metrics", headers={"authorization": "Bearer "}).status_code == 403
    assert seen.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = {family.name for family in text_string_to_metric_families(seen.text)}
    assert "deskside_monitor_state" in families


def test_both_are_asked_for_where_both_are_set(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s")
    both = Readers(networks=NETWORK.networks, token_file=token)
    both.admit("10.0.0.1", "Bearer s")
    for address, header in (("10.0.0.1", ""), ("192.0.2.1", "Bearer s")):
        with pytest.raises(DesksideError):
            both.admit(address, header)


# The portal's own monitor.


def test_the_portal_watches_where_that_is_turned_on(
    tmp_path: Path, responder: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKSIDE_MONITOR_PORTAL", "true")
    monkeypatch.setenv("DESKSIDE_MONITOR_ALERT_MAIL", "desk@example.org")
    config = Config.load(flags={"data": str(tmp_path)})
    with open_services(config, tmp_path, demo=True) as services:
        assert services.monitor.test is not None
        assert set(services.monitor.ways) == {"mail"}
        services.responder.start()
        try:
            with services.monitor.running() as notes:
                assert notes == []
        finally:
            services.responder.stop()
        with History.read(tmp_path / "monitor.sqlite3") as history:
            last = history.last_run()
    assert last
    assert last.outcome == SUCCESS
    assert len(last.measures) == 2


def test_a_history_that_another_watches_is_left_to_it(file: Path) -> None:
    service = MonitorService(file=file, test=lambda: FINE)
    with only_one(file), service.running() as (note,):
        assert "already running" in note


def test_an_alert_goes_into_the_desks_own_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESKSIDE_MONITOR_PORTAL", "true")
    monkeypatch.setenv("DESKSIDE_MONITOR_ALERT_MAIL", "desk@example.org")
    config = Config.load(flags={"data": str(tmp_path)})
    change = Change(at=START, now=FAILURE, previous=SUCCESS)
    with open_services(config, tmp_path, demo=True) as services:
        document = document_of(change, run(0, FAILURE), "7" * 32, "desk-7")
        services.monitor.ways["mail"].deliver(document)
        with services.database.read() as connection:
            assert connection.scalar(select(func.count()).select_from(outbox)) == 1
        delivery = Delivery(services.database, services.keyring, config, tmp_path)
        assert delivery.deliver_due() == 1
    (letter,) = (tmp_path / "outbox").glob("*.eml")
    assert "Failure (port-dropped)" in letter.read_text()
