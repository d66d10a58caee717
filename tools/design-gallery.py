"""Renders every page template with invented data and photographs it.

    .venv/bin/python tools/design-gallery.py /tmp/gallery [--only log_in] [--axe axe.min.js]

Pages are served to the browser from memory under the policy that the portal
sends (no inline styles or scripts). The run fails on a blocked resource, on
sideways scrolling, on an inline style and, with --axe, on a WCAG A/AA finding.
"""

from __future__ import annotations

import argparse
import mimetypes
import re
import sys
from pathlib import Path
from typing import Any

from design_samples import COMMON, PAGES
from jinja2 import Environment
from markupsafe import Markup
from playwright.sync_api import Route, sync_playwright

from deskside.web.middleware import CONTENT_SECURITY_POLICY
from deskside.web.service import Shell

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src/deskside/web"
PARTS = ROOT / "tools/design_samples/parts.html"
ORIGIN = "http://localhost"
THEMES = ("light", "dark")


def environment() -> Environment:
    """The environment of the real shell, so that a page can't look right here only."""
    return Shell([], []).environment


def render_all(only: str | None) -> dict[str, str]:
    env = environment()
    pages = {}
    for name, (template, data) in PAGES.items():
        if only and only not in name:
            continue
        body = {**COMMON, "path": "/" + name, **data}
        if "body" in body:
            body["body"] = Markup(body["body"])
        pages[name] = env.get_template(f"pages/{template}.html").render(body)
    if not only or only == "parts":
        pages["parts"] = env.from_string(PARTS.read_text()).render({**COMMON, "path": "/parts"})
    return pages


def serve(pages: dict[str, str], route: Route) -> None:
    path = route.request.url.removeprefix(ORIGIN).split("?")[0].split("#")[0]
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    if path.startswith("/static/"):
        file = WEB / path.lstrip("/")
        if not file.is_file():
            route.fulfill(status=404)
            return
        kind = mimetypes.guess_type(file.name)[0] or "font/woff2"
        route.fulfill(body=file.read_bytes(), content_type=kind)
    elif path.lstrip("/") in pages:
        route.fulfill(
            body=pages[path.lstrip("/")], content_type="text/html; charset=utf-8", headers=headers
        )
    else:
        route.fulfill(status=404, body="")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--axe", type=Path)
    parser.add_argument(
        "--widths", default="1280,390", type=lambda text: [int(w) for w in text.split(",")]
    )
    parser.add_argument("--browser", default="/usr/bin/chromium")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    pages = render_all(args.only)
    axe = args.axe.read_text() if args.axe else None
    wrong: list[str] = []
    for name, html in pages.items():
        (args.out / f"{name}.html").write_text(html)
        if re.search(r"\sstyle=|<style|\son[a-z]+=", html):
            wrong.append(f"{name}: inline style or handler")

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=args.browser, args=["--no-sandbox", "--disable-gpu"]
        )
        for width in args.widths:
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": 844 if width < 600 else 860},
                    color_scheme=theme,
                    device_scale_factor=1,
                    reduced_motion="reduce",
                )
                page = context.new_page()
                page.route("**/*", lambda route: serve(pages, route))
                for name in pages:
                    where = f"{name} {width} {theme}"
                    noise: list[str] = []
                    page.on(
                        "console",
                        lambda m, noise=noise: noise.append(m.text) if m.type == "error" else None,
                    )
                    page.on("pageerror", lambda e, noise=noise: noise.append(str(e)))
                    page.goto(f"{ORIGIN}/{name}")
                    page.evaluate("document.fonts.ready")
                    page.screenshot(path=args.out / f"{name}-{width}-{theme}.png", full_page=True)
                    spare: Any = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                    if spare > 0:
                        wrong.append(f"{where}: {spare} px too wide")
                    wrong += [f"{where}: {line}" for line in noise]
                    if axe:
                        wrong += [f"{where}: {line}" for line in findings(page, axe)]
                context.close()
        browser.close()
    print(
        f"{len(pages)} pages, {len(pages) * len(args.widths) * len(THEMES)} pictures in {args.out}"
    )
    for line in wrong:
        print("  ", line)
    return 1 if wrong else 0


def findings(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    seen = page.evaluate("tags => axe.run({runOnly: {type: 'tag', values: tags}})", tags)
    return [
        f"axe {v['id']}: {n['target']} {(n['any'] or [{}])[0].get('message', v['help'])}"
        for v in seen["violations"]
        for n in v["nodes"]
    ]


if __name__ == "__main__":
    sys.exit(main())
