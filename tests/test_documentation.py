"""What is undocumented is untested: whatever the product offers is named in docs/, and what
docs/ names is there.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import click
import pytest
from litestar.testing import TestClient

from deskside.cli import deskside
from deskside.foundation.config import Config
from deskside.foundation.settings import SETTINGS
from deskside.knowledge.service import Library
from deskside.portal import create_app, open_services
from deskside.secure_login.authenticators import kinds

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
GUIDES = [page for page in PAGES if page.parent.name != "reference"]
ARTICLES = sorted((ROOT / "articles").rglob("*.md"))
PROTOCOL = ("deskside responder", "deskside 1 ", "deskside audit head")
"""What the responder and the audit trail say of themselves; no commands."""

METHODS = {"get", "post", "put", "patch", "delete"}

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?deskside (?P<words>.*)$")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


# What the product offers is named.


@pytest.mark.parametrize("key", SETTINGS)
def test_setting_is_documented_as_it_is(key: str) -> None:
    setting = SETTINGS[key]
    rows = [row for row in text("docs/operator/configuration.md").splitlines() if f"`{key}`" in row]
    row = next((row for row in rows if row.startswith(f"| `{key}`")), None)
    assert row, f"{key} has no row in docs/operator/configuration.md"
    for told in (setting.variable, setting.flag, setting.default, *setting.choices):
        assert told is None or f"`{told}`" in row, f"the row of {key} does not tell {told}"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    told = re.findall(r"^\| `(\w+\.\w+)` \|", text("docs/operator/configuration.md"), re.MULTILINE)
    assert set(told) == set(SETTINGS)


def test_reference_of_commands_is_current() -> None:
    reference = _tool("reference")
    for name, write in reference.PAGES.items():
        page = DOCS / "reference" / name
        assert page.exists(), "run: make docs"
        assert page.read_text(encoding="utf-8") == write(), f"{name} is out of date: make docs"


def _tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def addresses(tmp_path: Path) -> set[tuple[str, str]]:
    """Method and address of everything in the OpenAPI description of a running portal."""
    config = Config.load(flags={"data": str(tmp_path)})
    with open_services(config, tmp_path) as services:
        client = TestClient(create_app(services), base_url="http://127.0.0.1")
        described = client.get("/api/v1/openapi.json").json()
    return {
        (method.upper(), path)
        for path, item in described["paths"].items()
        for method in METHODS & set(item)
    }


def test_every_address_of_the_api_is_documented(addresses: set[tuple[str, str]]) -> None:
    assert len(addresses) >= 12
    told = r"^\| ([A-Z]+) \| `(/api/v1[^`]*)`"
    page = text("docs/developer/rest-api.md")
    assert set(re.findall(told, page, re.MULTILINE)) == addresses


@pytest.mark.parametrize("group", ["deskside.checks", "deskside.fixes"])
def test_checks_and_fixes_are_documented(group: str) -> None:
    everything = "\n".join(page.read_text(encoding="utf-8") for page in GUIDES)
    ours = [point.name for point in entry_points(group=group) if point.value.startswith("deskside")]
    assert ours
    assert [name for name in ours if f"`{name}`" not in everything] == []


def test_authenticators_are_documented() -> None:
    page = text("docs/security/authenticators.md")
    assert [kind for kind in kinds() if f"`{kind}`" not in page] == []


def test_articles_are_documented_and_in_both_languages() -> None:
    listed = text("docs/trader/articles.md")
    numbers = [article.number for article in Library.open().articles()]
    assert numbers
    for number in numbers:
        assert f"KB{number}" in listed
        for language in ("en", "it"):
            assert (ROOT / "articles" / number / f"{language}.md").is_file()


def test_change_log_has_a_place_for_the_next_release() -> None:
    assert re.search(r"^## Unreleased$\n+\S", text("CHANGELOG.md"), re.MULTILINE)


def test_every_guide_is_reached_from_the_index() -> None:
    seen, waiting = set(), [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        linked = [(page.parent / target).resolve() for target, _anchor in links(page)]
        waiting += [target for target in linked if target.suffix == ".md" and target.is_file()]
    assert [name_of(page) for page in DOCS.rglob("*.md") if page not in seen] == []


def test_make_targets_named_in_guides_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    for page in PAGES:
        code = "\n".join([*_CODE.findall(page.read_text(encoding="utf-8")), *indented_lines(page)])
        named = set(re.findall(r"(?:^|`|\s{4})make ([a-z][a-z-]+)", code, re.MULTILINE))
        assert named <= targets, f"{name_of(page)}: make {named - targets}"


# What the documents name is there.


def links(page: Path) -> Iterator[tuple[str, str]]:
    """File and anchor of each link and image within the repository."""
    for match in _LINK.finditer(_CODE.sub("", page.read_text(encoding="utf-8"))):
        target = match.group(1) or match.group(2)
        if not re.match(r"[a-z]+:", target):
            path, _hash, anchor = target.partition("#")
            yield path, anchor


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_and_images_resolve(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{path} is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{path} has no heading #{anchor}"


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_image_is_shown_and_all_are_small() -> None:
    images = set((DOCS / "images").iterdir())
    shown = {(page.parent / path).resolve() for page in PAGES for path, _anchor in links(page)}
    assert images
    assert sorted(map(name_of, images - shown)) == []
    assert sum(path.stat().st_size for path in images) < 2_500_000


def indented_lines(page: Path) -> list[str]:
    """Lines of the page's code blocks, fenced or indented; continued lines joined."""
    content = page.read_text(encoding="utf-8").replace("\\\n", " ")
    fenced = "\n".join(re.findall(r"```(?:sh|bash)?\n(.*?)```", content, re.DOTALL))
    return [line.strip() for line in content.splitlines() if line.startswith("    ")] + [
        line.strip() for line in fenced.splitlines()
    ]


