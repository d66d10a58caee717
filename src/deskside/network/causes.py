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
    "dns-injected": Words(
        mark("{host}: a second, different answer was slipped in for this name"),
        mark("Something on the way answers questions about names before the name server does."),
        mark("Ask for a path without interference, or use encrypted name service."),
    ),
    "ping-blocked": Words(
        mark("Ping gets no answer"),
        mark("Echo requests are dropped on the way. By itself that is no fault: ports may answer."),
        mark("Nothing needs doing; do not judge these hosts by ping."),
    ),
    "sni-reset": Words(
        mark("{host}: connections are cut when its name is seen"),
        mark("A filter reads the name in the first packet: with another name it lets it pass."),
        mark("Let the filter allow the listed host names."),
    ),
    "socks-only": Words(
        mark("Only the SOCKS proxy {host} leads out"),
        mark("Direct connections fail, those through the proxy work. TWS cannot use SOCKS itself."),
        mark("Ask for a direct opening of the ports, or redirect TWS through the proxy."),
    ),
    "socks-port-denied": Words(
        mark("The SOCKS proxy {host} refuses the ports"),
        mark("Direct connections fail, and the proxy's rules do not allow these ports."),
        mark("Ask the proxy's administrator to allow the listed ports."),
    ),
    "http-proxy-only": Words(
        mark("Only the web proxy {host} leads out"),
        mark("Direct connections fail; an HTTP proxy serves browsers and cannot carry TWS."),
        mark("Ask for a direct opening of the listed ports."),
    ),
    "proxy-auth-required": Words(
        mark("The proxy {host} wants a user name and password"),
        mark("The proxy that this computer is told to use lets nothing through without log-in."),
        mark("Ask for a rule without log-in for the listed hosts, or set the credentials."),
    ),
    "proxy-dead": Words(
        mark("The configured proxy {host} does not answer"),
        mark("This computer is told to use a proxy that is not there."),
        mark("Remove it from the proxy settings, or ask for its new address."),
    ),
    "egress-per-connection": Words(
        mark("Connections leave by changing addresses"),
        mark("A load balancer gives each connection another public address, which ends sessions."),
        mark("Ask the administrator to bind this computer to one line."),
    ),
    "egress-per-destination": Words(
        mark("Each destination sees another address"),
        mark("A load balancer chooses the outgoing address by destination, which ends sessions."),
        mark("Ask for one outgoing address for all the listed hosts."),
    ),
    "idle-dropped": Words(
        mark("{host}: quiet connections are forgotten"),
        mark("A NAT or firewall on the way forgets quiet connections without notice."),
        mark("Ask to raise the idle time of TCP sessions to an hour at least."),
    ),
    "idle-reset": Words(
        mark("{host}: quiet connections are cut"),
        mark("A NAT or firewall on the way ends quiet connections with a reset."),
        mark("Ask to raise the idle time of TCP sessions to an hour at least."),
    ),
    "jitter": Words(
        mark("The delay keeps changing"),
        mark("The round trip varies much: a crowded Wi-Fi, or a line filled by something else."),
        mark("Use a cable, and look for what fills the line."),
    ),
    "rate-limited": Words(
        mark("{host}: traffic is held back"),
        mark(
            "Data passes more slowly than a long way or lost packets explain: something shapes it."
        ),
        mark("Ask to exempt the listed hosts from shaping."),
    ),
    "connection-limited": Words(
        mark("{host}: more than a few connections are refused"),
        mark("The first connections work and further ones do not while those are open."),
        mark("Ask to raise the number of connections that one computer may hold."),
    ),
    "mtu-black-hole": Words(
        mark("{host}: large packets vanish"),
        mark("Small packets pass; full ones are dropped without the message that they need."),
        mark("Let ICMP 'fragmentation needed' pass, or clamp the TCP segment size."),
    ),
    "local-port-clash": Words(
        mark("Another program has the local port of the API: {host}"),
        mark("TWS or IB Gateway cannot offer its API on a port that is taken."),
        mark("Close that program, or choose another port in the API settings."),
    ),
}
"""The codes of findings: a closed list, besides those for what is well or was not tested."""

