"""One way each to cause what the test must name."""

from __future__ import annotations

import shutil
from pathlib import Path

from .certificate import Certificate
from .lab import CLIENT, FAR_ENDS, ROUTER_IN, SITE, Break, Lab

PORTS = "tcp dport { 4000, 4001 }"
DIRECT = f"iifname c0 {PORTS} drop;"


def dns_hijacked(lab: Lab) -> None:
    lab.names(lab.router, f"--address=/#/{ROUTER_IN}")
    lab.rules(
        lab.router,
        "table ip n { chain p { type nat hook prerouting priority -100; "
        "iifname c0 udp dport 53 redirect; iifname c0 tcp dport 53 redirect } }",
    )


def egress(choice: str) -> Break:
    def build(lab: Lab) -> None:
        lab.within(lab.router, "ip addr add 10.77.2.101/24 dev s0")
        lab.within(lab.router, "ip addr add 10.77.2.102/24 dev s0")
        lab.rules(
            lab.router,
            "table ip n { chain p { type nat hook postrouting priority 100; oifname s0 "
            f"snat to {choice} map {{ 0 : 10.77.2.101, 1 : 10.77.2.102 }} }} }}",
        )

    return build


def forwarding(rule: str) -> Break:
    return lambda lab: lab.forward(rule)


def mtu_black_hole(lab: Lab) -> None:
    for link in ("c0", "s0"):
        lab.within(lab.router, f"ip link set {link} mtu 1280")
    lab.rules(
        lab.router,
        "table inet m { chain o { type filter hook output priority 0; "
        "icmp type destination-unreachable drop; icmpv6 type packet-too-big drop } }",
    )


def sni_reset(lab: Lab) -> None:
    lab.within(
        lab.router,
        "iptables -A FORWARD -p tcp --dport 4001 -m string --algo bm --string lab.test "
        "-j REJECT --reject-with tcp-reset",
    )
    lab.within(
        lab.router,
        "ip6tables -A FORWARD -p tcp --dport 4001 -m string --algo bm --string lab.test "
        "-j REJECT --reject-with tcp-reset",
    )


def socks_only(lab: Lab) -> dict[str, str]:
    lab.forward(DIRECT)
    lab.start(lab.router, "microsocks", "-i", ROUTER_IN, "-p", "1080")
    lab.wait_for(lab.router, 1080)
    return {"ALL_PROXY": f"socks5://{ROUTER_IN}:1080"}


def http_proxy_only(lab: Lab) -> dict[str, str]:
    lab.forward(DIRECT)
    settings = lab.folder / "tinyproxy.conf"
    settings.write_text(
        f"Port 8888\nListen {ROUTER_IN}\nTimeout 60\nAllow {CLIENT}\nConnectPort 443\n"
    )
    lab.start(lab.router, "tinyproxy", "-d", "-c", str(settings))
    lab.wait_for(lab.router, 8888)
    return {"https_proxy": f"http://{ROUTER_IN}:8888"}


def socks_port_denied(lab: Lab) -> dict[str, str]:
    lab.forward(DIRECT)
    settings = lab.folder / "danted.conf"
    settings.write_text(
        f"internal: {ROUTER_IN} port = 1080\nexternal: s0\nclientmethod: none\nsocksmethod: none\n"
        "user.privileged: root\nuser.unprivileged: nobody\n"
        "client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
        "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 port = 443 }\n"
        "socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
    )
    lab.start(lab.router, "danted", "-f", str(settings))
    lab.wait_for(lab.router, 1080)
    return {"ALL_PROXY": f"socks5://{ROUTER_IN}:1080"}


def squid(lab: Lab, *lines: str) -> None:
    """Squid on the router, with these lines of settings."""
    settings = lab.folder / "squid.conf"
    lab.folder.chmod(0o755)
    settings.write_text(
        "\n".join(
            [
                *lines,
                "cache deny all",
                "access_log none",
                "cache_log /dev/null",
                "netdb_filename none",
                f"pid_filename {lab.folder}/squid.pid",
                "visible_hostname lab",
                "pinger_enable off",
                "shutdown_lifetime 0 seconds",
            ]
        )
        + "\n"
    )
    lab.start(lab.router, "squid", "-N", "-n", lab.router, "-f", str(settings))


def transparent_http_proxy(lab: Lab) -> None:
    squid(lab, "http_port 3128", "http_port 3129 intercept", "http_access allow all")
    lab.wait_for(lab.router, 3129)
    lab.rules(
        lab.router,
        "table inet n { chain p { type nat hook prerouting priority -100; "
        "iifname c0 tcp dport { 80, 4000, 4001 } redirect to :3129 } }",
    )


def proxy_auth_required(lab: Lab) -> dict[str, str]:
    lab.forward(DIRECT)
    helper = next(
        (path for path in ("/usr/lib/squid/basic_fake_auth",) if shutil.which(path)), "/bin/false"
    )
    squid(
        lab,
        "http_port 3128",
        f"auth_param basic program {helper}",
        "acl known proxy_auth REQUIRED",
        "http_access allow known",
        "http_access deny all",
    )
    lab.wait_for(lab.router, 3128)
    return {"HTTPS_PROXY": f"http://{ROUTER_IN}:3128"}


