"""The study's settings file and its history: synthetic, and the same bytes on every computer.

Calibrated on nineteen real revisions: about 1.5 MB, 15 to 16 thousand elements, two thirds of the
bytes in one section, long attribute lists, stamps that change at every save. Names of sections
are real, all content is invented. Four kinds of save:

    light    70 %  stamps, and one to eight values: a column's width, a window's place, a flag
    medium   22 %  and quotes, watch lists, a window cloned or closed: 80 to 600 values
    heavy     7 %  and all windows in another order, two of them new: thousands of values
    upgrade   1 %  a new attribute on every element of one or two kinds

Everything is drawn from `random.Random(seed).random()`, which is the same everywhere.
"""

# ruff: noqa: SIM905  (a hundred words are easier to read than a hundred strings)

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from typing import TypeVar

SEED = 20261122
VERSIONS = 500
TARGET = 1_500_000
SET_SHA256 = "c4589cf4231d8d19c2344a9cfe50380e6b238a07b5584a7bfafb86e674df8140"
"""Digest of the digests of all 500 versions of the usual seed."""

Item = TypeVar("Item")

_WORDS = (
    "auto show hide use default price size order stop limit trail offset column width tip flash "
    "sort group page quote chart book trader hedge vol delta combo leg alloc account model style "
    "color font header row cell menu key mouse drag drop confirm warn round display extended "
    "panel layout tab window button label filter scan news alert sound export print trade "
    "position pnl daily realized market depth level time zone region route smart peg mid bid ask "
    "last close open high low history option strike expiry call put ratio spread algo adaptive "
    "percent twap vwap iceberg hidden sweep block auction discretionary relative passive"
).split()
_SYMBOLS = [
    first + second + third
    for first in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for second in "AEIOULNRST"
    for third in ("", "X", "Q", "TR", "CO", "M")
]
_EXCHANGES = "SMART NYSE NASDAQ CBOE GLOBEX ECBOT IDEALPRO DTB ARCA TSE".split()
_CLASSES = "STK OPT FUT CASH CFD FOP WAR BOND FUND IND CRYPTO".split()
_CHOICES = "Default LMT MKT DAY GTC Ask Bid Last Mid NORMAL Dialog".split()
_PRICES = (
    "limitOffset stopOffset trailAmount bracketUp bracketDown hedgeOffset discretion closeOffset"
).split()
_PANES = "SplitPane BladeTabsConfiguration ListOfContents ExtendedConfigurationMap".split()
_CONTENTS = (
    "PortfolioContent QuoteMatrixContent ChartContent OrderEntryContent SidecarScannerContent"
).split()
UPGRADED = ("OrderCreator ColumnInfo WindowConfiguration AlgoDefaults TickerEntry Hotkey").split()
_FLAGGED = ("OrderCreator", "SystemSettings", "UISettings", "OrderSettings", "AlgoParam")
_SECTIONS = (
    ("SystemSettings", "system", 38),
    ("OrderSettings", "order", 26),
    ("ApiSettings", "api", 38),
    ("AnalyticsSettings", "analytics", 13),
    ("SoundSettings", "sound", 13),
    ("SmartRoutingSettings", "smartRoutingSettings", 8),
    ("MiscSettings", "miscSettings", 6),
    ("AccountSettings", "accountSettings", 9),
)


class Element:
    """An element that is still being changed."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(
        self,
        tag: str,
        attributes: dict[str, str] | None = None,
        children: list[Element] | None = None,
        text: str | None = None,
    ) -> None:
        self.tag = tag
        self.attributes = attributes or {}
        self.children = children if children is not None else []
        self.text = text

    def clone(self) -> Element:
        """A copy of it and of all below it."""
        copies = [child.clone() for child in self.children]
        return Element(self.tag, dict(self.attributes), copies, self.text)

    def walk(self) -> Iterator[Element]:
        """It and all below it; the last children come first."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(element.children)