ROOTS = (
    "no-network",
    "captive-portal",
    "dns-hijacked",
    "dns-injected",
    "dns-blocked",
    "socks-only",
    "socks-port-denied",
    "http-proxy-only",
    "proxy-auth-required",
    "tls-intercepted",
    "transparent-http-proxy",
    "clock-skew",
    "certificate-wrong",
    "sni-reset",
    "mtu-black-hole",
    "port-prohibited",
    "connection-limited",
    "port-dropped",
    "port-reset",
    "loss",
    "ipv6-black-hole",
    "ipv6-unroutable",
    "proxy-dead",
    "egress-per-connection",
    "egress-per-destination",
    "idle-dropped",
    "idle-reset",
    "rate-limited",
    "latency",
    "jitter",
    "local-port-clash",
    "ping-blocked",
)
"""Codes from the deepest cause to the shallowest."""

OUR_SIDE = frozenset({"no-network", "clock-skew", "local-port-clash", "proxy-dead"})
"""Causes that lie in this computer, or its own connection, and not on the way."""

SCRIPT_PROBLEMS = {
    "unreachable": mark("The script cannot be fetched from where the settings say that it is."),
    "too-large": mark("The script is larger than a megabyte, which no browser takes."),
    "too-slow": mark("The script does not come to an end, or waits too long for names."),
    "memory": mark("The script takes more memory than any script needs."),
    "recursion": mark("A function of the script calls itself without an end."),
    "error": mark("The script has a fault, and stops with an error."),
    "no-function": mark("The file has no function FindProxyForURL, so it is no proxy script."),
}
"""Why a proxy script cannot be used, in words."""

BY_RESPONDER = mark(
    "Test against a Deskside responder at the far end: it proves what arrives there."
)
AT_FAR_END = mark("Look at the responder's own end what arrives there of such a connection.")
DECIDING_TESTS: dict[str, str] = {
    "clock-skew": mark("Compare this computer's clock with another one, then test again."),
    "tls-intercepted": mark(
        "Compare the certificate's issuer with that seen from another network."
    ),
    "certificate-wrong": mark(
        "Compare the certificate's issuer with that seen from another network."
    ),
    "socks-only": mark(
        "Ask the proxy's administrator for an address of the host, and connect to it without the "
        "proxy: if that works, only the name server is at fault."
    ),
    "dns-hijacked": mark("Ask another name server for the name, and compare the addresses."),
    "sni-reset": BY_RESPONDER,
    "mtu-black-hole": BY_RESPONDER,
    "transparent-http-proxy": BY_RESPONDER,
}
"""What tells a cause from the others that look the same, by the cause in question."""

_DEAD_END = frozenset(
    {
        "dns-blocked",
        "dns-hijacked",
        "port-dropped",
        "port-reset",
        "port-prohibited",
        "ipv6-unroutable",
        "ipv6-black-hole",
        "ping-blocked",
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
        "ping-blocked",
    }
)
_NO_WAY_OUT = _DEAD_END | {"proxy-dead"}
EXPLAINS: dict[str, frozenset[str]] = {
    "no-network": _NO_WAY_OUT,
    "captive-portal": _WRONG_FAR_END | {"dns-hijacked"},
    "dns-hijacked": _WRONG_FAR_END | {"dns-injected"},
    "dns-injected": _WRONG_FAR_END | {"dns-hijacked"},
    "socks-only": _DEAD_END,
    "socks-port-denied": _DEAD_END,
    "http-proxy-only": _DEAD_END,
    "proxy-auth-required": _DEAD_END,
    "tls-intercepted": frozenset({"transparent-http-proxy", "certificate-wrong", "port-reset"}),
    "transparent-http-proxy": frozenset({"certificate-wrong"}),
    "clock-skew": frozenset({"certificate-wrong"}),
    "loss": frozenset({"latency", "jitter", "dns-blocked"}),
    "rate-limited": frozenset({"latency", "jitter", "loss"}),
    "egress-per-connection": frozenset({"egress-per-destination"}),
    "connection-limited": frozenset({"port-reset", "port-dropped"}),
}
"""Codes that a root cause accounts for, besides its own on other hosts."""
