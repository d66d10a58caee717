"""Which passwords and user names may be chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.directory.rules import (
    LONGEST_PASSWORD,
    PasswordRefused,
    check_password,
    check_user_name,
    is_user_name,
    leaked_passwords,
)
from deskside.foundation.errors import UsageProblem

PERSONAL = ("tessa.marino", "Tessa Marino", "t.marino@example.org")


@pytest.mark.parametrize(
    "password",
    [
        "seven grey herons",
        "p9#mQ2vL",
        "83029571",
        "passwordless otters swim",
        "caffè e brioche",
        "密码不是密码而是句子",
        "marino-forgets-the-umbrella",
        "x" * 3 + "y" * 3 + "z" * 994,
    ],
)
def test_accepted(password: str) -> None:
    assert check_password(password, PERSONAL)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password-too-short"),
        ("p9#mQ2v", "password-too-short"),
        ("x1" * 501, "password-too-long"),
        ("password", "password-common"),
        ("Password1!", "password-common"),
        ("P@ssw0rd2026", "password-common"),
        ("12345678", "password-common"),
        ("87654321", "password-common"),
        ("abcdefgh", "password-common"),
        ("aaaaaaaaaaaa", "password-common"),
        ("12341234", "password-common"),
        ("abcabcabcab", "password-common"),
        ("qwertyuiop", "password-common"),
        ("Welcome123", "password-common"),
        ("deskside2026", "password-common"),
        ("1qaz2wsx", "password-common"),
        ("Trustno1", "password-common"),
        ("BlowMe69", "password-common"),
        ("tessa.marino", "password-personal"),
        ("TessaMarino84", "password-personal"),
        ("marino@example.org", "password-personal"),
        ("t.marino@example.org1", "password-personal"),
    ],
)
def test_refused(password: str, code: str) -> None:
    with pytest.raises(PasswordRefused) as caught:
        check_password(password, PERSONAL)
    assert caught.value.code == code


def test_none_of_those_that_leaked_most_often() -> None:
    """ASVS 6.2.4: at least the three thousand most frequent ones of acceptable length."""
    long_enough = [word for word in sorted(leaked_passwords()) if len(word) >= 8]
    assert len(long_enough) > 3000
    for word in long_enough[::7]:
        with pytest.raises(PasswordRefused):
            check_password(word.upper(), PERSONAL)


@given(st.text(min_size=8, max_size=LONGEST_PASSWORD))
def test_a_decision_for_every_text(text: str) -> None:
    try:
        accepted = check_password(text, PERSONAL)
    except PasswordRefused:
        return
    assert check_password(accepted, PERSONAL) == accepted


def test_user_names() -> None:
    for good in ("abc", "tessa", "tessa2", "alba.savings", "a" * 32):
        assert check_user_name(good) == good
    for bad in ("", "ab", "Tessa", "2tessa", "tessa ", "tèssa", "tessa\n", "a" * 33, "a/b"):
        assert not is_user_name(bad)
        with pytest.raises(UsageProblem):
            check_user_name(bad)
