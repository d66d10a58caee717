"""The saves of the study: what a trader and the program change from one to the next."""

from __future__ import annotations

from collections.abc import Iterator

from bench.settings_data import (
    SEED,
    TARGET,
    UPGRADED,
    VERSIONS,
    Element,
    Settings,
    ticker,
    written,
)

_KEYS = ("varName", "key", "name")


def versions(count: int = VERSIONS, seed: int = SEED, target: int = TARGET) -> Iterator[bytes]:
    """The files of so many saves, one after the other."""
    settings = Settings(seed, target)
    yield written(settings.root)
    for _save in range(count - 1):
        _step(settings)
        yield written(settings.root)


def _step(settings: Settings) -> None:
    share = settings.draw.chance()
    if share < 0.70:
        _light(settings)
    elif share < 0.92:
        _medium(settings)
    elif share < 0.99:
        _heavy(settings)
    else:
        _upgrade(settings)


def _stamps(settings: Settings) -> None:
    draw = settings.draw
    settings.now += draw.number(60, 5400) * 1000 + draw.number(0, 999)
    for _use in range(draw.number(2, 9)):
        moment = str(settings.now - draw.number(0, 60000))
        draw.pick(settings.used.children).attributes["lastUsedTime"] = moment
    settings.probe.attributes["regularReportSendTimeStamp"] = str(settings.now)


def _light(settings: Settings) -> None:
    draw = settings.draw
    _stamps(settings)
    for _edit in range(draw.number(1, 8)):
        share = draw.chance()
        if share < 0.55:
            column = draw.pick(settings.widths).attributes
            column["width"] = str(max(10, int(float(column["width"])) + draw.number(-25, 25)))
        elif share < 0.8:
            _move_window(settings)
        else:
            _change_flag(settings)


def _move_window(settings: Settings) -> None:
    place = settings.draw.pick(settings.workspaces.children).attributes
    for side in ("x", "y", "width", "height"):
        place[side] = str(max(0, int(place[side]) + settings.draw.number(-40, 40)))
    place["ccpHash"] = str(settings.now)


def _change_flag(settings: Settings) -> None:
    draw = settings.draw
    flags = draw.pick(settings.flags).attributes
    name = draw.pick([key for key in flags if key not in _KEYS] or list(flags))
    if name not in _KEYS:
        flags[name] = draw.value()


def _medium(settings: Settings) -> None:
    draw = settings.draw
    _light(settings)
    for _edit in range(draw.number(5, 40)):
        if draw.happens(0.5) and settings.quotes:
            quote = draw.pick(settings.quotes).attributes
            quote["symbol"], quote["conid"], quote["exchange"] = draw.pick(settings.contracts)
        else:
            _edit_watchlist(settings)
    windows = settings.workspaces.children
    if draw.happens(0.5) and len(windows) > 12:
        windows.pop(draw.number(0, len(windows) - 1))
    else:
        _clone_window(settings, windows)
    settings.index()


def _edit_watchlist(settings: Settings) -> None:
    draw = settings.draw
    rows = draw.pick(settings.watchlists.children).children
    if draw.happens(0.45) and len(rows) > 3:
        rows.pop(draw.number(0, len(rows) - 1))
    else:
        contract = draw.pick(settings.contracts)
        rows.insert(draw.number(0, len(rows)), ticker(contract, 0))
    for number, row in enumerate(rows):
        row.attributes["row"] = str(number)


def _clone_window(settings: Settings, windows: list[Element]) -> None:
    clone = settings.draw.pick(windows).clone()
    settings.windows_made += 1
    clone.attributes["id"] = str(settings.windows_made)
    clone.attributes["ccpHash"] = str(settings.now)
    windows.append(clone)


def _heavy(settings: Settings) -> None:
    draw = settings.draw
    _medium(settings)
    windows = settings.workspaces.children
    draw.shuffle(windows)
    for _window in range(2):
        made = settings.window()
        windows[draw.number(0, len(windows) - 1)] = made
    settings.index()


def _upgrade(settings: Settings) -> None:
    draw = settings.draw
    _stamps(settings)
    new = draw.name(4)
    tags = {draw.pick(UPGRADED) for _tag in range(2)}
    for element in settings.root.walk():
        if element.tag in tags:
            element.attributes[new] = "false"
    version = settings.version.attributes
    version["minor"] = str(int(version["minor"]) + 1)
    settings.upgrades.attributes[draw.name(4)] = "true"
    features = settings.features.children
    enabled = [Element("enabled", text="false")]
    features.append(Element("Feature", {"id": str(len(features))}, enabled))
