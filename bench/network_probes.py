"""Thousands of targets: what the bulk probe costs, and whether it is right, beside nmap,
blackbox_exporter and the barest loop there is.

Runs itself again in a network namespace of its own; nothing leaves it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from bench import network_farm as farm
from bench.measure import show, verdict

COUNT = 10_000
LOSSY = 1_000
LOSS = 20
"""Percent of packets dropped each way."""

LIMITS = {"tcp": (1.2, 3.0, None), "tls": (7.0, None, 130.0)}
"""CPU seconds, seconds, and MB that ours may take."""

PATH = "/usr/sbin:/sbin:/usr/bin:/bin"
Rows = list[tuple[str, int, str]]


@dataclass(frozen=True)
class Run:
    """One tool over all targets."""

    seconds: float
    cpu: float
    megabytes: float
    words: list[str]


def run(*, peers: bool) -> None:
    """Measure, and print the tables."""
    inside = ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-m", __name__]
    done = subprocess.run(
        [*inside, "peers" if peers else "ours"],
        env=os.environ | {"PATH": f"{PATH}:{os.environ.get('PATH', '')}"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    for kind in ("tcp", "tls"):
        rows = [one for one in measured if one["kind"] == kind]
        show(
            f"{COUNT:,} {kind.upper()} targets on loopback",
            [
                "Tool",
                "CPU s",
                "Wall s",
                "Peak MB",
                "Class right",
                "Up or down right",
                "Within bound",
            ],
            [_row(one) for one in rows],
        )
    lossy = [one for one in measured if one["kind"] == "loss"]
    show(
        f"{LOSSY:,} reachable targets, {LOSS} % of packets lost each way",
        ["Tool", "Wall s", "Called blocked"],
        [[one["tool"], one["seconds"], one["blocked"]] for one in lossy],
    )


def _row(one: dict[str, object]) -> list[object]:
    bound = _bound(one) if one["tool"] == "deskside" else ""
    figures = [f"{one[name]:.2f}" for name in ("cpu", "seconds")]
    return [
        one["tool"],
        *figures,
        one["megabytes"],
        f"{one['exact']} %",
        f"{one['binary']} %",
        bound,
    ]


def _bound(one: dict[str, object]) -> str:
    names = ("cpu", "seconds", "megabytes")
    pairs = zip(names, LIMITS[str(one["kind"])], strict=True)
    kept = [verdict(float(str(one[name])), limit) for name, limit in pairs if limit]
    return "NO" if "NO" in kept else "yes"


def main() -> None:
    """Inside the namespace: every tool over every list, as one JSON document."""
    peers = sys.argv[1] == "peers"
    measured = []
    with tempfile.TemporaryDirectory() as folder, _farm(Path(folder)):
        for kind in ("tcp", "tls"):
            rows = farm.targets(kind, COUNT)
            for tool, over in _tools(kind, Path(folder), peers=peers).items():
                one = over(rows)
                measured.append({"kind": kind, "tool": tool, **_figures(one, rows)})
        _lose_packets()
        rows = [
            (address, port, "open")
            for address, port, truth in farm.targets("tcp", 1500)
            if truth == "open"
        ]
        for tool, over in _tools("tcp", Path(folder), peers=peers).items():
            one = over(rows[:LOSSY])
            blocked = sum(word != "open" for word in one.words)
            measured.append(
                {"kind": "loss", "tool": tool, "seconds": one.seconds, "blocked": blocked}
            )
    print(json.dumps(measured))


def _figures(one: Run, rows: Rows) -> dict[str, object]:
    truths = [truth for _address, _port, truth in rows]
    up = {"open", "trusted"}
    pairs = list(zip(one.words, truths, strict=True))
    exact = sum(word == truth for word, truth in pairs)
    binary = sum((word in up) == (truth in up) for word, truth in pairs)
    return {
        "cpu": one.cpu,
        "seconds": one.seconds,
        "megabytes": one.megabytes,
        "exact": round(100 * exact / len(rows), 2),
        "binary": round(100 * binary / len(rows), 2),
    }


@contextmanager
def _farm(folder: Path) -> Iterator[None]:
    farm.prepare()
    farm.authority_and_leaves(folder)
    answering = subprocess.Popen(
        [sys.executable, "-m", "bench.network_farm", str(folder)], stdin=subprocess.PIPE
    )
    try:
        _wait_for(4016)
        yield
    finally:
        assert answering.stdin
        answering.stdin.close()
        answering.wait(10)


def _wait_for(port: int) -> None:
    for _try in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(port)


def _lose_packets() -> None:
    rules = (
        "table inet loss {\n chain input {\n type filter hook input priority 1\n"
        f" tcp dport 4000 numgen random mod 100 < {LOSS} drop\n"
        f" tcp sport 4000 numgen random mod 100 < {LOSS} drop\n }}\n}}\n"
    )
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def _tools(kind: str, folder: Path, *, peers: bool) -> dict[str, Callable[[Rows], Run]]:
    name = farm.NAME if kind == "tls" else ""
    tools: dict[str, Callable[[Rows], Run]] = {
        "deskside": lambda rows: _sweep("ours", rows, name, folder),
        "raw epoll loop": lambda rows: _sweep("raw", rows, name, folder),
    }
    if not peers:
        return tools
    if kind == "tcp" and shutil.which("nmap"):
        tools["nmap -sT"] = lambda rows: _nmap(rows, folder)
        tools["nmap -sT -T5"] = lambda rows: _nmap(rows, folder, "-T5", "--max-retries", "1")
    if shutil.which("prometheus-blackbox-exporter"):
        tools["blackbox_exporter"] = lambda rows: _blackbox(rows, kind, folder)
    missing = {"nmap", "prometheus-blackbox-exporter"} - {
        p for p in ("nmap", "prometheus-blackbox-exporter") if shutil.which(p)
    }
    for program in sorted(missing):
        print(f"Not measured, since it is not installed: {program}", file=sys.stderr)
    return tools


def _sweep(tool: str, rows: Rows, name: str, folder: Path) -> Run:
    listed, results = folder / "targets", folder / "results"
    listed.write_text("".join(f"{address}\t{port}\t{name}\n" for address, port, _truth in rows))
    command = [sys.executable, "-m", "bench.network_sweep", tool]
    spent = _measured([*command, str(listed), str(results), str(folder / "ca.pem")])
    return Run(*spent, results.read_text().split())


def _measured(command: list[str]) -> tuple[float, float, float]:
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    seconds = time.perf_counter() - started
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _nmap(rows: Rows, folder: Path, *options: str) -> Run:
    listed, results = folder / "nmap.txt", folder / "nmap.xml"
    listed.write_text("".join(f"{address}\n" for address, _port, _truth in rows))
    command = ["nmap", "-n", "-Pn", "-sT", *options, "-p", "4000", "--reason"]
    spent = _measured([*command, "-iL", str(listed), "-oX", str(results)])
    words = {}
    for host in ET.parse(results).iter("host"):
        state = host.find("ports/port/state")
        if state is not None:
            reason = state.get("reason") or ""
            address = host.find("address").get("addr")
            words[address] = {
                "syn-ack": "open",
                "conn-refused": "refused",
                "no-response": "silent",
            }.get(reason, "prohibited")
    return Run(*spent, [words.get(address, "silent") for address, _port, _truth in rows])


MODULES = """
modules:
  tcp: {{prober: tcp, timeout: 2s, tcp: {{preferred_ip_protocol: ip4}}}}
  tls:
    prober: tcp
    timeout: 4s
    tcp:
      preferred_ip_protocol: ip4
      tls: true
      tls_config: {{ca_file: {ca}, server_name: {name}}}
"""


def _blackbox(rows: Rows, kind: str, folder: Path) -> Run:
    """The exporter's own cost; what asks it is not counted."""
    config = folder / "blackbox.yml"
    config.write_text(MODULES.format(ca=folder / "ca.pem", name=farm.NAME))
    listen = "--web.listen-address=127.0.0.1:9115"
    process = subprocess.Popen(
        ["prometheus-blackbox-exporter", f"--config.file={config}", listen, "--log.level=error"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for(9115)
    started = time.perf_counter()

    def ask(row: tuple[str, int, str]) -> str:
        query = urllib.parse.urlencode({"module": kind, "target": f"{row[0]}:{row[1]}"})
        with urllib.request.urlopen(f"http://127.0.0.1:9115/probe?{query}", timeout=30) as answer:
            return "up" if b"\nprobe_success 1" in answer.read() else "down"

    with ThreadPoolExecutor(400) as pool:
        words = list(pool.map(ask, rows))
    seconds = time.perf_counter() - started
    process.terminate()
    _pid, _status, used = os.wait4(process.pid, 0)
    process.returncode = 0
    up = "open" if kind == "tcp" else "trusted"
    named = [up if word == "up" else "down" for word in words]
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, named)


if __name__ == "__main__":
    main()
