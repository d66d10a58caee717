"""An exported site of a desk's own articles, which nobody has looked over."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from deskside.knowledge.export.site import export
from deskside.knowledge.service import Library

from .conftest import Write, text

URL = "https://kb.example"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture
def exported(library: Callable[[], Library], tmp_path: Path) -> Callable[[], Path]:
    """The site of the shelf as it stands when called."""

    def made() -> Path:
        export(library(), tmp_path / "site", URL)
        return tmp_path / "site"

    return made


def test_a_folder_that_is_there_stays_itself(
    write: Write, exported: Callable[[], Path], tmp_path: Path
) -> None:
    """It may be a mount, or the place where a shell stands; nothing of an earlier site remains."""
    folder = tmp_path / "site"
    folder.mkdir(mode=0o750)
    before = folder.stat()
    write("7001", title="First")
    write("7002")
    exported()
    (folder / ".site.broken-off").mkdir()
    shutil.rmtree(tmp_path / "articles" / "7002")
    write("7001", title="Second")
    site = exported()
    after = site.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert "Second" in (site / "en" / "7001.html").read_text()
    assert not (site / "en" / "7002.html").exists()
    names = {path.name for path in site.iterdir()}
    assert names == {".deskside-export", "assets", "en", "it", "index.html", "sitemap.xml"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def links(page: Path) -> list[str]:
    return re.findall(r'(?:href|src)="([^"#]+)', page.read_text())


def test_what_is_not_there_takes_nothing_else_away(
    write: Write, exported: Callable[[], Path]
) -> None:
    """An article of a later release, or one that is broken just now."""
    write("7001", related='["7002", "7003"]', body="[*There*](kb:7002#a), [here](kb:7003#b).")
    write("7002", source="+++\nbroken")
    write("7003", title="Present")
    site = exported()
    page = (site / "en" / "7001.html").read_text()
    assert "<em>There</em>, " in page
    assert '<a href="7003.html#b"' in page
    assert ">Present</a>" in page
    for each in site.rglob("*.html"):
        for target in links(each):
            assert target.startswith("https://") or (each.parent / target).is_file(), target


def test_every_subject_has_a_page_of_its_own(write: Write, exported: Callable[[], Path]) -> None:
    """Two that differ by case, or that have no letter of ours, are two."""
    for number, tag in (("7001", "API"), ("7002", "api"), ("7003", "设置"), ("7004", "恢复")):
        write(number, source=text(number, title=f"About {number}").replace('"sample"', f'"{tag}"'))
    site = exported()
    for number in ("7001", "7002", "7003", "7004"):
        [file] = re.findall(r'href="(tag-[^"]+)"', (site / "en" / f"{number}.html").read_text())
        page = (site / "en" / file).read_text()
        assert re.findall(r'href="(7\d+)\.html"', page) == [number]


def test_only_languages_that_there_are_are_named(
    write: Write, exported: Callable[[], Path]
) -> None:
    write("7001", title="Alone")
    site = exported()
    listed = [loc.text for loc in ET.parse(site / "sitemap.xml").iter(LOC)]
    assert listed == [f"{URL}/en/7001.html"]
    page = (site / "it" / "7001.html").read_text()
    assert f'<link rel="canonical" href="{URL}/en/7001.html">' in page
    assert re.findall(r'hreflang="(\w+)" href="https', page) == ["en"]
    assert "Lingua di lettura: English." in page
    assert (
        '<div lang="en"><h2><a href="7001.html">Alone' in (site / "it" / "index.html").read_text()
    )
    entry = ET.parse(site / "it" / "feed.atom").find("{http://www.w3.org/2005/Atom}entry")
    assert entry is not None
    assert "en" in entry.attrib.values()


def test_a_page_names_itself_among_its_languages(
    write: Write, exported: Callable[[], Path]
) -> None:
    """Search engines leave out a set of languages whose pages do not name one another."""
    for language in ("en", "it"):
        write("7001", language)
    page = (exported() / "it" / "7001.html").read_text()
    assert f'<link rel="canonical" href="{URL}/it/7001.html">' in page
    assert re.findall(r'hreflang="(\w+)" href="https', page) == ["en", "it"]


def test_an_article_that_was_replaced_says_so(write: Write, exported: Callable[[], Path]) -> None:
    write("7001", title="Old")
    write("7002", source=text("7002", title="New").replace("edes = []", 'edes = ["7001"]'))
    assert '<a href="7002.html">KB7002 New</a>' in (exported() / "en" / "7001.html").read_text()
