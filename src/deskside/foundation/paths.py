"""Where Deskside keeps its files, and how it keeps them private.

Folders are made for their owner alone (0700) and files likewise (0600). A file is written
whole or not at all: beside its place first, flushed to the disk, then moved onto it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def data_folder() -> Path:
    """The folder of everything that Deskside keeps on this computer; made when missing.

    `DESKSIDE_DATA` names it, else the platform's own place for a program's data.
    """
    from platformdirs import user_data_path

    named = os.environ.get("DESKSIDE_DATA")
    folder = Path(named).expanduser().absolute() if named else user_data_path("deskside", False)
    return private_folder(folder)


def portal_folder() -> Path:
    """The portal's own data folder where none is named."""
    return data_folder() / "portal"


def demo_folder() -> Path:
    """The demonstration desk's data folder where none is named; no real desk lives there."""
    return data_folder() / "demo"


def config_file() -> Path:
    """The file of settings; it need not exist. `DESKSIDE_CONFIG` names another."""
    from platformdirs import user_config_path

    named = os.environ.get("DESKSIDE_CONFIG")
    if named:
        return Path(named).expanduser().absolute()
    return user_config_path("deskside", False) / "deskside.toml"


def private_folder(folder: Path) -> Path:
    """The folder, made for its owner alone when it does not exist."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Put a file in its place whole or not at all, readable by its owner alone."""
    temporary = _beside(path, content)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def create_private(path: Path, content: bytes) -> bool:
    """Put a new file in its place, unless there is one already; whether it was put.

    Of several processes that try at once exactly one succeeds.
    """
    temporary = _beside(path, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    flush_folder(path.parent)
    return True


def append_private(path: Path, content: bytes) -> None:
    """Add to the end of a file and wait until the disk has it."""
    new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if new:
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Wait until the disk has the folder's entries; Windows does that by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(path: Path, content: bytes) -> Path:
    # mkstemp makes the file 0600 from its first moment.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)