def written(root: Element) -> bytes:
    """The file of a tree."""
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n']
    _write(root, out, 0)
    return "".join(out).encode()


def _write(element: Element, out: list[str], depth: int) -> None:
    attributes = "".join(f' {k}="{_escaped(v)}"' for k, v in element.attributes.items())
    indent = "\t" * depth
    out.append(f"{indent}<{element.tag}{attributes}")
    if element.children:
        out.append(">\n")
        for child in element.children:
            _write(child, out, depth + 1)
        out.append(f"{indent}</{element.tag}>\n")
    elif element.text is not None:
        out.append(f">{_escaped(element.text)}</{element.tag}>\n")
    else:
        out.append("/>\n")


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;")


class Draw:
    """Chance, the same everywhere."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed).random

    def number(self, low: int, high: int) -> int:
        """A number, both ends included."""
        return low + int(self.chance() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of several."""
        return items[int(self.chance() * len(items))]

    def happens(self, probability: float) -> bool:
        """Whether something happens."""
        return self.chance() < probability

    def shuffle(self, items: MutableSequence[Item]) -> None:
        """Put items in another order."""
        for i in range(len(items) - 1, 0, -1):
            j = int(self.chance() * (i + 1))
            items[i], items[j] = items[j], items[i]

    def name(self, words: int) -> str:
        """A name of an attribute."""
        drawn = [self.pick(_WORDS) for _word in range(words)]
        return drawn[0] + "".join(word.capitalize() for word in drawn[1:])

    def value(self) -> str:
        """A value of an attribute: mostly a flag or a small number."""
        share = self.chance()
        if share < 0.62:
            return self.pick(("true", "false"))
        if share < 0.80:
            return str(self.number(0, 120))
        if share < 0.88:
            return f"-{self.number(1, 16777215)}"
        if share < 0.94:
            return f"{self.number(0, 99)}.{self.number(0, 9)}"
        return self.pick(_CHOICES)

    def attributes(self, count: int) -> dict[str, str]:
        """So many attributes."""
        drawn: dict[str, str] = {}
        while len(drawn) < count:
            drawn[self.name(self.number(2, 4))] = self.value()
        return drawn


