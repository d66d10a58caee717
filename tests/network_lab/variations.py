"""The same causes made otherwise: other software, addresses, answers and times. And pairs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from . import scenarios
from .certificate import Certificate
from .lab import CLIENT, FAR_ENDS, FAR_ENDS6, ROUTER_IN, SITE, Break, Lab
from .scenarios import DIRECT, PORTS, both, certificate, clock_skew, forwarding, line

PORTAL = """
import http.server, sys
status, body = int(sys.argv[1]), sys.argv[2].encode()
class Portal(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(status)
        if status in (302, 303, 307):
            self.send_header("Location", "http://welcome.lab.test/sign-in")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 8082), Portal).serve_forever()
"""
INTERCEPTOR = """
import socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
def serve(accepted):
    try:
        with context.wrap_socket(accepted, server_side=True) as secure:
            while secure.recv(4096):
                pass
    except OSError:
        pass
listening = socket.create_server(("", 8443), backlog=64)
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
"""


def portal(status: int, body: str, *, ports: str = "80", rest: str = "reject") -> Break:
    """A captive portal that answers on some ports, and keeps the rest out in its own way."""

    def build(lab: Lab) -> None:
        script = lab.folder / "welcome.py"
        script.write_text(PORTAL)
        lab.start(lab.router, sys.executable, str(script), str(status), body)
        lab.wait_for(lab.router, 8082)
        lab.rules(
            lab.router,
            "table inet n { chain p { type nat hook prerouting priority -100; "
            f"iifname c0 tcp dport {{ {ports} }} redirect to :8082 }} chain f {{ type filter "
            f"hook forward priority 0; meta l4proto tcp {rest} }} }}",
        )

    return build


def portal_itself(lab: Lab) -> None:
    """Only who asks the router itself by port 80 gets the page."""
    lab.rules(
        lab.router,
        "table inet w { chain p { type nat hook prerouting priority -99; "
        f"iifname c0 ip daddr {ROUTER_IN} tcp dport 80 redirect to :8082 }} }}",
    )


def intercepted(lab: Lab) -> None:
    """Another tool than the usual one, with one certificate for all names."""
    script = lab.folder / "interceptor.py"
    script.write_text(INTERCEPTOR)
    chain, _trust = Certificate("inspection.corp.test").write(lab.folder)
    lab.start(lab.router, sys.executable, str(script), str(chain))
    lab.wait_for(lab.router, 8443)
    lab.rules(
        lab.router,
        "table inet n { chain p { type nat hook prerouting priority -100; "
        "iifname c0 tcp dport { 443, 4001 } redirect to :8443 } }",
    )


def transparent_tinyproxy(lab: Lab) -> None:
    settings = lab.folder / "tinyproxy.conf"
    settings.write_text(f"Port 8118\nTimeout 60\nAllow {CLIENT}\n")
    lab.start(lab.router, "tinyproxy", "-d", "-c", str(settings))
    lab.wait_for(lab.router, 8118)
    lab.rules(
        lab.router,
        "table ip n { chain p { type nat hook prerouting priority -100; "
        "iifname c0 tcp dport { 80, 443, 4000, 4001 } redirect to :8118 } }",
    )


def hijacked(address: str, *, every: bool) -> Break:
    """A name server that lies about these names, or about all."""

    def build(lab: Lab) -> None:
        names = "#" if every else "lab.test"
        lab.names(lab.router, f"--address=/{names}/{address}")
        lab.rules(
            lab.router,
            "table ip n { chain p { type nat hook prerouting priority -100; "
            "iifname c0 udp dport 53 redirect; iifname c0 tcp dport 53 redirect } }",
        )

    return build


def refusing_names(lab: Lab) -> None:
    """A name server that answers, and knows none of the names."""
    lab.names(lab.router, "--address=/elsewhere.test/10.0.0.1")
    lab.rules(
        lab.router,
        "table ip n { chain p { type nat hook prerouting priority -100; "
        "iifname c0 udp dport 53 redirect } }",
    )


def balanced(count: int, choice: str) -> Break:
    """Out by turns over so many addresses."""

    def build(lab: Lab) -> None:
        ways = [f"10.77.2.{201 + number}" for number in range(count)]
        for way in ways:
            lab.within(lab.router, f"ip addr add {way}/24 dev s0")
        chosen = ", ".join(f"{number} : {way}" for number, way in enumerate(ways))
        lab.rules(
            lab.router,
            "table ip n { chain p { type nat hook postrouting priority 100; oifname s0 "
            f"snat to {choice} map {{ {chosen} }} }} }}",
        )

    return build


def black_hole(size: int) -> Break:
    def build(lab: Lab) -> None:
        for link in ("c0", "s0"):
            lab.within(lab.router, f"ip link set {link} mtu {size}")
        lab.rules(
            lab.router,
            "table inet m { chain o { type filter hook output priority 0; "
            "icmp type destination-unreachable drop; icmpv6 type packet-too-big drop } }",
        )

    return build


def danted_only(lab: Lab) -> dict[str, str]:
    lab.forward(DIRECT)
    settings = lab.folder / "danted.conf"
    settings.write_text(
        f"internal: {ROUTER_IN} port = 9050\nexternal: s0\nclientmethod: none\nsocksmethod: none\n"
        "user.privileged: root\nuser.unprivileged: nobody\n"
        "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
        "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
    )
    lab.start(lab.router, "danted", "-f", str(settings))
    lab.wait_for(lab.router, 9050)
    return {"all_proxy": f"socks5h://{ROUTER_IN}:9050"}


def socks_and_no_names(looks_up: bool) -> Break:
    """Nothing but the proxy leads out, not even questions about names; the proxy itself looks
    them up, or can't either."""

    def build(lab: Lab) -> dict[str, str]:
        lab.forward("drop;")
        lab.start(lab.router, "microsocks", "-i", ROUTER_IN, "-p", "1083")
        lab.wait_for(lab.router, 1083)
        return {"ALL_PROXY": f"socks5h://{ROUTER_IN}:1083"}

    def build_with_names(lab: Lab) -> dict[str, str]:
        lab.resolver(lab.router)
        return build(lab)

    return build_with_names if looks_up else build


