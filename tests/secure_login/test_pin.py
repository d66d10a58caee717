"""Which PINs a holder may choose."""

from __future__ import annotations

import pytest

from deskside.secure_login.pin import PinRefused, choose_pin


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("", "pin-malformed"),
        ("123", "pin-malformed"),
        ("12345", "pin-malformed"),
        ("12a4", "pin-malformed"),
        ("٤٧١٣", "pin-malformed"),
        ("0000", "pin-repeated"),
        ("7777", "pin-repeated"),
        ("4747", "pin-repeated"),
        ("1234", "pin-sequential"),
        ("7890", "pin-sequential"),
        ("4321", "pin-sequential"),
        ("2109", "pin-sequential"),
        ("9012", "pin-sequential"),
    ],
)
def test_a_trivial_pin_is_refused(pin: str, code: str) -> None:
    with pytest.raises(PinRefused) as caught:
        choose_pin(pin)
    assert caught.value.code == code
    assert not pin or pin not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("pin", "personal"),
    [
        ("1980", "1980-04-17"),
        ("0417", "1980-04-17"),
        ("1704", "1980-04-17"),
        ("8004", "1980-04-17"),
        ("1780", "1980-04-17"),
        ("5550", "+1 (212) 555-0199"),
        ("9921", "ID 00-99-21"),
    ],
)
def test_a_pin_out_of_ones_own_numbers_is_refused(pin: str, personal: str) -> None:
    with pytest.raises(PinRefused) as caught:
        choose_pin(pin, ["no digits here", personal])
    assert caught.value.code == "pin-personal"


@pytest.mark.parametrize("pin", ["2805", "1357", "1123", "2234", "28 05"])
def test_other_pins_are_accepted(pin: str) -> None:
    assert choose_pin(pin, ["1980-04-17"]) == pin.replace(" ", "")


def test_few_pins_are_lost() -> None:
    allowed = 0
    for number in range(10_000):
        try:
            choose_pin(f"{number:04d}")
        except PinRefused:
            continue
        allowed += 1
    # 100 repeat a pair (ten of them one digit), 20 run up or down; none does both.
    assert allowed == 10_000 - 100 - 20
