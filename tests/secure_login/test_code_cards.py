"""Cards of numbered codes: first what must never pass, then what must."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.clock import FrozenClock
from deskside.foundation.errors import Refused, UsageProblem
from deskside.secure_login.authenticators import Authenticator, LookUp, MalformedAnswer, Simulated
from deskside.secure_login.authenticators.code_card import CodeCard
from deskside.secure_login.authenticators.grid import CODES, Grid
from deskside.secure_login.authenticators.online_code_card import OnlineCodeCard
from deskside.secure_login.card.device import DamagedDevice
from deskside.secure_login.codes import ALPHABET
from deskside.secure_login.model import Challenge, DeviceRecord
from deskside.secure_login.service import LoginFailed
from tests.secure_login.desk import Desk

from .helpers import NOW, SeededRandomness

PLUGIN = CodeCard()
KIND: Authenticator = PLUGIN
ONLINE: Authenticator = OnlineCodeCard()


def keyed(value: bytes, device: str = "device-1") -> bytes:
    return hashlib.blake2b(value, key=device.encode(), digest_size=32).digest()


def made(seed: int = 1) -> tuple[DeviceRecord, dict[str, str]]:
    name = f"device-{seed}"

    def hashed(value: bytes) -> bytes:
        return keyed(value, name)

    issued = PLUGIN.issue(SeededRandomness(seed), keyed=hashed)
    assert issued.virtual_device is not None
    record = DeviceRecord(
        name, "code-card", "", issued.public["serial"], issued.secret, keyed=hashed
    )
    return record, dict(issued.virtual_device)


def shown(card: dict[str, str], challenge: Challenge) -> str:
    return PLUGIN.simulate(card, challenge.question, "", NOW)


def accepts(device: DeviceRecord, challenge: Challenge, answer: str, late: float = 0) -> bool:
    return KIND.verify(device, challenge, answer, NOW + timedelta(seconds=late)).accepted


@given(st.text(ALPHABET, min_size=6, max_size=6))
def test_any_six_characters_are_refused(answer: str) -> None:
    device, card = made()
    challenge = KIND.begin(device, NOW, SeededRandomness(7))
    assert accepts(device, challenge, answer) == (answer == shown(card, challenge))


@given(st.integers(0, 10_000))
def test_one_right_code_is_worth_nothing(seed: int) -> None:
    device, card = made()
    challenge = KIND.begin(device, NOW, SeededRandomness(seed))
    right = shown(card, challenge)
    other = "AAA" if right[:3] != "AAA" else "BBB"
    assert not accepts(device, challenge, right[:3] + ("AAA" if right[3:] != "AAA" else "BBB"))
    assert not accepts(device, challenge, other + right[3:])
    if right[:3] != right[3:]:
        assert not accepts(device, challenge, right[3:] + right[:3])


def test_another_cards_codes_are_refused() -> None:
    device, _card = made()
    _other, other_card = made(2)
    challenge = KIND.begin(device, NOW, SeededRandomness(7))
    assert not accepts(device, challenge, shown(other_card, challenge))


def test_a_late_or_misdirected_answer_is_refused() -> None:
    device, card = made()
    challenge = KIND.begin(device, NOW, SeededRandomness(7))
    assert not accepts(device, challenge, shown(card, challenge), 120)
    assert not accepts(device, replace(challenge, device="device-2"), shown(card, challenge))


@given(st.integers(0, 1000))
def test_no_index_is_ever_asked_again_and_an_answer_burns_both(seed: int) -> None:
    device, card = made()
    chance, seen = SeededRandomness(seed), set[int]()
    for _login in range(CODES // 2):
        challenge = KIND.begin(device, NOW, chance)
        indices = {int(number) for number in challenge.question.split()}
        assert len(indices) == 2
        assert not indices & seen
        seen |= indices
        # Right or wrong, both are gone.
        answer = shown(card, challenge) if _login % 2 else "AAAAAA"
        verdict = KIND.verify(device, challenge, answer, NOW)
        assert verdict.also_spends == tuple(f"index {index}" for index in sorted(indices))
        assert verdict.new_state is not None
        device = replace(device, state=verdict.new_state)
        assert not accepts(device, challenge, shown(card, challenge))
    assert PLUGIN.left(device.state) == (0, CODES)
    with pytest.raises(Refused):
        KIND.begin(device, NOW, chance)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "answer-empty"),
        (" - ", "answer-empty"),
        ("A3DZ3", "answer-too-short"),
        ("A3DZ3VV", "answer-too-long"),
        ("A3DZ3O", "answer-not-code"),
        ("A3DZ3ß", "answer-too-long"),  # two characters in capitals
    ],
)
def test_what_cannot_be_an_answer_says_why(typed: str, code: str) -> None:
    with pytest.raises(MalformedAnswer) as refused:
        KIND.read_answer(typed)
    assert refused.value.code == code
    assert refused.value.hint


@pytest.mark.parametrize(
    "typed", ["A3DZ3V", "a3dz3v", " a3d z3v ", "A3D-Z3V", "a\u00a03dz3\u2013v"]
)
def test_case_and_spacing_do_not_matter(typed: str) -> None:
    assert KIND.read_answer(typed) == "A3DZ3V"


def test_the_right_codes_are_accepted() -> None:
    device, card = made()
    challenge = KIND.begin(device, NOW, SeededRandomness(7))
    assert accepts(device, challenge, shown(card, challenge), 119)


def test_a_card_has_no_look_alikes_and_its_codes_are_not_kept() -> None:
    device, card = made()
    codes = card["codes"].split()
    assert len(codes) == CODES
    assert {len(code) for code in codes} == {3}
    assert not set("".join(codes)) & set("01OIL")
    assert not any(code.encode() in device.secret for code in codes)
    assert device.secret not in repr(device).encode()


@pytest.mark.parametrize("question", ["", "17", "017 203 004", "0 5", "17 225", "a b"])
def test_a_card_answers_only_index_numbers(question: str) -> None:
    _device, card = made()
    with pytest.raises(UsageProblem):
        PLUGIN.simulate(card, question, "", NOW)


@pytest.mark.parametrize(
    "change", [{"codes": "AAA"}, {"codes": "A0A " * CODES}, {"pin": "1234"}, {"serial": 3}]
)
def test_a_damaged_file_is_refused(change: dict[str, str]) -> None:
    _device, card = made()
    with pytest.raises(DamagedDevice):
        PLUGIN.simulate(card | change, "017 203", "", NOW)


def test_kinds_of_card_differ_in_life_and_level() -> None:
    assert not KIND.temporary
    assert KIND.physical
    assert ONLINE.temporary
    assert not ONLINE.physical
    assert KIND.protection_level > ONLINE.protection_level
    assert all(isinstance(kind, Grid | LookUp | Simulated) for kind in (KIND, ONLINE))


def holder(desk: Desk, kind: str) -> tuple[str, dict[str, str]]:
    user = desk.person("anna", card=False)
    info, issued = desk.service.issue_device([user], kind)
    assert issued.virtual_device is not None
    return info.id, dict(issued.virtual_device)


def test_codes_burn_in_the_database(desk: Desk) -> None:
    device, card = holder(desk, "code-card")
    step = desk.begin("anna")
    assert step.challenge is not None
    right = shown(card, step.challenge)
    assert desk.answer(step, right).amr == ("pwd", "otp", "mfa")
    with pytest.raises(LoginFailed):
        desk.answer(step, right)
    burnt = {int(number) for number in step.challenge.question.split()}
    (info,) = desk.service.list_devices(serial=device)
    assert info.left == (CODES - 2, CODES)
    for _again in range(20):
        again = desk.begin("anna")
        assert again.challenge is not None
        assert not burnt & {int(number) for number in again.challenge.question.split()}


def test_two_log_ins_may_not_burn_one_index_between_them(desk: Desk) -> None:
    from sqlalchemy import insert

    from deskside.secure_login.store import spent

    device, card = holder(desk, "code-card")
    step = desk.begin("anna")
    assert step.challenge is not None
    index = int(step.challenge.question.split()[0])
    with desk.database.write() as connection:
        connection.execute(
            insert(spent).values(device_id=device, what=f"index {index}", at=desk.clock.now())
        )
    with pytest.raises(LoginFailed):
        desk.answer(step, shown(card, step.challenge))


def test_an_online_card_ends_after_21_days(small_desk: Desk, clock: FrozenClock) -> None:
    _device, card = holder(small_desk, "online-code-card")
    clock.advance(timedelta(days=20, hours=23))
    step = small_desk.begin("anna")
    assert step.challenge is not None
    assert small_desk.answer(step, shown(card, step.challenge)).protection_level == 15
    clock.advance(timedelta(hours=1))
    with pytest.raises(LoginFailed):
        small_desk.begin("anna")
