"""Taking a part of one settings file into another: whole sections, byte for byte.

All that is not of the part stays as it was. A section that only the present file has stays too:
nothing is lost by bringing something back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _, mark
from deskside.workspace.document.sections import Key, key_of_section
from deskside.workspace.document.splice import Edit, splice
from deskside.workspace.document.tree import Document, Element, parse

Place = tuple[Key, int]
"""A section, and which of several with the same key."""


@dataclass(frozen=True, slots=True)
class Part:
    """What can be brought back by itself.

    Attributes:
        name: as `--part` takes it.
        title: in words, to be translated.
        holds: whether a section of the file belongs to it.
    """

    name: str
    title: str
    holds: Callable[[Element], bool]


def _named(*names: str) -> Callable[[Element], bool]:
    wanted = frozenset(names)
    return lambda section: section.attributes.get("varName") in wanted


def _is_layout(section: Element) -> bool:
    return (
        _windows(section)
        or _columns(section)
        or _bars(section)
        or (section.tag == "TraderSettings" and _has_pages(section))
    )


def _is_preset(section: Element) -> bool:
    own = section.attributes.get("varName")
    if section.tag == "TraderSettings":
        return not _has_pages(section)
    return section.tag == "OrderDefaultNode" or own == "deletedCashPresets"


def _has_pages(section: Element) -> bool:
    """Whether trading pages, and not only order presets, are kept in it."""
    waiting = [section]
    while waiting:
        one = waiting.pop()
        if one.tag == "TickerPageSetting":
            return True
        waiting.extend(one.children)
    return False


_windows = _named("workspaceCollection", "closedTabsList")
_columns = _named("ui")
_bars = _named("toolbarSetting", "anchorToolbarSettings", "buttonGroupList")

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        Part("api", mark("API settings"), _named("api")),
        Part("watchlists", mark("Watchlists"), _named("watchlistList", "individualWatchlistList")),
        Part("layout", mark("Layout: windows, pages, columns, tool bars"), _is_layout),
        Part("windows", mark("Windows and closed tabs"), _windows),
        Part("columns", mark("Display and columns"), _columns),
        Part("hot-keys", mark("Hot keys"), _named("hotkeyMgr")),
        Part("presets", mark("Order presets"), _is_preset),
    )
}


def part(name: str) -> Part:
    """The part of that name.

    Raises:
        NotFound: `no-such-part`, naming those that there are.
    """
    if name not in PARTS:
        raise NotFound(
            "no-such-part",
            _("There is no part {name} of the settings.").format(name=name),
            hint=_("There are: {names}").format(names=", ".join(PARTS)),
        )
    return PARTS[name]


def parts_of(content: bytes) -> tuple[str, ...]:
    """Names of the parts that a file has something of.

    Raises:
        Refused: as `tree.parse`.
    """
    sections = parse(content).root.children
    return tuple(name for name, one in PARTS.items() if any(map(one.holds, sections)))


def belongs(section: Element, name: str) -> bool:
    """Whether a section belongs to a part."""
    return part(name).holds(section)


def take_part(present: bytes, source: bytes, name: str) -> bytes:
    """The present settings with one part as it is in another file.

    A section that the present file lacks is put where it is in the source: after the same
    section as there.

    Raises:
        NotFound: `no-such-part`.
        Refused: `settings-part-missing` where the source has nothing of it; as `tree.parse`.
    """
    wanted = part(name)
    here, there = parse(present), parse(source)
    own, other = _places(here.root.children), _places(there.root.children)
    taken = [place for place, section in other.items() if wanted.holds(section)]
    if not taken:
        raise _nothing_of(wanted)
    taken = _with_twins(taken, own, other, wanted)
    edits = [
        Edit(own[place].start, own[place].end, there.source(other[place]))
        for place in taken
        if place in own
    ]
    edits += _insertions(here, there, own, other, [place for place in taken if place not in own])
    result = splice(present, edits)
    parse(result)
    return result


def _with_twins(
    taken: list[Place],
    own: dict[Place, Element],
    other: dict[Place, Element],
    wanted: Part,
) -> list[Place]:
    """Also sections that count as the part only as the present file has them."""
    also = [place for place in other if place in own and wanted.holds(own[place])]
    return [place for place in other if place in {*taken, *also}]


def _insertions(
    here: Document,
    there: Document,
    own: dict[Place, Element],
    other: dict[Place, Element],
    missing: list[Place],
) -> Iterable[Edit]:
    """One edit for each gap into which sections go; their layout comes with them."""
    gaps: dict[int, bytes] = {}
    for place in missing:
        at = _gap(here, own, other, place)
        gaps[at] = gaps.get(at, b"") + _layout_before(there, other[place])
        gaps[at] += there.source(other[place])
    root = here.root
    if not root.closes_itself:
        return [Edit(at, at, inserted) for at, inserted in gaps.items()]
    tag = root.tag.encode()
    inside = b"".join(gaps.values())
    return [Edit(root.end - 2, root.end, b">" + inside + b"\n</" + tag + b">")] if gaps else []


def _gap(
    here: Document, own: dict[Place, Element], other: dict[Place, Element], place: Place
) -> int:
    """Where a missing section goes: after the nearest one that stands before it in the source."""
    at = here.root.open_end
    for before in other:
        if before == place:
            break
        if before in own:
            at = own[before].end
    return at


def _layout_before(there: Document, section: Element) -> bytes:
    """The white space that sets a section off from what stands before it."""
    before = there.content[: section.start]
    return before[len(before.rstrip(b" \t\r\n")) :]


def _places(sections: list[Element]) -> dict[Place, Element]:
    seen: Counter[Key] = Counter()
    found = {}
    for section in sections:
        key = key_of_section(section)
        found[key, seen[key]] = section
        seen[key] += 1
    return found


def _nothing_of(wanted: Part) -> Refused:
    return Refused(
        "settings-part-missing",
        _("There is nothing of this part in it: {part}.").format(part=_(wanted.title)),
        hint=_("Choose another snapshot or file, or another part."),
        article="2323",
    )
