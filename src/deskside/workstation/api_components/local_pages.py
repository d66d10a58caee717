"""The API components of this computer in the browser: install, switch, verify, remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from deskside.foundation.changes.model import Plan, State
from deskside.foundation.changes.moving import outdated
from deskside.foundation.changes.rendering import verb_word
from deskside.foundation.errors import DesksideError, NotFound, Refused
from deskside.foundation.text import _
from deskside.foundation.units import when
from deskside.web.service import AnyRequest, form, page, redirect
from deskside.workstation.api_components.catalogue import packages, this_system
from deskside.workstation.api_components.components import INSTALL, REMOVE, USE, Components
from deskside.workstation.api_components.package import Opened, judge_checksum, open_package
from deskside.workstation.api_components.verifying import look

T = TypeVar("T")
Choices = NamedDependency[dict[str, str]]
OURS = (INSTALL, USE, REMOVE)


def handlers() -> list[Any]:
    """All pages of API components."""
    return [overview, findings, prepare, install, use, prepare_removal, remove, undo]


@get("/api-components", sync_to_thread=True, include_in_schema=False)
def overview(request: AnyRequest, local_options: Choices) -> Response[str]:
    """The versions that are here, and the packages that there are."""
    components = _components(local_options)
    here = {each.version for each in components.installed()}
    system = this_system()
    return page(
        request,
        "api_components/overview.html",
        versions=[
            {
                "name": each.name,
                "in_use": each.in_use,
                "folder": str(components.folder(each)),
                "licence": each.licence,
                "installed": when(each.installed) if each.installed else "",
                "movable": each.managed or each.name != "IBJts",
            }
            for each in components.installed()
        ],
        packages=[p for p in packages() if p.fits(system) and p.version not in here],
        change=_undoable(components, request.query_params.get("change", "")),
    )


@get("/api-components/check", sync_to_thread=True, include_in_schema=False)
def findings(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Every file compared with what was installed."""
    found = list(look(_components(local_options)))
    return page(request, "api_components/findings.html", findings=found)


@get("/api-components/install", sync_to_thread=True, include_in_schema=False)
def prepare(request: AnyRequest, local_options: Choices) -> Response[str]:
    """A package's licence, and what installing it would do."""
    file = request.query_params.get("file", "").strip()
    opened = planned = refused = None
    trust = ""
    try:
        components = _components(local_options)
        opened = _opened(file)
        trust = judge_checksum(opened, components.records)
        planned = components.preview(opened)
    except DesksideError as error:
        refused = error
    return page(
        request,
        "api_components/install.html",
        file=file,
        opened=opened,
        trust=trust,
        refused=refused,
        remarks=opened.remarks if opened else (),
        **_shown(planned),
    )


@post("/api-components/install", include_in_schema=False)
async def install(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Install a package whose licence and plan were shown, and agreed to."""
    fields = await form(request)

    def work() -> str:
        components = _components(local_options)
        opened = _opened(fields.get("file", ""))
        judge_checksum(opened, components.records)
        planned = components.preview(opened)
        _check_pinned(planned, fields)
        if fields.get("licence") != opened.licence.sha256:
            raise Refused(
                "licence-not-accepted",
                _("The licence of version {version} ({id}) has not been accepted.").format(
                    version=opened.version, id=opened.licence.id
                ),
                hint=_("Go back, read it, and tick that you accept it."),
                article="9001#licence",
            )
        components.records.accept(opened.version, opened.licence)
        return components.install(opened, planned).id

    return redirect(f"/api-components?change={await _in_thread(work)}")


@post("/api-components/{name:str}/use", include_in_schema=False)
async def use(request: AnyRequest, local_options: Choices, name: FromPath[str]) -> Response[str]:
    """Let IBJts point to another version."""

    def work() -> str:
        components = _components(local_options)
        return components.apply(components.plan_use(components.choose(name))).id

    return redirect(f"/api-components?change={await _in_thread(work)}")


@get("/api-components/{name:str}/remove", sync_to_thread=True, include_in_schema=False)
def prepare_removal(
    request: AnyRequest, local_options: Choices, name: FromPath[str]
) -> Response[str]:
    """What removing a version would do."""
    components = _components(local_options)
    planned = components.plan_remove(components.choose(name))
    return page(
        request,
        "api_components/remove.html",
        name=name,
        remarks=planned.remarks,
        **_shown(planned),
    )


@post("/api-components/{name:str}/remove", include_in_schema=False)
async def remove(request: AnyRequest, local_options: Choices, name: FromPath[str]) -> Response[str]:
    """Remove a version as it was shown."""
    fields = await form(request)

    def work() -> str:
        components = _components(local_options)
        planned = components.plan_remove(components.choose(name))
        _check_pinned(planned, fields)
        return components.apply(planned).id

    return redirect(f"/api-components?change={await _in_thread(work)}")


@post("/api-components/undo", include_in_schema=False)
async def undo(request: AnyRequest, local_options: Choices) -> Response[str]:
    """Take a change of the components back."""
    fields = await form(request)

    def work() -> None:
        components = _components(local_options)
        change = _undoable(components, fields.get("change", ""))
        if change is None:
            raise NotFound("no-such-change", _("There is no such change that can be taken back."))
        components.engine().undo(change["id"])
        components.recover()

    await _in_thread(work)
    return redirect("/api-components")


def _components(options: Mapping[str, str]) -> Components:
    return Components.open(options.get("home"))


def _opened(file: str) -> Opened:
    return open_package(Path(file).expanduser())


def _seen(planned: Plan) -> str:
    """What a plan that is shown saw, and what it is about to do."""
    steps = (f"{step.verb} {step.path} {step.target} {step.why}" for step in planned.steps)
    return " ".join([*planned.inputs.values(), *steps])


def _check_pinned(planned: Plan, fields: Mapping[str, str]) -> None:
    if fields.get("seen") != _seen(planned):
        raise outdated(planned.steps[0].path)


def _shown(planned: Plan | None) -> dict[str, Any]:
    if planned is None:
        return {"title": "", "steps": [], "seen": ""}
    steps = [
        {
            "verb": verb_word(step.verb),
            "path": str(planned.root / step.path),
            "detail": " · ".join(
                filter(None, [f"→ {step.target}" if step.target else "", step.why])
            ),
        }
        for step in planned.steps
    ]
    return {"title": planned.title, "steps": steps, "seen": _seen(planned)}


def _undoable(components: Components, identifier: str) -> dict[str, str] | None:
    """A change of the components that is in force; None for anything else."""
    try:
        change = components.engine().show(identifier) if identifier else None
    except NotFound:
        return None
    fits = change and change.tool in OURS and change.root == str(components.home.resolve())
    if change is None or not fits or change.state is not State.APPLIED or change.pruned:
        return None
    return {"id": change.id, "title": change.title}


async def _in_thread(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(partial(work))
