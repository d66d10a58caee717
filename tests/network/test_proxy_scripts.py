"""Proxy scripts: what they give is what browsers would be given, and no script can do harm."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskside.network import catalogue as catalogues
from deskside.network.diagnosis import Report, diagnose
from deskside.network.formats import FORMATS
from deskside.network.line_observations import LineSeen, RunSeen, ScriptSeen
from deskside.network.probes import proxies
from deskside.network.proxy_scripts import looking
from deskside.network.proxy_scripts.choices import DIRECT, Choice, choices
from deskside.network.proxy_scripts.engine import LOOK_UPS, Unusable
from deskside.network.proxy_scripts.looking import Script, ask, fetch, look
from deskside.network.reports import document_of, html, redacted, text

from .conftest import closed_port, far_end
from .test_service import web_server

WEB = ("www.example.net", 443, True)


def asked(script: str, *questions: looking.Question) -> list[str]:
    return asyncio.run(ask(script, questions or (WEB,)))


def unusable(script: str) -> Unusable:
    with pytest.raises(Unusable) as caught:
        asked(script)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("DIRECT", [DIRECT]),
        (" direct ; ", [DIRECT]),
        ("PROXY p:3128; DIRECT", [Choice("http", "p", 3128), DIRECT]),
        ("PROXY p", [Choice("http", "p", 80)]),
        ("HTTPS p.example", [Choice("http", "p.example", 443)]),
        (
            "SOCKS s:1; SOCKS4 s:2;SOCKS5 [::1]:3",
            [Choice("socks5", "s", 1), Choice("socks5", "s", 2), Choice("socks5", "::1", 3)],
        ),
        ("SOCKS s", [Choice("socks5", "s", 1080)]),
        ("PROXY p:0; PROXY p:99999; nonsense; PROXY", []),
        ("null", []),
        ("", []),
    ],
)
def test_what_an_answer_says(answer: str, found: list[Choice]) -> None:
    assert choices(answer) == found


@given(st.text(max_size=200))
def test_no_answer_is_a_crash(answer: str) -> None:
    for one in choices(answer):
        assert one == DIRECT or (one.host and 0 < one.port <= 65535)


TRUE = [
    "isPlainHostName('www')",
    "!isPlainHostName('www.example.net')",
    "dnsDomainIs('WWW.example.net', '.example.net')",
    "!dnsDomainIs('example.net', '.example.net')",
    "localHostOrDomainIs('www', 'www.example.net')",
    "localHostOrDomainIs('www.example.net', 'www.example.net')",
    "!localHostOrDomainIs('home.example.net', 'www.example.net')",
    "dnsDomainLevels('a.b.c') === 2",
    "isInNet('198.51.100.7', '198.51.100.0', '255.255.255.0')",
    "!isInNet('198.51.101.7', '198.51.100.0', '255.255.255.0')",
    "isInNet('255.1.1.1', '255.0.0.0', '255.0.0.0')",
    "isInNet('localhost', '127.0.0.0', '255.0.0.0')",
    "!isInNet('nowhere.invalid', '127.0.0.0', '255.0.0.0')",
    "dnsResolve('localhost') === '127.0.0.1'",
    "isResolvable('localhost')",
    "!isResolvable('nowhere.invalid')",
    "/^[0-9.]+$/.test(myIpAddress())",
    "convert_addr('104.16.41.2') === 1745889538",
    "convert_addr('nonsense') === 0",
    "shExpMatch('http://home.example.net/people/ari/index.html', '*/ari/*')",
    "!shExpMatch('http://home.example.net/people/montulli/index.html', '*/ari/*')",
    "shExpMatch('abc', 'a?c')",
    "!shExpMatch('a.c', 'a.d')",
    "shExpMatch('', '*')",
    "!shExpMatch('abc', 'ab')",
    "!shExpMatch('a+b', 'a+') && shExpMatch('a+b', 'a+*')",
    "weekdayRange('SUN', 'SAT')",
    "weekdayRange('SUN', 'SAT', 'GMT')",
    "!weekdayRange('NONSENSE')",
    "weekdayRange(DAYS[new Date().getDay()])",
    "dateRange('JAN', 'DEC')",
    "dateRange(1, 31)",
    "dateRange(1, 'JAN', 2000, 31, 'DEC', 2999)",
    "!dateRange(1995)",
    "!dateRange(1, 'JAN', 1990, 31, 'DEC', 1995)",
    "dateRange('OCT', 1995, 'MAR', 2999, 'GMT')",
    "timeRange(0, 24)",
    "timeRange(0, 0, 0, 23, 59, 59, 'GMT')",
    "timeRange(new Date().getHours()) || timeRange(new Date().getHours())",
    "alert('x') === undefined",
    "(() => { const new_words = `work`; return new_words.length === 4; })()",
]


def test_the_functions_that_a_script_may_call() -> None:
    script = "function FindProxyForURL(url, host) { return String(eval(host)); }"
    told = asked(script, *((one, 80, False) for one in TRUE))
    assert dict(zip(TRUE, told, strict=True)) == dict.fromkeys(TRUE, "true")


def test_each_far_end_is_asked_about_as_browsers_ask() -> None:
    script = "function FindProxyForURL(url, host) { return url + ' ' + host; }"
    told = asked(
        script, WEB, ("gate.example", 4000, False), ("::1", 80, False), ("::1", 4001, True)
    )
    assert told == [
        "https://www.example.net/ www.example.net",
        "http://gate.example:4000/ gate.example",
        "http://[::1]/ ::1",
        "https://[::1]:4001/ ::1",
    ]


def test_the_script_that_we_write_is_understood() -> None:
    shipped = catalogues.shipped()
    script = FORMATS["pac"].write(shipped, {}).replace('"DIRECT";', '"PROXY p:1";')
    ours = [(one.host, port, port in one.tls) for one in shipped.hosts for port in one.ports]
    assert set(asked(script, *ours)) == {"DIRECT"}
    assert asked(script, WEB, ("constructor", 443, True)) == ["PROXY p:1"] * 2


FOR = "function FindProxyForURL(url, host) { %s }"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (FOR % "while (true);", "too-slow"),
        ("while (true);", "too-slow"),
        (FOR % f"return /(a+)+$/.test('{'a' * 48}!')", "too-slow"),
        (FOR % "return FindProxyForURL(url, host);", "recursion"),
        (FOR % "var all = []; while (true) all.push(new Array(10000).fill(host));", "memory"),
        (FOR % "return 'a'.repeat(1 << 28) + 'b'.repeat(1 << 28);", "memory"),
        (FOR % "throw new Error('\\u001b[2Jboo');", "error"),
        (FOR % "return nowhere(host);", "error"),
        ("function FindProxyForURL(", "error"),
        ("<html>Not found</html>", "error"),
        ("", "no-function"),
        ("var FindProxyForURL = 7;", "no-function"),
    ],
)  # fmt: skip
def test_a_script_that_cannot_be_used(
    script: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "RUNNING", 1.5 if problem == "too-slow" else 20.0)
    began = time.monotonic()
    error = unusable(script)
    assert error.problem == problem
    assert error.said.isprintable()
    assert time.monotonic() - began < 15


def test_what_is_no_answer_gives_nothing() -> None:
    for returned in ("null", "undefined", "7", "{}", "['DIRECT']"):
        assert asked(FOR % f"return {returned};") == [""]
    assert len(asked(FOR % "return 'x'.repeat(1e6);")[0]) == 500


def test_a_script_has_no_files_and_few_look_ups() -> None:
    nothing = ("require", "process", "std", "os", "fetch", "XMLHttpRequest", "__import__")
    tested = " + ' ' + ".join(f"typeof {name}" for name in nothing)
    assert set(asked(FOR % f"return {tested};")[0].split()) == {"undefined"}
    flood = "var n = 0; for (var i = 0; i < 200; i++) if (isResolvable('127.0.0.' + i)) n++;"
    assert asked(FOR % f"{flood} return String(n);") == [str(LOOK_UPS)]


def test_scripts_are_fetched_within_bounds(tmp_path: Path) -> None:
    body = b"\xef\xbb\xbffunction FindProxyForURL() { return 'DIRECT'; }"
    file = tmp_path / "proxy file.pac"
    file.write_bytes(body)
    assert fetch(str(file)) == fetch(file.as_uri()) == body.decode("utf-8-sig")
    with far_end(web_server(body)) as port:
        assert fetch(f"http://127.0.0.1:{port}/wpad.dat") == body.decode("utf-8-sig")
    file.write_bytes(b"/" * (5 << 20))
    with far_end(web_server(b"/" * (5 << 20))) as port:
        for large in (str(file), f"http://127.0.0.1:{port}/"):
            with pytest.raises(Unusable) as caught:
                fetch(large)
            assert caught.value.problem == "too-large"
    with far_end(web_server(b"gone", "404 Not Found")) as port:
        for absent in (
            f"http://127.0.0.1:{port}/",
            f"http://127.0.0.1:{closed_port()}/",
            str(tmp_path / "none.pac"),
            "http://[bad/",
        ):
            with pytest.raises(Unusable) as caught:
                fetch(absent)
            assert caught.value.problem == "unreachable"


def test_only_a_script_that_somebody_named_must_be_there() -> None:
    nowhere = f"http://127.0.0.1:{closed_port()}/wpad.dat"
    assert asyncio.run(look(Script(nowhere, "GNOME, WPAD", named=False), [WEB])) is None
    missing = asyncio.run(look(Script(nowhere, "GNOME"), [WEB]))
    assert missing
    assert missing.problem == "unreachable"


GIVEN = ScriptSeen(
    address="http://wpad.corp.test/anna/proxy.pac",
    source="GNOME",
    given={
        "DIRECT": ("gate.example:4000", "gate.example:4001"),
        "PROXY wsproxy:3128; DIRECT": ("gate.example:443", "gate.example:80"),
    },
)


def test_the_proxies_of_a_script_and_what_for() -> None:
    (proxy,) = proxies.in_script(GIVEN)
    assert (proxy.kind, proxy.host, proxy.port) == ("http", "wsproxy", 3128)
    assert (proxy.source, proxy.given_for) == ("GNOME, PAC", (80, 443))


def report_of(*scripts: ScriptSeen) -> Report:
    line = LineSeen(scripts=list(scripts))
    return diagnose(
        RunSeen(hosts=(), canary=None, routes={4: True}, lag=0.0, seconds=1.0, line=line)
    )


@pytest.mark.parametrize(
    "problem",
    ["unreachable", "too-large", "too-slow", "memory", "recursion", "error", "no-function"],
)
def test_each_problem_is_a_finding_with_a_cause_and_what_to_do(problem: str) -> None:
    broken = ScriptSeen(address="http://wpad/wpad.dat", source="GNOME", problem=problem)
    report = report_of(broken)
    (found,) = report.findings
    assert (found.code, report.root_cause) == ("proxy-dead", "proxy-dead")
    assert found.title == "The proxy script http://wpad/wpad.dat cannot be used"
    assert found.cause
    assert found.remedy
    assert found.evidence["problem"] == problem


def test_what_a_script_gives_is_in_every_report() -> None:
    document = document_of(report_of(GIVEN), made=datetime.now(UTC), where="here")
    told = document.as_json()["proxy_scripts"]
    assert told[0]["given"]["DIRECT"] == ["gate.example:4000", "gate.example:4001"]
    for written in (text.write(document), html.write(document)):
        assert "PROXY wsproxy:3128; DIRECT: gate.example:443, gate.example:80" in written


def test_a_redacted_report_names_neither_script_nor_proxy() -> None:
    broken = replace(GIVEN, problem="error", said="anna is not defined", given={})
    report = report_of(GIVEN, replace(broken, address="file:///home/anna/other.pac"))
    document = redacted(document_of(report, made=datetime.now(UTC), where="here"))
    for written in (json.dumps(document.as_json()), text.write(document), html.write(document)):
        assert not [one for one in ("anna", "wsproxy", "corp.test", "wpad") if one in written]
        assert "proxy-script-1" in written
    assert "PROXY proxy-1:3128; DIRECT" in document.as_json()["proxy_scripts"][0]["given"]


def test_a_script_of_this_computer_is_found_and_asked(tmp_path: Path) -> None:
    """With a `gsettings` of the test's own: as GNOME has it."""
    port = closed_port()
    script = tmp_path / "proxy.pac"
    script.write_text(
        "function FindProxyForURL(url, host) {"
        f" return /:4000/.test(url) ? 'DIRECT' : 'PROXY 127.0.0.1:{port}'; }}"
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    settings = programs / "gsettings"
    settings.write_text(
        "#!/bin/sh\n"
        "echo \"org.gnome.system.proxy mode 'auto'\"\n"
        f"echo \"org.gnome.system.proxy autoconfig-url '{script.as_uri()}'\"\n"
    )
    settings.chmod(0o755)
    rows = tmp_path / "rows.toml"
    rows.write_text('[[host]]\nid = "a"\nhost = "127.0.0.1"\nports = [4000, 4001]\n')
    command = [sys.executable, "-m", "deskside", "--json", "network", "test"]
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [*command, "--catalogue", str(rows)],
        env=clean | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["proxy_scripts"] == [
        {
            "address": script.as_uri(),
            "configured_in": "GNOME",
            "problem": "",
            "given": {
                "DIRECT": ["127.0.0.1:4000"],
                f"PROXY 127.0.0.1:{port}": ["127.0.0.1:4001", "127.0.0.1:443"],
            },
        }
    ]
    dead = next(one for one in report["findings"] if one["code"] == "proxy-dead")
    assert dead["subject"] == f"127.0.0.1:{port}"
    assert dead["evidence"]["configured_in"] == "GNOME, PAC"
    assert dead["evidence"]["given_for"] == [443, 4001]
