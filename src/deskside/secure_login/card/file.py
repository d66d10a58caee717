"""The virtual device file: JSON, readable by its owner only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.paths import create_private
from deskside.foundation.text import _
from deskside.secure_login.card.device import DamagedDevice

_LONGEST_FILE = 65_536


def parse(text: str) -> dict[str, object]:
    """The document in a virtual device file of any kind; its kind checks the rest.

    Raises:
        DamagedDevice: no JSON object, a name given twice, or no kind.
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise DamagedDevice(_("it is not valid JSON")) from error
    if not isinstance(document, dict):
        raise DamagedDevice(_("it is not a JSON object"))
    if not isinstance(document.get("kind"), str):
        raise DamagedDevice(_("it does not say of which kind the device is"))
    return document


def read(path: Path) -> dict[str, object]:
    """The document in the file at `path`.

    Raises:
        NotFound: there is no such file.
        DamagedDevice: it is no virtual device file.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(
            "virtual-device-missing",
            _("There is no virtual device file {path}.").format(path=path),
            hint=_("Name the file with --file."),
        ) from error
    if len(content) > _LONGEST_FILE:
        raise DamagedDevice(_("it is too long"))
    try:
        return parse(content.decode())
    except UnicodeDecodeError as error:
        raise DamagedDevice(_("it is not text in UTF-8")) from error


def write(path: Path, document: Mapping[str, object]) -> None:
    """Write a new virtual device file with mode 0600.

    Raises:
        Refused: the file exists; a device's only key is never overwritten.
    """
    content = json.dumps(dict(document), indent=2) + "\n"
    if not create_private(path, content.encode()):
        raise Refused(
            "virtual-device-exists",
            _("The file {path} exists already; nothing was changed.").format(path=path),
            hint=_("Choose another name."),
        )


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a name is given twice")
    return document
