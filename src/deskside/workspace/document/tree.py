"""A settings file as a tree whose every element knows its place in the bytes.

Real files mix `<a></a>` with `<a/>` and several ways of quoting, and the program may mind: no
library writes such a file back byte for byte. So nothing here writes XML. An element says from
which byte to which it reaches, and whoever changes a file replaces just those bytes.

White space between elements is layout and part of no element; so is a blank text that breaks
the line. Comments and processing instructions count as layout too.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import NoReturn
from xml.parsers import expat

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workspace.rules import ROOT_ELEMENT, SEALED_MARK, kind_of

DEEPEST = 100
"""Elements within each other; real files have up to 20. The bound keeps recursion safe."""

MOST_TAGS = 4_000_000
"""Tags of a file that is read into a tree; real files have up to 50,000."""

LARGEST_READ = 64 * 1024 * 1024
"""Bytes of a file that is read into a tree; real files have up to 3.2 million."""

_BLANK = " \t\r\n"
_SLASH = ord("/")
_START_TAG = re.compile(rb"""[^"'>]*+(?:"[^"]*+"[^"'>]*+|'[^']*+'[^"'>]*+)*+>""")
_ATTRIBUTE = re.compile(rb"""\s++([^\s=]++)\s*+=\s*+("[^"]*+"|'[^']*+')""")


class Element:
    """One element and the bytes that it takes.

        <tag name="value">text and children</tag>
        ^start           ^open_end         ^close_start
                                                 ^end

    Attributes:
        attributes: in the file's order, with entities resolved.
        text: what stands in an element without children, with entities resolved; `""` where it
            is layout only. Where text stands beside children, which settings never do, the
            source of all that is inside: such an element is compared as a whole.
        open_end: after the start tag; where the element is written `<a/>`, its end.
        close_start: before the end tag; where the element is written `<a/>`, its end.
    """

    __slots__ = (
        "attributes", "children", "close_start", "end", "known_digest", "open_end", "start",
        "tag", "text",
    )  # fmt: skip

    def __init__(self, tag: str, attributes: dict[str, str], start: int, open_end: int) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""
        self.start = start
        self.open_end = self.close_start = self.end = open_end
        self.known_digest: bytes | None = None

    def __repr__(self) -> str:
        return f"<{self.tag} {self.attributes} at {self.start}>"

    @property
    def closes_itself(self) -> bool:
        """Whether it is written `<a/>`."""
        return self.close_start == self.end

    @property
    def digest(self) -> bytes:
        """Equal for elements that mean the same, whatever their layout and quoting."""
        if self.known_digest is None:
            own = [str(len(self.attributes)), self.tag, self.text]
            for name in sorted(self.attributes):
                own += name, self.attributes[name]
            total = blake2b("\0".join(own).encode(), digest_size=16)
            for child in self.children:
                total.update(child.digest)
            self.known_digest = total.digest()
        return self.known_digest


@dataclass(frozen=True, slots=True)
class AttributeSpan:
    """Where one attribute stands: from the white space before it (`start`) to its last quote.

    Attributes:
        value: where the quoted value begins, at the quote.
    """

    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A settings file and its elements."""

    content: bytes
    root: Element

    def source(self, element: Element) -> bytes:
        """The element as it is written."""
        return self.content[element.start : element.end]

    def inside(self, element: Element) -> bytes:
        """What is written between its tags."""
        return self.content[element.open_end : element.close_start]

    def attribute_spans(self, element: Element) -> dict[str, AttributeSpan]:
        """Where the attributes of the element stand, in the file's order."""
        found = _ATTRIBUTE.finditer(self.content, element.start, element.open_end)
        return {
            match[1].decode(): AttributeSpan(match.start(), match.start(2), match.end())
            for match in found
        }


def parse(content: bytes) -> Document:
    """The tree of a settings file in XML.

    Raises:
        Refused: `settings-damaged` and `settings-not-xml` as `rules.kind_of` says,
            `settings-opaque` where the program sealed it, `settings-encoding` where it is not
            UTF-8, `settings-too-large` and `settings-too-deep` beyond any real file.
    """
    if content.startswith(SEALED_MARK):
        raise _opaque()
    if len(content) > LARGEST_READ:
        raise _too_large(_("{size} at most").format(size=size(LARGEST_READ)))
    if content.count(b"<") > MOST_TAGS:
        raise _too_large(_("{count} tags at most").format(count=MOST_TAGS))
    try:
        with _without_collections():
            root = _read(content)
    except (_NotOurs, expat.ExpatError, ValueError, LookupError):
        _explain(content)
    return Document(content, root)


@contextmanager
def _without_collections() -> Iterator[None]:
    """Keep the garbage collector away from a tree that grows: none of it can be garbage yet."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _NotOurs(Exception):
    """The document breaks a rule that `rules.kind_of` explains."""


def _read(content: bytes) -> Element:
    """The root element. Its functions share local names: a file has 50,000 events."""
    parser = expat.ParserCreate()
    top = Element("", {}, 0, 0)
    opened = [top]
    texts: list[str] = []
    mixed: set[Element] = set()
    end_of_tag = _START_TAG.match

    def start(tag: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        match = end_of_tag(content, at)
        if match is None:  # the parser saw other bytes than these
            raise _encoding("UTF-16")
        parent = opened[-1]
        if texts:
            if "".join(texts).strip(_BLANK):
                mixed.add(parent)
            texts.clear()
        element = Element(tag, attributes, at, match.end())
        parent.children.append(element)
        opened.append(element)
        if len(opened) > DEEPEST + 1:
            raise _too_deep()

    def end(tag: str) -> None:
        element = opened.pop()
        at = parser.CurrentByteIndex
        if content[element.open_end - 2] != _SLASH:
            element.close_start = at
            element.end = content.index(b">", at) + 1
        if texts or mixed:
            _take_text(content, element, texts, mixed)

    parser.buffer_text = True
    parser.XmlDeclHandler = _declared
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = _root_first(parser, start)
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    parser.Parse(content, True)
    return top.children[0]


def _root_first(
    parser: expat.XMLParserType, start: Callable[[str, dict[str, str]], None]
) -> Callable[[str, dict[str, str]], None]:
    def first(tag: str, attributes: dict[str, str]) -> None:
        if tag != ROOT_ELEMENT:
            raise _NotOurs
        parser.StartElementHandler = start
        start(tag, attributes)

    return first


def _take_text(content: bytes, element: Element, texts: list[str], mixed: set[Element]) -> None:
    """Gives an element that has just ended its text, unless that is layout only."""
    text = "".join(texts)
    texts.clear()
    said = text.strip(_BLANK)
    if element.children:
        if said or element in mixed:
            mixed.discard(element)
            element.text = content[element.open_end : element.close_start].decode()
    elif said:
        element.text = text
    elif text:
        written = content[element.open_end : element.close_start]
        element.text = "" if b"\n" in written or b"\r" in written else text


def _declared(version: str, encoding: str | None, standalone: int) -> None:
    if encoding is not None and encoding.lower() != "utf-8":
        raise _encoding(encoding)


def _refuse(*_declaration: object) -> None:
    raise _NotOurs


def _explain(content: bytes) -> NoReturn:
    """Says in `kind_of`'s words what is wrong with content that did not read as a tree."""
    kind_of(content)
    raise _encoding("UTF-16")


def _opaque() -> Refused:
    return Refused(
        "settings-opaque",
        _("The program has encrypted this settings file; only the program can read it."),
        hint=_(
            "In TWS choose File > Layout Settings > Save Decrypted Settings As, and use the file "
            "that it writes."
        ),
        article="2320",
    )


def _encoding(found: str) -> Refused:
    return Refused(
        "settings-encoding",
        _(
            "The settings file is written in {found}; its elements can be read in UTF-8 only."
        ).format(found=found[:40]),
        hint=_("Keep and restore it as a whole, or let the program write it anew."),
        article="2323",
    )


def _too_large(bound: str) -> Refused:
    return Refused(
        "settings-too-large",
        _("The settings file is too large to be read element by element ({bound}).").format(
            bound=bound
        ),
        hint=_("Check that it is the right file."),
        article="2323",
    )


def _too_deep() -> Refused:
    return Refused(
        "settings-too-deep",
        _("The settings file has elements within elements beyond {most} levels.").format(
            most=DEEPEST
        ),
        hint=_("Check that it is the right file; the program writes about 20 levels."),
        article="2323",
    )
