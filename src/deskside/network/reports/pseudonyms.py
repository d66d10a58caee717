"""Names in place of private values: the same value gets the same one, wherever it stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

Address = IPv4Address | IPv6Address

_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_HARDWARE = r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![0-9A-Fa-f])"
_IPV6 = r"(?<![0-9A-Za-z:.])(?:[0-9A-Fa-f]*:){2,7}[0-9A-Fa-f.]*(?:%[\w.-]+)?"
_IPV4 = r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)"
_DOMAIN = r"(?<![\w-])(?:[\w-]{1,63}\.)+[^\W\d_][\w-]{1,62}(?![\w-])"


@dataclass
class Pseudonyms:
    """Replaces private values in texts.

    Attributes:
        known: what is private, by its text in lower case, and the kind of thing that it is.
        public_addresses, public_names: what anybody may know, and stays.
    """

    known: dict[str, str]
    public_addresses: frozenset[Address] = frozenset()
    public_names: frozenset[str] = frozenset()
    _given: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _shape: re.Pattern[str] = field(init=False)
    _shape_inside: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        words = sorted(self.known, key=len, reverse=True)
        places = [re.escape(word) for word in words if "/" in word or "\\" in word]
        others = [re.escape(word) for word in words if "/" not in word and "\\" not in word]
        before = [f"(?P<place>{'|'.join(places)})", f"(?P<mail>{_MAIL})"][0 if places else 1 :]
        colons = [f"(?P<hardware>{_HARDWARE})", f"(?P<ipv6>{_IPV6})"]
        after = [f"(?P<ipv4>{_IPV4})", f"(?P<domain>{_DOMAIN})"]
        if others:
            after.append(f"(?<![^\\W_])(?P<word>{'|'.join(others)})(?![^\\W_])")
        self._shape = re.compile("|".join([*before, *colons, *after]), re.IGNORECASE)
        self._shape_inside = re.compile("|".join(after), re.IGNORECASE)

    def name(self, kind: str, value: str) -> str:
        """The pseudonym of a value: `address-1`, `name-2`."""
        key = kind, value.lower()
        if key not in self._given:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._given[key] = f"{kind}-{self._counts[kind]}"
        return self._given[key]

    def text(self, text: str) -> str:
        """The text with every private value replaced."""
        return self._shape.sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        text, kind = found[0], str(found.lastgroup)
        if kind in ("ipv4", "ipv6"):
            return self._address(text, kind)
        if kind == "domain":
            return self._domain(text)
        if kind == "word":
            return self.name(self.known[text.lower()], text)
        return self.name({"place": "place", "mail": "person", "hardware": "address"}[kind], text)

    def _address(self, text: str, kind: str) -> str:
        """What looks like an address; times of day and versions do too, and stay."""
        bare = text if text.endswith("::") else text.rstrip(".:")
        try:
            parsed = _address_of(bare)
        except ValueError:
            # `cafe:1:` looks like IPv6 and may be somebody's name.
            return self._shape_inside.sub(self._replaced, text) if kind == "ipv6" else text
        stays = parsed in self.public_addresses or parsed.is_loopback or parsed.is_unspecified
        if stays and str(parsed) not in self.known:
            return text
        return self.name("address", str(parsed)) + text[len(bare) :]

    def _domain(self, text: str) -> str:
        lowered = text.lower()
        if lowered in self.known:
            return self.name(self.known[lowered], text)
        return text if lowered in self.public_names else self.name("name", text)


def addresses(texts: Iterable[str]) -> frozenset[Address]:
    """Those of the texts that are addresses."""
    found = set()
    for text in texts:
        try:
            found.add(_address_of(text))
        except ValueError:
            continue
    return frozenset(found)


def _address_of(text: str) -> Address:
    """The address, without its zone; one of IPv4 in IPv6's clothes is the one of IPv4."""
    parsed = ip_address(text.partition("%")[0])
    return (parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None) or parsed