def commands_in(page: Path) -> list[str]:
    """The command lines that a page tells the reader to type, in blocks and in the text."""
    content = page.read_text(encoding="utf-8")
    spans = re.findall(r"(?<!`)`(deskside [^`\n]+)`(?!`)", content)
    spans = [span for span in spans if not span.startswith(PROTOCOL)]
    return [line for line in [*indented_lines(page), *spans] if _COMMAND.match(line)]


@pytest.mark.parametrize("page", [*GUIDES, *ARTICLES], ids=name_of)
def test_commands_in_documents_parse(page: Path) -> None:
    for line in commands_in(page):
        complaint = misfit(line)
        assert complaint is None, f"{line}: {complaint}"


def misfit(line: str) -> str | None:
    """Why a line is no command of ours with options that it knows; None if it is one."""
    found = _COMMAND.match(line)
    assert found is not None
    # A remark in a second column, alternatives, and what the shell takes away are no arguments.
    typed = re.split(r"\s{2,}|\s#|[|>;]", found.group("words"))[0]
    if "…" in typed:
        return None
    return _misfit(
        deskside, shlex.split(typed.replace("·", " ").replace("[", " ").replace("]", " "))
    )


def _misfit(command: click.Command, words: list[str]) -> str | None:
    context = click.Context(command, info_name=command.name)
    options = {
        name: o for o in command.get_params(context) for name in [*o.opts, *o.secondary_opts]
    }
    while words:
        word = words.pop(0)
        if word.startswith("--") or re.fullmatch(r"-[a-z]", word):
            name = word.partition("=")[0]
            option = options.get(name)
            if option is None:
                return f"{command.name} has no option {name}"
            takes_value = isinstance(option, click.Option) and not option.is_flag
            if takes_value and "=" not in word and option.name != "help" and words:
                words.pop(0)
        elif isinstance(command, click.Group):
            below = command.get_command(context, word)
            return f"there is no command {word}" if below is None else _misfit(below, words)
    return None


@pytest.mark.parametrize(
    "line",
    ["deskside nonsense", "deskside network nonsense", "deskside network test --nonsense"],
)
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    assert misfit(line) is not None
