"""The commands of articles that want a portal, run by somebody who is logged in to one."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from tests.knowledge.test_article_commands import ON_A_PORTAL
from tests.system.conftest import Portal, run_deskside
from tests.system.test_article import SAMPLE
from tests.system.test_main_job import log_in_from_the_terminal


def test_the_commands_run_on_a_portal(portal: Portal, tmp_path: Path) -> None:
    login, *rest = ON_A_PORTAL
    assert login == "deskside login"
    data, live = tmp_path / "data", tmp_path / "Jts" / "darykq" / "ibg.xml"
    log_in_from_the_terminal(portal, portal.user("trader"), data)
    live.parent.mkdir(parents=True)
    shutil.copy(SAMPLE, live)
    for command in rest:
        done = run_deskside(
            *shlex.split(command)[1:], "--root", str(tmp_path / "Jts"), "--yes", data=data
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
