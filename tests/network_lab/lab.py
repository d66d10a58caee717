"""Three namespaces in a row (client, router, far end), and ways to break what lies between.

Needs root. Traffic stays within the namespaces, which are gone when the lab is closed.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from .certificate import Certificate
from .forwarder import NAME

FAR_ENDS = ("10.77.2.2", "10.77.2.3")
ROUTER_IN, ROUTER_OUT = "10.77.1.1", "10.77.2.1"
CLIENT = "10.77.1.2"
FAR_ENDS6 = ("fd77:2::2", "fd77:2::3")
NAMES = ("gate.lab.test", "other.lab.test")
SITE = "site.lab.test"
"""A host that is no responder: TLS on port 443, once a scenario starts it."""

RESPONDER = """
import sys, threading
from pathlib import Path
from deskside.network import certificates, protocol
from deskside.network.responder import Responder
key = certificates.signing_key(Path(sys.argv[1]) / "key.pem")
for address in sys.argv[2:]:
    Responder(key, Path(sys.argv[1]), plain=[(address, 4000)], tls=[(address, 4001)]).start()
print(protocol.public_key(key), flush=True)
threading.Event().wait()
"""
SERVER = """
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])
listening = socket.create_server((sys.argv[1], 443), backlog=64)
while True:
    accepted, _peer = listening.accept()
    accepted.settimeout(5)
    try:
        with context.wrap_socket(accepted, server_side=True) as secure:
            secure.recv(1)
    except OSError:
        pass
