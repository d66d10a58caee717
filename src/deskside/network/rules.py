"""Rules of a catalogue row: what is possible, and what to say when it is not. Pure.

A catalogue may come from a file or from another computer, so every value is judged as hostile:
it ends up in terminals, pages and firewall rules.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, timedelta
from ipaddress import ip_address
from typing import Any

from deskside.foundation.errors import Refused
from deskside.foundation.text import _
from deskside.network.model import Host

MAX_NAME = 253
"""Characters in a host name (RFC 1035 section 3.1, without the root's dot)."""

MAX_TEXT = 500
MAX_PORTS = 16
MAX_ALIASES = 8
ROLES = ("primary", "backup", "optional")
PLAIN_PORTS = frozenset({80, 4000})
TLS_PORTS = frozenset({443, 4001})
"""Plain and TLS ports as the vendor assigns them (KB2816)."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# An underscore is no host name (RFC 952), yet the vendor spells its backups with one.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_FIELDS = tuple(field.name for field in fields(Host))


def invalid(where: str, problem: str) -> Refused:
    """The refusal of a catalogue, naming the row and the rule."""
    return Refused(
        "catalogue-invalid",
        _("The catalogue cannot be used: {where}: {problem}").format(where=where, problem=problem),
        hint=_("Correct that row, or leave out --catalogue to use the one that ships."),
        article="2816",
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """What to say of a field that does not exist."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return _("there is no field {name}; did you mean {close}?").format(
            name=printable(name), close=close[0]
        )
    return _("there is no field {name}; known: {known}").format(
        name=printable(name), known=", ".join(names)
    )


def printable(text: object) -> str:
    """Some hostile value, short and harmless enough to show in a message."""
    return ascii(text if len(str(text)) <= 60 else str(text)[:60] + "…")


def host_row(raw: Mapping[str, Any], position: int) -> Host:
    """One row from its table.

    Raises:
        Refused: `catalogue-invalid`, naming the row and the rule that it breaks.
    """
    where = _("row {position}").format(position=position)
    identifier = _required(raw, "id", where)
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise invalid(
            where, _("id must be 1 to 64 letters, digits, dots, hyphens, and start with no sign")
        )
    where = f"{where} ({identifier})"
    for name in raw:
        if name not in _FIELDS:
            raise invalid(where, nearest(name, _FIELDS))
    ports = port_list(_required(raw, "ports", where), "ports", where)
    return Host(
        id=identifier,
        host=host_name(_required(raw, "host", where), where),
        ports=ports,
        tls=tls_ports(raw.get("tls"), ports, where),
        role=_role(raw.get("role", "primary"), where),
        ping=_flag(raw, "ping", True, where),
        responder=_flag(raw, "responder", False, where),
        date=iso_date(raw.get("date", ""), "date", where),
        region=plain_text(raw.get("region", ""), "region", where),
        product=plain_text(raw.get("product", ""), "product", where),
        note=plain_text(raw.get("note", ""), "note", where),
        source=plain_text(raw.get("source", ""), "source", where),
        audience=plain_text(raw.get("audience", ""), "audience", where),
        aliases=_aliases(raw.get("aliases", []), where),
    )


def _required(raw: Mapping[str, Any], name: str, where: str) -> Any:
    if name not in raw:
        raise invalid(where, _("{field} is missing").format(field=name))
    return raw[name]


def _flag(raw: Mapping[str, Any], name: str, default: bool, where: str) -> bool:
    value = raw.get(name, default)
    if not isinstance(value, bool):
        raise invalid(where, _("{field} must be true or false").format(field=name))
    return value


def _role(value: Any, where: str) -> str:
    if value not in ROLES:
        raise invalid(where, _("role must be one of {known}").format(known=", ".join(ROLES)))
    return str(value)


def host_name(value: Any, where: str) -> str:
    """A host name or an address literal that is safe in every format that we write."""
    if not isinstance(value, str) or not value:
        raise invalid(where, _("host must be a name or an address"))
    if len(value) > MAX_NAME:
        raise invalid(where, _("host is longer than {limit} characters").format(limit=MAX_NAME))
    try:
        return str(ip_address(value)) if "%" not in value else _bad_host(value, where)
    except ValueError:
        pass
    labels = value.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        _bad_host(value, where)
    return ".".join(labels).lower()


