"""The rules that an archive must keep, and the one error that names the entry and the rule.

The list is closed: each rule has its words here and its line in article 9001.
"""

from __future__ import annotations

from enum import StrEnum

from deskside.foundation.errors import Refused
from deskside.foundation.text import _, mark


class Rule(StrEnum):
    """What an archive broke."""

    NOT_AN_ARCHIVE = "not-an-archive"
    DATA_AROUND = "data-around"
    RECORDS_DISAGREE = "records-disagree"
    TOO_MANY = "too-many-entries"
    ENCRYPTED = "encrypted"
    METHOD = "unknown-method"
    TRAVERSAL = "path-traversal"
    ABSOLUTE = "absolute-path"
    UNPORTABLE = "unportable-name"
    TOO_DEEP = "too-deep"
    LINK = "link"
    SPECIAL_FILE = "special-file"
    PRIVILEGED = "privileged-mode"
    TWINS = "twin-names"
    OVERLAP = "overlapping-entries"
    TOO_LARGE = "too-large"
    RATIO = "expands-too-much"
    NESTED = "nested-bomb"
    LYING_SIZE = "lying-size"
    CHECKSUM = "bad-checksum"


WORDS: dict[Rule, str] = {
    Rule.NOT_AN_ARCHIVE: mark("it is no complete zip archive"),
    Rule.DATA_AROUND: mark("it holds data that belongs to no entry"),
    Rule.RECORDS_DISAGREE: mark("its two records of this entry contradict each other"),
    Rule.TOO_MANY: mark("it has more entries than any API package"),
    Rule.ENCRYPTED: mark("the entry is encrypted"),
    Rule.METHOD: mark("the entry is compressed in a way that API packages do not use"),
    Rule.TRAVERSAL: mark("the name leads out of its folder"),
    Rule.ABSOLUTE: mark("the name begins at the root of a disk"),
    Rule.UNPORTABLE: mark("the name means different things to different systems"),
    Rule.TOO_DEEP: mark("the folders are nested too deep, or the name is too long"),
    Rule.LINK: mark("the entry is a link"),
    Rule.SPECIAL_FILE: mark("the entry is a device, a pipe or a socket"),
    Rule.PRIVILEGED: mark("the entry asks for a privileged mode"),
    Rule.TWINS: mark("another entry has the same name, or one that only some systems tell apart"),
    Rule.OVERLAP: mark("the entry shares its data with another one"),
    Rule.TOO_LARGE: mark("it unpacks to more than any API package"),
    Rule.RATIO: mark("it unpacks to very much more than it should"),
    Rule.NESTED: mark("an archive inside it unpacks to very much more than it should"),
    Rule.LYING_SIZE: mark("the content is not as long as the archive says"),
    Rule.CHECKSUM: mark("the content does not match its checksum"),
}


class HostileArchive(Refused):
    """An archive that breaks a rule. Nothing of it was written anywhere.

    Attributes:
        rule: which rule.
        entry: the name of the entry, made printable; empty where it is the archive itself.
    """

    def __init__(self, rule: Rule, entry: str = "") -> None:
        self.rule = rule
        self.entry = printable(entry)
        words = _(WORDS[rule])
        what = f"{self.entry}: {words}" if self.entry else words
        super().__init__(
            "archive-refused",
            _("The archive is refused: {what} (rule {rule}). Nothing was written.").format(
                what=what, rule=rule.value
            ),
            hint=_("Fetch the package again from the vendor's own page, and compare checksums."),
            article="9001#archive-refused",
        )


def printable(name: str, longest: int = 120) -> str:
    """A name that may be printed: no control characters, not endless."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in name)
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
