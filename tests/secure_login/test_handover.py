"""A new card on paper: made from the page that shows it, for its holder, while it waits."""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.foundation import pdf
from deskside.foundation.errors import Refused
from tests.secure_login.desk import Desk
from tests.secure_login.test_life import seen


def words_in(content: bytes) -> list[str]:
    """The texts of a PDF, piece by piece."""
    assert content.startswith(b"%PDF-")
    pages = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    drawn = b"".join(zlib.decompress(page) for page in pages)
    return [text.decode("latin-1") for text in re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", drawn)]


def test_a_card_on_paper(small_desk: Desk) -> None:
    user = small_desk.person("anna", card=False)
    lives, handover = small_desk.service.lives, small_desk.service.handover
    info, issued = lives.make(seen(user), user, "code-card")
    document = dict(issued.virtual_device or {})
    sealed = handover.sealed(info, user.id, document)
    codes = document["codes"].split()
    assert not any(code in sealed for code in codes[:1])
    made = handover.file(info, user.id, sealed)
    told = words_in(made.content)
    grid = dict(pairwise(told))
    assert {number: grid[number] for number in ("001", "224")} == {
        "001": codes[0],
        "224": codes[-1],
    }
    assert len([text for text in told if text in codes]) == 224
    assert info.serial in told
    assert made.content.count(b"/Type /Page\n") == 1, "one sheet"

    other = small_desk.person("bruno", card=False)
    for stranger, what in (
        (other.id, sealed),
        (user.id, sealed[:-2]),
        (user.id, "no"),
        (user.id, ""),
    ):
        with pytest.raises(Refused):
            handover.file(info, stranger, what)
    asked = lives.ask(seen(user), info.id)
    answer = "".join(codes[int(index) - 1] for index in asked.challenge.question.split())
    active = lives.activate(seen(user), info.id, asked.challenge.id, answer)
    with pytest.raises(Refused):
        handover.file(active, user.id, sealed)


@given(st.text(max_size=60))
def test_any_text_can_be_printed(text: str) -> None:
    pdf.plain(text).encode("latin-1")


def test_letters_that_the_fonts_lack() -> None:
    assert pdf.plain("Łódź – “l’été” …") == '?ódz - "l\'été" ...'
