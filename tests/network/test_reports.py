"""Reports in every format, of real tests and of what strangers might make them say."""

from __future__ import annotations

import base64
import hashlib
import html as markup
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from deskside.foundation.findings import Finding, Status
from deskside.network.causes import ROOTS, WORDS
from deskside.network.host_findings import finding_of
from deskside.network.model import Host
from deskside.network.observations import ConnectSeen, EchoSeen, LookupSeen, TlsSeen
from deskside.network.reports import FORMATS, Document, document_of
from deskside.network.reports.allow import LABELS
from deskside.network.reports.data import schema
from deskside.network.responder import Responder
from deskside.network.service import NetworkService

from .conftest import closed_port, far_end, listed, silent_port
from .conftest import host as row
from .documents import CHECKED, MADE, PUBLIC, document, dropped, target

XSD = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


def write(name: str, made: Document) -> str:
    """A document in one of the formats, checked by what defines the format."""
    text = FORMATS[name].write(made)
    if name == "json":
        CHECKED.validate(json.loads(text))
    if name == "junit":
        XSD.assertValid(etree.fromstring(text.encode()))
    return text


def tried(*hosts: Host, deadline: float = 3.0) -> Document:
    report = NetworkService().test(listed(*hosts), deadline=deadline)
    return document_of(report, made=MADE, where="from this computer")


@pytest.fixture(scope="module")
def mixed() -> Iterator[Document]:
    """Something that is refused, something strange, and something silent."""
    hostile = b"<script>alert('1')</script>]]>\x1b[31m\n"
    with (
        far_end(lambda connection: connection.sendall(hostile)) as strange,
        silent_port() as silent,
    ):
        yield tried(row(closed_port()), row(strange, responder=True), row(silent), deadline=1.0)


def test_the_json_of_a_good_test_keeps_to_the_schema(responder: Responder) -> None:
    desk = NetworkService(responder=responder)
    made = document_of(desk.test_own(), made=MADE, where="")
    said = json.loads(write("json", made))
    assert said["verdict"] == "success"
    assert said["made"] == "2026-11-27T10:30:00+00:00"
    assert write("junit", made).count("<testcase") == 2
    assert "Everything tested can be reached" in write("html", made)


def test_the_schema_is_strict() -> None:
    good = document(dropped(PUBLIC)).as_json()
    CHECKED.validate(good)
    for name in good:
        assert not CHECKED.is_valid({key: value for key, value in good.items() if key != name})
    assert not CHECKED.is_valid(good | {"surprise": 1})
    assert not CHECKED.is_valid(good | {"root_cause": "gremlins"})


def test_the_schema_knows_every_cause() -> None:
    assert set(schema()["$defs"]["cause"]["enum"]) == set(ROOTS)
    for code in WORDS:
        about = finding_of(code, Status.WARNING, PUBLIC, {})
        CHECKED.validate(document(about, root_cause=None).as_json())


@pytest.mark.parametrize(
    ("name", "kind"),
    [("lookup", LookupSeen), ("connect", ConnectSeen), ("tls", TlsSeen), ("echo", EchoSeen)],
)
def test_the_schema_knows_everything_that_is_measured(name: str, kind: type) -> None:
    described = schema()["$defs"][name]["properties"]
    assert set(described) == {field.name for field in fields(kind)}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_what_a_probe_that_hangs_left_unfinished(name: str) -> None:
    with silent_port() as port:
        made = tried(row(port, id="hangs"), row(closed_port(), id="quick"), deadline=1.5)
    assert made.report.seconds < 3
    text = markup.unescape(write(name, made))
    assert "127.0.0.1 (hangs): not tested to the end" in text
    assert '"why": "deadline"' in text or "the time was up" in text
    finished = {one["id"]: one["finished"] for one in made.report.targets}
    assert finished == {"hangs": False, "quick": True}
    assert {"what": "hangs", "why": "deadline"} in made.report.not_tested


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_alone(mixed: Document) -> None:
    text = write("html", mixed)
    page = Page(text)
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & {
        tag for tag, _attributes in page.tags
    }
    for _tag, attributes in page.tags:
        assert not {name for name in attributes if name.startswith("on")}
        assert not {"style", "src", "href", "srcset", "action"} & attributes.keys()
    assert "url(" not in text.split("</style>")[0]
    assert "@import" not in text.split("</style>")[0]


