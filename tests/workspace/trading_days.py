"""What a trader does to the settings day after day, in small: stamps, windows, lists, an upgrade.

In the likeness of real files: columns are known by their number, watch lists number their rows,
windows come and go at the end of their collection, the program stamps whatever it uses.
"""

from __future__ import annotations

from random import Random

from tests.workspace.document_writer import Node, Writer


class TradingDays:
    """Settings that change from day to day, the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.now = 1_588_000_000_000
        self.windows = Node("WorkspaceCollection", {"varName": "workspaceCollection"})
        self.lists = Node("WatchlistList", {"varName": "watchlistList"})
        self.usage = Node("ArFeatureUsage", {"varName": "arLastUsedFeatures"})
        self.version = Node("SettingsVersion", {"varName": "version", "minorVersion": "1"})
        self.opened = 0
        for number in range(5):
            self.lists.children.append(self._list(number))
            self.windows.children.append(self._window())
            used = {"id": str(number), "lastUsedTime": str(self.now)}
            self.usage.children.append(Node("FeatureUsage", used))
        api = Node("ApiSettings", {"varName": "api", "port": "7496", "readOnlyApi": "true"})
        sections = [api, self._presets(), self.windows, self.lists, self.usage, self.version]
        self.root = Node("Settings", {"mode": "TWS"}, children=sections)

    def written(self) -> bytes:
        """The file as the program writes it."""
        return Writer(Random(0), remarks=0, plain=True).write(self.root)

    def pass_by(self, days: int) -> bytes:
        """So many days of work; the file at the end."""
        for _day in range(days):
            self.now += 86_400_000
            self.chance.choice(self.usage.children).attributes["lastUsedTime"] = str(self.now)
            for _time in range(self.chance.randint(1, 6)):
                self.chance.choice([self._resize, self._follow, self._drop, self._open])()
        return self.written()

    def upgrade(self) -> None:
        """A new version of the program sets something on every column."""
        self.version.attributes["minorVersion"] = "2"
        for node in self.windows.all():
            if node.tag == "ColumnInfo":
                node.attributes["pinned"] = "false"

    def _resize(self) -> None:
        column = self.chance.choice([n for n in self.windows.all() if n.tag == "ColumnInfo"])
        column.attributes["width"] = str(self.chance.randint(20, 140))

    def _follow(self) -> None:
        rows = self.chance.choice(self.lists.children).children
        rows.insert(self.chance.randint(0, len(rows)), self._ticker())
        self._number(rows)

    def _drop(self) -> None:
        rows = self.chance.choice(self.lists.children).children
        if len(rows) > 2:
            del rows[self.chance.randrange(len(rows))]
        self._number(rows)

    def _open(self) -> None:
        self.windows.children.append(self._window())

    def _number(self, rows: list[Node]) -> None:
        for row, node in enumerate(rows):
            node.attributes["row"] = str(row)

    def _ticker(self) -> Node:
        number = str(self.chance.randint(4_000, 400_000_000))
        return Node("TickerEntry", {"conid": number, "exchange": "SMART", "row": "0"})

    def _list(self, number: int) -> Node:
        rows = [self._ticker() for _row in range(8)]
        self._number(rows)
        return Node("Watchlist", {"id": str(number), "name": f"List {number}"}, children=rows)

    def _window(self) -> Node:
        self.opened += 1
        columns = [
            Node("ColumnInfo", {"colId": str(number), "enabled": "true", "width": "60"})
            for number in range(12)
        ]
        own = {"id": str(self.chance.randint(0, 10**9)), "x": "10", "ccpHash": str(self.now)}
        inner = Node("ArColumnInfo", {"varName": "arAllColumns"}, children=columns)
        return Node("WindowConfiguration", own, children=[inner])

    def _presets(self) -> Node:
        presets = [
            Node(
                "OrderCreator",
                {"key": kind, "orderType": "LMT", "tif": "DAY"},
                children=[Node("priceType", {}, "Ask", holds_text=True)],
            )
            for kind in ("STK", "OPT", "FUT", "CASH")
        ]
        return Node("TraderSettings", {"varName": "traderSettings"}, children=presets)
