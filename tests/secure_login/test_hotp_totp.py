"""HOTP and TOTP against the vectors of RFC 4226 appendix D and RFC 6238 appendix B."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.secure_login.otp.code import HashName, same_code
from deskside.secure_login.otp.hotp import find_counter, hotp
from deskside.secure_login.otp.totp import find_step, time_step, totp

from .rfc6287_vectors import KEY_20, KEY_32, KEY_64

RFC_4226 = [
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
]
RFC_6238_KEYS: dict[HashName, bytes] = {"SHA1": KEY_20, "SHA256": KEY_32, "SHA512": KEY_64}
RFC_6238 = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("counter", "code"), list(enumerate(RFC_4226)))
def test_rfc4226_appendix_d(counter: int, code: str) -> None:
    assert hotp(KEY_20, counter) == code


@pytest.mark.parametrize("column", range(3), ids=RFC_6238_KEYS)
@pytest.mark.parametrize("row", RFC_6238, ids=lambda row: str(row[0]))
def test_rfc6238_appendix_b(row: tuple[int, str, str, str], column: int) -> None:
    algorithm = list(RFC_6238_KEYS)[column]
    code = totp(RFC_6238_KEYS[algorithm], row[0], digits=8, algorithm=algorithm)
    assert code == row[column + 1]


@pytest.mark.parametrize("counter", [-1, 2**64])
def test_a_counter_beyond_eight_bytes_is_refused(counter: int) -> None:
    with pytest.raises(ValueError, match="counter"):
        hotp(KEY_20, counter)


@pytest.mark.parametrize("digits", [0, 5, 9])
def test_a_code_of_unheard_length_is_refused(digits: int) -> None:
    with pytest.raises(ValueError, match="6 to 8 digits"):
        hotp(KEY_20, 0, digits=digits)


def test_a_step_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one second"):
        time_step(0, step=0)


def test_look_ahead_finds_the_counter_and_nothing_beyond() -> None:
    assert find_counter(KEY_20, RFC_4226[5], 3, look_ahead=2) == 5
    assert find_counter(KEY_20, RFC_4226[6], 3, look_ahead=2) is None
    assert find_counter(KEY_20, RFC_4226[2], 3, look_ahead=2) is None


@pytest.mark.parametrize(("late", "found"), [(0, True), (30, True), (-30, True), (60, False)])
def test_a_code_is_good_for_one_step_of_drift(late: int, found: bool) -> None:
    moment = 1_700_000_010
    step = find_step(KEY_20, totp(KEY_20, moment), moment + late)
    assert step == (time_step(moment) if found else None)


def test_drift_does_not_reach_before_the_epoch() -> None:
    assert find_step(KEY_20, totp(KEY_20, 0), 0) == 0


@given(st.text(max_size=10))
def test_no_text_but_the_code_is_the_code(text: str) -> None:
    assert same_code("12345678", text) == (text == "12345678")
    assert not same_code("12345678", text + "\ud800")
