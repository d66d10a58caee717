"""Looking for barriers on pages with axe-core: WCAG 2.2 AA, in light and dark, wide and narrow."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

from deskside.web.middleware import LANGUAGE_COOKIE

AXE = Path(__file__).parent / "axe" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """tags => axe.run(document, {
  runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], preload: false,
})"""

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS: tuple[tuple[str, str, dict[str, int]], ...] = (("it", "dark", NARROW), ("en", "light", WIDE))
"""Each page is visited in each: language, appearance and size of the window. A test goes on in the
last, so that no page is loaded once more for it."""


def axe_source() -> str:
    """axe-core as npm gives it; the lock file says which."""
    assert AXE.exists(), f"axe-core is missing: make {AXE.relative_to(Path.cwd())}"
    return AXE.read_text()


@dataclass
class Looker:
    """Visits pages and gathers what stands in somebody's way.

    Attributes:
        patterns: the addresses of pages as the program knows them; those with a parameter are
            found by following links.
        seen: the patterns of which a page was looked at, and an address of each.
        problems: rule, page, and the element, in words.
    """

    page: Page
    address: str
    patterns: list[str]
    source: str = field(default_factory=axe_source, repr=False)
    seen: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def everywhere(self, start: Iterable[str], within: str = "/") -> None:
        """Look at one page of each pattern that links lead to, from these on.

        Args:
            within: where the addresses begin that are followed; the others are somebody else's.
        """
        waiting = deque(start)
        tried: set[str] = set()
        while waiting:
            path = waiting.popleft()
            pattern = self.pattern_of(path)
            if (
                pattern is None
                or pattern in self.seen
                or path in tried
                or not path.startswith(within)
            ):
                continue
            tried.add(path)
            if self.visit(path):
                self.seen[pattern] = path
                waiting.extend(self.links())

    def visit(self, path: str) -> bool:
        """Look at one address in every look; False where it is no page."""
        got = self.page.request.get(f"{self.address}{path}", max_redirects=0)
        if got.status != 200 or not got.headers["content-type"].startswith("text/html"):
            return False
        assert "script-src 'self'" in got.headers["content-security-policy"], path
        for language, scheme, size in LOOKS:
            self.dress(scheme, size)
            self.speak(language)
            self.page.goto(f"{self.address}{path}")
            shown = self.page.get_attribute("html", "lang")
            assert shown == language, f"{path} is shown in {shown}, not in {language}"
            self.look(f"{path} {language} {scheme} {size['width']}")
        return True

    def state(self, name: str) -> None:
        """Look at the page as it stands, which no address leads to, in both appearances."""
        for _language, scheme, size in LOOKS:
            self.dress(scheme, size)
            self.look(f"{name} {scheme} {size['width']}")

    def speak(self, language: str) -> None:
        """Choose a language, as the switch in the head of each page does."""
        secure = self.address.replace("http://", "https://", 1)  # else no cookie with this prefix
        self.page.context.add_cookies(
            [{"name": LANGUAGE_COOKIE, "value": language, "url": secure, "secure": True}]
        )

    def dress(self, scheme: str, size: dict[str, int]) -> None:
        """Put on an appearance and a size; nothing moves."""
        self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        self.page.set_viewport_size(size)  # type: ignore[arg-type]

    def look(self, where: str) -> None:
        """Ask axe, by the browser's own tools, so that the page's policy stays in force."""
        self.page.evaluate(self.source)
        found: dict[str, Any] = self.page.evaluate(RUN, TAGS)
        self.problems += [
            f"{where}: {rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        overflow = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if overflow > 0:
            self.problems.append(f"{where}: {overflow} pixels wider than the window (WCAG 1.4.10)")

    def links(self) -> Iterator[str]:
        """Where the page leads on this site."""
        hrefs = self.page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
        for href in hrefs:
            parts = urlsplit(href)
            if f"{parts.scheme}://{parts.netloc}" == self.address:
                yield parts.path + (f"?{parts.query}" if parts.query else "")

    def pattern_of(self, path: str) -> str | None:
        """The pattern that an address answers to; one without parameters goes first."""
        bare = urlsplit(path).path
        fitting = [each for each in self.patterns if re.fullmatch(_expression(each), bare)]
        return min(fitting, key=lambda each: each.count("{"), default=None)


def pages_of(handlers: Iterable[Any]) -> list[str]:
    """The addresses that handlers read from."""
    return [path for each in handlers if "GET" in each.http_methods for path in sorted(each.paths)]


def _expression(pattern: str) -> str:
    return re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(pattern))
