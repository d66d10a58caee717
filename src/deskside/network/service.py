"""The network part's door: which hosts there are, and whether they can be reached from here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deskside.foundation.errors import NotFound, Refused, Unavailable, UsageProblem
from deskside.foundation.paths import private_folder, write_private
from deskside.foundation.text import _
from deskside.network import catalogue as catalogues
from deskside.network.diagnosis import Report, diagnose
from deskside.network.fetching import fetch
from deskside.network.formats import FORMATS
from deskside.network.model import Catalogue, Door, Host
from deskside.network.progress import Progress
from deskside.network.protocol import Reply, read_reply
from deskside.network.resolving import resolve
from deskside.network.responder import Responder
from deskside.network.results import Results
from deskside.network.rules import refuse_duplicates
from deskside.network.runner import DEADLINE, run
from deskside.network.trust import NEEDS_A_PERSON, Kept

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAX_DEADLINE = 1800.0
DEEP_DEADLINE = 90.0
MOST_TOLD = 3
"""Unknown regions of a catalogue that a person is told of."""

ROWS_A_SECOND = 1000
"""Every so many rows add a second to the time that a test may take as it comes."""


def usual_deadline(rows: int, *, deep: bool) -> float:
    """Seconds that suffice for so many rows where most of them answer."""
    return (DEEP_DEADLINE if deep else DEADLINE) + rows // ROWS_A_SECOND


class NetworkService:
    """Catalogues and tests. On a desk's portal it knows the desk's own responder.

    Args:
        folder: the portal's data folder, where `publish` keeps the desk's catalogue.
        responder: the desk's responder, whose rows the desk's catalogue lists.
        vendor_hosts: whether the desk's catalogue lists the vendor's hosts too.
        hosts_file: a catalogue file with rows of the desk's own.
        signing_key: the desk's key, which signs its catalogue.
        results: seals finished tests.

    Raises:
        DesksideError: the file of the desk's own rows cannot be used; says why.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        responder: Responder | None = None,
        vendor_hosts: bool = True,
        hosts_file: Path | None = None,
        signing_key: Ed25519PrivateKey | None = None,
        results: Results | None = None,
    ) -> None:
        self._folder = folder
        self._responder = responder
        self._vendor_hosts = vendor_hosts
        self._signing_key = signing_key
        self.results = results or Results()
        self._added = _own_rows(hosts_file) if hosts_file else None
        self._testing = threading.Lock()

    def catalogue(self) -> Catalogue:
        """The desk's catalogue, signed where it has a key: its responder, its own rows, then the
        vendor's."""
        merged = _merged(
            catalogues.shipped(),
            self._added,
            responders=tuple(self.own_hosts()),
            vendor_hosts=self._vendor_hosts,
        )
        if self._signing_key:
            return catalogues.signed(merged, self._signing_key)
        key = self._responder.public_key if self._responder and self.own_hosts() else None
        return replace(merged, responder_key=key)

    def own_hosts(self) -> list[Host]:
        """The rows of the desk's responder; none where it has none."""
        return self._responder.rows() if self._responder else []

    def doors(self) -> list[Door]:
        """Where a browser can reach the desk's responder; none where it has none."""
        return self._responder.doors() if self._responder else []

    def proven(self, nonce: str, line: str) -> Reply | None:
        """What our own responder said to a nonce; None where it was not our responder."""
        reply = read_reply(line.encode("utf-8", "replace"))
        ours = self._responder.public_key if self._responder else None
        return reply if reply and reply.nonce == nonce and reply.key == ours else None

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
            say: told when an address gives no catalogue of use, and what is used instead.

        Raises:
            NotFound: there is no such file.
            Unavailable: the address cannot be reached, and no copy of its catalogue is kept.
            Refused: it is no valid catalogue and no copy is kept, or it is not that desk's.
        """
        if source is None:
            return self._of_the_portal(say) or catalogues.shipped()
        if source.startswith(("http://", "https://")):
            return _fetched(source, say)
        loaded = catalogues.load(Path(source), today=_today())
        for told in catalogues.strange_regions(loaded)[:MOST_TOLD]:
            say(told)
        return loaded

    def _of_the_portal(self, say: Callable[[str], None]) -> Catalogue | None:
        from deskside.foundation.portal_client import load_session, normal_address

        session = load_session()
        if session is None:
            return None
        address = f"{normal_address(session.portal)}/api/v1/network/catalogue"
        try:
            return _fetched(address, say)
        except (Unavailable, Refused) as error:
            if error.code in NEEDS_A_PERSON:
                raise
            say(_("{problem} The hosts that ship are used.").format(problem=error.message))
            return None

    def test(
        self,
        catalogue: Catalogue,
        *,
        only: Collection[str] = (),
        deadline: float = DEADLINE,
        deep: bool = False,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> Report:
        """Try the hosts of a catalogue from this computer.

        Args:
            only: ids of the rows to test; all where empty.
            deadline: seconds for everything; what is not finished is reported as such.
            deep: try the desk's responders for idle times, limits and packet sizes too.
            progress: told how far the test is.
            stop: ends the test early when it is set; the report says what was not finished.

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
            seen = run(catalogue, hosts, deadline=deadline, deep=deep, progress=progress, stop=stop)
            return diagnose(seen)
        finally:
            self._testing.release()

    def test_own(
        self, *, progress: Progress | None = None, stop: threading.Event | None = None
    ) -> Report:
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
        return self.test(
            self.catalogue(), only=[host.id for host in own], progress=progress, stop=stop
        )

    def desk_rows(self, hosts: Collection[Host]) -> frozenset[str]:
        """Ids of the rows that are the desk's own: its responders, and what did not ship."""
        public = {host.host for host in catalogues.shipped().hosts}
        return frozenset(host.id for host in hosts if host.responder or host.host not in public)

    def test_all(self) -> Report:
        """Try the whole of the desk's catalogue from this computer, as its monitor does."""
        return self.test(self.catalogue())

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


def _today() -> date:
    return datetime.now(UTC).date()


def _fetched(url: str, say: Callable[[str], None]) -> Catalogue:
    """The catalogue at an address, else the copy kept of it; see `trust`."""
    from deskside.foundation.paths import data_folder

    kept = Kept(data_folder() / "network")
    try:
        come = fetch(url, today=_today())
    except (Unavailable, Refused) as error:
        copy = kept.copy(url, today=_today())
        if copy is None:
            raise
        say(
            _("{problem} The copy of {date} is used.").format(
                problem=error.message, date=copy.date or "?"
            )
        )
        return copy
    newer = kept.newer(url, come, today=_today())
    if newer is None:
        return kept.admit(url, come)
    say(
        _(
            "The catalogue at {url} is older ({date}) than the copy of {newer}: the copy is used."
            " If the desk did go back to it, remove {file}."
        ).format(url=url, date=come.date or "?", newer=newer.date, file=kept.file(url))
    )
    return newer


def _own_rows(path: Path) -> Catalogue:
    """The desk's own rows, which must not clash with those that ship."""
    own = catalogues.load(path, today=_today(), most=catalogues.MAX_ROWS)
    refuse_duplicates([*own.hosts, *catalogues.shipped().hosts])
    return own


def _merged(
    shipped: Catalogue,
    own: Catalogue | None,
    *,
    responders: tuple[Host, ...],
    vendor_hosts: bool,
) -> Catalogue:
    added = responders + (own.hosts if own else ())
    return Catalogue(
        version=f"{shipped.version}+{own.version}" if own else shipped.version,
        date=max(shipped.date, own.date) if own else shipped.date,
        hosts=added + shipped.hosts if vendor_hosts or not added else added,
    )


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