"""


class Lab:
    """The namespaces, what runs in them, and the test run in the client's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tag = secrets.token_hex(3)
        self.client, self.router, self.far = (f"dl{tag}{letter}" for letter in "crs")
        self._running: list[subprocess.Popen[bytes]] = []
        self._names: dict[str, subprocess.Popen[bytes]] = {}
        self.more_rows = ""
        self.environment = {
            name: value for name, value in os.environ.items() if "proxy" not in name.lower()
        } | {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}

    def __enter__(self) -> Self:
        for space in (self.client, self.router, self.far):
            self.do(f"ip netns add {space}")
            self.within(space, "ip link set lo up")
            # No wait for duplicate addresses: nobody else is there.
            for scope in ("all", "default"):
                self.within(space, f"sysctl -qw net.ipv6.conf.{scope}.accept_dad=0")
        self._join(self.client, self.router, "c", CLIENT, ROUTER_IN, "fd77:1::2", "fd77:1::1")
        self._join(self.far, self.router, "s", FAR_ENDS[0], ROUTER_OUT, "fd77:2::2", "fd77:2::1")
        self.within(self.far, f"ip addr add {FAR_ENDS[1]}/24 dev up0")
        self.within(self.far, f"ip addr add {FAR_ENDS6[1]}/64 dev up0 nodad")
        self.within(self.router, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        self.resolver(self.client)
        self.names(self.far)
        script = self.folder / "responder.py"
        script.write_text(RESPONDER)
        answering = self.start(
            self.far, sys.executable, str(script), str(self.folder), *FAR_ENDS, *FAR_ENDS6
        )
        assert answering.stdout
        self.key = answering.stdout.readline().decode().strip()
        return self

    def __exit__(self, *_problem: object) -> None:
        for process in self._running:
            process.kill()
            process.communicate()
        for space in (self.client, self.router, self.far):
            self.do(f"ip netns del {space}", check=False)
            shutil.rmtree(Path("/etc/netns") / space, ignore_errors=True)
        with suppress(OSError):
            Path("/etc/netns").rmdir()

    def _join(self, end: str, router: str, leg: str, *addresses: str) -> None:
        ours, theirs, ours6, theirs6 = addresses
        self.do(f"ip link add up0 netns {end} type veth peer name {leg}0 netns {router}")
        for space, link, one, one6 in (
            (end, "up0", ours, ours6),
            (router, f"{leg}0", theirs, theirs6),
        ):
            self.within(space, f"ip addr add {one}/24 dev {link}")
            self.within(space, f"ip addr add {one6}/64 dev {link} nodad")
            self.within(space, f"ip link set {link} up")
        self.within(end, f"ip route add default via {theirs}")
        self.within(end, f"ip -6 route add default via {theirs6}")

    def resolver(self, space: str) -> None:
        """Let what runs in a namespace ask the far end's name server."""
        settings = Path("/etc/netns") / space
        settings.mkdir(parents=True)
        (settings / "resolv.conf").write_text(f"nameserver {FAR_ENDS[0]}\noptions timeout:1\n")

    def names(self, space: str, *extra: str) -> None:
        """A name server in a namespace that knows the far ends, or what is said instead."""
        records = [
            f"--host-record={name},{address},{address6}"
            for name, address, address6 in zip(NAMES, FAR_ENDS, FAR_ENDS6, strict=True)
        ] + [f"--host-record={SITE},{FAR_ENDS[1]}"]
        if before := self._names.pop(space, None):
            before.kill()
            before.wait()
        self._names[space] = self.start(
            space, "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts",
            "--local=/#/", "--user=root", "--pid-file", *(extra or records),
        )  # fmt: skip
        self.wait_for(space, 53)

    def do(self, command: str, *, check: bool = True) -> str:
        done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def within(self, space: str, command: str) -> str:
        return self.do(f"ip netns exec {space} {command}")

    def rules(self, space: str, text: str) -> None:
        """nftables rules of a namespace, on one line."""
        lines = re.sub(r" \} \}$", "\n}\n}\n", text).replace("} chain", "\n}\nchain")
        subprocess.run(
            ["ip", "netns", "exec", space, "nft", "-f", "-"], input=lines.encode(), check=True
        )

    def forward(self, rule: str) -> None:
        """One rule for what the router passes on."""
        self.rules(
            self.router,
            "table inet lab { chain f { type filter hook forward priority 0; " + rule + " } }",
        )

    def line(self, *options: str) -> None:
        """Lead what the router passes on through the forwarder, both ways."""
        script = Path(__file__).with_name("forwarder.py")
        carrying = self.start(self.router, sys.executable, str(script), *options)
        assert carrying.stdout
        assert carrying.stdout.readline() == b"ready\n"
        for scope in ("all", NAME):
            self.within(self.router, f"sysctl -qw net.ipv4.conf.{scope}.rp_filter=0")
        self.within(self.router, f"ip link set {NAME} up")
        # Each packet passes twice; addresses are translated between the line and the far end.
        self.rules(
            self.router,
            "table inet line { chain p { type filter hook prerouting priority raw; "
            f"iifname c0 notrack; iifname {NAME} ip saddr 10.77.2.0/24 notrack; "
            f"iifname {NAME} ip6 saddr fd77:2::/64 notrack }} }}",
        )
        for version in ("-4", "-6"):
            self.within(self.router, f"ip {version} route add default dev {NAME} table 77")
            for leg in ("c0", "s0"):
                self.within(self.router, f"ip {version} rule add iif {leg} lookup 77")

    def site(self, certificate: Certificate) -> dict[str, str]:
        """Serve a certificate at `SITE`; the client trusts its authority."""
        script = self.folder / "site.py"
        script.write_text(SERVER)
        chain, authority = certificate.write(self.folder)
        self.start(self.far, "python3", str(script), FAR_ENDS[1], str(chain))
        self.wait_for(self.far, 443)
        self.more_rows += f'[[host]]\nid = "site"\nhost = "{SITE}"\nports = [443]\ntls = [443]\n'
        return {"SSL_CERT_FILE": str(authority)}

    def start(self, space: str, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["ip", "netns", "exec", space, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
        )
        self._running.append(process)
        return process

    def wait_for(self, space: str, port: int) -> None:
        """Until something in the namespace listens on a TCP port."""
        for _try in range(400):
            if f":{port} " in self.within(space, "ss -Hltn"):
                return
            time.sleep(0.02)
        raise AssertionError(f"nothing listens on {port}")

    def test(self, *options: str, **environment: str) -> dict[str, Any]:
        """The report of `network test` of the lab's rows, in the client's namespace."""
        return self.test_of(str(self.catalogue()), *options, **environment)

    def catalogue(self) -> Path:
        """A catalogue file with the lab's rows."""
        rows = "".join(
            f'[[host]]\nid = "{name}-{port}"\nhost = "{name}"\nports = [{port}]\n'
            f"tls = {[port] if port == 4001 else []}\nresponder = true\n"
            for name in NAMES
            for port in (4000, 4001)
        )
        file = self.folder / "lab.toml"
        file.write_text(f'version = "1"\nresponder_key = "{self.key}"\n{rows}{self.more_rows}')
        return file

    def test_of(self, catalogue: str | None, *options: str, **environment: str) -> dict[str, Any]:
        """The same of another catalogue; None is the one that ships."""
        chosen = ("--catalogue", catalogue) if catalogue else ()
        done = subprocess.run(
            ["ip", "netns", "exec", self.client, sys.executable, "-m", "deskside", "--json",
             "network", "test", *chosen, *options],
            capture_output=True, text=True, check=False, env=self.environment | environment,
        )  # fmt: skip
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report


Break = Callable[[Lab], dict[str, str] | None]
"""Breaks the network; returns what the client's environment says."""
