"""Time-based cards and apps: first what must never pass, then what must."""

from __future__ import annotations

import base64
import random
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import oath
import pytest

from deskside.foundation.clock import FrozenClock
from deskside.secure_login.authenticators import Authenticator, MalformedAnswer
from deskside.secure_login.authenticators.clocked import ClockedSecret
from deskside.secure_login.authenticators.dsc_time import DscTime
from deskside.secure_login.authenticators.totp import Totp, app_address, key_text
from deskside.secure_login.card.device import DamagedDevice, MalformedEntry
from deskside.secure_login.model import Challenge, DeviceRecord
from deskside.secure_login.otp.code import HASH_NAMES
from deskside.secure_login.otp.hotp import hotp
from deskside.secure_login.otp.ocra import Suite, respond
from deskside.secure_login.pin import PinRefused
from deskside.secure_login.service import LoginFailed
from tests.secure_login.desk import Desk

from .helpers import NOW, PIN, SeededRandomness

APP, CARD = Totp(), DscTime()
CASES = 10_000


def app() -> tuple[DeviceRecord, dict[str, str]]:
    issued = APP.issue(SeededRandomness(1))
    assert issued.virtual_device is not None
    return DeviceRecord("device-1", "totp", "", "A-1", issued.secret), dict(issued.virtual_device)


def card(pin: str = PIN) -> tuple[DeviceRecord, dict[str, str]]:
    issued = CARD.issue(SeededRandomness(2), pin=pin)
    assert issued.virtual_device is not None
    record = DeviceRecord("device-1", "dsc-time", "", issued.public["serial"], issued.secret)
    return record, dict(issued.virtual_device)


def judged(
    kind: Authenticator, device: DeviceRecord, code: str, now: datetime = NOW
) -> DeviceRecord | None:
    """The device with its new state, None where the code was refused."""
    challenge = Challenge("c", device.id, "", now + timedelta(minutes=2))
    verdict = kind.verify(device, challenge, code, now)
    if not verdict.accepted:
        assert verdict.new_state is None
        return None
    assert verdict.new_state is not None
    return replace(device, state=verdict.new_state)


def test_a_code_works_once_and_no_earlier_one_after_it() -> None:
    device, file = app()
    codes = [APP.simulate(file, "", "", NOW + timedelta(seconds=30 * step)) for step in (-1, 0, 1)]
    after = judged(APP, device, codes[1])
    assert after is not None
    assert judged(APP, after, codes[1]) is None
    assert judged(APP, after, codes[0]) is None
    assert judged(APP, after, codes[2]) is not None


@pytest.mark.parametrize("steps", [-3, -2, 2, 3, 100])
def test_codes_of_other_times_are_refused(steps: int) -> None:
    device, file = app()
    code = APP.simulate(file, "", "", NOW + timedelta(seconds=30 * steps))
    assert judged(APP, device, code) is None


def test_late_and_misdirected_answers_are_refused() -> None:
    device, file = app()
    code = APP.simulate(file, "", "", NOW)
    assert not APP.verify(device, Challenge("c", "device-1", "", NOW), code, NOW).accepted
    later = NOW + timedelta(minutes=1)
    assert not APP.verify(device, Challenge("c", "device-2", "", later), code, NOW).accepted


@pytest.mark.parametrize("pin", ["2806", "0000"])
def test_a_wrong_pin_gives_a_wrong_code(pin: str) -> None:
    device, file = card()
    assert judged(CARD, device, CARD.simulate(file, "", pin, NOW)) is None


@pytest.mark.parametrize("pin", ["", "28", "28055", "28a5"])
def test_a_card_takes_only_a_pin(pin: str) -> None:
    with pytest.raises(MalformedEntry):
        CARD.simulate(card()[1], "", pin, NOW)


@pytest.mark.parametrize("pin", ["1111", "1212", "3456", "9876"])
def test_pins_that_others_guess_are_refused(pin: str) -> None:
    with pytest.raises(PinRefused):
        card(pin)
    with pytest.raises(PinRefused):
        CARD.change_pin(card()[0].secret, pin)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "answer-empty"),
        ("12345", "answer-too-short"),
        ("123456789", "answer-too-long"),
        ("12345a", "answer-not-digits"),
    ],
)
def test_what_cannot_be_a_code_says_why(typed: str, code: str) -> None:
    with pytest.raises(MalformedAnswer) as refused:
        APP.read_answer(typed)
    assert refused.value.code == code


