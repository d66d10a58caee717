"""A difference as one page in a file: before and after side by side, without scripts."""

from __future__ import annotations

from html import escape

from deskside.foundation.text import _, language, ngettext
from deskside.workspace.document.difference import ChangeKind, Difference
from deskside.workspace.document.rendering import Group, Line, View, view
from deskside.workspace.document.words import SEPARATOR

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Even were something slipped into a name, the page could load and run nothing."""

STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.4; }
body { margin: 1.5rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1.5rem; table-layout: fixed; }
caption { text-align: left; font-weight: 600; padding: .4rem 0; }
th, td { border: 1px solid #8886; padding: .3rem .5rem; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
th[scope=row] { font-weight: 400; }
.added td.new, .changed td.new { background: #2a92; }
.removed td.old, .changed td.old { background: #c332; }
.safety { border-left: .4rem solid #c33; padding-left: 1rem; }
.why { display: block; }
.loosens { font-weight: 600; }
@media (max-width: 40rem) {
  thead { position: absolute; left: -999rem; }
  tr, th[scope=row], td { display: block; }
}
"""


def html_page(found: Difference, old: str, new: str) -> str:
    """A page of its own.

    Args:
        old: what the older settings are called.
        new: what the newer ones are called.
    """
    arranged = view(found)
    title = _("Differences of settings")
    parts = [
        f'<!doctype html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(old)} → {escape(new)}</p>",
        f"<p>{escape(_counted(arranged))}</p>",
    ]
    if arranged.safety:
        parts += [
            f'<section class="safety">\n<h2>{escape(_("Relevant to safety"))}</h2>',
            *(_table(group, old, new) for group in arranged.safety),
            "</section>",
        ]
    parts += [_table(group, old, new) for group in arranged.groups]
    return "\n".join([*parts, "</main>\n</body>\n</html>\n"])


def _counted(arranged: View) -> str:
    words = ngettext("{count} difference.", "{count} differences.", arranged.count)
    more = ngettext(
        "{count} more is only order or noise.",
        "{count} more are only order or noise.",
        arranged.hidden,
    )
    said = words.format(count=arranged.count)
    return f"{said} {more.format(count=arranged.hidden)}" if arranged.hidden else said


def _table(group: Group, old: str, new: str) -> str:
    headings = "".join(f'<th scope="col">{escape(one)}</th>' for one in (_("Setting"), old, new))
    rows = "\n".join(map(_row, group.lines))
    return (
        f"<table>\n<caption>{escape(SEPARATOR.join(group.path))}</caption>\n"
        f"<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _row(line: Line) -> str:
    label = line.label or (_("moved") if line.kind is ChangeKind.MOVED else _words(line.kind))
    if line.times > 1:
        label = f"{label} {_('({count} times)').format(count=line.times)}"
    why = ""
    if line.why:
        weight = " loosens" if line.loosens else ""
        why = f' <small class="why{weight}">{escape(line.why)}</small>'
    return (
        f'<tr class="{line.kind.value}"><th scope="row">{escape(label)}{why}</th>'
        f'<td class="old">{escape(line.old)}</td><td class="new">{escape(line.new)}</td></tr>'
    )


def _words(kind: ChangeKind) -> str:
    return {
        ChangeKind.ADDED: _("added"),
        ChangeKind.REMOVED: _("removed"),
        ChangeKind.CHANGED: _("changed"),
        ChangeKind.MOVED: _("moved"),
    }[kind]
