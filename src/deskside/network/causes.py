"""Causes in words: what each code means, why it is so, and what to do. A closed list.

Codes are part of the public interface; each has an anchor in article 2816.
"""

from __future__ import annotations

from dataclasses import dataclass

from deskside.foundation.text import mark

REACHABLE = "reachable"
NOT_TESTED = "not-tested"


@dataclass(frozen=True, slots=True)
class Words:
    """Texts of a code; `title` may name the {host}."""

    title: str
    cause: str
    remedy: str


WORDS: dict[str, Words] = {
    REACHABLE: Words(mark("{host}: reachable"), "", ""),
    NOT_TESTED: Words(
        mark("{host}: not tested to the end"),
        mark("The test could not be finished for this host, so nothing is claimed about it."),
        mark("Run the test again with a longer --deadline, or for this host alone with --only."),
    ),
    "no-network": Words(
        mark("This computer has no network"),
        mark("There is no route to the outside: no cable, no Wi-Fi, or no address was given."),
        mark("Connect the computer to the network, then run the test again."),
    ),
    "captive-portal": Words(
        mark("{host}: a log-in page of the network answers instead"),
        mark("The network sends every connection to its own log-in page until you sign in to it."),
        mark("Open any web site in a browser, sign in to the network, then run the test again."),
    ),
    "dns-blocked": Words(
        mark("{host}: the name cannot be looked up"),
        mark("The name server gives no address for this name: it filters it, or does not answer."),
        mark("Let the name server resolve this name, or use one that does."),
    ),
    "dns-hijacked": Words(
        mark("{host}: the name server gives a false address"),
        mark("The name server answers with addresses of its own instead of the true ones."),
        mark("Use a name server that does not rewrite answers, or exempt the listed hosts."),
    ),
    "transparent-http-proxy": Words(
        mark("{host}: something else answers in its place"),
        mark("A web proxy or filter on the way takes the connection, and cannot carry TWS."),
        mark("Let the listed ports pass the proxy untouched, in both directions."),
    ),
    "tls-intercepted": Words(
        mark("{host}: the encrypted connection is opened on the way"),
        mark("A device on the way puts its own certificate in place of the far end's."),
        mark("Exempt the listed hosts from TLS inspection."),
    ),
    "certificate-wrong": Words(
        mark("{host}: the far end does not prove who it is"),
        mark("Its certificate is for another name, out of date, or from an unknown issuer."),
        mark("Check this computer's clock; then ask who operates the network about inspection."),
    ),
    "port-dropped": Words(
        mark("{host}: no answer"),
        mark("A firewall on the way drops these connections without a word."),
        mark("Allow outgoing TCP to this host and port in the firewall."),
    ),
    "port-reset": Words(
        mark("{host}: the connection is refused"),
        mark("A firewall on the way, or the far end, refuses these connections at once."),
        mark("Allow outgoing TCP to this host and port in the firewall."),
    ),
    "port-prohibited": Words(
        mark("{host}: the connection is prohibited"),
        mark("A router or this computer's own firewall says that the connection is not allowed."),
        mark("Allow outgoing TCP to this host and port where the message comes from."),
    ),
    "ipv6-unroutable": Words(
        mark("{host}: no way by IPv6"),
        mark("The host has an IPv6 address, and this computer has no route to it."),
        mark("Nothing needs doing where IPv4 works; else give this network an IPv6 route."),
    ),
    "ipv6-black-hole": Words(
        mark("{host}: IPv6 gets no answer"),
        mark("IPv6 packets to this host vanish while IPv4 works, so connections start slowly."),
        mark("Let IPv6 to this host pass, or turn IPv6 off on this network."),
    ),
    "latency": Words(
        mark("{host}: answers slowly"),
        mark("The way to this host is long or crowded."),
        mark("Compare with another line; avoid VPN detours to the trading servers."),
    ),
    "loss": Words(
        mark("Packets are lost on the way"),
        mark("Some connection attempts went unanswered while others to the same hosts succeeded."),
        mark("Test by cable instead of Wi-Fi; ask the provider if it persists."),
    ),
    "clock-skew": Words(
        mark("This computer's clock is wrong"),
        mark("It differs from the responder's by more than a minute."),
        mark("Set the clock by network time; one-time codes and certificates depend on it."),
    ),
}
"""The codes that this version can prove. Design's list holds more."""

ROOTS = (
    "no-network",
    "captive-portal",
    "dns-hijacked",
    "dns-blocked",
    "transparent-http-proxy",
    "tls-intercepted",
    "clock-skew",
    "certificate-wrong",
    "port-prohibited",
    "port-dropped",
    "port-reset",
    "loss",
    "ipv6-black-hole",
    "ipv6-unroutable",
    "latency",
)
"""Codes from the deepest cause to the shallowest."""

_DEAD_END = frozenset(
    {
        "dns-blocked",
        "dns-hijacked",
        "port-dropped",
        "port-reset",
        "port-prohibited",
        "ipv6-unroutable",
        "ipv6-black-hole",
    }
)
_WRONG_FAR_END = frozenset(
    {
        "transparent-http-proxy",
        "tls-intercepted",
        "certificate-wrong",
        "port-reset",
        "port-dropped",
        "port-prohibited",
    }
)
EXPLAINS: dict[str, frozenset[str]] = {
    "no-network": _DEAD_END,
    "captive-portal": _WRONG_FAR_END,
    "dns-hijacked": _WRONG_FAR_END,
    "transparent-http-proxy": frozenset({"tls-intercepted", "certificate-wrong"}),
    "clock-skew": frozenset({"certificate-wrong"}),
}
"""Codes that a root cause accounts for, besides its own on other hosts."""