def test_a_clock_that_goes_wrong_slowly_is_followed() -> None:
    device, file = card()
    for day in range(9):
        now = NOW + timedelta(days=day)
        wrong = now - timedelta(seconds=30 * day)
        followed = judged(CARD, device, CARD.simulate(file, "", PIN, wrong), now)
        assert followed is not None
        device = followed
    assert device.state["drift"] == -8
    # All at once it would not have been believed.
    fresh, _file = card()
    assert judged(CARD, fresh, CARD.simulate(file, "", PIN, wrong), now) is None


def test_a_pin_changes_with_us_and_not_on_the_card() -> None:
    device, file = card()
    changed = replace(device, secret=CARD.change_pin(device.secret, "7391"))
    assert judged(CARD, changed, CARD.simulate(file, "", PIN, NOW)) is None
    assert judged(CARD, changed, CARD.simulate(file, "", "7391", NOW)) is not None
    assert "pin" not in file


@pytest.mark.parametrize(
    "change", [{"key": "ab"}, {"key": "xyz"}, {"digits": "9"}, {"step": "0"}, {"pin": "1234"}]
)
def test_a_damaged_file_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(DamagedDevice):
        APP.simulate(app()[1] | change, "", "", NOW)


def test_an_app_reads_the_key_from_its_address() -> None:
    _device, file = app()
    address = urlsplit(app_address(file, "Demo desk", "anna"))
    assert (address.scheme, address.netloc, address.path) == (
        "otpauth",
        "totp",
        "/Demo%20desk:anna",
    )
    query = parse_qs(address.query)
    assert query["issuer"] == ["Demo desk"]
    key = base64.b32decode(query["secret"][0] + "=" * (-len(query["secret"][0]) % 8))
    assert key.hex() == file["key"]
    assert key_text(file).replace(" ", "") == query["secret"][0]


@pytest.mark.parametrize("kind", ["totp", "dsc-time"])
def test_a_log_in_with_a_code_of_the_moment(desk: Desk, clock: FrozenClock, kind: str) -> None:
    user, plugin = desk.person("anna", card=False), APP if kind == "totp" else CARD
    choices = {} if kind == "totp" else {"pin": PIN}
    _info, issued = desk.service.issue_device([user], kind, **choices)
    assert issued.virtual_device is not None
    code = plugin.simulate(issued.virtual_device, "", PIN, clock.now())
    step = desk.begin("anna")
    assert desk.answer(step, code).protection_level == plugin.protection_level
    # The same code in another log-in, within its half minute.
    with pytest.raises(LoginFailed):
        desk.answer(desk.begin("anna"), code)


def test_oathtool_computes_the_same_codes() -> None:
    dice = random.Random(6238)
    for _batch in range(20):
        key, start = dice.randbytes(20), dice.randrange(2**32)
        printed = subprocess.run(
            ["oathtool", "--hotp", f"--counter={start}", "--window=499", "-"],
            input=key.hex(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert printed == [hotp(key, start + place) for place in range(500)]
    for _case in range(40):
        algorithm, step = dice.choice(HASH_NAMES), dice.choice((30, 60))
        secret = ClockedSecret(dice.randbytes(32), "", dice.choice((6, 8)), step, algorithm)
        moment = datetime.fromtimestamp(dice.randrange(2**31), UTC)
        printed = subprocess.run(
            [
                "oathtool",
                f"--totp={algorithm}",
                f"--digits={secret.digits}",
                f"--time-step-size={step}s",
                f"--now={moment:%Y-%m-%d %H:%M:%S UTC}",
                "-",
            ],
            input=secret.key.hex(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert printed == [secret.code(moment)]


def test_oath_computes_the_same_responses() -> None:
    dice = random.Random(6287)
    suite = Suite.parse("OCRA-1:HOTP-SHA256-8:QN06-PSHA256")
    for _case in range(CASES):
        key, pin = dice.randbytes(32), f"{dice.randrange(10_000):04d}"
        question = f"{dice.randrange(1_000_000):06d}"
        theirs = oath.str2ocrasuite(suite.render())
        assert theirs(key, Q=question, P=pin) == respond(suite, key, question, pin=pin)
