"""Kills processes at every step of installing, switching, removing and putting a client.

    python -m tests.workstation.api_kill_driver FOLDER STRIDE FIRST

After each kill the next command's recovery must leave either what was before or what should be
after, and nothing of ours besides. A process of its own, so that forking is cheap.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import filelock

from deskside.foundation.changes.files import Files
from deskside.workstation.api_components import python_client
from deskside.workstation.api_components.components import Components
from deskside.workstation.api_components.environments import environment
from deskside.workstation.api_components.package import open_package

from .api_packages import package

LOADED = filelock
"""Imported before forking, so that the killed spend their short lives on the work itself."""

Act = Callable[[Components], None]
Shape = dict[str, str | bytes | None]


class Deadline:
    """Kills its own process at the n-th step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self, operation: str, path: Path) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def shape(*tops: Path) -> Shape:
    """Everything under some folders; manifests without the moment that they tell."""
    found: Shape = {}
    for top in tops:
        for path in sorted(top.rglob("*")):
            if path.is_symlink():
                found[str(path)] = str(path.readlink())
            elif path.is_dir():
                found[str(path)] = None
            elif path.name == "deskside-manifest.json":
                found[str(path)] = b"manifest"
            else:
                found[str(path)] = path.read_bytes()
    return found


def nothing(_here: Components) -> None:
    """No deed at all."""


def by_hand(here: Components) -> None:
    own = here.home / "IBJts" / "samples" / "mine.py"
    own.parent.mkdir(parents=True)
    own.write_text("mine")


def use(here: Components) -> None:
    here.apply(here.plan_use(here.choose("10.50.02")))


def remove(here: Components) -> None:
    here.apply(here.plan_remove(here.choose("10.50.02")))


def undo(here: Components) -> None:
    engine = here.engine()
    engine.undo(engine.list()[0].id)


def scenes(folder: Path, site: Path) -> dict[str, tuple[Act, Act]]:
    """Each deed, with what must be there before."""
    older = open_package(package(folder, "10.50.02"))
    newer = open_package(package(folder, "10.51.01"))

    def install(here: Components) -> None:
        here.install(newer, here.preview(newer))

    def first(here: Components) -> None:
        here.install(older, here.preview(older))

    def both(here: Components) -> None:
        first(here)
        install(here)

    def put(here: Components) -> None:
        made = python_client.client(here, here.choose())
        python_client.put(here, made, environment(site.parents[2]))

    def put_older(here: Components) -> None:
        first(here)
        put(here)
        install(here)

    return {
        "install": (nothing, install),
        "install beside": (first, install),
        "take over": (by_hand, install),
        "use": (both, use),
        "remove": (both, remove),
        "remove the last": (first, remove),
        "undo": (both, undo),
        "undo the first": (first, undo),
        "python": (first, put),
        "python, newer": (put_older, put),
    }


class Stage:
    """A home and an environment, made anew for each kill."""

    def __init__(self, folder: Path) -> None:
        self.home, self.data, self.venv = folder / "home", folder / "data", folder / "venv"
        self.home.mkdir(parents=True)
        venv.create(self.venv, with_pip=False)
        self.site = next(self.venv.glob("lib/python*/site-packages"))

    def clean(self) -> None:
        """As at the beginning."""
        for top in (self.home, self.data, self.site):
            shutil.rmtree(top, ignore_errors=True)
            top.mkdir()

    def components(self, watch: Deadline | None = None) -> Components:
        """The components, perhaps with death before them."""
        here = Components(self.home, self.data, Files(watch))
        here.watch = watch
        return here

    def shape(self) -> Shape:
        return shape(self.home, self.site)

    def recover(self) -> None:
        """What the next command does."""
        self.components().recover()
        python_client.clear(environment(self.venv))


def killed(stage: Stage, act: Act, steps: int) -> bool:
    """Whether the deed was killed at that step; False where it had fewer."""
    worker = os.fork()
    if worker == 0:
        try:
            act(stage.components(Deadline(steps)))
            os._exit(0)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(worker, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "the deed failed by itself"
    return False


def run(stage: Stage, before: Act, act: Act, stride: int, first: int) -> tuple[int, set[str]]:
    """Kill a deed at every `stride`-th step from the first; how often, and what was found."""
    stage.clean()
    before(stage.components())
    old = stage.shape()
    act(stage.components())
    new = stage.shape()
    steps, seen = 0, set[str]()
    while True:
        stage.clean()
        before(stage.components())
        alive = not killed(stage, act, first + steps * stride)
        stage.recover()
        now = stage.shape()
        assert now in (old, new), sorted(set(now) ^ set(old))
        seen.add("new" if now == new else "old")
        if alive:
            return steps, seen
        steps += 1


def main(folder: Path, stride: int, first: int) -> None:
    """Run it all."""
    os.environ["DESKSIDE_DATA"] = str(folder / "stage" / "data")
    stage, result = Stage(folder / "stage"), {}
    for name, (before, act) in scenes(folder, stage.site).items():
        kills, seen = run(stage, before, act, stride, first)
        result[name] = [kills, sorted(seen)]
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
