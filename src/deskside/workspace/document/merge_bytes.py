"""What to change in the bytes of one version so that it has something of another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from deskside.workspace.document.pairing import Entry
from deskside.workspace.document.splice import Edit, splice
from deskside.workspace.document.tree import AttributeSpan, Document, Element

_BLANK = b" \t\r\n"
_REMARK = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)


def set_attribute(
    mine: Document, element: Element, name: str, other: Document, source: Element
) -> list[Edit]:
    """Gives the element the attribute as the other document's element has it, or has it not."""
    here = mine.attribute_spans(element)
    there = other.attribute_spans(source)
    own, wanted = here.get(name), there.get(name)
    if wanted is None:
        return [Edit(own.start, own.end, b"")] if own else []
    if own:
        return [Edit(own.value, own.end, other.content[wanted.value : wanted.end])]
    at = _behind(element, here, list(there)[: list(there).index(name)])
    written = other.content[wanted.start : wanted.end].lstrip(_BLANK)
    return [Edit(at, at, b" " + written)]


def _behind(element: Element, here: dict[str, AttributeSpan], before: list[str]) -> int:
    """Behind the nearest of the attributes that stand before the new one in its own version."""
    for name in reversed(before):
        if name in here:
            return here[name].end
    return element.start + 1 + len(element.tag.encode())


def set_inside(mine: Element, other: Document, source: Element) -> list[Edit]:
    """Gives the element all that stands between the tags of another."""
    inside = other.inside(source)
    if not mine.closes_itself:
        return [Edit(mine.open_end, mine.close_start, inside)]
    return [_opened(mine, inside)] if inside else []


def put_into_empty(mine: Document, element: Element, body: bytes, layout: bytes) -> Edit:
    """Puts children into an element that has none.

    Args:
        layout: what stands before the end tag, where the element has nothing there yet.
    """
    if element.closes_itself:
        return _opened(element, body + layout)
    after = b"" if mine.inside(element) else layout
    return Edit(element.open_end, element.open_end, body + after)


def emptied(mine: Document, element: Element) -> Edit:
    """Takes all children and their layout out of an element; comments between them stay."""
    last = element.open_end
    remarks = b""
    for child in element.children:
        remarks += _remarks(mine.content[last : child.start])
        last = child.end
    remarks += _remarks(mine.content[last : element.close_start])
    return Edit(element.open_end, element.close_start, remarks)


def without(document: Document, before: int, item: Element | Entry) -> Edit:
    """Takes out an item with the layout before it, but not a comment before it.

    Args:
        before: where the item before it ends.
    """
    kept = len(document.content[before : item.start].rstrip(_BLANK))
    return Edit(before + kept, item.end, b"")


def layout_of(gap: bytes, known: bytes) -> bytes:
    """The layout before an item that is put in, less the comments that are there already."""
    if b"<" not in gap:
        return gap
    return _REMARK.sub(lambda remark: b"" if remark[0] in known else remark[0], gap)


def stretch(content: bytes, start: int, end: int, edits: Sequence[Edit]) -> bytes:
    """A stretch of the content with its edits made."""
    shifted = [Edit(edit.start - start, edit.end - start, edit.replacement) for edit in edits]
    return splice(content[start:end], shifted)


def _opened(element: Element, inside: bytes) -> Edit:
    end_tag = b"</" + element.tag.encode() + b">"
    return Edit(element.end - 2, element.end, b">" + inside + end_tag)


def _remarks(gap: bytes) -> bytes:
    return b"".join(_REMARK.findall(gap))
