"""What one port's observations prove. Pure: observations in, one judgement out.

A connection that TCP accepts proves nothing: proxies accept for hosts that do not exist. Only a
certificate chain or a signed nonce makes a port `reachable`.
"""

from __future__ import annotations

from dataclasses import dataclass

from deskside.network.causes import NOT_TESTED, REACHABLE
from deskside.network.model import Host
from deskside.network.observations import Echo, EchoSeen, PortSeen, Reach, Shake, TlsSeen

UNPROVED = "unproved"
"""Accepted a connection, and nothing shows who did."""

VOID_LAG = 0.5
"""Seconds of this computer's own delay from which a missing answer counts for nothing."""

VOID_CONNECTING = 1.5
"""The same for connections: the system makes them, and it is asked once more at the end; only who
begins most of the two seconds late may miss one."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A code, what was seen in a word, and other codes that would look the same from here."""

    code: str
    seen: str
    undecided: tuple[str, ...] = ()


_CONNECT = {
    Reach.SILENT: "port-dropped",
    Reach.RESET: "port-reset",
    Reach.PROHIBITED: "port-prohibited",
    Reach.FAILED: NOT_TESTED,
}
_SHAKE: dict[Shake, tuple[str, ...]] = {
    Shake.WRONG_NAME: ("certificate-wrong",),
    Shake.EXPIRED: ("certificate-wrong", "clock-skew"),
    Shake.UNTRUSTED: ("certificate-wrong", "tls-intercepted"),
    Shake.NOT_TLS: ("transparent-http-proxy",),
    Shake.RESET: ("port-reset", "sni-reset"),
    Shake.CLOSED: ("port-reset", "sni-reset"),
    Shake.SILENT: ("port-dropped", "mtu-black-hole", "sni-reset", "transparent-http-proxy"),
    Shake.FAILED: ("tls-intercepted", "certificate-wrong"),
}
_CUT = (Shake.RESET, Shake.CLOSED, Shake.SILENT)
_ECHO: dict[Echo, tuple[str, ...]] = {
    Echo.OTHER_KEY: ("certificate-wrong", "dns-hijacked"),
    Echo.OTHER_NONCE: ("certificate-wrong",),
    Echo.HTTP: ("transparent-http-proxy",),
    Echo.REDIRECT: ("captive-portal",),
    Echo.STRANGE: ("transparent-http-proxy", "dns-hijacked"),
    Echo.BUSY: (NOT_TESTED,),
    Echo.RESET: ("port-reset", "transparent-http-proxy"),
    Echo.CLOSED: ("port-reset", "transparent-http-proxy"),
    Echo.SILENT: ("port-dropped", "transparent-http-proxy"),
}


def judge(host: Host, seen: PortSeen) -> Judgement:
    """The judgement of one port by one IP version."""
    judged = _judge(host, seen)
    silent = Reach.SILENT.value
    bearable = VOID_CONNECTING if seen.connect.result is Reach.SILENT else VOID_LAG
    if seen.lag > bearable and judged.seen == silent:
        return Judgement(NOT_TESTED, "this computer was too busy")
    return judged


def _judge(host: Host, seen: PortSeen) -> Judgement:
    reached = seen.connect.result
    if reached is not Reach.CONNECTED:
        return _unconnected(reached, seen.version)
    if host.responder and seen.tls and seen.tls.desk_issued is False:
        return Judgement("tls-intercepted", "certificate is not the desk's")
    if seen.echo and seen.echo.result in (Echo.HTTP, Echo.REDIRECT):
        return _echo(seen.echo)
    if seen.tls and seen.tls.result is not Shake.UNVERIFIED:
        return _otherwise(seen.tls, seen) or _handshake(seen.tls)
    if host.responder:
        return _responder(seen.tls, seen.echo)
    return Judgement(UNPROVED, "accepts connections")


def _unconnected(reached: Reach, version: int) -> Judgement:
    if reached is Reach.UNROUTABLE:
        return Judgement("ipv6-unroutable" if version == 6 else "port-prohibited", "no route")
    return Judgement(_CONNECT[reached], reached.value)


def _otherwise(tls: TlsSeen, seen: PortSeen) -> Judgement | None:
    """What a second handshake, with another name or in small segments, decides."""
    silent = tls.result is Shake.SILENT
    if seen.other_name not in (None, *_CUT):
        how = "silent" if silent else "cut"
        return Judgement("sni-reset", f"{how} with its own name, not with another")
    if seen.small_segments is Shake.UNVERIFIED:
        return Judgement("mtu-black-hole", "silent but for small segments")
    if silent and seen.small_segments is not None:
        by_name = () if seen.other_name else ("sni-reset",)
        left_open = ("port-dropped", *by_name, "transparent-http-proxy")
        return Judgement("port-dropped", tls.result.value, left_open)
    if not silent and seen.other_name is not None:
        return Judgement("port-reset", tls.result.value, ("port-reset", "transparent-http-proxy"))
    return None


def _handshake(seen: TlsSeen) -> Judgement:
    if seen.result is Shake.TRUSTED:
        return Judgement(REACHABLE, "certificate trusted")
    code, *others = _SHAKE[seen.result]
    return Judgement(code, seen.result.value, (code, *others) if others else ())


def _responder(tls: TlsSeen | None, echo: EchoSeen | None) -> Judgement:
    if echo is None:
        return Judgement(NOT_TESTED, "not asked")
    if echo.result is not Echo.GENUINE:
        return _echo(echo)
    if echo.signed_fingerprint != (tls.fingerprint if tls else "-"):
        return Judgement("tls-intercepted", "certificate changed on the way")
    return Judgement(REACHABLE, "nonce signed by the responder")


def _echo(echo: EchoSeen) -> Judgement:
    code, *others = _ECHO[echo.result]
    return Judgement(code, echo.result.value, (code, *others) if others else ())
