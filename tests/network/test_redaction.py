"""Reports without what belongs to a person, a computer and its network."""

from __future__ import annotations

import html as markup
import json
import string
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deskside.foundation.findings import Finding, Status
from deskside.network.causes import WORDS
from deskside.network.host_findings import finding_of
from deskside.network.model import Host
from deskside.network.reports import FORMATS, redacted
from deskside.network.reports.model import Private
from deskside.network.reports.private import of_this_computer

from .documents import DESK, PUBLIC, document, dropped, target

OWN = Private(
    addresses=("10.20.30.40", "fd00:1::40", "10.20.30.1", "AA-bb-cc-00-11-22"),
    names=("anna-laptop", "corp.test", "proxy"),
    people=("anna.rossi", "s3cret"),
    places=("/home/anna.rossi",),
)


def written(*findings: Finding, desk: tuple[str, ...] = (), **fields: Any) -> dict[str, str]:
    made = redacted(document(*findings, private=OWN, **fields), desk=desk)
    return {name: markup.unescape(form.write(made)) for name, form in FORMATS.items()}


@pytest.mark.parametrize(
    ("was", "is_now"),
    [
        ("10.20.30.40", "address-1"),
        ("from 10.20.30.40:4001, not", "from address-1:4001, not"),
        ("[fd00:1::40]:4001", "[address-1]:4001"),
        ("FD00:0001:0::0040 and fd00:1::40", "address-1 and address-1"),
        ("fe80::1%eth0", "address-1"),
        ("::ffff:10.20.30.40 is 10.20.30.40", "address-1 is address-1"),
        ("10.20.30.40, 10.20.30.1, 10.20.30.40", "address-1, address-2, address-1"),
        ("aa-BB-CC-00-11-22 aa:bb:cc:dd:ee:ff", "address-1 address-2"),
        ("wifi.corp.test and corp.test", "name-1 and name-2"),
        ("*.corp.test", "*.name-1"),
        ("unseen.hotel.example", "name-1"),
        ("user=anna.rossi&x", "user=person-1&x"),
        ("Anna-Laptop_2", "name-1_2"),
        ("mail to boss@corp.test", "mail to person-1"),
        ("file:///home/anna.rossi/proxy.pac", "file://place-1/name-1"),
        ("Basic s3cret", "Basic person-1"),
        # Nothing of anybody's.
        ("at 12:30:45", "at 12:30:45"),
        ("127.0.0.1 and ::1", "127.0.0.1 and ::1"),
        ("zdc1.ibllc.com", "zdc1.ibllc.com"),
        ("CERTIFICATE_VERIFY_FAILED (_ssl.c:1016)", "CERTIFICATE_VERIFY_FAILED (_ssl.c:1016)"),
        ("silent", "silent"),
    ],
)
def test_what_is_called_what(was: str, is_now: str) -> None:
    said = json.loads(written(dropped(PUBLIC, error=was))["json"])
    assert said["findings"][0]["evidence"]["error"] == is_now
    assert said["redacted"] is True


def test_the_same_is_called_the_same_in_every_place_and_format() -> None:
    exits = finding_of(
        "egress-per-destination",
        Status.WARNING,
        "network",
        {"seen_as": {"8.8.8.8": "198.51.100.7", "8.8.4.4": "198.51.100.8"}},
    )
    seen = {
        "port": 4000,
        "ip": 4,
        "connect": {"result": "connected", "attempts": 1, "unanswered": 0, "milliseconds": 1},
        "echo": {
            "result": "genuine",
            "milliseconds": 1,
            "skew_seconds": 0,
            "seen_as": "198.51.100.7",
        },
    }
    told = written(exits, targets=(target(PUBLIC), target(DESK, ports=[seen])))
    name = json.loads(told["json"])["targets"][1]["ports"][0]["echo"]["seen_as"]
    assert name.startswith("address-")
    assert name in json.loads(told["json"])["findings"][0]["evidence"]["seen_as"].values()
    assert all(name in text for text in told.values())
    assert not any("198.51.100" in text for text in told.values())