def microsocks_log_in(lab: Lab) -> dict[str, str]:
    lab.forward(DIRECT)
    lab.start(lab.router, "microsocks", "-i", ROUTER_IN, "-p", "1081", "-u", "desk", "-P", "secret")
    lab.wait_for(lab.router, 1081)
    return {"ALL_PROXY": f"socks5://{ROUTER_IN}:1081"}


def squid_web_only(lab: Lab) -> dict[str, str]:
    lab.forward(DIRECT)
    scenarios.squid(
        lab,
        "http_port 3130",
        "acl web port 443",
        "http_access deny !web",
        "http_access allow all",
    )
    lab.wait_for(lab.router, 3130)
    return {"HTTPS_PROXY": f"http://{ROUTER_IN}:3130"}


def silent_proxy(lab: Lab) -> dict[str, str]:
    lab.rules(
        lab.router,
        "table inet p { chain i { type filter hook input priority 0; tcp dport 8000 drop } }",
    )
    return {"https_proxy": f"http://{ROUTER_IN}:8000"}


def working_proxy(lab: Lab) -> dict[str, str]:
    lab.start(lab.router, "microsocks", "-i", ROUTER_IN, "-p", "1082")
    lab.wait_for(lab.router, 1082)
    return {"ALL_PROXY": f"socks5://{ROUTER_IN}:1082"}


def swallowed(lab: Lab) -> None:
    """A filter that drops what holds the name, without a word."""
    for tool in ("iptables", "ip6tables"):
        lab.within(
            lab.router,
            f"{tool} -A FORWARD -p tcp --dport 4001 -m string --algo bm --string lab.test -j DROP",
        )


