"""The virtual card: its file, its keys and display, its sealed state."""

from __future__ import annotations

import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.clock import FrozenClock, SystemRandomness
from deskside.foundation.errors import NotFound, Refused
from deskside.secure_login.card import file as device_file
from deskside.secure_login.card.device import DamagedDevice, MalformedEntry, VirtualCard
from deskside.secure_login.card.machine import KEYS, OFF, TURNS_OFF_AFTER, Stage, State, advance, at
from deskside.secure_login.card.operate import QUIT, keystroke, operate, picture
from deskside.secure_login.card.sealed import StateError, seal, unseal

from .helpers import NOW, PIN, SeededRandomness, issued_card, plain_card

CARD = plain_card()
RESPONSE = CARD.respond("123456", PIN)
KEY_PRESSES = st.lists(st.sampled_from(KEYS), max_size=40)


def _press(*keys: str, state: State = OFF) -> State:
    for key in keys:
        state = advance(CARD, state, key, NOW)
    return state


# The keys and the display


def test_from_off_to_the_response() -> None:
    assert OFF.display == ""
    assert _press("press").display == "PIN>"
    assert _press("press", *PIN).display == "PIN>----"
    assert _press("press", *PIN, "ok").display == "CHALLNG>"
    assert _press("press", *PIN, "ok", *"123456").display == "CHALLNG>123456"
    assert _press("press", *PIN, "ok", *"123456", "ok").display == RESPONSE
    assert len(RESPONSE) == 8


def test_a_wrong_pin_looks_the_same_until_the_response_is_wrong() -> None:
    wrong = _press("press", *"9174", "ok")
    assert wrong.display == "CHALLNG>"
    assert _press(*"123456", "ok", state=wrong).display not in ("", RESPONSE)


@pytest.mark.parametrize("key", [key for key in KEYS if key != "press"])
def test_a_card_that_is_off_heeds_only_the_button(key: str) -> None:
    assert _press(key).stage is Stage.OFF


def test_ok_waits_for_all_digits() -> None:
    assert _press("press", *"280", "ok").display == "PIN>---"
    assert _press("press", *PIN, "ok", *"12345", "ok").display == "CHALLNG>12345"


def test_digits_beyond_the_last_do_nothing() -> None:
    assert _press("press", *PIN, "9").display == "PIN>----"
    assert _press("press", *PIN, "9", "ok", *"1234567", "ok").display == RESPONSE


def test_c_clears_the_entry_and_then_turns_off() -> None:
    assert _press("press", *"99", "c", *PIN, "ok").display == "CHALLNG>"
    cleared = _press("press", *PIN, "ok", *"99", "c")
    assert cleared.display == "CHALLNG>"
    assert _press(*"123456", "ok", state=cleared).display == RESPONSE
    assert _press("c", state=cleared).stage is Stage.OFF
    assert _press("press", "c").stage is Stage.OFF


def test_c_turns_off_a_card_that_shows_a_response() -> None:
    assert _press("press", *PIN, "ok", *"123456", "ok", "c").display == ""


def test_a_shown_response_heeds_no_digit() -> None:
    assert _press("press", *PIN, "ok", *"123456", "ok", "5", "ok").display == RESPONSE


@given(KEY_PRESSES)
def test_the_button_begins_anew_whatever_came_before(keys: list[str]) -> None:
    state = _press(*keys, "press")
    assert state.display == "PIN>"
    assert state.pin == ""


@given(KEY_PRESSES)
def test_no_sequence_of_keys_shows_or_prints_the_pin(keys: list[str]) -> None:
    state = _press(*keys)
    assert len(state.display) <= 14
    if state.stage is Stage.PIN:
        assert set(state.display) <= set("PIN>-")
    if state.stage in (Stage.OFF, Stage.RESPONSE):
        assert state.pin == ""
    assert "shown" not in repr(state)
    assert "pin=" not in repr(state)


def test_left_alone_the_card_turns_itself_off() -> None:
    state = _press("press", *PIN)
    almost = NOW + TURNS_OFF_AFTER - timedelta(seconds=1)
    assert at(state, almost) == state
    assert at(state, NOW + TURNS_OFF_AFTER) == OFF
    assert advance(CARD, state, "ok", NOW + TURNS_OFF_AFTER).stage is Stage.OFF


def test_each_key_keeps_the_card_awake() -> None:
    state, now = OFF, NOW
    for key in ("press", *PIN, "ok", *"123456", "ok"):
        state = advance(CARD, state, key, now)
        now += TURNS_OFF_AFTER - timedelta(seconds=1)
    assert state.display == RESPONSE