class Settings:
    """The settings of a trader, before the first save."""

    def __init__(self, seed: int = SEED, target: int = TARGET) -> None:
        self.draw = draw = Draw(seed)
        self.now = 1588000000000 + draw.number(0, 9999999)
        self.windows_made = 0
        self._column_tags = [_capital(draw.name(2)) + "Column" for _tag in range(260)]
        self.contracts = [
            (symbol, str(draw.number(4000, 399999999)), draw.pick(_EXCHANGES))
            for symbol in _SYMBOLS
        ]
        self.root = Element("Settings", {"soundProfile": "1", "mode": "TWS"})
        self._add(self._interface(0.19 * target))
        self._add_sections()
        self._add(self._hotkeys())
        self._add(self._trader(0.60 * target))
        self.workspaces = self._add(
            Element("WorkspaceCollection", {"varName": "workspaceCollection", "version": "3"})
        )
        self._fill(self.workspaces, 0, 0.13 * target, self.window)
        self.watchlists = self._add(Element("WatchlistList", {"varName": "watchlistList"}))
        for number in range(9):
            self.watchlists.children.append(self._watchlist(number, draw.number(10, 45)))
        self._add_stamps()
        self.index()

    def _add(self, element: Element) -> Element:
        self.root.children.append(element)
        return element

    def _fill(self, parent: Element, have: int, size: float, make: Callable[[], Element]) -> None:
        """Add children until they have that many bytes."""
        while have < size:
            child = make()
            parent.children.append(child)
            have += len(written(child))

    def _add_sections(self) -> None:
        for tag, name, count in _SECTIONS:
            self._add(Element(tag, {"varName": name} | self.draw.attributes(count)))
        system, api = self.root.children[1], self.root.children[3]
        system.attributes["lastAccount"] = "U0000000"
        system.attributes["exportDir"] = "C:\\Jts\\"
        api.attributes.update(
            port="7496", socketClient="true", readOnlyApi="true", masterClientID="-1"
        )
        trusted = [Element("String", text="127.0.0.1")]
        api.children.append(Element("ListOfStrings", {"varName": "trustedIPAddresses"}, trusted))

    def _add_stamps(self) -> None:
        features = [
            Element("Feature", {"id": str(n)}, [Element("enabled", text="true")])
            for n in range(100)
        ]
        self.features = self._add(Element("ArFeatures", {"varName": "arFeatures"}, features))
        uses = [
            Element("FeatureUsage", {"id": str(n), "lastUsedTime": str(self.now)})
            for n in range(21)
        ]
        self.used = self._add(Element("ArFeatureUsage", {"varName": "arLastUsedFeatures"}, uses))
        stamp = {"varName": "hostProbeSettings", "regularReportSendTimeStamp": str(self.now)}
        self.probe = self._add(Element("HostProbeSettings", stamp))
        version = {"varName": "version", "major": "9", "minor": "780"}
        self.version = self._add(Element("SettingsVersion", version))
        upgrades = {"varName": "upgradeHistory"} | self.draw.attributes(180)
        self.upgrades = self._add(Element("UpgradeHistory", upgrades))

    def _columns(self, count: int, style: int = 0) -> list[Element]:
        draw = self.draw
        ids: list[int] = []
        while len(ids) < count:
            drawn = draw.number(0, 900)
            if drawn not in ids:
                ids.append(drawn)
        return [self._styled_column(i) if style else self._column(i) for i in ids]

    def _styled_column(self, number: int) -> Element:
        draw = self.draw
        tag = draw.pick(self._column_tags)
        shown = draw.pick(("true", "false"))
        width = str(draw.number(20, 140))
        return Element(tag, {"shown": shown, "colId": str(number), "width": width})

    def _column(self, number: int) -> Element:
        draw = self.draw
        attributes = {"colId": str(number), "enabled": draw.pick(("true", "false"))}
        attributes["alignment"] = str(draw.number(0, 4))
        attributes["width"] = str(draw.number(20, 140))
        return Element("ColumnInfo", attributes)

    def _interface(self, size: float) -> Element:
        draw = self.draw
        attributes = {"varName": "ui", "version": "2"} | draw.attributes(140)
        interface = Element("UISettings", attributes)

        def layout() -> Element:
            name = draw.name(2) + "Layout" + str(len(interface.children))
            columns = self._columns(draw.number(15, 55), draw.number(0, 1))
            info = Element("ArColumnInfo", {"varName": "arAllColumns"}, columns)
            held = Element("ColumnCollection", {"varName": "columns", "scaled": "false"}, [info])
            return Element("Layout", {"varName": name, "fitColumnsToWindow": "true"}, [held])

        self._fill(interface, len(written(interface)), size, layout)
        return interface

    def _hotkeys(self) -> Element:
        draw = self.draw
        keys = []
        for number in range(90):
            event = {"keyCode": str(draw.number(8, 250)), "modifiers": str(draw.number(0, 15))}
            action = {"actionId": str(draw.number(1, 700)), "name": draw.name(3)}
            parts = [Element("HotkeyKeyEvent", event), Element("HotkeyAction", action)]
            keys.append(Element("Hotkey", {"id": str(number)}, parts))
        return Element("MainWinHotkeyMgr", {"varName": "hotkeyMgr", "version": "1"}, keys)

    def _trader(self, size: float) -> Element:
        """Order presets: near-identical nodes, the bulk of a real file."""
        draw = self.draw
        trader = Element("TraderSettings", {"varName": "traderSettings"})
        usual = [(draw.name(3), draw.value()) for _attribute in range(46)]

        def preset() -> Element:
            attributes = {"key": f"{draw.pick(_CLASSES)}_{len(trader.children)}"}
            for name, value in usual:
                attributes[name] = draw.value() if draw.happens(0.06) else value
            return Element("OrderCreator", attributes, self._preset_parts())

        self._fill(trader, 0, size, preset)
        return trader

    def _preset_parts(self) -> list[Element]:
        draw = self.draw
        parts = []
        for name in _PRICES:
            attributes = {"varName": name, "quantity": draw.pick(("0.0", "0.0", "0.01", "0.05"))}
            attributes["unit"] = str(draw.pick((0, 0, 0, 1)))
            attributes["useParentOrdPrc"] = "false"
            kind = Element("priceType", text=draw.pick(("Ask", "Bid", "Last", "Limit")))
            extended = Element("priceTypeExt", text=draw.pick(("Ask", "Bid", "Last")))
            parts.append(Element("PriceTypeQuantityUnit", attributes, [kind, extended]))
        settings = [
            Element("AlgoParam", {"name": draw.name(2), "value": draw.value()})
            for _parameter in range(draw.number(2, 14))
        ]
        parts.append(Element("AlgoDefaults", {"varName": "algo"}, settings))
        return parts

    def _watchlist(self, number: int, count: int) -> Element:
        drawn = [self.draw.pick(self.contracts) for _row in range(count)]
        rows = [ticker(contract, row) for row, contract in enumerate(drawn)]
        return Element("Watchlist", {"id": str(100 + number), "name": f"List {number}"}, rows)

    def window(self) -> Element:
        """A new window: nested panes, as deep as real ones, with contents at the end."""
        draw = self.draw
        self.windows_made += 1
        x, y = draw.number(0, 3000), draw.number(0, 1400)
        width, height = draw.number(200, 1400), draw.number(120, 900)
        place = {"x": str(x), "y": str(y), "width": str(width), "height": str(height)}
        attributes = {"id": str(self.windows_made)} | place
        attributes["screen"] = str(draw.number(0, 2))
        attributes["ccpHash"] = str(self.now + self.windows_made)
        made = Element("WindowConfiguration", attributes | draw.attributes(12))
        inner = made
        for _level in range(draw.number(5, 11)):
            pane = draw.pick(_PANES)
            named = {"varName": draw.name(2), "ratio": f"0.{draw.number(1, 9)}"}
            inner.children.append(Element(pane, named))
            inner = inner.children[-1]
        for _content in range(draw.number(1, 3)):
            inner.children.append(self._content())
        return made

    def _content(self) -> Element:
        draw = self.draw
        tag = draw.pick(_CONTENTS)
        attributes = {"varName": draw.name(2), "ccpHash": str(self.now)} | draw.attributes(8)
        columns = self._columns(draw.number(10, 40))
        drawn = [draw.pick(self.contracts) for _quote in range(draw.number(4, 20))]
        quotes = [
            Element("QuoteElement", {"symbol": symbol, "conid": number, "exchange": exchange})
            for symbol, number, exchange in drawn
        ]
        parts = [
            Element("ArColumnInfo", {"varName": "arAllColumns"}, columns),
            Element("ArQuoteElements", {"varName": "quoteArray"}, quotes),
        ]
        return Element(tag, attributes, parts)

    def index(self) -> None:
        """Find what saves change."""
        self.widths: list[Element] = []
        self.flags: list[Element] = []
        self.quotes: list[Element] = []
        for element in self.root.walk():
            if "width" in element.attributes:
                self.widths.append(element)
            if element.tag in _FLAGGED:
                self.flags.append(element)
            if element.tag == "QuoteElement":
                self.quotes.append(element)


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]


def ticker(contract: tuple[str, str, str], row: int) -> Element:
    """A row of a watch list."""
    symbol, number, exchange = contract
    attributes = {"conid": number, "symbol": symbol, "exchange": exchange, "row": str(row)}
    return Element("TickerEntry", attributes)
