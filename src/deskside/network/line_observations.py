"""What was seen of this computer and of its line, rather than of one host's ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from deskside.network.observations import Echo, HostSeen, LookupSeen, Reach

DEADLINE, STOPPED = "deadline", "stopped"
"""Why something was not tested: time was up, or the person ended the test."""


class Passage(StrEnum):
    """How asking a proxy for a far end's port ended."""

    PROVED = "proved"
    OPENED = "opened"
    DENIED = "denied"
    AUTHENTICATE = "authenticate"
    UNREACHED = "unreached"
    STRANGE = "strange"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxySeen:
    """A proxy that is configured here.

    Attributes:
        kind: `http` or `socks5`.
        source: where it is configured.
        reach: how connecting to the proxy itself ended.
        passages: by port, what it said when asked for the far end.
        given_for: the ports for which a proxy script gives it; empty where none does.
        far_address: the far end's, where only a name server asked through the proxy tells it.
        direct: how connecting there without the proxy ended; None where that is unknown.
    """

    kind: str
    host: str
    port: int
    source: str
    reach: Reach
    passages: Mapping[int, Passage] = field(default_factory=dict)
    given_for: tuple[int, ...] = ()
    far_address: str = ""
    direct: Reach | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSeen:
    """A proxy script that this computer is told to use.

    Attributes:
        source: where it is configured.
        problem: why it cannot be used; empty where it can. `said` is how the engine puts it.
        given: by the script's answer, the far ends (`host:port`) for which it gives it.
    """

    address: str
    source: str
    problem: str = ""
    said: str = ""
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentSeen:
    """Connections to addresses where nobody is: whoever accepts them stands in between.

    Attributes:
        tried: addresses tried, each kept for documentation (RFC 5737).
        accepted: those that accepted all the same.
        answer: what the acceptor said to an HTTP request.
    """

    port: int
    tried: tuple[str, ...]
    accepted: tuple[str, ...]
    answer: Echo | None = None
    opening: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersSeen:
    """Every answer that came back for one question about a name's IPv4 address.

    Attributes:
        answers: the addresses of each answer, in the order of arrival; empty for a refusal.
    """

    name: str
    server: str
    answers: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PingSeen:
    """Echo requests to one address, and the round trips of those answered (milliseconds).

    Attributes:
        lag: seconds by which this computer was usually late meanwhile.
    """

    host: str
    address: str
    sent: int
    round_trips: tuple[float, ...] = ()
    lag: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSeen:
    """Several connections to a responder, one after the other, and questions on one of them.

    Attributes:
        connections: those made.
        late: those whose first packet was lost: they took a second longer than the quickest.
        quickest_connect: milliseconds of the quickest; 0 where none was made.
        seen_as: the address that the responder saw, for each connection that proved itself.
        questions: those answered on the last connection.
        resent: those of which the system sent a packet again; 0 also where it does not tell.
        lost: those of them whose packet had not arrived the first time.
        round_trips: of the questions that were not sent again, in milliseconds.
        lag: seconds by which this computer was usually late meanwhile.
    """

    host: str
    address: str
    port: int
    connections: int = 0
    late: int = 0
    quickest_connect: float = 0.0
    seen_as: tuple[str, ...] = ()
    questions: int = 0
    resent: int = 0
    lost: int = 0
    round_trips: tuple[float, ...] = ()
    lag: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsSeen:
    """Large packets to and from a responder.

    Attributes:
        large: whether 4 kB there and back arrived.
        small: whether they arrived in small segments, where they had not in large ones.
        largest: the largest segment in bytes that passed, where that was looked for.
        cut: whether a try ended by a reset or a hang-up, and not in silence.
    """

    host: str
    port: int
    large: bool
    small: bool | None = None
    largest: int | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleSeen:
    """Connections kept quiet for a while, then used.

    Attributes:
        alive: the longest quiet time in seconds that a connection outlived.
        dead: the shortest that one did not; None where all did.
        ending: how the dead one answered.
    """

    host: str
    port: int
    alive: float
    dead: float | None = None
    ending: Echo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSeen:
    """Connections held open at once: how many were asked for, and how many worked.

    Attributes:
        after: whether another one worked when they were closed again.
    """

    host: str
    port: int
    asked: int
    worked: int
    after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RateSeen:
    """How quickly a responder brought back what was sent to it without a pause.

    Attributes:
        connections: how many shared the way: one alone, or some side by side.
        transferred: bytes that went there, and came back, until the last answer.
        seconds: for how long.
        early, late: bytes a second each way, from the first answer on and towards the end; what
            was under way when time was up counts as arrived.
    """

    host: str
    port: int
    connections: int
    transferred: int
    seconds: float
    early: float
    late: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSeen:
    """A program that listens on a port where TWS or IB Gateway offers its API."""

    port: int
    program: str


@dataclass(slots=True, kw_only=True)
class LineSeen:
    """All of it; filled while the test runs.

    Attributes:
        canaries: look-ups of names that cannot exist.
        pings_again, series_again: the same a little later, where the first were unsteady.
        invented: who is where names that cannot exist lead; None where none has an address.
        own_addresses: this computer's, which a responder sees where nothing translates them.
        interfaces: whether any interface but loopback is up; None where that is unknown.
        gateway: whether the router next to this computer is there; None where unknown.
        ping_refused: why no echo request could be sent; empty where it could.
        untested: what could not be tested, and why, by name.
    """

    canaries: list[LookupSeen] = field(default_factory=list)
    proxies: list[ProxySeen] = field(default_factory=list)
    scripts: list[ScriptSeen] = field(default_factory=list)
    absent: list[AbsentSeen] = field(default_factory=list)
    answers: list[AnswersSeen] = field(default_factory=list)
    pings: list[PingSeen] = field(default_factory=list)
    series: list[SeriesSeen] = field(default_factory=list)
    pings_again: list[PingSeen] = field(default_factory=list)
    series_again: list[SeriesSeen] = field(default_factory=list)
    segments: list[SegmentsSeen] = field(default_factory=list)
    idle: list[IdleSeen] = field(default_factory=list)
    held: list[HeldSeen] = field(default_factory=list)
    rates: list[RateSeen] = field(default_factory=list)
    listeners: list[ListenerSeen] = field(default_factory=list)
    invented: AbsentSeen | None = None
    own_addresses: frozenset[str] = frozenset()
    interfaces: bool | None = None
    gateway: bool | None = None
    untested: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeen:
    """One run of the test.

    Attributes:
        canary: the look-up of a name that cannot exist; None where no row has a name.
        routes: whether this computer has a way out, by IP version.
        lag: the longest time in seconds for which this computer kept the probes waiting.
        line: what was seen of this computer and its line.
        stopped: whether the person ended it before it was through.
    """

    hosts: tuple[HostSeen, ...]
    canary: LookupSeen | None
    routes: Mapping[int, bool]
    lag: float
    seconds: float
    line: LineSeen = field(default_factory=LineSeen)
    stopped: bool = False
