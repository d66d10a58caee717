"""`deskside mobile` and its page: names that are not exact, dates, the visitor's own device."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from deskside.cli import deskside
from deskside.foundation.config import Config
from deskside.foundation.errors import DesksideError
from deskside.portal import create_app, open_services
from deskside.workstation.mobile import rules, service

BB10 = ("Q5", "Z3", "Leap", "Classic", "Passport", "Q10", "Z10", "Z30", "P'9982", "P'9983")
AGENTS = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15": "ios",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Mobile": "android",
    "Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 Silk/120": "fire",
    "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ Version/10.0.9 Mobile": "blackberry-10",
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/140": "",
}


@pytest.mark.parametrize("name", ["", "?", "zzzzzz", "a" * 10_000])
def test_what_nobody_knows_is_said(name: str) -> None:
    with pytest.raises(DesksideError) as refused:
        service.answer(name)
    assert refused.value.code == "unknown-device"


@given(st.text(max_size=600))
def test_no_name_breaks_it(name: str) -> None:
    rules.find(service.platforms(), name)
    rules.of_browser(service.platforms(), name)


@pytest.mark.parametrize("name", BB10)
def test_devices_of_the_article(name: str) -> None:
    told = CliRunner().invoke(deskside, ["mobile", "--json", name])
    answer = json.loads(told.stdout)
    assert (told.exit_code, answer["platform"]) == (1, "blackberry-10")
    assert [route["store"] for route in answer["routes"]] == ["Amazon Appstore"]
    assert "2022-01-04" in answer["today"]


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("blackbery z10", "blackberry-10"),
        ("Porsche Design P9982", "blackberry-10"),
        ("IPHONE 15 pro", "ios"),
        ("samsung galaxy s24", "android"),
        ("Kindle Fire", "fire"),
        ("BlackBerry KEYone", "blackberry-android"),
        ("lumia 950", "windows-phone"),
        ("nokia lumia 950", "windows-phone"),
        ("galxy s21", "android"),
        ("iphne 12 mini", "ios"),
        ("moto g", "android"),
        ("my old passprt", "blackberry-10"),
        ("Nokia 3310", "other"),
    ],
)
def test_names_need_not_be_exact(name: str, platform: str) -> None:
    assert service.answer(name).platform.id == platform


def test_a_route_ends_with_its_last_day() -> None:
    platform = service.answer("z10").platform
    assert platform.possible(date(2022, 1, 4))
    assert not platform.possible(date(2022, 1, 5))


@pytest.mark.parametrize(("agent", "platform"), AGENTS.items())
def test_the_page_reads_the_visitors_device(agent: str, platform: str, tmp_path: Path) -> None:
    found = service.answer_browser(agent)
    assert (found.platform.id if found else "") == platform
    with open_services(Config.load(flags={"data": str(tmp_path)}), tmp_path) as services:
        client = TestClient(create_app(services), base_url="http://127.0.0.1")
        shown = client.get("/mobile", headers={"user-agent": agent}).text
        assert ("QR code" in shown) is (platform in ("ios", "android", "fire"))
        hostile = client.get("/mobile", params={"device": "<script>alert(1)</script>"}).text
        assert "<script>alert" not in hostile


def test_names_are_written_as_their_makers_do() -> None:
    assert service.answer("iphone").device == "iPhone (iPhone / iPad)"
    assert service.answer("z10").device == "Z10 (BlackBerry 10)"
    assert service.answer("oneplus 9").device == "OnePlus (Android)"
    assert service.answer("fire hd 10").device == "Fire HD (Amazon Fire)"
