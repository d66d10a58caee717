"""A person who has no mouse: Tab, Shift+Tab, letters, Space and Enter, and what has the focus.

Nothing here clicks or fills: what cannot be reached by keys fails the test that tries.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page

FARTHEST = 120
"""Presses of Tab after which something counts as out of reach."""

FOCUSED = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const label = it.labels && it.labels.length ? it.labels[0].innerText : "";
  const box = it.getBoundingClientRect(), style = getComputedStyle(it);
  const shown = box.width > 0 && box.height > 0 && style.visibility !== "hidden";
  const marked = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return {
    name: (it.getAttribute("aria-label") || label || it.innerText || "").trim(),
    role: it.tagName.toLowerCase(), type: it.type || "", shown: shown, marked: marked,
  };
}"""


@dataclass
class Keyboard:
    """The keys, over one page."""

    page: Page

    def reach(self, name: str, *, role: str = "") -> None:
        """Press Tab until what is called so has the focus, which must be seen."""
        wanted, seen = re.compile(rf"^{re.escape(name)}\b"), []
        for _press in range(FARTHEST):
            self.page.keyboard.press("Tab")
            focused = self.page.evaluate(FOCUSED)
            if focused is None:
                continue
            seen.append(focused["name"])
            if wanted.search(focused["name"]) and role in ("", focused["role"]):
                assert focused["shown"], f"“{name}” has the focus but cannot be seen"
                assert focused["marked"], f"nothing shows that “{name}” has the focus"
                return
        raise AssertionError(f"“{name}” is out of reach; in order: {seen[:40]}")

    def fill(self, name: str, text: str) -> None:
        """Type into a field, in place of what it holds."""
        self.reach(name, role="input")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def press(self, name: str, *, role: str = "") -> None:
        """Follow a link or press a button with Enter."""
        self.reach(name, role=role)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
