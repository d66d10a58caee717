"""Names as people know them; what nobody knows keeps its raw name; nothing commands a terminal."""

from __future__ import annotations

import pytest

from deskside.foundation.text import use_language
from deskside.workspace.document.tree import Element
from deskside.workspace.document.vocabulary import ATTRIBUTES
from deskside.workspace.document.words import (
    attribute_label,
    described,
    path_of,
    raw_path,
    readable,
    shown,
)


def element(tag: str, text: str = "", **attributes: str) -> Element:
    made = Element(tag, attributes, 0, 0)
    made.text = text
    return made


ROOT = element("Settings")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("closingPosOrderType", "Closing pos order type"),
        ("IBGWindowTitle", "IBG window title"),
        ("new882User", "New 882 user"),
        ("x", "X"),
        ("___", "___"),
    ],
)
def test_camel_case(name: str, words: str) -> None:
    assert readable(name) == words


def test_the_names_of_the_api_page() -> None:
    api = element("ApiSettings", varName="api")
    assert attribute_label(api, "socketClient") == "Enable ActiveX and Socket Clients"
    assert attribute_label(api, "allowOnlyLocalhost") == "Allow connections from localhost only"
    assert attribute_label(api, "fireOpenOrder") == "Fire open order (fireOpenOrder)"
    trusted = element("ListOfStrings", varName="trustedIPAddresses")
    chain = [ROOT, api, trusted, element("String", "10.0.0.9")]
    assert path_of(chain) == ("API", "Trusted IPs")
    assert raw_path(chain) == "ApiSettings[api]/ListOfStrings[trustedIPAddresses]/String"


def test_what_holds_others_goes_without_saying() -> None:
    chain = [
        ROOT,
        element("WorkspaceCollection", varName="workspaceCollection"),
        element("WindowConfiguration", id="7"),
        element("SplitPane", varName="left"),
        element("ListOfContents", varName="contents"),
        element("QuoteMatrixContent", varName="content"),
        element("QuoteElement", symbol="IBM", conid="8314"),
    ]
    assert path_of(chain) == ("Windows", "Window 7", "Quote matrix", "IBM")


def test_the_person_s_own_names() -> None:
    assert described(element("Watchlist", name="My tech")) == "My tech"
    assert described(element("TickerEntry", symbol="AAPL", exchange="SMART")) == "AAPL (SMART)"
    assert described(element("String", "10.0.0.9")) == "10.0.0.9"
    assert described(element("Hotkey", id="3")) == "Hot key 3"


@pytest.mark.parametrize("bad", ["\x9b31m", "\u202eevil", "a\u200bb"])
def test_no_file_commands_the_terminal(bad: str) -> None:
    assert shown(bad).isprintable()
    assert described(element("Watchlist", name=bad)).isprintable()
    assert all(step.isprintable() for step in path_of([ROOT, element("W", varName=bad)]))


def test_values() -> None:
    assert [shown(v) for v in ("true", "false", "", None, "a\n b")] == [
        "on",
        "off",
        "empty",
        "–",
        "a b",
    ]
    assert len(shown("x" * 10_000)) == 80


def test_every_label_is_a_different_one() -> None:
    use_language("en")
    for labels in ATTRIBUTES.values():
        assert len(set(labels.values())) == len(labels)
