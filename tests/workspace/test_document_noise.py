"""What changes at every save is noise; what a person or safety may mind is not."""

from __future__ import annotations

import pytest

from deskside.workspace.document.difference import difference
from deskside.workspace.document.noise import is_noise
from deskside.workspace.document.safety_rules import API_ATTRIBUTES
from deskside.workspace.document.tree import Element, parse

from .conftest import SAMPLE, document


def element(tag: str, **attributes: str) -> Element:
    return Element(tag, attributes, 0, 0)


@pytest.mark.parametrize(
    ("tag", "attribute"),
    [
        ("WindowConfiguration", "x"),
        ("WindowConfiguration", "maximized"),
        ("FeatureUsage", "lastUsedTime"),
        ("Tip", "lastShownTime"),
        ("HostProbeSettings", "regularReportSendTimeStamp"),
        ("ChartContent", "ccpHash"),
        ("OrderDefault", "timestamp"),
        ("ApiSettings", "multichartDoNotShowTime"),
        ("Workspace", "windowsZOrder"),
        ("TickerEntry", "row"),
    ],
)
def test_noise(tag: str, attribute: str) -> None:
    assert is_noise(element(tag), attribute)


@pytest.mark.parametrize(
    ("tag", "attribute"),
    [
        ("UISettings", "showTimeStampTip"),
        ("SystemSettings", "autoLogoffTime"),
        ("SystemSettings", "lastAccount"),
        ("OrderDefault", "timeInForce"),
        ("ToolbarSetting", "width"),
        *(("ApiSettings", name) for name in API_ATTRIBUTES),
    ],
)
def test_no_noise(tag: str, attribute: str) -> None:
    assert not is_noise(element(tag), attribute)


def test_widths_of_columns_are_noise_by_their_number() -> None:
    assert is_noise(element("ColumnInfo", colId="3"), "width")
    assert not is_noise(element("ColumnInfo", colId="3"), "enabled")


def test_no_limit_of_an_order_is_noise() -> None:
    root = parse(SAMPLE.read_bytes()).root
    waiting, seen = [root], set()
    while waiting:
        one = waiting.pop()
        waiting += one.children
        if one.tag == "OrderDefault":
            seen |= {name for name in one.attributes if is_noise(one, name)}
    assert seen == {"timestamp", "expandedStrategyLastUse"}


def test_bookkeeping_is_counted_and_not_shown() -> None:
    frame = '<ArFeatureUsage varName="arLastUsedFeatures"><FeatureUsage id="1" n="{}"/>'
    frame += '</ArFeatureUsage><UpgradeHistory varName="upgradeHistory" new978User="{}"/>'
    old, new = document(frame.format(1, "false")), document(frame.format(2, "true"))
    found = difference(old, new)
    assert (found.changes, found.hidden) == ((), 2)
    assert len(difference(old, new, everything=True).changes) == 2
