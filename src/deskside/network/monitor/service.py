"""The monitor of a portal or of this computer, as pages see it: what was seen, and metrics."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from deskside.foundation import logs
from deskside.foundation.clock import Clock, SystemClock
from deskside.foundation.config import Config, Network
from deskside.foundation.errors import DesksideError, NotAllowed, Refused
from deskside.foundation.text import _
from deskside.network.diagnosis import Report
from deskside.network.monitor.alerts import Way
from deskside.network.monitor.exporter import metrics_of
from deskside.network.monitor.history import History
from deskside.network.monitor.monitoring import Monitor, Told, only_one
from deskside.network.monitor.overview import Overview, Span, look
from deskside.network.monitor.policy import Policy, history_file, policy_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Who may read a portal's metrics; nobody where nothing is set.

    Attributes:
        networks: addresses that may.
        token: that must be presented.
    """

    networks: tuple[Network, ...] = ()
    token_file: Path | None = None

    def admit(self, address: str, authorization: str) -> None:
        """Let a request in that satisfies everything that is set.

        Raises:
            NotAllowed: it does not, or nothing is set (`metrics-not-allowed`).
        """
        known = not self.networks or any(_within(address, network) for network in self.networks)
        proved = self.token_file is None or _is_token(authorization, self.token_file)
        if not (self.networks or self.token_file) or not known or not proved:
            raise NotAllowed(
                "metrics-not-allowed",
                _("These metrics are not for everybody."),
                hint=_("The operator lets readers in: monitor.metrics_from."),
            )


class MonitorService:
    """What was seen, and on a portal where it is turned on, the monitor itself.

    Args:
        file: the history.
        ways: how people are alerted.
        test: makes one test; None where this process makes none.
    """

    def __init__(
        self,
        file: Path,
        policy: Policy | None = None,
        *,
        clock: Clock | None = None,
        readers: Readers | None = None,
        ways: Mapping[str, Way] | None = None,
        test: Callable[[], Report] | None = None,
    ) -> None:
        self.file = file
        self.ways = ways or {}
        self.test = test
        self._policy = policy or Policy()
        self._clock = clock or SystemClock()
        self._readers = readers or Readers()

    def overview(self, span: Span, target: str | None = None) -> Overview:
        """A span of the history; see `look`."""
        return look(self.file, span, self._clock.now(), target)

    def metrics(self, address: str, authorization: str) -> str:
        """The metrics, for those who may read them.

        Raises:
            NotAllowed: the reader may not.
            DesksideError: there is no history, or it cannot be used.
        """
        self._readers.admit(address, authorization)
        return metrics_of(self.file)

    @contextmanager
    def running(self) -> Iterator[list[str]]:
        """Test in the background while the block runs, where that is turned on.

        Yields what the person should know.
        """
        if self.test is None:
            yield []
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(only_one(self.file))
            except Refused as taken:
                yield [
                    _("The connection is not watched from here: {why}").format(why=taken.message)
                ]
                return
            stop = threading.Event()
            thread = threading.Thread(target=self._work, args=(stop,), name="monitor", daemon=True)
            thread.start()
            try:
                yield []
            finally:
                stop.set()
                thread.join()

    def _work(self, stop: threading.Event) -> None:
        assert self.test
        try:
            with History.open(self.file) as history:
                Monitor(
                    self.test, history, self._policy, ways=self.ways, tell=_log, clock=self._clock
                ).run(stop.wait)
        except (DesksideError, OSError) as error:
            logs.event("monitor.failed", level="error", error=error)


def of_this_computer() -> MonitorService:
    """The history that the command and the service on this computer keep."""
    config = Config.load()
    return MonitorService(history_file(config), policy_of(config))


def readers_of(config: Config) -> Readers:
    """Whom the settings let read metrics."""
    return Readers(
        networks=config.networks("monitor.metrics_from"),
        token_file=config.file("monitor.metrics_token_file"),
    )


def _log(told: Told) -> None:
    if told.problem:
        logs.event("monitor.problem", level="warning", error=told.problem)
    elif told.change:
        now = told.change.now
        logs.event("monitor.changed", state=now.state.value, cause=now.root_cause)
    elif told.reason:
        logs.event("monitor.alert-waits", level="warning", way=told.way, reason=told.reason)


def _within(address: str, network: Network) -> bool:
    try:
        reader = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(reader, "ipv4_mapped", None)
    return (mapped or reader) in network


def _is_token(authorization: str, file: Path) -> bool:
    """Whether an Authorization header brings the token in the file; an empty one is nobody's."""
    scheme, _space, offered = authorization.partition(" ")
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return False
    same = hmac.compare_digest(offered.strip().encode(), token.encode())
    return bool(token) and scheme.lower() == "bearer" and same
