"""Whether the program keeps the settings on its vendor's server. Pure but for one small read.

`[Logon] s3store` says that the log-in window offers *Use/store settings on server*, and
`useRemoteSettings` that it is ticked. While it is, the next log-in fetches the server's copy over
whatever was restored here: that is why KB2282 begins with the box unticked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deskside.workspace.model import Workspace
from deskside.workspace.places.about import ini_of, read_ini
from deskside.workspace.places.jts_ini import JtsIni

SECTION = "Logon"
OFFERED, ON = "s3store", "useRemoteSettings"


@dataclass(frozen=True, slots=True)
class RemoteStore:
    """What `jts.ini` says of the vendor's server.

    Attributes:
        offered: whether the log-in window offers to keep settings there.
        on: whether the next log-in will fetch them from there.
        ini: the file that says so; None where there is none.
    """

    offered: bool
    on: bool
    ini: Path | None


def remote_store(workspace: Workspace) -> RemoteStore:
    """Whether the vendor's server takes part in a workspace."""
    file = ini_of(workspace)
    if file is None:
        return RemoteStore(offered=False, on=False, ini=None)
    ini = JtsIni(read_ini(file))
    return RemoteStore(offered=ini.flag(SECTION, OFFERED), on=ini.flag(SECTION, ON), ini=file)


def switched_off(ini: bytes) -> bytes:
    """A `jts.ini` by which the next log-in fetches nothing; the same bytes where it does so."""
    read = JtsIni(ini)
    return read.with_value(SECTION, ON, "false") if read.flag(SECTION, ON) else ini
