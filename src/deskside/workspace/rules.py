"""What counts as a settings file. Pure.

Newer builds seal the file: it begins with a mark and is opaque to everybody else. Older builds
and exports write XML with the root element `Settings`. Both are kept byte for byte; XML is read
to its end once, so that a file cut short is never taken for good.
"""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workspace.model import Kind

SEALED_MARK = b"IBGZENC\0"
ROOT_ELEMENT = "Settings"
LARGEST = 500 * 1000 * 1000
"""Bytes; real files have 0.2 to 3.1 million."""

LARGEST_PUSHED = 64 * 1024 * 1024
"""Bytes of one file that a portal takes."""

_PIECE = 1 << 16


def kind_of(content: bytes) -> Kind:
    """What a settings file holds, having made sure that it is one, and whole.

    Raises:
        Refused: `settings-too-large`, `settings-damaged`, `settings-not-xml`.
    """
    if len(content) > LARGEST:
        raise too_large(len(content))
    if not content.strip():
        raise _damaged(_("it is empty"))
    if content.startswith(SEALED_MARK):
        if len(content) == len(SEALED_MARK):
            raise _damaged(_("nothing follows its mark"))
        return Kind.OPAQUE
    if SEALED_MARK.startswith(content[: len(SEALED_MARK)]):
        raise _damaged(_("it ends within its mark"))
    _read_xml(content)
    return Kind.XML


def too_large(found: int) -> Refused:
    """The file is far beyond anything that the program writes."""
    return Refused(
        "settings-too-large",
        _("The settings file has {size}; more than {most} cannot be right.").format(
            size=size(found), most=size(LARGEST)
        ),
        hint=_("Check that it is the right file."),
        article="2323",
    )


def _read_xml(content: bytes) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = _root_checker(parser)
    try:
        for start in range(0, len(content), _PIECE):
            parser.Parse(content[start : start + _PIECE], False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        if not _begins_as_xml(content):
            raise _not_xml() from None
        reason = _("line {line}: {problem}").format(
            line=error.lineno, problem=expat.ErrorString(error.code)
        )
        raise _damaged(reason) from None
    except (ValueError, LookupError) as error:  # an encoding that nobody knows
        raise _damaged(str(error)) from None


def _begins_as_xml(content: bytes) -> bool:
    """Whether it was ever meant to be XML: its first character is `<`, in UTF-8 or UTF-16."""
    text = content.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    return text.startswith(b"<")


def _root_checker(parser: expat.XMLParserType) -> Callable[[str, dict[str, str]], None]:
    def first(name: str, _attributes: dict[str, str]) -> None:
        if name != ROOT_ELEMENT:
            raise _not_settings(name)
        parser.StartElementHandler = None

    return first


def _refuse_doctype(*_declaration: object) -> None:
    raise Refused(
        "settings-not-xml",
        _("The file declares a document type, which settings never do; it may be an attack."),
        hint=_("Do not open it; ask whoever gave it to you."),
        article="2323#settings-not-xml",
    )


def _not_settings(name: str) -> Refused:
    return Refused(
        "settings-not-xml",
        _("This is no settings file: it holds <{found}>, not <{wanted}>.").format(
            found=name[:60], wanted=ROOT_ELEMENT
        ),
        hint=_("Choose the file tws.xml or ibg.xml, or one exported by File > Save Settings As."),
        article="2323#settings-not-xml",
    )


def _not_xml() -> Refused:
    return Refused(
        "settings-not-xml",
        _("This is no settings file: it is neither XML nor a sealed file of TWS."),
        hint=_("Choose the file tws.xml or ibg.xml, or one exported by File > Save Settings As."),
        article="2323#settings-not-xml",
    )


def _damaged(reason: str) -> Refused:
    return Refused(
        "settings-damaged",
        _("The settings file is damaged ({reason}).").format(reason=reason),
        hint=_("Restore an earlier state, from the history or from another file."),
        article="2323#settings-damaged",
    )
