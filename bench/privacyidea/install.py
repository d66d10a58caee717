"""The peer's environment, made once and kept in the user's cache."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from platformdirs import user_cache_path

VERSION = "3.14"
PINS = "requirements.txt"


def environment() -> Path:
    """The folder of the environment; made when it is not there, which takes a minute."""
    folder = user_cache_path("deskside-bench") / f"privacyidea-{VERSION}"
    if (folder / "bin" / "gunicorn").exists():
        return folder
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--quiet"]
    package = f"privacyidea=={VERSION}"
    subprocess.run([*pip, "download", "--no-deps", package, "--dest", str(folder)], check=True)
    (wheel,) = folder.glob("privacyidea-*.whl")
    pins = folder / PINS
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(f"/{PINS}"))
        pins.write_bytes(archive.read(name))
    subprocess.run([*pip, "install", "--requirement", str(pins)], check=True)
    subprocess.run([*pip, "install", str(wheel), "gunicorn==27.0.1"], check=True)
    wheel.unlink()
    return folder