def no_ipv6(lab: Lab) -> None:
    lab.within(lab.client, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1")


def beginning_alone(lab: Lab) -> None:
    """A filter that lets the first 3,000 bytes of a connection pass."""
    for tool in ("iptables", "ip6tables"):
        lab.within(
            lab.router,
            f"{tool} -A FORWARD -p tcp --dport 4000:4001 -m connbytes --connbytes 3000: "
            "--connbytes-mode bytes --connbytes-dir both -j DROP",
        )


def name_servers(lab: Lab, *servers: str) -> None:
    """As the client is told by most networks: with the system's own patience."""
    settings = Path("/etc/netns") / lab.client / "resolv.conf"
    settings.write_text("".join(f"nameserver {server}\n" for server in servers))


def first_name_server_silent(lab: Lab) -> None:
    lab.forward(f"ip daddr {FAR_ENDS[1]} udp dport 53 drop;")
    name_servers(lab, FAR_ENDS[1], FAR_ENDS[0])


def ipv6_alone(lab: Lab) -> None:
    lab.within(lab.client, "ip -4 addr flush dev up0")
    name_servers(lab, FAR_ENDS6[0])


VARIATIONS: Mapping[str, tuple[str, Break]] = {
    "host unreachable": ("port-prohibited", forwarding(f"{PORTS} reject;")),
    "ICMP host-prohibited": (
        "port-prohibited",
        forwarding(f"meta nfproto ipv4 {PORTS} reject with icmp type host-prohibited;"),
    ),
    "ICMP net-unreachable": (
        "port-prohibited",
        forwarding(f"meta nfproto ipv4 {PORTS} reject with icmp type net-unreachable;"),
    ),
    "ICMP protocol-unreachable": (
        "port-prohibited",
        forwarding(f"meta nfproto ipv4 {PORTS} reject with icmp type prot-unreachable;"),
    ),
    "the beginning alone passes": ("port-dropped", beginning_alone),
    "a first name server that is silent": ("dns-blocked", first_name_server_silent),
    "only what returns is dropped": (
        "port-dropped",
        forwarding("iifname s0 tcp sport { 4000, 4001 } drop;"),
    ),
    "one port dropped": ("port-dropped", forwarding("tcp dport 4001 drop;")),
    "one port reset": ("port-reset", forwarding("tcp dport 4000 reject with tcp reset;")),
    "portal answers 200": ("captive-portal", portal(200, "<h1>Welcome, sign in</h1>")),
    "portal answers 511": (
        "captive-portal",
        portal(511, "Network Authentication Required", rest="drop"),
    ),
    "portal redirects with 307 on every port": (
        "captive-portal",
        portal(307, "", ports="80, 443, 4000, 4001", rest="drop"),
    ),
    "names lead to this computer": ("dns-hijacked", hijacked("127.0.0.1", every=True)),
    "names lead nowhere": ("dns-hijacked", hijacked("10.77.2.250", every=True)),
    "a name server that refuses": ("dns-blocked", refusing_names),
    "another interceptor": ("tls-intercepted", intercepted),
    "transparent tinyproxy": ("transparent-http-proxy", transparent_tinyproxy),
    "danted leads out": ("socks-only", danted_only),
    "SOCKS, which looks names up, alone leads out": ("socks-only", socks_and_no_names(True)),
    "SOCKS, which looks no names up, alone leads out": ("socks-only", socks_and_no_names(False)),
    "SOCKS with log-in": ("proxy-auth-required", microsocks_log_in),
    "squid for the web alone": ("http-proxy-only", squid_web_only),
    "a proxy that keeps silent": ("proxy-dead", silent_proxy),
    "three ways out": ("egress-per-connection", balanced(3, "numgen inc mod 3")),
    "four ways out at random": ("egress-per-connection", balanced(4, "numgen random mod 4")),
    "MTU 1400": ("mtu-black-hole", black_hole(1400)),
    "MTU 1300": ("mtu-black-hole", black_hole(1300)),
    "loss in the line": ("loss", line("--delay", "20", "--loss", "15")),
    "300 ms there and back": ("latency", line("--delay", "260")),
    "by satellite": ("latency", line("--delay", "350")),
    "unsteady and slow": ("jitter", line("--delay", "30", "--jitter", "90")),
    "IPv6 refused": (
        "ipv6-unroutable",
        forwarding("meta nfproto ipv6 reject with icmpv6 type no-route;"),
    ),
    "out of date": ("certificate-wrong", certificate(Certificate(SITE, -60, -3))),
    "from an unknown issuer": ("certificate-wrong", certificate(Certificate(SITE, trusted=False))),
    "a clock ahead": ("clock-skew", clock_skew("+90d")),
    "a clock ten minutes late": ("clock-skew", clock_skew("-10m")),
    "a filter that swallows the name": ("sni-reset", swallowed),
    "a portal by false names": (
        "captive-portal",
        both(portal(302, "", ports="8082"), hijacked(ROUTER_IN, every=True), portal_itself),
    ),
    "another forged address": (
        "dns-injected",
        line("--delay", "25", "--forge", FAR_ENDS[1]),
    ),
}
"""Each named, with its cause."""

PAIRS: Mapping[tuple[str, str], Break] = {
    ("port-dropped", "ping-blocked"): forwarding(
        f"{DIRECT} icmp type echo-request drop; icmpv6 type echo-request drop;"
    ),
    ("loss", "egress-per-connection"): both(
        line("--loss", "12"), scenarios.egress("numgen inc mod 2")
    ),
    ("ipv6-black-hole", "proxy-dead"): both(
        forwarding("meta nfproto ipv6 drop;"), scenarios.proxy_dead
    ),
    ("latency", "clock-skew"): both(line("--delay", "150"), clock_skew("-10m")),
    ("tls-intercepted", "local-port-clash"): both(
        scenarios.tls_intercepted, scenarios.local_port_clash
    ),
    ("port-prohibited", "proxy-dead"): both(
        forwarding(f"{PORTS} reject with icmpx type admin-prohibited;"), scenarios.proxy_dead
    ),
    ("jitter", "egress-per-destination"): both(
        line("--jitter", "70"), scenarios.egress("ip daddr & 0.0.0.1")
    ),
    ("sni-reset", "proxy-dead"): both(scenarios.sni_reset, scenarios.proxy_dead),
    ("transparent-http-proxy", "ipv6-unroutable"): both(
        scenarios.transparent_http_proxy, scenarios.ipv6_unroutable
    ),
    ("mtu-black-hole", "local-port-clash"): both(
        scenarios.mtu_black_hole, scenarios.local_port_clash
    ),
    ("certificate-wrong", "ipv6-black-hole"): both(
        certificate(Certificate("elsewhere.lab.test")), forwarding("meta nfproto ipv6 drop;")
    ),
    ("port-reset", "clock-skew"): both(
        forwarding("tcp dport 4001 reject with tcp reset;"), clock_skew("-10m")
    ),
}
"""Two causes at once: the deeper one is the root, the other one is named beside it."""


HEALTHY: Mapping[str, Break] = {
    "as it is": lambda _lab: None,
    "a long line": line("--delay", "40"),
    "a long line, a little unsteady": line("--delay", "60", "--jitter", "6"),
    "one address for all": balanced(1, "numgen inc mod 1"),
    "a site beside": certificate(Certificate(SITE)),
    "no IPv6": no_ipv6,
    "IPv6 alone": ipv6_alone,
    "a proxy that works": working_proxy,
    "a firewall that keeps state": forwarding(
        "ct state established,related accept; tcp dport { 4000, 4001 } accept; "
        "meta l4proto { icmp, ipv6-icmp } accept; udp dport 53 accept; drop;"
    ),
}
"""Nothing is wrong with any of these."""
