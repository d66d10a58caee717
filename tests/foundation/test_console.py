"""How every command says what went wrong."""

from __future__ import annotations

import pytest

from deskside.foundation.console import fail
from deskside.foundation.errors import Refused


@pytest.mark.parametrize(
    ("hint", "article", "said"),
    [
        ("Do this.", "2323#lost", "deskside: hint: Do this. Read: deskside kb show KB2323#lost\n"),
        ("Do this.", None, "deskside: hint: Do this.\n"),
        ("", "2816", "deskside: hint: Read: deskside kb show KB2816\n"),
        ("", None, ""),
    ],
)
def test_an_error_has_one_hint_at_most(
    capsys: pytest.CaptureFixture[str], hint: str, article: str | None, said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        fail(Refused("code", "It failed.", hint=hint, article=article), as_json=False)
    assert ended.value.code == 3
    assert capsys.readouterr().err == f"deskside: error: It failed.\n{said}"
