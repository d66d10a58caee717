"""What of a reader's words is kept. Pure.

A search box is where people paste what is on their clipboard: now and then a code that opens an
account. What nothing was found for is read by operators, so whatever looks like a secret or like
somebody's data is replaced before it is kept: addresses, account numbers, the digits of codes,
and single words too long or too mixed to be words. Numbers that are named as those of an error, a
port or an article stay: they are what an operator looks for.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv6Address, ip_address, ip_network

from deskside.foundation.errors import UsageProblem
from deskside.foundation.redaction import Redactor
from deskside.foundation.text import _

LONGEST_COMMENT = 1_000
"""Characters of a comment."""

LONGEST_SEARCH = 120
"""Characters that are kept of a search."""

READ = 1_000
"""Characters of a search that are looked at: a whole log may have been pasted."""

LONGEST_WORD = 30
"""Letters of the longest word; a key or a token has more."""

_NAMED = re.compile(
    r"(?P<named>\b(?:error|errors|errore|errori|port|ports|porta|porte|kb|article|articolo)"
    r"(?: code| codice)?[ :#=]{0,2}[0-9]{1,5}\b|\b0x[0-9a-f]{1,8}\b)"
    r"|(?P<digits>[0-9](?:[ .,/-]?[0-9]){3,})"
)
_GIVEN = re.compile(
    r"(?P<name>\b(?:password|passphrase|passcode|passwd|pwd|pass|pin|secret|token|segreto|credenziali)"
    r"\s?[:=]\s?)[^\s<>]+"
)
"""What stands behind the name of a secret, however much like a word it looks."""

_MIXED = re.compile(r"(?<!<)(?=\S*[0-9])(?=\S*[^\W\d_])[^\s<>]{6,}")
_HALVES = re.compile(
    r"\b{half}[ -]{half}\b".format(half=r"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{3}")
)
"""Two codes of a card, as its question asks for them."""

_LONG = re.compile(rf"[^\s<>]{{{LONGEST_WORD + 1},}}")
_WORD_WITH_NUMBER = re.compile(r"[a-z]+(?:[-_.][a-z]+)*[-_.]?[0-9]{1,3}(?:[-_.][a-z]+)*")
"""`dbcapi64`, `windows11`, `port-4000`: a word and a short number, as programs are called."""


def comment(written: str) -> str:
    """A comment as it is kept: lines ended one way, no invisible characters, no blank ends.

    Raises:
        UsageProblem: `comment-too-long`.
    """
    lines = written.replace("\r\n", "\n").replace("\r", "\n")
    visible = "".join(
        each for each in lines if each == "\n" or unicodedata.category(each)[0] != "C"
    )
    text = visible.strip()
    if len(text) > LONGEST_COMMENT:
        raise UsageProblem(
            "comment-too-long",
            _("The comment is longer than {most} characters.").format(most=LONGEST_COMMENT),
            hint=_("Shorten it and send it again."),
        )
    return text


def search_words(asked: str) -> str:
    """A search as it is kept; empty where nothing of it can be.

    Lower case, blanks made one, what looks like a secret replaced, cut at the end of a word.
    """
    text = unicodedata.normalize("NFKC", asked[:READ])
    # Before the case is lost: account numbers are known by it.
    text = Redactor({}).text(text).casefold()
    text = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text)
    text = _GIVEN.sub(r"\g<name><code>", text)
    text = _NAMED.sub(lambda found: found["named"] or "<digits>", text)
    text = _MIXED.sub(_mixed, text)
    for secret in (_HALVES, _LONG):
        text = secret.sub("<code>", text)
    return _cut(" ".join(text.split()))


def neighbourhood(address: str) -> str:
    """Whose requests are counted together: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def _mixed(found: re.Match[str]) -> str:
    word = found[0]
    named = _NAMED.fullmatch(word)
    return word if _WORD_WITH_NUMBER.fullmatch(word) or (named and named["named"]) else "<code>"


def _cut(text: str) -> str:
    if len(text) <= LONGEST_SEARCH:
        return text
    return text[: LONGEST_SEARCH + 1].rpartition(" ")[0]