def test_hosts_of_the_catalogue_stay_with_their_public_addresses() -> None:
    found = {"name": PUBLIC.host, "result": "found", "ipv4": ["8.8.4.4"], "milliseconds": 1}
    told = written(
        dropped(PUBLIC, address="8.8.4.4"),
        targets=(target(PUBLIC, "port-dropped", lookup=found), target(DESK)),
    )
    for text in told.values():
        assert "zdc1.ibllc.com" in text
        assert "8.8.4.4" in text
    assert "far-end.desk.test" in told["json"]
    assert "8.8.4.4 . 4000" in told["html"]


def test_addresses_of_a_name_server_that_lies_are_the_networks() -> None:
    found = {"name": PUBLIC.host, "result": "found", "ipv4": ["8.8.4.4"], "milliseconds": 1}
    lied = finding_of("dns-hijacked", Status.FAILURE, PUBLIC, {"addresses": ["8.8.4.4"]})
    told = written(lied, targets=(target(PUBLIC, "dns-hijacked", lookup=found), target(DESK)))
    assert not any("8.8.4.4" in text for text in told.values())


def test_the_desks_own_hosts_are_taken_out_where_asked() -> None:
    told = written(dropped(DESK), dropped(PUBLIC), desk=(DESK.id,))
    for text in told.values():
        assert "far-end.desk.test" not in text
        assert "office-milan" not in text
        assert "desk-host-1" in text
        assert "zdc1.ibllc.com" in text
    rules = told["html"][told["html"].index('id="allow"') : told["html"].index('id="all"')]
    assert "desk-host-1" not in rules, "nobody can allow what has no name"


def test_who_intercepts_is_not_named_but_told_apart() -> None:
    def intercepted(host: Host, issuer: str) -> Finding:
        return finding_of("tls-intercepted", Status.FAILURE, host, {"issuer": issuer})

    second = Host(id="b", host="b.ibllc.com", ports=(443,))
    third = Host(id="c", host="c.ibllc.com", ports=(443,))
    told = written(
        intercepted(PUBLIC, "CN=Rossi & Sons Inspection"),
        intercepted(second, "CN=Rossi & Sons Inspection"),
        intercepted(third, "CN=Other"),
        hosts=(PUBLIC, second, third),
    )
    assert not any("Rossi" in text for text in told.values())
    issuers = [one["evidence"]["issuer"] for one in json.loads(told["json"])["findings"]]
    assert issuers == ["certificate-name-1", "certificate-name-1", "certificate-name-2"]
    shaken = {"result": "trusted", "issuer": "CN=Rossi & Sons Inspection"}
    for code, kept in (("tls-intercepted", False), ("reachable", True)):
        seen = target(PUBLIC, code, ports=[{"port": 443, "tls": shaken}])
        finding = intercepted(PUBLIC, "CN=Rossi & Sons Inspection")
        told = written(finding, hosts=(PUBLIC,), targets=(seen,))
        assert ("Rossi" in told["json"]) is kept, "though this computer trusts it"


def test_of_what_strangers_answered_only_the_status_stays() -> None:
    page = "HTTP/1.1 302 Found Location: http://portal.hotel.test/?guest=Anna+Rossi"
    told = written(dropped(PUBLIC, answer=page))
    assert not any("Anna" in text or "hotel" in text or "Found" in text for text in told.values())
    assert all("HTTP/1.1 302 …" in text for text in told.values())


@pytest.mark.parametrize(
    "code", ["proxy-dead", "proxy-auth-required", "http-proxy-only", "socks-only"]
)
@pytest.mark.parametrize("host", ["wsproxy", "proxy", "wsproxy.corp.test", "10.9.8.7"])
def test_a_proxy_is_not_named(code: str, host: str) -> None:
    about = finding_of(code, Status.WARNING, f"{host}:3128", {"configured_in": "jts.ini"})
    told = written(about)
    assert not any(f"{host}:3128" in text for text in told.values())
    assert "jts.ini" in told["json"]


def test_this_computer_knows_what_is_its_own() -> None:
    own = of_this_computer("u1234")
    assert "u1234" in own.people
    assert "127.0.0.1" in own.addresses
    assert own.names
    assert all(own.addresses + own.names + own.people + own.places)


def test_proxies_and_their_credentials_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://anna:hunter2@wsproxy.corp.test:3128")
    monkeypatch.setenv("ALL_PROXY", "socks5://10.9.8.7:1080")
    own = of_this_computer()
    assert {"anna", "hunter2"} <= set(own.people)
    assert "wsproxy.corp.test" in own.names
    assert "10.9.8.7" in own.addresses


