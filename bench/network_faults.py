"""What is said of each fault of the network lab: by our test, and by the tools people reach for.

Every cause that the lab can make is made once, in namespaces of its own. Needs root.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.network_lab.lab import NAMES, Break, Lab
from tests.network_lab.scenarios import DEEP, QUICK

from bench.measure import show

HOST = NAMES[0]
LONGEST = 12
"""Seconds that a tool may take before it is ended."""

PACKAGES = {
    "nc": "netcat-openbsd",
    "nmap": "nmap",
    "curl": "curl",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
}
MODULES = """
modules:
  tcp: {prober: tcp, timeout: 3s, tcp: {preferred_ip_protocol: ip4}}
  tls:
    prober: tcp
    timeout: 3s
    tcp: {preferred_ip_protocol: ip4, tls: true, tls_config: {insecure_skip_verify: true}}
  icmp: {prober: icmp, timeout: 3s, icmp: {preferred_ip_protocol: ip4}}
"""


@dataclass(frozen=True)
class Asked:
    """A tool's command in the client's namespace, and what its output says in a word or two."""

    command: tuple[str, ...]
    says: Callable[[subprocess.CompletedProcess[str]], str]


def run(*, peers: bool) -> None:
    """Make every fault, and print the table."""
    if os.geteuid() != 0:
        print("Not measured, since namespaces are root's to make: the faults of the lab.")
        return
    tools = _tools() if peers else {}
    rows = []
    for cause, build in {"(none: healthy)": _nothing, **QUICK, **DEEP}.items():
        options = ("--deep", "--deadline", "45") if cause in DEEP else ()
        said = _said(build, options, tools)
        expected = None if cause.startswith("(") else cause
        rows.append([cause, said["deskside"] or "–", _right(said["deskside"], expected)])
        rows[-1] += [said[name] for name in tools]
    right = sum(row[2] == "yes" for row in rows)
    headings = ["Fault", "Deskside: root cause", "Right", *tools]
    show(f"What is said of {len(rows)} networks ({right} right)", headings, rows)
    if peers:
        print("\ncurl and blackbox_exporter do not judge the certificate here: it is the desk's.")
        _absent()


def _nothing(_lab: Lab) -> None:
    return


def _right(said: str | None, expected: str | None) -> str:
    return "yes" if said == expected else "NO"


def _said(build: Break, options: tuple[str, ...], tools: Mapping[str, Asked]) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        exporter = Path(folder) / "blackbox.yml"
        exporter.write_text(MODULES)
        environment = build(lab) or {}
        report = lab.test(*options, **environment)
        if any("blackbox" in name for name in tools):
            lab.start(
                lab.client,
                "prometheus-blackbox-exporter",
                f"--config.file={exporter}",
                "--web.listen-address=127.0.0.1:9115",
            )
            lab.wait_for(lab.client, 9115)
        with ThreadPoolExecutor(4) as pool:
            told = pool.map(lambda one: _ask(lab, one, environment), tools.values())
        return {"deskside": report["root_cause"], **dict(zip(tools, told, strict=True))}


def _ask(lab: Lab, asked: Asked, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            ["ip", "netns", "exec", lab.client, *asked.command],
            env=lab.environment | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return "no end"
    return asked.says(done)


def _tools() -> dict[str, Asked]:
    """Those that are installed."""
    tools = {
        "nc 4000": Asked(("nc", "-vzw", "3", HOST, "4000"), _nc),
        "nmap 4000, 4001": Asked(
            ("nmap", "-n", "-sT", "-Pn", "-T4", "-p", "4000,4001", "-oG", "-", HOST), _nmap
        ),
        "curl TLS 4001": Asked(
            ("curl", "-sSk", "--http0.9", "-m", "5", "-o", "/dev/null", f"https://{HOST}:4001/"),
            _curl,
        ),
        "blackbox tcp 4000, tls 4001, icmp": Asked((sys.executable, "-c", _PROBES), _blackbox),
    }
    programs = dict(zip(tools, PACKAGES, strict=True))
    return {name: one for name, one in tools.items() if shutil.which(programs[name])}


def _absent() -> None:
    missing = {name: package for name, package in PACKAGES.items() if not shutil.which(name)}
    for program, package in missing.items():
        print(f"\nAbsent, so without a column: {program}. To have it: apt-get install {package}")


def _nc(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode == 0:
        return "up"
    said = done.stderr.strip().splitlines()
    word = said[-1].rpartition(": ")[2] if said else "no answer"
    return {"Operation now in progress": "timed out"}.get(word, word.lower())


def _nmap(done: subprocess.CompletedProcess[str]) -> str:
    states = re.findall(r"\d+/(\w+)/tcp", done.stdout)
    return ", ".join(states) or "name not found"


def _curl(done: subprocess.CompletedProcess[str]) -> str:
    return _CURL.get(done.returncode, f"exit code {done.returncode}")


_CURL = {
    0: "up",
    6: "name not found",
    7: "cannot connect",
    28: "timed out",
    35: "TLS fails",
    52: "up",  # the responder hangs up on HTTP
    56: "refused by the proxy",
    97: "refused by the SOCKS proxy",
}


_QUERIES = [
    urllib.parse.urlencode({"module": module, "target": target})
    for module, target in (("tcp", f"{HOST}:4000"), ("tls", f"{HOST}:4001"), ("icmp", HOST))
]
_PROBES = f"""
import urllib.request
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
for query in {_QUERIES}:
    with opener.open("http://127.0.0.1:9115/probe?" + query, timeout=8) as answer:
        print("up" if b"\\nprobe_success 1" in answer.read() else "DOWN")
"""


def _blackbox(done: subprocess.CompletedProcess[str]) -> str:
    return ", ".join(done.stdout.split()) or "no answer"
