"""A document without what belongs to a person, a computer and its network. Pure.

It is done once, to the document, so that every format says the same and stays useful: what was
one address before is one `address-1` after. Hosts of the catalogue stay, since everybody may know
them; those of the desk itself are taken out where that is asked for.

Words of our own (codes, results) stay as they are. What strangers answered is cut down to its
status line, since nobody knows what is in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from deskside.foundation.findings import Finding
from deskside.network.causes import WORDS
from deskside.network.formats.shared import spellings
from deskside.network.line_observations import Passage, ScriptSeen
from deskside.network.model import Host
from deskside.network.observations import Echo, Found, Reach, Shake
from deskside.network.proxy_scripts.choices import choices
from deskside.network.reports.model import FALSE_ADDRESSES, Document, Private, addresses_of
from deskside.network.reports.pseudonyms import Pseudonyms, addresses

_OWN_WORDS = frozenset(
    {
        *WORDS,
        *(word.value for kind in (Reach, Shake, Echo, Found, Passage) for word in kind),
        *("accepts connections", "not asked", "no route", "certificate trusted"),
        *("nonce signed by the responder", "certificate is not the desk's"),
        *("certificate changed on the way", "this computer was too busy"),
        *("cut with its own name, not with another", "silent but for small segments"),
        *("vanished", "arrived", "cut", "http", "socks5"),
        *("jts.ini", "network", "resolver", "clock"),
    }
)
_ABOUT_A_PROXY = frozenset(
    {"http-proxy-only", "proxy-auth-required", "proxy-dead", "socks-only", "socks-port-denied"}
)
_CERTIFICATE = frozenset({"issuer", "subject", "fingerprint", "signed_fingerprint"})
_STRANGERS = frozenset({"answer", "opening", "said"})
_STATUS_LINE = re.compile(r"HTTP/\d(?:\.\d)? \d{3}\b")


def redacted(document: Document, *, desk: Collection[str] = ()) -> Document:
    """The document with private values replaced.

    Args:
        desk: ids of rows whose hosts are taken out too, because they are the desk's own.
    """
    return _Redaction(document, desk).done()


class _Redaction:
    def __init__(self, document: Document, desk: Collection[str]) -> None:
        self._document = document
        self._report = document.report
        self._desk = frozenset(desk)
        self._public_certificates = _trusted_texts(self._report.targets)
        self._names = _pseudonyms(document, self._desk)

    def done(self) -> Document:
        hosts = tuple(self._host(host) for host in self._report.hosts)
        hidden = {
            host.id
            for host, was in zip(hosts, self._report.hosts, strict=True)
            if host.host != was.host
        }
        report = replace(
            self._report,
            findings=tuple(self._finding(one) for one in self._report.findings),
            targets=tuple(self._target(one) for one in self._report.targets),
            not_tested=tuple(
                {"what": self._id(one["what"]), "why": one["why"]}
                for one in self._report.not_tested
            ),
            hosts=hosts,
            proxy_scripts=tuple(self._script(one) for one in self._report.proxy_scripts),
        )
        return replace(
            self._document,
            report=report,
            private=Private(),
            hidden=frozenset(hidden),
            redacted=True,
        )

    def _id(self, identifier: str) -> str:
        return self._names.name("row", identifier) if identifier in self._desk else identifier

    def _host(self, host: Host) -> Host:
        shown = replace(
            host,
            id=self._id(host.id),
            host=self._names.text(host.host),
            aliases=tuple(map(self._names.text, host.aliases)),
            note=self._names.text(host.note),
        )
        if host.id in self._desk:
            return replace(shown, region="", product="", note="", source="", audience="")
        return shown

    def _target(self, target: dict[str, Any]) -> dict[str, Any]:
        shown = dict(target) | {
            "id": self._id(target["id"]),
            "host": self._names.text(target["host"]),
            "lookup": self._value(target["lookup"]),
            "ports": self._value(target["ports"]),
        }
        return shown | ({"region": "", "product": ""} if target["id"] in self._desk else {})

    def _finding(self, finding: Finding) -> Finding:
        """The title holds its subject, word for word, and the row's id perhaps."""
        subject = self._subject(finding)
        title = finding.title.replace(finding.subject, subject, 1) if finding.subject else ""
        for host in self._report.hosts:
            if host.id in self._desk:
                title = title.replace(f"({host.id})", f"({self._id(host.id)})")
        return replace(
            finding,
            subject=subject,
            title=title or finding.title,
            evidence=self._value(dict(finding.evidence)),
        )

    def _script(self, seen: ScriptSeen) -> ScriptSeen:
        given = {
            self._answer(answer): tuple(self._names.text(end) for end in ends)
            for answer, ends in seen.given.items()
        }
        return replace(seen, address=self._script_address(seen.address), said="", given=given)

    def _answer(self, answer: str) -> str:
        """What a script answered: no more of it than the ways out that it names."""
        told = []
        for choice in choices(answer):
            if choice.kind == "direct":
                told.append("DIRECT")
            else:
                word = "PROXY" if choice.kind == "http" else "SOCKS5"
                told.append(f"{word} {self._proxy(choice.host)}:{choice.port}")
        return "; ".join(told)

    def _proxy(self, host: str) -> str:
        known = self._names.text(host)
        return known if known != host else self._names.name("proxy", host)

    def _script_address(self, address: str) -> str:
        """Neither the host nor the path of a script's address is anybody's business."""
        scheme = address.partition(":")[0] if "://" in address else "file"
        return f"{scheme}://{self._names.name('proxy-script', address)}"

    def _subject(self, finding: Finding) -> str:
        if finding.subject in _OWN_WORDS:
            return finding.subject
        if finding.code in _ABOUT_A_PROXY:
            if any(finding.subject == one.address for one in self._report.proxy_scripts):
                return self._script_address(finding.subject)
            host, colon, port = finding.subject.rpartition(":")
            return self._proxy(host) + colon + port
        return self._names.text(finding.subject)

    def _value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            return {self._key(key): self._value(item, str(key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._value(item, name) for item in value]
        if not isinstance(value, str) or value in _OWN_WORDS:
            return value
        if name in _CERTIFICATE:
            return self._certificate(name, value)
        if name in _STRANGERS:
            found = _STATUS_LINE.match(value)
            return f"{found[0]} …" if found else "…"
        return self._names.text(value)

    def _key(self, key: Any) -> str:
        return self._names.text(str(key)) if "." in str(key) or ":" in str(key) else str(key)

    def _certificate(self, name: str, value: str) -> str:
        if value in self._public_certificates or value == "-":
            return value
        return self._names.name("fingerprint" if "print" in name else "certificate-name", value)


def _pseudonyms(document: Document, desk: Collection[str]) -> Pseudonyms:
    private, report = document.private, document.report
    known = {
        **{name.lower(): "name" for name in private.names},
        **{person.lower(): "person" for person in private.people},
        **{place.lower(): "place" for place in private.places},
        **{str(one): "address" for one in addresses(private.addresses) if not one.is_loopback},
        **{
            text.lower(): "address"
            for text in private.addresses
            if not addresses([text])  # hardware addresses
        },
    }
    for host in report.hosts:
        if host.id in desk:
            known |= {name.lower(): "desk-host" for name in spellings(host)}
    known.pop("localhost", None)
    public = [host for host in report.hosts if host.id not in desk]
    names = {name.lower() for host in public for name in spellings(host)}
    looked_up = {
        str(found)
        for host, target in zip(report.hosts, report.targets, strict=True)
        if host.id not in desk and _can_be_trusted(report.root_cause, target)
        for found in addresses(addresses_of(target))
        if found.is_global
    }
    literal = [name for host in public for name in spellings(host)]
    canaries = [
        str(one)
        for finding in report.findings
        for one in finding.evidence.get("absent_hosts_that_accept", ())
    ]
    return Pseudonyms(
        known={text: kind for text, kind in known.items() if len(text) > 1},
        public_addresses=addresses([*looked_up, *literal, *canaries]),
        public_names=frozenset(names - known.keys()),
    )


def _can_be_trusted(root: str | None, target: dict[str, Any]) -> bool:
    return root not in FALSE_ADDRESSES and target["code"] not in FALSE_ADDRESSES


def _trusted_texts(targets: Collection[dict[str, Any]]) -> frozenset[str]:
    """What certificates that were trusted say of themselves: anybody can fetch it, unless who
    inspects this network made them."""
    shakes = [
        port.get("tls", {})
        for target in targets
        if target["code"] != "tls-intercepted"
        for port in target["ports"]
    ]
    return frozenset(
        str(shake[name])
        for shake in shakes
        if shake.get("result") == Shake.TRUSTED.value
        for name in _CERTIFICATE & shake.keys()
    )
