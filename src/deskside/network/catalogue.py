"""Reading and writing catalogues: TOML (what people keep) and JSON (what the portal offers)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.network import protocol, rules
from deskside.network.model import OWN_REGION, Catalogue, Host

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = 1
"""Version of the file format that this program reads."""

MAX_BYTES, MAX_ROWS = 8 << 20, 10_000
"""Of a catalogue that is sent from one computer to another, and of a desk's own rows."""

MAX_FILE_BYTES, MAX_FILE_ROWS = 64 << 20, 100_000
"""Of a catalogue file that is tested where it lies."""

SHIPPED = Path(__file__).with_name("catalogue.toml")

_ABOUT = ("format", "version", "date", "responder_key", "signature")
_JSON_FORM = '{"catalogue": {…}, "hosts": [{…}]}'
_KEY = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


@cache
def shipped() -> Catalogue:
    """The catalogue that ships with Deskside: the vendor's hosts and ports (KB2816)."""
    return parse(SHIPPED.read_bytes(), today=None)


def load(path: Path, *, today: date, most: int = MAX_FILE_ROWS) -> Catalogue:
    """The catalogue in a file, of so many rows at most.

    Raises:
        NotFound: there is no such file.
        Refused: it is too large, or breaks a rule (`catalogue-invalid`).
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(
            "catalogue-not-found",
            _("There is no catalogue file {path}.").format(path=path),
            hint=_("Leave out --catalogue to use the one that ships."),
        ) from None
    return parse(raw, today=today, most=most, largest=MAX_FILE_BYTES)


def parse(
    raw: bytes, *, today: date | None, most: int = MAX_ROWS, largest: int = MAX_BYTES
) -> Catalogue:
    """A catalogue from its TOML or JSON text; dates after `today` are refused.

    Args:
        most: rows that it may list.
        largest: bytes that its text may have.

    Raises:
        Refused: `catalogue-invalid`, naming the row and the rule that it breaks;
            `catalogue-signature-wrong`; `catalogue-from-the-future`.
    """
    if len(raw) > largest:
        raise rules.invalid(_("the file"), _("larger than {limit}").format(limit=size(largest)))
    document = _document(raw)
    about = {name: value for name, value in document.items() if name != "host"}
    for name in about:
        if name not in _ABOUT:
            raise rules.invalid(_("the head"), rules.nearest(name, [*_ABOUT, "host"]))
    _refuse_later_format(about.get("format", FORMAT))
    catalogue = Catalogue(
        version=rules.plain_text(about.get("version", ""), "version", _("the head")),
        date=rules.iso_date(about.get("date", ""), "date", _("the head")),
        responder_key=_hexadecimal(about, "responder_key", _KEY),
        signature=_hexadecimal(about, "signature", _SIGNATURE),
        hosts=_hosts(document.get("host", []), most),
    )
    if today is not None:
        _refuse_future(catalogue, today)
    if catalogue.signature and not is_signed(catalogue):
        raise Refused(
            "catalogue-signature-wrong",
            _("The catalogue is not what its desk signed: it was changed, or cut short."),
            hint=_("Fetch it again from the desk's portal; do not use this copy."),
            article="2816",
        )
    return catalogue


def _document(raw: bytes) -> Mapping[str, Any]:
    is_json = raw.lstrip()[:1] == b"{"
    problem = _("not valid JSON: {error}") if is_json else _("not valid TOML: {error}")
    try:
        text = raw.decode("utf-8")
        if not is_json:
            return tomllib.loads(text)
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        said = problem.format(error=rules.printable(str(error)))
        raise rules.invalid(_("the file"), said) from None
    if "hosts" not in document or not isinstance(document.get("catalogue", {}), dict):
        shape = _("JSON must be like {form}").format(form=_JSON_FORM)
        raise rules.invalid(_("the file"), shape)
    return {**document.get("catalogue", {}), "host": document["hosts"]}


def _refuse_later_format(value: Any) -> None:
    if type(value) is not int or value < 1:
        raise rules.invalid(_("the head"), _("format must be a whole number"))
    if value > FORMAT:
        raise Refused(
            "catalogue-from-the-future",
            _("The catalogue is of format {format}; this Deskside reads up to {known}.").format(
                format=value, known=FORMAT
            ),
            hint=_("Upgrade Deskside, or use the catalogue that ships."),
            article="2816",
        )


def _hexadecimal(about: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str | None:
    value = about.get(name)
    if value is not None and not (isinstance(value, str) and form.fullmatch(value)):
        digits = 64 if form is _KEY else 128
        raise rules.invalid(
            _("the head"),
            _("{field} must be {digits} lower-case hexadecimal digits").format(
                field=name, digits=digits
            ),
        )
    return value


def _hosts(rows: Any, most: int) -> tuple[Host, ...]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise rules.invalid(
            _("the file"), _("rows are written as [[host]] tables, in JSON as objects")
        )
    if not 0 < len(rows) <= most:
        raise rules.invalid(_("the file"), _("it must list 1 to {limit} hosts").format(limit=most))
    hosts = tuple(rules.host_row(row, position) for position, row in enumerate(rows, 1))
    rules.refuse_duplicates(hosts)
    return hosts


def strange_regions(catalogue: Catalogue) -> list[str]:
    """What to say of regions that neither ship nor are a responder's: they may be the desk's own,
    and they may be misspelt."""
    known = {host.region for host in shipped().hosts} | {OWN_REGION}
    told = []
    for region, (host, near) in rules.unknown_regions(catalogue.hosts, known).items():
        said = _("Row {id}: the region {region} is not one of those that ship.").format(
            id=host.id, region=region
        )
        told.append(f"{said} {_('Did you mean {near}?').format(near=near)}" if near else said)
    return told


def _refuse_future(catalogue: Catalogue, today: date) -> None:
    rules.refuse_future(catalogue.date, today, _("the head"))
    for position, host in enumerate(catalogue.hosts, 1):
        where = _("row {position}").format(position=position)
        rules.refuse_future(host.date, today, f"{where} ({host.id})")


def write(catalogue: Catalogue) -> str:
    """The catalogue as TOML text; `parse` gives it back unchanged."""
    lines = [f"format = {FORMAT}", f"version = {_text(catalogue.version)}"]
    if catalogue.date:
        lines.append(f"date = {catalogue.date}")
    if catalogue.responder_key:
        lines.append(f"responder_key = {_text(catalogue.responder_key)}")
    if catalogue.signature:
        lines.append(f"signature = {_text(catalogue.signature)}")
    for host in catalogue.hosts:
        lines += ["", "[[host]]", *_row(host)]
    return "\n".join(lines) + "\n"


def signed(catalogue: Catalogue, key: Ed25519PrivateKey) -> Catalogue:
    """The catalogue with the desk's key, and its signature over all the rest."""
    owned = replace(catalogue, responder_key=protocol.public_key(key), signature=None)
    return replace(owned, signature=protocol.sign_catalogue(write(owned), key))


def is_signed(catalogue: Catalogue) -> bool:
    """Whether the catalogue's signature is its own key's.

    What is signed is what was read, written anew: the same in TOML and in JSON.
    """
    if not catalogue.signature or not catalogue.responder_key:
        return False
    text = write(replace(catalogue, signature=None))
    return protocol.is_catalogue_signed(text, catalogue.signature, catalogue.responder_key)


def _row(host: Host) -> list[str]:
    return [
        f"{name} = {_value(name, value)}"
        for name, value in host.as_json().items()
        if not (name == "date" and not value)
    ]


def _value(name: str, value: Any) -> str:
    if isinstance(value, str) and name != "date":
        return _text(value)
    if isinstance(value, (bool, list)):
        # What JSON writes of these is TOML too.
        return json.dumps(value)
    return str(value)


def _text(value: str) -> str:
    # A JSON string is a TOML basic string once DEL, which plain_text refuses, is out.
    return json.dumps(value, ensure_ascii=False)
