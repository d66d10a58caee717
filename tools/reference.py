"""Writes the generated pages of docs/reference: every command, every address of the API.

`python tools/reference.py --check` changes nothing and fails when a page is out of date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from deskside.cli import deskside

DOCS = Path(__file__).parent.parent / "docs" / "reference"


def walk(command: click.Command, path: list[str]) -> Iterator[tuple[str, click.Command]]:
    """A command and all commands below it, in the order in which help lists them."""
    yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path[-1])
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from walk(below, [*path, name])


def commands() -> str:
    """All commands with their help, as `--help` prints it."""
    blocks = [
        "# Commands",
        "",
        "What `--help` prints, for every command. Written by `make docs`.",
    ]
    for path, command in walk(deskside, ["deskside"]):
        context = click.Context(command, info_name=path, max_content_width=88, terminal_width=88)
        blocks += ["", f"## {path}", "", "```text", command.get_help(context).rstrip(), "```"]
    return "\n".join(blocks) + "\n"


PAGES = {"commands.md": commands}


def main() -> int:
    """Write the pages, or check them."""
    check = "--check" in sys.argv
    stale = []
    for name, write in PAGES.items():
        path, text = DOCS / name, write()
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            DOCS.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale:
        print(f"out of date: {', '.join(stale)}; run: make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
