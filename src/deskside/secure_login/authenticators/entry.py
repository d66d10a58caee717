"""Reading codes of letters and digits that a person typed."""

from __future__ import annotations

from deskside.foundation.text import _
from deskside.secure_login.authenticators.base import MalformedAnswer
from deskside.secure_login.codes import bare, is_code


def read_code(text: str, length: int, *, any_case: bool = True) -> str:
    """The `length` characters of a code, whatever spaces and hyphens part them.

    Raises:
        MalformedAnswer: with a code and a message of its own for empty, too short, too long, and
            characters that no code holds (`answer-not-code`).
    """
    typed = bare(text).upper() if any_case else bare(text)
    if not typed:
        raise _malformed("answer-empty", _("The code is empty."), length)
    if len(typed) < length:
        raise _malformed("answer-too-short", _("The code is too short."), length)
    if len(typed) > length:
        raise _malformed("answer-too-long", _("The code is too long."), length)
    if not is_code(typed.upper()):
        raise _malformed(
            "answer-not-code", _("The code holds a character that none of ours has."), length
        )
    return typed


def _malformed(code: str, message: str, length: int) -> MalformedAnswer:
    hint = _("It has {count} letters and digits; 0, 1, I, L and O are never among them.")
    return MalformedAnswer(code, message, hint=hint.format(count=length))