@pytest.mark.parametrize("key", ["", "OK", "10", "a", "٣"])
def test_a_key_that_the_card_has_not_is_an_error(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        advance(CARD, OFF, key, NOW)


# The sealed state


@given(KEY_PRESSES, st.binary(min_size=32, max_size=32))
def test_a_sealed_state_goes_on_where_it_was(keys: list[str], other_key: bytes) -> None:
    state = _press(*keys)
    sealed = seal(CARD, state, SystemRandomness())
    assert unseal(CARD, sealed) == state
    assert sealed.isascii()
    with pytest.raises(StateError):
        unseal(VirtualCard(CARD.kind, CARD.serial, CARD.suite, other_key), sealed)


def test_a_sealed_state_is_never_the_same_twice() -> None:
    state, rng = _press("press", *PIN), SeededRandomness()
    assert seal(CARD, state, rng) != seal(CARD, state, rng)


@pytest.mark.parametrize("text", ["", "A", "AAAA", "é", "!!!!", "A" * 80, "off\n\n\n0"])
def test_any_other_text_is_no_state(text: str) -> None:
    with pytest.raises(StateError):
        unseal(CARD, text)


def test_a_changed_state_is_no_state() -> None:
    sealed = seal(CARD, _press("press", *PIN), SeededRandomness())
    flipped = sealed[:30] + ("A" if sealed[30] != "A" else "B") + sealed[31:]
    with pytest.raises(StateError):
        unseal(CARD, flipped)


# The file


def test_a_file_is_for_its_owner_only_and_holds_no_pin(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    _device, card = issued_card()
    before = os.umask(0)
    try:
        device_file.write(path, card.as_document())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"kind", "serial", "suite", "key"}
    assert VirtualCard.from_document(device_file.read(path)) == card


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_text("precious")
    with pytest.raises(Refused) as caught:
        device_file.write(path, CARD.as_document())
    assert caught.value.code == "virtual-device-exists"
    assert path.read_text() == "precious"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.json"):
        device_file.read(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"[" * 60_000, "not valid JSON"),
        (b'{"kind": "a", "kind": "b"}', "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "of which kind"),
        (b'{"kind": 1}', "of which kind"),
        (b'{"kind": "\xff"}', "UTF-8"),
        (b" " * 70_000, "too long"),
    ],
    ids=range(9),
)
def test_a_damaged_file_says_what_is_wrong(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(DamagedDevice, match=says):
        device_file.read(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pin": "2805"}, "must not hold pin"),
        ({"serial": None}, "serial is missing"),
        ({"serial": 12}, "serial is missing or not a text"),
        ({"key": ""}, "key is missing"),
        ({"key": "xyz"}, "not in hexadecimal"),
        ({"key": "00" * 15}, "15 bytes"),
        ({"key": "00" * 65}, "65 bytes"),
        ({"suite": "OCRA-1"}, "suite is wrong"),
        ({"suite": "OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256"}, "no counter"),
        ({"suite": "OCRA-1:HOTP-SHA256-8:QN06-PSHA256-S064"}, "no counter"),
        ({"suite": "OCRA-1:HOTP-SHA256-8:QN06-PSHA256-T1M"}, "no counter"),
        ({"suite": "OCRA-1:HOTP-SHA256-8:QN06"}, "only digits and a PIN"),
        ({"suite": "OCRA-1:HOTP-SHA256-8:QA06-PSHA256"}, "only digits and a PIN"),
        ({"suite": "OCRA-1:HOTP-SHA256-0:QN06-PSHA256"}, "only digits and a PIN"),
    ],
    ids=str,
)
def test_a_card_that_cannot_be_says_why(change: dict[str, object], says: str) -> None:
    with pytest.raises(DamagedDevice, match=says):
        VirtualCard.from_document({**CARD.as_document(), **change})


@pytest.mark.parametrize(
    ("challenge", "code"),
    [
        ("", "challenge-empty"),
        ("12345", "challenge-too-short"),
        ("1234567", "challenge-too-long"),
        ("12345a", "challenge-not-digits"),
        ("١٢٣٤٥٦", "challenge-not-digits"),
    ],
)
def test_a_malformed_challenge_says_what_is_wrong(challenge: str, code: str) -> None:
    with pytest.raises(MalformedEntry) as caught:
        CARD.respond(challenge, PIN)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("pin", "code"),
    [("", "pin-empty"), ("1", "pin-too-short"), ("12345", "pin-too-long"), ("x", "pin-not-digits")],
)
def test_a_malformed_pin_says_what_is_wrong(pin: str, code: str) -> None:
    with pytest.raises(MalformedEntry) as caught:
        CARD.respond("123456", pin)
    assert caught.value.code == code


# Line by line, and key by key


def _screens(*lines: str) -> list[str]:
    return list(operate(CARD, lines, FrozenClock(NOW)))


def test_a_script_works_the_card_as_a_person_does() -> None:
    assert _screens("press\n", PIN, "123 456") == ["PIN>", "CHALLNG>", RESPONSE]
    assert _screens("", PIN, "123-456", "", "press") == [
        "PIN>",
        "CHALLNG>",
        RESPONSE,
        RESPONSE,
        "PIN>",
    ]


def test_a_number_switches_a_card_on() -> None:
    assert _screens(PIN, "123456", PIN) == ["CHALLNG>", RESPONSE, "CHALLNG>"]


def test_a_script_may_clear_and_quit() -> None:
    assert _screens("press", "c", "q", "press") == ["PIN>", ""]


@pytest.mark.parametrize(("lines", "code"), [(["12345"], "pin"), ([PIN, "12a456"], "challenge")])
def test_a_script_that_mistypes_is_told(lines: list[str], code: str) -> None:
    with pytest.raises(MalformedEntry) as caught:
        _screens(*lines)
    assert caught.value.code.startswith(code)


def test_a_terminal_has_all_keys_of_the_card() -> None:
    characters = ["p", " ", "\r", "\n", "C", "\x7f", *"0123456789"]
    assert {keystroke(character) for character in characters} == set(KEYS)
    assert keystroke("q") == QUIT
    assert keystroke("\x1b[A") is None
    assert keystroke("٣") is None


def test_the_picture_holds_the_display() -> None:
    lines = picture("CHALLNG>123456").splitlines()
    assert "CHALLNG>123456" in lines[1]
    assert len({len(line) for line in lines[:3]}) == 1
