"""What a run of the connection test may have seen, made by hand, and what is said of it."""

from __future__ import annotations

from deskside.network.diagnosis import Report, diagnose
from deskside.network.line_observations import (
    LineSeen,
    RunSeen,
)
from deskside.network.observations import (
    ConnectSeen,
    Echo,
    EchoSeen,
    Found,
    HostSeen,
    LookupSeen,
    PortSeen,
    Reach,
    Shake,
    TlsSeen,
)

from .conftest import host

PUBLIC = "203.0.113.5"
PUBLIC6 = "2001:db8::5"


def port(
    reach: Reach = Reach.CONNECTED,
    *,
    version: int = 4,
    tls: Shake | None = Shake.TRUSTED,
    lag: float = 0,
    **connect: object,
) -> PortSeen:
    return PortSeen(
        port=443,
        version=version,
        connect=ConnectSeen(
            result=reach,
            address=PUBLIC if version == 4 else PUBLIC6,
            **{"attempts": 1, "milliseconds": 20.0} | connect,  # type: ignore[arg-type]
        ),
        tls=TlsSeen(result=tls) if tls and reach is Reach.CONNECTED else None,
        lag=lag,
    )


def seen(
    *ports: PortSeen,
    name: str = "trade.example",
    ipv4: tuple[str, ...] = (PUBLIC,),
    ipv6: tuple[str, ...] = (),
    result: Found = Found.FOUND,
    finished: bool = True,
    **fields: object,
) -> HostSeen:
    return HostSeen(
        host=host(443, host=name, id=name, tls=(443,), **fields),
        lookup=LookupSeen(name=name, result=result, ipv4=ipv4, ipv6=ipv6),
        ports=list(ports),
        finished=finished,
    )


def judged(
    *hosts: HostSeen,
    canary: tuple[str, ...] = (),
    routes: tuple[bool, bool] = (True, True),
) -> Report:
    found = Found.FOUND if canary else Found.ABSENT
    return diagnose(
        RunSeen(
            hosts=hosts,
            canary=LookupSeen(name="x.invalid", result=found, ipv4=canary),
            routes={4: routes[0], 6: routes[1]},
            lag=0.0,
            seconds=1.0,
        )
    )


def codes(report: Report) -> list[str]:
    return [finding.code for finding in report.findings]


def responder(skew: int) -> HostSeen:
    told = PortSeen(
        port=4000,
        version=4,
        connect=ConnectSeen(result=Reach.CONNECTED, address=PUBLIC, attempts=1, milliseconds=2.0),
        echo=EchoSeen(result=Echo.GENUINE, signed_fingerprint="-", skew_seconds=skew),
    )
    return HostSeen(
        host=host(4000, host="desk.example", id="desk", responder=True),
        lookup=LookupSeen(name="desk.example", result=Found.FOUND, ipv4=(PUBLIC,)),
        ports=[told],
        finished=True,
    )


def run_of(*hosts: HostSeen, lag: float = 0.0, **line: object) -> Report:
    return diagnose(
        RunSeen(
            hosts=hosts,
            canary=None,
            routes={4: True, 6: True},
            lag=lag,
            seconds=1.0,
            line=LineSeen(**line),  # type: ignore[arg-type]
        )
    )
