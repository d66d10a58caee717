"""Reading seed files: PSKC (RFC 6030, also encrypted, also with the OCRA profile) and CSV.

CSV has a head line with at least `serial` and `key` (hexadecimal); further columns are `kind`,
`suite` (OCRA), `digits`, `step` (seconds), `algorithm` (SHA1, SHA256, SHA512) and `username`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.secure_login.model import Seed
from deskside.secure_login.seeds.containers import NoContainer, Opener, keys_in
from deskside.secure_login.seeds.counting import line_breaks, occurrences

if TYPE_CHECKING:
    from pskc.key import Key

_OCRA = "ocra"
_TOTP = "totp"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a seed file; `problem` where it holds no seed."""

    number: int
    seed: Seed | None
    problem: str = ""


def read_seeds(
    source: Path | BinaryIO, *, key: bytes | None = None, password: str = ""
) -> Iterator[Line]:
    """The rows of a seed file, PSKC by its first character, else CSV.

    Raises:
        Refused: the file cannot be read as either, or key or password does not open it.
    """
    try:
        file = source.open("rb") if isinstance(source, Path) else source
        is_pskc = _is_pskc(file)
    except OSError as error:
        raise _unreadable(str(error.strerror)) from error
    return _pskc(file, Opener(key, password)) if is_pskc else _csv(file)


def rows_in(file: BinaryIO) -> int:
    """About how many rows a file has, without reading it: for a progress bar."""
    is_pskc = _is_pskc(file)
    return max(1, occurrences(file, b"KeyPackage>") // 2 if is_pskc else line_breaks(file))


def _is_pskc(file: BinaryIO) -> bool:
    start = file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    return start.startswith(b"<")


def _csv(binary: BinaryIO) -> Iterator[Line]:
    with io.TextIOWrapper(binary, "utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        if not {"serial", "key"} <= set(rows.fieldnames or ()):
            raise _unreadable(_("its first line must name at least serial and key"))
        for number, row in enumerate(rows, 2):
            try:
                yield Line(number, _from_row(row))
            except ValueError:
                yield Line(number, None, _("the key is not hexadecimal, or a number is none"))


def _from_row(row: dict[str, str]) -> Seed:
    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    return Seed(
        serial=cell("serial"),
        key=bytes.fromhex(cell("key")),
        kind=cell("kind"),
        suite=cell("suite"),
        digits=int(cell("digits") or 0),
        step=int(cell("step") or 0),
        algorithm=cell("algorithm").upper().replace("-", ""),
        user_name=cell("username"),
    )


def _pskc(file: BinaryIO, opener: Opener) -> Iterator[Line]:
    from pskc.exceptions import PSKCError

    with file:
        try:
            for number, found in enumerate(keys_in(file, opener), 1):
                if found is None:
                    yield Line(number, None, _("the package is damaged"))
                else:
                    yield _from_key(number, found)
        except NoContainer as error:
            raise _unreadable(_("it is not a PSKC file that we understand")) from error
        except PSKCError as error:
            raise Refused(
                "seeds-sealed",
                _("The keys in the file do not open, or were altered."),
                hint=_("Give the right key with --key-file, or the password with --password -."),
            ) from error


def _from_key(number: int, found: Key) -> Line:
    """A key as a row; raises PSKCError where it does not open."""
    algorithm, secret = (found.algorithm or "").lower(), found.secret
    ocra = _OCRA in algorithm
    if secret is None or not (ocra or algorithm.endswith(f":{_TOTP}")):
        return Line(number, None, _("it is no TOTP or OCRA key"))
    suite = (found.algorithm_suite or "").upper()
    return Line(
        number,
        Seed(
            serial=found.serial or found.id or "",
            key=bytes(secret),
            suite=suite if ocra else "",
            digits=found.response_length or 0,
            step=found.time_interval or 0,
            algorithm="" if ocra else suite.removeprefix("HMAC-").replace("-", ""),
            user_name=found.userid or "",
        ),
    )


def _unreadable(why: str) -> Refused:
    return Refused(
        "seeds-unreadable",
        _("The seed file cannot be read: {why}.").format(why=why),
        hint=_("It must be PSKC (RFC 6030) or CSV."),
    )
