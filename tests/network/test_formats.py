"""Allow-lists, each read back by the tool that it is meant for."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from deskside.network import catalogue as catalogues
from deskside.network.commands import FORMAT_NAMES
from deskside.network.formats import FORMATS
from deskside.network.model import Catalogue, Host

SHIPPED = catalogues.shipped()
PROGRAMS = "/usr/sbin:/sbin:/usr/bin:/bin"
ADDRESSES = {
    "ndc1.ibllc.com": ["192.0.2.1", "2001:db8::1"],
    "www.interactivebrokers.com": ["192.0.2.2"],
    "zdc1.ibllc.com": ["192.0.2.1"],
}


def written(name: str, catalogue: Catalogue = SHIPPED) -> str:
    return FORMATS[name].write(catalogue, ADDRESSES)


def accepted(command: str, text: str) -> str:
    """What a tool printed about a text that it accepted, in a network namespace of its own."""
    assert shutil.which(command.split(maxsplit=1)[0], path=PROGRAMS), f"{command}: make system-deps"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "sh", "-ec", command],
        input=text,
        env={"PATH": PROGRAMS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_formats_are_offered() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


@pytest.mark.parametrize("name", ["table", "csv", "panos", "pac", "commands", "windows", "json"])
def test_no_host_is_left_out(name: str) -> None:
    text = written(name)
    for host in SHIPPED.hosts:
        assert host.host in text


def test_json_has_the_promised_shape() -> None:
    document = json.loads(written("json"))
    assert set(document) == {"catalogue", "hosts"}
    assert list(document["hosts"][0]) == [
        "id", "region", "product", "role", "host", "ports", "tls", "ping", "note", "source", "date",
    ]  # fmt: skip


def test_csv_is_read_back() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv"))))
    assert len(rows) == len(SHIPPED.hosts)
    assert rows[0]["ports"] == "80 443"
    hostile = Catalogue(
        version="", date="", hosts=(Host(id="a", host="b", ports=(1,), note="=1+1"),)
    )
    assert next(csv.DictReader(io.StringIO(written("csv", hostile))))["note"] == "'=1+1"


def test_nftables_accepts_it_twice() -> None:
    text = written("nftables")
    accepted("nft -c -f -", text)
    loaded = accepted("nft -f -; nft list table inet filter", f"{text}\n{text}\n")
    assert "192.0.2.1 . 4001" in loaded
    assert "2001:db8::1 . 4000" in loaded
    assert "ip daddr . tcp dport @deskside_ipv4 accept" in loaded
    assert "# tws-asia: hdc1.ibllc.com no address known" in text


@pytest.mark.parametrize("tool", ["iptables-restore", "ip6tables-restore"])
def test_iptables_accepts_it(tool: str) -> None:
    accepted(f"{tool} --test --noflush", written("iptables") + "\n")


def test_pac_sends_the_hosts_directly() -> None:
    script = written("pac").replace('OTHERWISE = "DIRECT"', 'OTHERWISE = "PROXY p:1"')
    asked = "['NDC1.ibllc.com', 'ndc1-hb1.ibllc.com', 'example.org', 'constructor']"
    program = f"{script}\nconsole.log({asked}.map(h => FindProxyForURL('', h)).join())"
    node = shutil.which("node")
    assert node, "node is missing: make system-deps"
    done = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "DIRECT,DIRECT,PROXY p:1,PROXY p:1"


def test_commands_do_not_ping_what_does_not_answer() -> None:
    lines = written("commands").splitlines()
    assert "ping www.interactivebrokers.com" in lines
    assert "ping www.ibkr.com.cn" not in lines
    assert "nc -vz -w 5 zdc1.ibllc.com 4001" in lines
    assert "Test-NetConnection zdc1-hb1.ibllc.com -Port 4000" in lines


def test_panos_names_are_short_and_unique() -> None:
    long = [f"{'a' * 60}.{'b' * 60}.{n}.example" for n in range(3)]
    many = Catalogue(
        version="",
        date="",
        hosts=tuple(Host(id=f"h{n}", host=name, ports=(443,)) for n, name in enumerate(long)),
    )
    made = [line.split()[2] for line in written("panos", many).splitlines() if " fqdn " in line]
    assert len(set(made)) == 3
    assert all(len(name) <= 63 for name in made)


def test_windows_script_quotes_every_host(tmp_path: Path) -> None:
    calls = [line for line in written("windows").splitlines() if line.startswith("Add-Desk")]
    assert "Add-DesksideHost -Id 'tws-europe' -Name 'zdc1.ibllc.com' -Ports 4000,4001" in calls
