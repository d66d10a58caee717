"""The network part's door: which hosts there are, and whether they can be reached from here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from deskside.foundation.errors import NotFound, Unavailable, UsageProblem
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _
from deskside.network import catalogue as catalogues
from deskside.network.diagnosis import Report, diagnose
from deskside.network.fetching import fetch
from deskside.network.formats import FORMATS
from deskside.network.model import Catalogue, Host
from deskside.network.resolving import resolve
from deskside.network.responder import Responder
from deskside.network.runner import DEADLINE, Progress, run

MAX_DEADLINE = 300.0


class NetworkService:
    """Catalogues and tests. On a desk's portal it knows the desk's own responder.

    Args:
        folder: the portal's data folder, where `publish` keeps the desk's catalogue.
        responder: the desk's responder, whose rows the desk's catalogue lists.
        vendor_hosts: whether the desk's catalogue lists the vendor's hosts too.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        responder: Responder | None = None,
        vendor_hosts: bool = True,
    ) -> None:
        self._folder = folder
        self._responder = responder
        self._vendor_hosts = vendor_hosts
        self._testing = threading.Lock()

    def catalogue(self) -> Catalogue:
        """The desk's catalogue: the rows of its responder, then the vendor's."""
        shipped = catalogues.shipped()
        own = tuple(self.own_hosts())
        if not own:
            return shipped
        assert self._responder
        hosts = own + shipped.hosts if self._vendor_hosts else own
        return replace(shipped, hosts=hosts, responder_key=self._responder.public_key)

    def own_hosts(self) -> list[Host]:
        """The rows of the desk's responder; none where it has none."""
        return self._responder.rows() if self._responder else []

    def publish(self) -> Path:
        """Keep the desk's catalogue as `catalogue.toml` in the data folder."""
        assert self._folder, "publishing needs a folder"
        path = private_folder(self._folder) / "catalogue.toml"
        write_private(path, self.as_toml(self.catalogue()).encode())
        return path

    def load(
        self, source: str | None, *, say: Callable[[str], None] = lambda _text: None
    ) -> Catalogue:
        """The catalogue from a file or web address; where None, of the portal that the person
        is logged in to, else the one that ships.

        Args:
            say: told when that portal is out of reach and the one that ships is used instead.

        Raises:
            NotFound: there is no such file.
            Unavailable: the address cannot be reached.
            Refused: it is no valid catalogue.
        """
        today = datetime.now(UTC).date()
        if source is None:
            return self._of_the_portal(say) or catalogues.shipped()
        if source.startswith(("http://", "https://")):
            return fetch(source, today=today)
        return catalogues.load(Path(source), today=today)

    def _of_the_portal(self, say: Callable[[str], None]) -> Catalogue | None:
        from deskside.foundation.portal_client import load_session, normal_address

        session = load_session()
        if session is None:
            return None
        address = f"{normal_address(session.portal)}/api/v1/network/catalogue"
        try:
            return fetch(address, today=datetime.now(UTC).date())
        except Unavailable as error:
            say(_("{problem} The hosts that ship are used.").format(problem=error.message))
            return None

    def test(
        self,
        catalogue: Catalogue,
        *,
        only: Collection[str] = (),
        deadline: float = DEADLINE,
        progress: Progress | None = None,
    ) -> Report:
        """Try the hosts of a catalogue from this computer.

        Args:
            only: ids of the rows to test; all where empty.
            deadline: seconds for everything; what is not finished is reported as such.

        Raises:
            NotFound: a row of that id does not exist.
            UsageProblem: the deadline is out of range.
            Unavailable: a test is already running here.
        """
        if not 0 < deadline <= MAX_DEADLINE:
            raise UsageProblem(
                "wrong-deadline",
                _("The deadline must be between 0 and {limit} seconds.").format(
                    limit=round(MAX_DEADLINE)
                ),
            )
        hosts = _chosen(catalogue, only)
        if not self._testing.acquire(blocking=False):
            raise Unavailable(
                "test-running",
                _("A test is already running here."),
                hint=_("Wait a few seconds, then try again."),
            )
        try:
            return diagnose(run(catalogue, hosts, deadline=deadline, progress=progress))
        finally:
            self._testing.release()

    def test_own(self) -> Report:
        """Try the desk's own responder from this computer.

        Raises:
            NotFound: the desk has none.
        """
        own = self.own_hosts()
        if not own:
            raise NotFound(
                "no-responder",
                _("This desk runs no responder to test against."),
                hint=_("Test from your own computer: deskside network test"),
                article="2816",
            )
        return self.test(self.catalogue(), only=[host.id for host in own])

    def write(self, catalogue: Catalogue, name: str) -> str:
        """A catalogue in one of the formats of `network hosts`.

        Raises:
            NotFound: there is no such format.
        """
        if name not in FORMATS:
            raise NotFound(
                "unknown-format",
                _("There is no format {name}.").format(name=name),
                hint=_("Known: {known}").format(known=", ".join(FORMATS)),
            )
        chosen = FORMATS[name]
        return chosen.write(catalogue, resolve(catalogue) if chosen.resolves else {})

    def as_toml(self, catalogue: Catalogue) -> str:
        """A catalogue as the text of a catalogue file."""
        return catalogues.write(catalogue)


def _chosen(catalogue: Catalogue, only: Collection[str]) -> list[Host]:
    by_id = {host.id: host for host in catalogue.hosts}
    for identifier in only:
        if identifier not in by_id:
            raise NotFound(
                "unknown-host",
                _("The catalogue has no row {id}.").format(id=identifier),
                hint=_("List them with: deskside network hosts"),
            )
    return [by_id[identifier] for identifier in dict.fromkeys(only)] or list(catalogue.hosts)
