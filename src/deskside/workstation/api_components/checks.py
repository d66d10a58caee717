"""The checks of API components: are they whole, and does the Python client suit its environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from deskside.foundation.findings import Finding
from deskside.foundation.registry import Situation
from deskside.foundation.text import mark
from deskside.workstation.api_components import python_client, verifying
from deskside.workstation.api_components.components import Components
from deskside.workstation.api_components.environments import environment


class Files:
    """Whether the API components of this computer are whole, and `IBJts` leads to them."""

    id = "api.files"
    title = mark("TWS API components")
    options: tuple[str, ...] = ("home",)
    codes = (
        "api-pointer-broken",
        "api-unmanaged",
        "api-incomplete",
        "api-owned-by-another",
        "api-files-changed",
        "api-files-added",
        "api-ok",
    )

    def applies(self, situation: Situation) -> bool:
        return bool(_components(situation).installed()) or (Path.home() / "IBJts").is_symlink()

    def run(self, situation: Situation) -> Iterator[Finding]:
        yield from verifying.look(_components(situation))


class PythonClient:
    """Whether one distribution owns `ibapi` in an environment, and the protobuf runtime suits."""

    id = "api.python"
    title = mark("Python client of the TWS API")
    options: tuple[str, ...] = ("venv",)
    codes = ("ibapi-two-owners", "protobuf-missing", "protobuf-unsuitable", "ibapi-ok")

    def applies(self, situation: Situation) -> bool:
        return situation.option("venv") is not None

    def run(self, situation: Situation) -> Iterator[Finding]:
        folder = situation.option("venv")
        assert folder is not None
        yield from python_client.look(environment(Path(folder)))


def _components(situation: Situation) -> Components:
    """Those of the home that was named; looked at only, so that nothing is put right either."""
    from deskside.foundation.paths import data_folder

    home = situation.option("home")
    return Components(Path(home).expanduser() if home else Path.home(), data_folder())