def test_own_words_stay_even_where_a_person_is_called_so() -> None:
    own = Private(people=("silent", "reset", "failure"))
    made = redacted(document(dropped(PUBLIC), private=own))
    said = made.as_json()
    assert said["findings"][0]["evidence"]["seen"] == "silent"
    assert said["verdict"] == "failure"


WORDS_OF_OURS = " ".join(
    [*WORDS, *(f"{one.title} {one.cause} {one.remedy}" for one in WORDS.values())]
).lower()
LETTERS = st.text(string.ascii_lowercase, min_size=5, max_size=12).filter(
    lambda word: word not in WORDS_OF_OURS
)
ADDRESSES = st.one_of(
    st.ip_addresses(v=4),
    st.ip_addresses(v=6).filter(lambda one: one.ipv4_mapped is None),
).filter(lambda one: not one.is_loopback and not one.is_unspecified)
NAMES = st.builds(lambda host, domain: f"{host}q.{domain}x.example", LETTERS, LETTERS)
GLUE = st.sampled_from([" ", "=", "/", "\n", "<", '"', "'", "(", "|", ";", "@ ", "://", " – "])


def spelt(address: IPv4Address | IPv6Address, how: int) -> str:
    if isinstance(address, IPv6Address):
        return (str(address), address.exploded, str(address).upper())[how % 3]
    return str(address)


@given(
    st.lists(ADDRESSES, min_size=1, max_size=3, unique=True),
    st.lists(NAMES, min_size=1, max_size=2, unique=True),
    st.lists(LETTERS.map(lambda word: f"{word}77"), min_size=1, max_size=2, unique=True),
    st.lists(GLUE, min_size=20, max_size=20),
    st.integers(0, 2),
    st.sampled_from(sorted(WORDS)),
)
def test_nothing_of_ones_own_survives_in_any_format(
    addresses: list[IPv4Address | IPv6Address],
    names: list[str],
    people: list[str],
    glue: list[str],
    how: int,
    code: str,
) -> None:
    own = [*(spelt(one, how) for one in addresses), *names, *people]
    plain = [*map(str, addresses), *names, *people]
    assume(not any(one.lower() in f"{PUBLIC.host} {DESK.host}" for one in plain))
    private = Private(
        addresses=tuple(map(str, addresses)), names=tuple(names), people=tuple(people)
    )
    sentence = "".join(a + b for a, b in zip(glue, own, strict=False)) + glue[-1]
    evidence = dict.fromkeys(
        ("error", "answer", "issuer", "configured_in", "program"), sentence
    ) | {"seen_as": own, "nested": {own[0]: [sentence]}}
    about = finding_of(code, Status.FAILURE, own[-1], evidence)
    listed = target(
        Host(id="own", host=str(addresses[0]), ports=(4000,)),
        lookup={"name": names[0], "result": "found", "error": sentence, "milliseconds": 1},
    )
    hosts = (Host(id="own", host=str(addresses[0]), ports=(4000,), note=sentence),)
    made = redacted(document(about, hosts=hosts, targets=(listed,), private=private))
    for name, form in FORMATS.items():
        text = markup.unescape(form.write(made))
        decoded = json.dumps(json.loads(text), ensure_ascii=False) if name == "json" else text
        for one in [*own, *plain]:
            assert not stands_in(one, decoded), (name, one)


def stands_in(value: str, text: str) -> bool:
    """Whether the value is there; an address may be a piece of a longer one by chance."""
    at = text.lower().find(value.lower())
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(value) : at + len(value) + 1]
        alone = not (before + after).isalnum() and not before.isalnum() and not after.isalnum()
        if alone and not _in_a_number(value, text, at):
            return True
        at = text.lower().find(value.lower(), at + 1)
    return False


def _in_a_number(value: str, text: str, at: int) -> bool:
    """`::` and the like are everywhere; what reads as another address is not this one."""
    try:
        ip_address(value)
    except ValueError:
        return False
    around = text[max(0, at - 3) : at + len(value) + 3]
    return len(value) < 5 and any(sign in around for sign in (":::", "://", "::-"))
