"""Who this computer is to a portal: a random id, and a name that a person gives it.

The id says nothing of the computer or its owner. The name is the host's until it is changed.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class WorkstationId:
    """This computer, as the person's other computers see it.

    Attributes:
        id: 26 lower-case letters and digits, random, made once for a data folder.
    """

    id: str
    name: str

    def as_json(self) -> dict[str, Any]:
        """As `settings portal` prints it."""
        return {"id": self.id, "name": self.name}


def workstation_id(folder: Path) -> WorkstationId:
    """The id of this computer; made when it is first asked for.

    Args:
        folder: Deskside's data folder.
    """
    from deskside.foundation.paths import create_private

    file = _file(folder)
    if (known := _read(file)) is not None:
        return known
    made = WorkstationId(new_workstation_id(), _host_name())
    content = json.dumps(asdict(made)).encode()
    if create_private(file, content):
        return made
    if (known := _read(file)) is not None:  # another process was faster
        return known
    _write(file, made)
    return made


def rename(folder: Path, name: str) -> WorkstationId:
    """Give this computer another name; its id stays.

    Raises:
        UsageProblem: `wrong-name`.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageProblem(
            "wrong-name",
            _("A computer's name is one line of 1 to {most} characters.").format(most=LONGEST_NAME),
        )
    named = WorkstationId(workstation_id(folder).id, name)
    _write(_file(folder), named)
    return named


def new_workstation_id() -> str:
    """128 random bits in lower-case base 32."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def _file(folder: Path) -> Path:
    from deskside.foundation.paths import private_folder

    return private_folder(folder / "workspace") / "workstation.json"


def _read(file: Path) -> WorkstationId | None:
    """What the file says; None where there is none, or it is damaged."""
    try:
        return WorkstationId(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: Path, named: WorkstationId) -> None:
    from deskside.foundation.paths import write_private

    write_private(file, json.dumps(asdict(named)).encode())


def _host_name() -> str:
    import socket

    name = "".join(c for c in socket.gethostname() if c.isprintable()).strip()
    return name[:LONGEST_NAME] or _("this computer")
