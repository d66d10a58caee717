"""The Digital Security Card+: first what must never pass, then what must."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation.errors import UsageProblem
from deskside.secure_login.authenticators import Authenticator, Keypad, MalformedAnswer, Simulated
from deskside.secure_login.authenticators.dsc_plus import CardSecret, DscPlus
from deskside.secure_login.model import Challenge, DeviceRecord
from deskside.secure_login.otp.ocra import respond

from .helpers import NOW, PIN, SeededRandomness, issued_card

KIND: Authenticator = DscPlus()
PINS = st.text("0123456789", min_size=4, max_size=4)


def _asked(seed: int = 1) -> tuple[DeviceRecord, Challenge, str]:
    """A card, a challenge to it, and its right answer."""
    device, card = issued_card(seed)
    challenge = KIND.begin(device, NOW, SeededRandomness(seed + 100))
    return device, challenge, card.respond(challenge.question, PIN)


def _accepts(device: DeviceRecord, challenge: Challenge, answer: str, late: float = 0) -> bool:
    return KIND.verify(device, challenge, answer, NOW + timedelta(seconds=late)).accepted


@given(st.text())
def test_any_answer_is_refused(answer: str) -> None:
    device, challenge, right = _asked()
    assert _accepts(device, challenge, answer) == (answer == right)


@given(st.integers(0, 10**8 - 1))
def test_any_eight_digits_are_refused(number: int) -> None:
    device, challenge, right = _asked()
    answer = f"{number:08d}"
    assert _accepts(device, challenge, answer) == (answer == right)


def test_an_empty_answer_is_refused() -> None:
    device, challenge, _right = _asked()
    assert not _accepts(device, challenge, "")


@pytest.mark.parametrize("change", [lambda a: a[:-1], lambda a: a + "0", lambda a: "0" + a])
def test_an_answer_of_the_wrong_length_is_refused(change) -> None:
    device, challenge, right = _asked()
    assert not _accepts(device, challenge, change(right))


def test_the_answer_in_other_digits_is_refused() -> None:
    device, challenge, right = _asked()
    arabic = right.translate({ord("0") + n: 0x0660 + n for n in range(10)})
    assert not _accepts(device, challenge, arabic)


def test_another_cards_answer_is_refused() -> None:
    device, challenge, _right = _asked()
    _other, other_card = issued_card(2)
    assert not _accepts(device, challenge, other_card.respond(challenge.question, PIN))


def test_another_cards_challenge_is_refused() -> None:
    device, challenge, right = _asked()
    assert not _accepts(device, replace(challenge, device="device-2"), right)


@pytest.mark.parametrize(("late", "accepted"), [(0, True), (119.9, True), (120, False)])
def test_a_challenge_is_good_for_two_minutes(late: float, accepted: bool) -> None:
    device, challenge, right = _asked()
    assert _accepts(device, challenge, right, late) is accepted


def test_an_earlier_answer_does_not_fit_the_next_challenge() -> None:
    device, _challenge, right = _asked()
    following = KIND.begin(device, NOW, SeededRandomness(999))
    assert not _accepts(device, following, right)


def test_right_and_wrong_answers_spend_the_challenge_alike() -> None:
    device, challenge, right = _asked()
    for answer in (right, "", "00000000"):
        assert KIND.verify(device, challenge, answer, NOW).spends == challenge.id


@given(PINS)
def test_a_wrong_pin_gives_a_wrong_response(pin: str) -> None:
    device, challenge, right = _asked()
    _device, card = issued_card()
    answer = card.respond(challenge.question, pin)
    assert (answer == right) == (pin == PIN)
    assert _accepts(device, challenge, answer) == (pin == PIN)


@given(st.integers(0, 10**6))
def test_the_card_and_we_agree(seed: int) -> None:
    device, challenge, right = _asked(seed)
    verdict = KIND.verify(device, challenge, right, NOW)
    assert verdict.accepted
    assert verdict.new_state is None


def test_challenges_differ_and_expire_in_two_minutes() -> None:
    device, _card = issued_card()
    rng = SeededRandomness()
    challenges = [KIND.begin(device, NOW, rng) for _ in range(100)]
    assert len({challenge.id for challenge in challenges}) == 100
    assert len({challenge.question for challenge in challenges}) > 95
    assert all(len(challenge.question) == 6 for challenge in challenges)
    assert {challenge.expires for challenge in challenges} == {NOW + timedelta(minutes=2)}
    assert {challenge.device for challenge in challenges} == {device.id}


@pytest.mark.parametrize(
    "typed",
    ["12345678", " 1234 5678\n", "1234-5678", "12 34-56\t78", "1234\u00a05678", "1234–5678"],
)
def test_spaces_and_hyphens_are_no_matter(typed: str) -> None:
    assert KIND.read_answer(typed) == "12345678"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "answer-empty"),
        ("  - ", "answer-empty"),
        ("1234567", "answer-too-short"),
        ("123456789", "answer-too-long"),
        ("1" * 300, "answer-too-long"),
        (" " * 300, "answer-too-long"),
        ("1234567a", "answer-not-digits"),
        ("1234.5678", "answer-not-digits"),
        ("+1234567", "answer-not-digits"),
        ("١٢٣٤٥٦٧٨", "answer-not-digits"),
        ("１２３４５６７８", "answer-not-digits"),
        ("1234567²", "answer-not-digits"),
        ("1234\u200b5678", "answer-not-digits"),
        ("12345678\x00", "answer-not-digits"),
        ("𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "answer-not-digits"),
    ],
)
def test_a_malformed_answer_says_what_is_wrong(typed: str, code: str) -> None:
    with pytest.raises(MalformedAnswer) as caught:
        KIND.read_answer(typed)
    assert caught.value.code == code
    assert caught.value.hint


def test_each_kind_of_malformed_answer_has_its_own_message() -> None:
    messages = set()
    for typed in ("", "1", "1" * 9, "abcdefgh"):
        with pytest.raises(MalformedAnswer) as caught:
            KIND.read_answer(typed)
        messages.add(caught.value.message)
    assert len(messages) == 4


@given(st.text(st.characters() | st.sampled_from("0123456789 -")))
def test_what_is_read_is_eight_ascii_digits_in_the_order_typed(typed: str) -> None:
    try:
        answer = KIND.read_answer(typed)
    except MalformedAnswer:
        return
    assert answer == "".join(mark for mark in typed if mark in "0123456789")
    assert len(answer) == 8


def test_an_issued_card_shows_no_secret() -> None:
    issued = DscPlus().issue(SeededRandomness(), pin=PIN)
    secret = CardSecret.unpack(issued.secret)
    assert len(secret.key) == 32
    assert issued.virtual_device is not None
    assert set(issued.virtual_device) == {"kind", "serial", "suite", "key"}
    assert secret.key.hex() not in str(issued.public)
    device, card = issued_card()
    for shown in (repr(issued), repr(secret), repr(device), repr(card)):
        assert secret.key.hex() not in shown
        assert repr(secret.key) not in shown
        assert PIN not in shown


def test_two_cards_share_nothing() -> None:
    rng = SeededRandomness()
    first, second = (DscPlus().issue(rng, pin=PIN) for _ in range(2))
    assert first.public["serial"] != second.public["serial"]
    assert first.secret[:32] != second.secret[:32]


def test_a_trivial_pin_is_refused_at_issue_and_change() -> None:
    with pytest.raises(UsageProblem) as caught:
        KIND.issue(SeededRandomness(), pin="1111")
    assert caught.value.code == "pin-repeated"
    with pytest.raises(UsageProblem) as caught:
        DscPlus().change_pin(issued_card()[0].secret, "4711", ["+41 44 711 00"])
    assert caught.value.code == "pin-personal"


def test_a_changed_pin_changes_every_response_but_not_the_card() -> None:
    device, card = issued_card()
    changed = replace(device, secret=DscPlus().change_pin(device.secret, "9174"))
    challenge = KIND.begin(device, NOW, SeededRandomness())
    assert not _accepts(changed, challenge, card.respond(challenge.question, PIN))
    assert _accepts(changed, challenge, card.respond(challenge.question, "9174"))


@pytest.mark.parametrize("packed", [b"", b"x" * 35, b"x" * 37, b"x" * 32 + b"\xff" * 4])
def test_a_damaged_secret_is_an_error_and_no_verdict(packed: bytes) -> None:
    device, challenge, right = _asked()
    with pytest.raises(ValueError):
        KIND.verify(replace(device, secret=packed), challenge, right, NOW)


def test_what_log_in_and_pages_need_to_know() -> None:
    device, _card = issued_card()
    assert KIND.amr == ("otp", "pin", "hwk", "mfa")
    assert KIND.physical
    assert KIND.describe(device).label == "Digital Security Card+"
    assert KIND.describe(replace(device, label="Office")).label == "Office"
    assert any("CHALLNG>" in step for step in KIND.describe(device).instructions)


def test_the_simulation_is_the_card() -> None:
    plugin = DscPlus()
    assert isinstance(plugin, Simulated)
    assert isinstance(plugin, Keypad)
    device, card = issued_card()
    shown = plugin.simulate(card.as_document(), "123 456", f"{PIN}\n", NOW)
    key = CardSecret.unpack(device.secret).key
    assert shown == respond(card.suite, key, "123456", pin=PIN)