def test_the_page_allows_itself_nothing_but_its_own_style(mixed: Document) -> None:
    text = write("html", mixed)
    policy = next(
        str(attributes["content"])
        for tag, attributes in Page(text).tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(style) == 1
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_strangers_are_escaped_everywhere(mixed: Document) -> None:
    assert "<script>" not in write("html", mixed)
    assert "&lt;script&gt;" in write("html", mixed)
    assert "\x1b" not in write("text", mixed)
    assert "&lt;script&gt;" in write("junit", mixed)


def test_root_cause_first_and_the_rest_folded() -> None:
    root = finding_of("dns-hijacked", Status.FAILURE, PUBLIC, {"addresses": ["10.0.0.1"]})
    folded = Finding(
        **{
            name: getattr(finding_of("port-reset", Status.FAILURE, "b.example", {}), name)
            for name in Finding.__slots__
        }
        | {"explained_by": "dns-hijacked"}
    )
    other = finding_of("latency", Status.WARNING, "c.example", {"milliseconds": 900})
    text = write("html", document(root, folded, other, root_cause="dns-hijacked"))
    assert "This is the root cause." in text
    inside = text[text.index("It explains these") : text.index("c.example: answers slowly")]
    assert "<summary>" in inside
    assert "b.example: the connection is refused" in inside
    letter = write("text", document(root, folded, other, root_cause="dns-hijacked"))
    assert (
        letter.index("[dns-hijacked]")
        < letter.index("This also explains")
        < letter.index("[latency]")
    )


def test_what_to_allow_in_every_syntax() -> None:
    reached = Host(id="far", host="far.example", ports=(443,), tls=(443,))
    found = {"name": "zdc1.ibllc.com", "result": "found", "ipv4": ["8.8.4.4"], "milliseconds": 1}
    text = markup.unescape(
        write(
            "html",
            document(
                dropped(PUBLIC),
                finding_of("reachable", Status.OK, reached, {}),
                hosts=(PUBLIC, reached),
                targets=(
                    target(PUBLIC, "port-dropped", lookup=found),
                    target(reached, "reachable"),
                ),
            ),
        )
    )
    failed = text[text.index("own syntax: what failed") : text.index("own syntax: all")]
    everything = text[text.index("own syntax: all") :]
    assert failed.count("<summary>") == len(LABELS) == 8
    assert "8.8.4.4 . 4000" in failed
    assert "far.example" not in failed
    assert everything.count("<summary>") == 8
    assert '"far.example": true' in everything
    assert "far: far.example no address known" in everything


def test_addresses_that_cannot_be_trusted_get_no_rule() -> None:
    found = {"name": "x", "result": "found", "ipv4": ["10.66.0.1"], "milliseconds": 1}
    lied = finding_of("dns-hijacked", Status.FAILURE, PUBLIC, {"addresses": ["10.66.0.1"]})
    made = document(lied, hosts=(PUBLIC,), targets=(target(PUBLIC, "dns-hijacked", lookup=found),))
    text = write("html", made)
    assert "cannot be trusted" in text
    assert "10.66.0.1" not in text[text.index('id="allow"') : text.index('id="all"')]


def test_the_rules_of_a_report_are_taken_by_the_firewall() -> None:
    found = {"name": "x", "result": "found", "ipv4": ["192.0.2.1"], "milliseconds": 1}
    made = document(
        dropped(PUBLIC),
        hosts=(PUBLIC,),
        targets=(target(PUBLIC, "port-dropped", lookup=found),),
    )
    text = markup.unescape(write("html", made))
    rules = re.findall(r'<pre tabindex="0" aria-label="nftables">(.*?)</pre>', text, re.DOTALL)[0]
    done = subprocess.run(
        ["unshare", "--net", "nft", "-c", "-f", "-"],
        input=rules,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_letter_is_precise() -> None:
    told = write(
        "text",
        document(
            dropped(PUBLIC),
            undecided_between=("port-dropped", "transparent-http-proxy"),
            deciding_tests=("Test against a Deskside responder at the far end.",),
            not_tested=({"what": "idle", "why": "deadline"},),
        ),
    )
    letter = told[told.index("What to tell your administrator") :]
    for said in (
        "Subject: trading connection: port-dropped",
        "zdc1.ibllc.com TCP 4000, 4001: seen silent · attempts 6",
        "Cause: A firewall on the way drops these connections without a word.",
        "Please: Allow outgoing TCP to this host and port in the firewall.",
        "From here these look the same: port-dropped, transparent-http-proxy.",
        "- Test against a Deskside responder at the far end.",
        "- how long quiet connections are kept: the time was up",
        "No host could be reached.",
    ):
        assert said in letter


def test_nothing_to_ask_for_is_no_letter() -> None:
    fine = finding_of("reachable", Status.OK, PUBLIC, {})
    assert "administrator" not in write("text", document(fine, hosts=(PUBLIC,)))
    assert "administrator" not in write("html", document(fine, hosts=(PUBLIC,)))


ANYTHING = st.text(max_size=40)
FINDINGS = st.builds(
    finding_of,
    st.sampled_from(sorted(WORDS)),
    st.sampled_from(sorted(Status)),
    st.one_of(st.just(PUBLIC), ANYTHING.filter(bool)),
    st.dictionaries(
        st.sampled_from(["answer", "error", "issuer", "ports", "seen_as"]),
        st.one_of(
            ANYTHING,
            st.lists(st.one_of(ANYTHING, st.integers())),
            st.dictionaries(ANYTHING, ANYTHING),
        ),
    ),
)


@given(st.lists(FINDINGS, max_size=4))
def test_whatever_was_seen_every_format_stays_whole(findings: list[Finding]) -> None:
    made = document(*findings, root_cause=None)
    for name in FORMATS:
        text = write(name, made)
        assert text.endswith("\n")
        if name == "html":
            tags = {tag for tag, _attributes in Page(text).tags}
            assert tags <= set(re.findall(r"<([a-z0-9]+)", SKELETON)) | {"dl", "dt", "dd", "div"}


SKELETON = (
    "<html><head><meta><title><style><body><header><h1><p><main><section><h2><span><code>"
    "<article><h3><h4><strong><table><thead><tr><th><tbody><td><br><details><summary><pre>"
    "<footer><ul><li>"
)
