"""Catalogues from portals: whose they are, and the copies kept of them.

The first signed catalogue from an address pins the desk's key there, as SSH does with hosts; from
then on an unsigned catalogue from it, or one signed by another key, is refused. What was accepted
is kept, so that a portal that is out of reach, or what answers in its place, does not take its
hosts with it: that is when they are needed most.

    what comes from the address                     what is used
    signed by the pinned key, not older             it, and it is kept
    nothing; no catalogue; broken; of the future    the copy, which is said
    signed by the pinned key, older than the copy   the copy, which is said
    unsigned, or signed by another key              nothing: somebody has to look
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from deskside.foundation.errors import Refused
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _
from deskside.network import catalogue as catalogues
from deskside.network.model import Catalogue

NEEDS_A_PERSON = frozenset({"catalogue-unsigned", "desk-key-changed", "desk-keys-damaged"})
"""Refusals in whose place nothing else may be used unasked."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The pinned keys, and the copies of catalogues, in one folder."""

    folder: Path

    def admit(self, url: str, catalogue: Catalogue) -> Catalogue:
        """Accept a catalogue that came from an address, and keep a copy of it.

        Raises:
            Refused: `desk-key-changed` or `catalogue-unsigned`: it is not that desk's.
        """
        origin, pinned = _origin(url), self._pinned()
        if catalogue.signature is None and origin in pinned:
            raise Refused(
                "catalogue-unsigned",
                _("The catalogue at {url} is not signed; earlier ones were.").format(url=url),
                hint=_("Something on the way may have replaced it. Ask the desk's operator."),
                article="2816",
            )
        if catalogue.signature and not _on_this_computer(url):
            known = pinned.setdefault(origin, str(catalogue.responder_key))
            if known != catalogue.responder_key:
                raise self._changed(origin, str(catalogue.responder_key))
            self._pin(pinned)
        private_folder(self.folder)
        write_private(self.file(url), catalogues.write(catalogue).encode())
        return catalogue

    def newer(self, url: str, catalogue: Catalogue, *, today: date) -> Catalogue | None:
        """The copy, where its desk dated it later than what came: an old list may be replayed."""
        copy = self.copy(url, today=today)
        if copy is None or not copy.signature or copy.responder_key != catalogue.responder_key:
            return None
        return copy if copy.date > catalogue.date else None

    def copy(self, url: str, *, today: date) -> Catalogue | None:
        """The copy of an address's catalogue; None where there is none that can be used."""
        try:
            return catalogues.parse(self.file(url).read_bytes(), today=today)
        except (OSError, Refused):
            return None

    def _pinned(self) -> dict[str, str]:
        try:
            pinned = json.loads(self._keys.read_text())
        except FileNotFoundError:
            return {}
        except ValueError:
            pinned = None
        if not isinstance(pinned, dict):
            # Starting afresh would accept any key again.
            raise Refused(
                "desk-keys-damaged",
                _("The file of known desks is damaged ({file}).").format(file=self._keys),
                hint=_("Restore it from a backup, or remove it to trust each desk anew."),
                article="2816",
            )
        return pinned

    def _pin(self, pinned: dict[str, str]) -> None:
        private_folder(self.folder)
        write_private(self._keys, json.dumps(pinned, indent=1, sort_keys=True).encode())

    def _changed(self, origin: str, key: str) -> Refused:
        return Refused(
            "desk-key-changed",
            _("The catalogue of {origin} is signed by a key that is not the desk's.").format(
                origin=origin
            ),
            hint=_(
                "If its operator confirms the new key {key}, remove the line of {origin} in {file}."
            ).format(key=key, origin=origin, file=self._keys),
            article="2816",
        )

    @property
    def _keys(self) -> Path:
        return self.folder / "known-desks.json"

    def file(self, url: str) -> Path:
        """Where the copy of an address's catalogue is kept."""
        return self.folder / f"catalogue-{sha256(url.encode()).hexdigest()[:16]}.toml"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def _on_this_computer(url: str) -> bool:
    """Nothing lies between, and a desk made for trying has a new key each time."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