def captive_portal(lab: Lab) -> None:
    portal = lab.folder / "portal.py"
    portal.write_text(
        "import http.server\n"
        "class Portal(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(302)\n"
        "        self.send_header('Location', 'http://login.lab.test/')\n"
        "        self.end_headers()\n"
        "http.server.ThreadingHTTPServer(('', 8081), Portal).serve_forever()\n"
    )
    lab.start(lab.router, "python3", str(portal))
    lab.wait_for(lab.router, 8081)
    lab.rules(
        lab.router,
        "table inet n { chain p { type nat hook prerouting priority -100; "
        "iifname c0 tcp dport 80 redirect to :8081 } chain f { type filter hook forward "
        "priority 0; meta l4proto tcp reject with tcp reset } }",
    )


def tls_intercepted(lab: Lab) -> None:
    lab.start(
        lab.router, "mitmdump", "--mode", "transparent", "--listen-port", "8080",
        "--ssl-insecure", "--set", f"confdir={lab.folder}/mitm", "-q",
    )  # fmt: skip
    lab.wait_for(lab.router, 8080)
    lab.rules(
        lab.router,
        "table inet n { chain p { type nat hook prerouting priority -100; "
        "iifname c0 tcp dport { 443, 4001 } redirect to :8080 } }",
    )


def local_port_clash(lab: Lab) -> None:
    lab.start(lab.client, "python3", "-m", "http.server", "7496")
    lab.wait_for(lab.client, 7496)


def no_network(lab: Lab) -> None:
    lab.within(lab.client, "ip link set up0 down")


def proxy_dead(lab: Lab) -> dict[str, str]:
    return {"http_proxy": f"http://{ROUTER_IN}:3999"}


def ipv6_unroutable(lab: Lab) -> None:
    lab.within(lab.client, "ip -6 route del default")


def line(*options: str) -> Break:
    return lambda lab: lab.line(*options)


def clock_skew(offset: str) -> Break:
    """The client's clock is off; so are then its answers about certificates."""

    def build(lab: Lab) -> dict[str, str]:
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        return {
            **lab.site(Certificate(SITE)),
            "LD_PRELOAD": str(library),
            "FAKETIME": offset,
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    return build


def certificate(shown: Certificate) -> Break:
    return lambda lab: lab.site(shown)


def nat_idle(ending: str, seconds: int = 4) -> Break:
    def build(lab: Lab) -> None:
        lab.rules(
            lab.router,
            "table inet lab { chain f { type filter hook forward priority 0; "
            f"meta nfproto ipv4 ct state invalid {ending}; ct state established accept }} }}",
        )
        lab.within(
            lab.router,
            f"sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established={seconds} "
            "net.netfilter.nf_conntrack_tcp_loose=0",
        )

    return build


def both(*breaks: Break) -> Break:
    """Several things broken at once."""

    def build(lab: Lab) -> dict[str, str]:
        environment: dict[str, str] = {}
        for each in breaks:
            environment |= each(lab) or {}
        return environment

    return build


QUICK: dict[str, Break] = {
    "dns-hijacked": dns_hijacked,
    "dns-injected": line("--delay", "10", "--forge", "10.77.2.99"),
    "dns-blocked": forwarding("udp dport 53 drop; tcp dport 53 drop;"),
    "port-dropped": forwarding(DIRECT),
    "port-reset": forwarding(f"{PORTS} reject with tcp reset;"),
    "port-prohibited": forwarding(f"{PORTS} reject with icmpx type admin-prohibited;"),
    "ping-blocked": forwarding("icmp type echo-request drop; icmpv6 type echo-request drop;"),
    "sni-reset": sni_reset,
    "transparent-http-proxy": transparent_http_proxy,
    "tls-intercepted": tls_intercepted,
    "socks-only": socks_only,
    "socks-port-denied": socks_port_denied,
    "http-proxy-only": http_proxy_only,
    "proxy-auth-required": proxy_auth_required,
    "proxy-dead": proxy_dead,
    "captive-portal": captive_portal,
    "egress-per-connection": egress("numgen inc mod 2"),
    "egress-per-destination": egress("ip daddr & 0.0.0.1"),
    "certificate-wrong": certificate(Certificate("elsewhere.lab.test")),
    "clock-skew": clock_skew("-40d"),
    "latency": line("--delay", "150"),
    "jitter": line("--delay", "5", "--jitter", "60", "--reorder", "5"),
    "loss": forwarding("numgen random mod 100 < 20 drop;"),
    "mtu-black-hole": mtu_black_hole,
    "ipv6-black-hole": forwarding("meta nfproto ipv6 drop;"),
    "ipv6-unroutable": ipv6_unroutable,
    "local-port-clash": local_port_clash,
    "no-network": no_network,
}
"""What an ordinary test names."""

DEEP: dict[str, Break] = {
    "idle-dropped": nat_idle("drop"),
    "idle-reset": nat_idle("reject with tcp reset"),
    "connection-limited": lambda lab: lab.rules(
        lab.router,
        "table inet lab { set c { type ipv4_addr; flags dynamic; } chain f { type filter hook "
        "forward priority 0; tcp dport 4000 ct state new add @c { ip saddr ct count over 12 } "
        "reject with tcp reset; } }",
    ),
    "rate-limited": lambda lab: (
        lab.within(lab.router, "tc qdisc add dev s0 root tbf rate 256kbit burst 8kb latency 800ms"),
        None,
    )[1],
}
"""What `--deep` names."""

__all__ = ["DEEP", "FAR_ENDS", "QUICK"]