def _bad_host(value: str, where: str) -> str:
    problem = _("{host} is no host name or address").format(host=printable(value))
    if written := _in_punycode(value):
        problem = _("{problem}; write it as {written}").format(problem=problem, written=written)
    raise invalid(where, problem)


def _in_punycode(value: str) -> str:
    """A name with letters beyond ASCII as name servers know it; empty where it is none."""
    try:
        written = value.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    named = all(_LABEL.fullmatch(label) for label in written.split("."))
    return written.lower() if named and written != value else ""


def _aliases(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_ALIASES:
        raise invalid(
            where,
            _("{field} must be a list of at most {limit} names").format(
                field="aliases", limit=MAX_ALIASES
            ),
        )
    return tuple(dict.fromkeys(host_name(name, where) for name in value))


def port_list(value: Any, name: str, where: str) -> tuple[int, ...]:
    """TCP ports: 1 to 65535, each once."""
    if not isinstance(value, list) or not value:
        raise invalid(where, _("{field} must be a list of port numbers").format(field=name))
    if len(value) > MAX_PORTS:
        raise invalid(
            where, _("{field} lists more than {limit} ports").format(field=name, limit=MAX_PORTS)
        )
    for port in value:
        if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
            raise invalid(
                where,
                _("{port} is no TCP port; ports go from 1 to 65535").format(port=printable(port)),
            )
    if len(set(value)) != len(value):
        raise invalid(where, _("{field} names a port twice").format(field=name))
    return tuple(value)


def tls_ports(value: Any, ports: tuple[int, ...], where: str) -> tuple[int, ...]:
    """Which ports speak TLS.

    A list names them; `true` means all but the vendor's plain ports where others stand beside
    them; `false` none; left out, the vendor's TLS ports.
    """
    if value is None:
        return tuple(port for port in ports if port in TLS_PORTS)
    if value is False or value == []:
        return ()
    if value is True:
        return tuple(port for port in ports if port not in PLAIN_PORTS) or ports
    chosen = port_list(value, "tls", where)
    if not set(chosen) <= set(ports):
        raise invalid(where, _("tls names a port that ports does not"))
    return chosen


def plain_text(value: Any, name: str, where: str) -> str:
    """A line of text without control characters or invisible marks."""
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise invalid(
            where,
            _("{field} must be text of at most {limit} characters").format(
                field=name, limit=MAX_TEXT
            ),
        )
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in value):
        raise invalid(where, _("{field} holds control characters").format(field=name))
    return value


def iso_date(value: Any, name: str, where: str) -> str:
    """A calendar date (a TOML date, or text like 2026-01-31); empty where unknown."""
    if value == "":
        return ""
    try:
        return (value if type(value) is date else date.fromisoformat(value)).isoformat()
    except (TypeError, ValueError):
        raise invalid(
            where, _("{field} must be a date like 2026-01-31").format(field=name)
        ) from None


def refuse_future(value: str, today: date, where: str) -> None:
    """Refuse a date that is still to come; a day is left for time zones."""
    if value and date.fromisoformat(value) > today + timedelta(days=1):
        raise invalid(
            where, _("{date} is still to come; check the date and this clock").format(date=value)
        )


def unknown_regions(hosts: Iterable[Host], known: Iterable[str]) -> dict[str, tuple[Host, str]]:
    """By region that is not among those known: the first row of it, and the known one that is
    nearest, or nothing."""
    names = list(known)
    found: dict[str, tuple[Host, str]] = {}
    for host in hosts:
        if host.region and host.region not in names and host.region not in found:
            close = difflib.get_close_matches(host.region, names, n=1, cutoff=0.6)
            found[host.region] = host, close[0] if close else ""
    return found


def refuse_duplicates(hosts: Iterable[Host]) -> None:
    """Refuse two rows with one id, or that list the same port of a host for one product."""
    ids: set[str] = set()
    ends: dict[tuple[str, str, int], str] = {}
    for position, host in enumerate(hosts, 1):
        where = _("row {position}").format(position=position) + f" ({host.id})"
        if host.id in ids:
            raise invalid(where, _("another row has the same id"))
        ids.add(host.id)
        for port in host.ports:
            other = ends.setdefault((host.product, host.host, port), host.id)
            if other != host.id:
                raise invalid(
                    where,
                    _("{host} port {port} is already listed by {other}").format(
                        host=host.host, port=port, other=other
                    ),
                )
