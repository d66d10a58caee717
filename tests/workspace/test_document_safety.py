"""What is dangerous in settings, and which changes take protection away."""

from __future__ import annotations

import pytest

from deskside.workspace.document.safety import LIMITS_OFF, SECRET, dangers, safety_changes
from deskside.workspace.document.safety_rules import RULES
from deskside.workspace.document.tree import parse

from .conftest import SAMPLE, document

REAL = SAMPLE.read_bytes()


def swap(*pairs: tuple[str, str]) -> bytes:
    content = REAL
    for old, new in pairs:
        assert old.encode() in content
        content = content.replace(old.encode(), new.encode())
    return content


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('allowOnlyLocalhost="true"', 'allowOnlyLocalhost="false"', "api-open-to-network"),
        ('socketClient="false"', 'socketClient="true"', "api-enabled"),
        ('port="4002"', 'port="4001"', "api-port-changed"),
        ('masterClientID="-1"', 'masterClientID="0"', "api-master-client"),
        (
            'overridePrecautionaryConstraints="false"',
            'overridePrecautionaryConstraints="true"',
            "order-precautions-off",
        ),
        ('bypassBondWarning="false"', 'bypassBondWarning="true"', "api-precautions-bypassed"),
        ('logLevel="2"', 'logLevel="5"', "api-settings-changed"),
        (
            "<String>127.0.0.1</String>",
            "<String>127.0.0.1</String><String>10.1.1.1</String>",
            "api-trusted-addresses",
        ),
        ('percentCheck="3"', 'percentCheck="#"', "preset-precautions-changed"),
        ('defSize="100"', 'defSize="10000"', "order-presets-changed"),
        ('key="OrderInfoMessages" val=""', 'key="OrderInfoMessages" val="1"', "warnings-hidden"),
        ("<lastAccount></lastAccount>", "<lastAccount>U1</lastAccount>", "order-account-changed"),
        ('autoLockTimeout="0"', 'autoLockTimeout="5"', "auto-lock-changed"),
    ],
)
def test_every_rule_is_seen(old: str, new: str, code: str) -> None:
    changes = safety_changes(REAL, swap((old, new)))
    assert {change.rule.code for change in changes if change.rule} == {code}
    assert all(change.rule and change.rule.reason.endswith(".") for change in changes)


def test_hot_keys_bear_on_safety() -> None:
    frame = '<MainWinHotkeyMgr varName="hotkeyMgr"><Hotkey id="1"><HotkeyAction name="{}"/>'
    frame += "</Hotkey></MainWinHotkeyMgr>"
    (change, *_more) = safety_changes(document(frame.format("Buy")), document(frame.format("Sell")))
    assert change.rule
    assert change.rule.code == "hot-keys-changed"


def test_what_takes_protection_away_comes_first() -> None:
    new = swap(
        ('socketClient="false"', 'socketClient="true"'),
        ('readOnlyApi="false"', 'readOnlyApi="true"'),
        ('autoLockTimeout="0"', 'autoLockTimeout="5"'),
    )
    forth = safety_changes(REAL, new)
    assert [change.loosens for change in forth] == [True, False, False]
    assert {c.what for c in safety_changes(new, REAL) if c.loosens} == {
        "readOnlyApi",
        "autoLockTimeout",
    }


def test_window_places_are_no_matter_of_safety() -> None:
    assert safety_changes(REAL, swap(('filterRfq="true"', 'filterRfq="false"'))) == ()


def test_codes_are_there_once() -> None:
    codes = [rule.code for rule in (*RULES, SECRET, LIMITS_OFF)]
    assert len(set(codes)) == len(codes) == 17


def codes(content: bytes) -> dict[str, bool]:
    return {danger.code: danger.grave for danger in dangers(parse(content).root)}


def test_a_real_gateway_lets_programs_trade_and_that_is_said() -> None:
    assert codes(REAL) == {"api-can-trade": False}


def test_open_trusting_and_unguarded() -> None:
    content = swap(
        ('allowOnlyLocalhost="true"', 'allowOnlyLocalhost="false"'),
        ("<String>127.0.0.1</String>", "<String>127.0.0.1</String><String>10.1.1.1</String>"),
        ('bypassBondWarning="false"', 'bypassBondWarning="true"'),
        (
            'overridePrecautionaryConstraints="false"',
            'overridePrecautionaryConstraints="true"',
        ),
        ('percentCheck="3"', 'percentCheck="#"'),
        ("<password></password>", "<password>hunter22</password>"),
    )
    found = codes(content)
    assert found == {
        "api-open-to-network": True,
        "api-trusted-addresses": True,
        "order-precautions-off": True,
        "api-precautions-bypassed": True,
        "preset-precautions-off": True,
        "api-can-trade": False,
        "secret-in-settings": False,
    }
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert "hunter22" not in str([danger.as_json() for danger in dangers(parse(content).root)])


def test_an_api_that_is_off_is_no_grave_danger() -> None:
    api = '<ApiSettings varName="api" socketClient="{}" allowOnlyLocalhost="false"/>'
    rest = '<TraderSettings varName="traderSettings"/>'
    assert codes(document(api.format("false") + rest)) == {"api-open-to-network": False}
    assert codes(document(api.format("true") + rest)) == {"api-open-to-network": True}
