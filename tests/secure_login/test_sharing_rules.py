"""When a device may be shared: a model beside the rules, over generated families."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deskside.directory.model import IdentityMarks
from deskside.secure_login.sharing.rules import (
    Doubt,
    Held,
    Obstacle,
    Participant,
    ReviewPolicy,
    doubt,
    obstacle,
    parked,
    same_identity,
    to_ask,
)

KNOWN = IdentityMarks(b"person", b"document", b"number")
CARD = Held("card", 30, physical=True, temporary=False, active=True)
PAPER = Held("paper", 10, physical=True, temporary=False, active=True)
APP = Held("app", 40, physical=False, temporary=False, active=True)
CODE = Held("code", 5, physical=False, temporary=True, active=True)


def somebody(*devices: Held, holder: str = "h1", marks: IdentityMarks = KNOWN) -> Participant:
    return Participant("someone", holder, marks, devices)


hashes = st.sampled_from([None, b"a", b"b"])
marks = st.builds(IdentityMarks, person=hashes, document=hashes, us_ssn=hashes)
devices = st.builds(
    Held,
    device=st.sampled_from("abcdef"),
    protection_level=st.sampled_from([5, 10, 20, 30]),
    physical=st.booleans(),
    temporary=st.booleans(),
    active=st.booleans(),
)
participants = st.builds(
    Participant,
    user_name=st.sampled_from("uvw"),
    holder=st.sampled_from(["h1", "h2"]),
    marks=marks,
    devices=st.lists(devices, max_size=3, unique_by=lambda held: held.device).map(tuple),
)
families = st.lists(participants, min_size=2, max_size=4)


def model(shared: str, family: list[Participant]) -> Obstacle | None:
    """The article, told in another way: as tables of facts, each searched to the end."""
    owner = family[0]
    table = [(each, held) for each in family for held in each.devices]
    if [1 for _each, held in table if held.temporary and held.active]:
        return Obstacle.TEMPORARY_DEVICE
    comparable = [
        (each, held)
        for each, held in table
        if (held.physical, held.temporary, held.active) == (True, False, True)
    ]
    offered = [held for each, held in comparable if each is owner and held.device == shared]
    if not offered:
        return Obstacle.USE_ADD_USER
    for other in family[1:]:
        facts = {
            name: (getattr(owner.marks, name), getattr(other.marks, name))
            for name in ("person", "document", "us_ssn")
        }
        alike = {name for name, (one, two) in facts.items() if one is not None and one == two}
        if owner.holder != other.holder and not (
            {"person", "document"} <= alike or {"person", "us_ssn"} <= alike
        ):
            return Obstacle.DIFFERENT_IDENTIFICATION
    ranked = sorted(held.protection_level for _each, held in comparable)
    return None if ranked[-1] == offered[0].protection_level else Obstacle.LESS_SECURE


@settings(max_examples=3000, deadline=None)
@given(families, st.sampled_from("abcdef"))
@example([somebody(CARD), somebody(APP)], "card")
@example([somebody(APP), somebody(CARD)], "app")
def test_as_the_article_says(family: list[Participant], shared: str) -> None:
    assert obstacle(shared, *family) == model(shared, family)


@settings(max_examples=500, deadline=None)
@given(families, st.sampled_from("abcdef"))
def test_order_and_phones_change_nothing(family: list[Participant], shared: str) -> None:
    owner, *others = family
    told = obstacle(shared, owner, *others)
    assert obstacle(shared, owner, *reversed(others)) == told
    phone = Held("z", 99, physical=False, temporary=False, active=True)
    with_phones = [replace(each, devices=(*each.devices, phone)) for each in family]
    assert obstacle(shared, *with_phones) == told


@settings(max_examples=500, deadline=None)
@given(participants, participants)
def test_identity_is_mutual(one: Participant, other: Participant) -> None:
    assert same_identity(one, other) == same_identity(other, one)


@pytest.mark.parametrize(
    ("owner", "requester", "told"),
    [
        (somebody(CARD), somebody(), None),
        (somebody(CARD), somebody(PAPER), None),
        (somebody(CARD), somebody(replace(CARD, device="equal")), None),
        (
            somebody(CARD),
            somebody(replace(CARD, device="more", protection_level=31)),
            Obstacle.LESS_SECURE,
        ),
        (somebody(CARD), somebody(replace(CARD, protection_level=31, active=False)), None),
        (somebody(CARD, APP), somebody(APP), None),
        (somebody(CARD), somebody(CODE), Obstacle.TEMPORARY_DEVICE),
        (somebody(CARD, CODE), somebody(), Obstacle.TEMPORARY_DEVICE),
        (somebody(CARD), somebody(replace(CODE, active=False)), None),
        (somebody(CARD), somebody(holder="h2"), None),
        (
            somebody(CARD),
            somebody(holder="h2", marks=replace(KNOWN, person=b"other")),
            Obstacle.DIFFERENT_IDENTIFICATION,
        ),
        (somebody(CARD), somebody(holder="h2", marks=replace(KNOWN, document=b"old")), None),
        (
            somebody(CARD),
            somebody(holder="h2", marks=IdentityMarks(b"person")),
            Obstacle.DIFFERENT_IDENTIFICATION,
        ),
        (
            somebody(CARD, marks=IdentityMarks()),
            somebody(holder="h2", marks=IdentityMarks()),
            Obstacle.DIFFERENT_IDENTIFICATION,
        ),
    ],
)
def test_cases(owner: Participant, requester: Participant, told: Obstacle | None) -> None:
    assert obstacle("card", owner, requester) is told


def test_an_app_alone_is_not_shared() -> None:
    assert obstacle("app", somebody(APP), somebody()) is Obstacle.USE_ADD_USER


def test_which_device_is_asked() -> None:
    assert to_ask([APP, PAPER, CARD]) == CARD
    assert to_ask([APP, CODE]) == APP
    assert to_ask([replace(CARD, active=False)]) is None


def test_what_is_parked() -> None:
    assert parked("card", [CARD, PAPER, APP, CODE]) == ("paper",)


@pytest.mark.parametrize(
    ("policy", "names", "kinds", "why"),
    [
        (ReviewPolicy.NEVER, "ab", ("person", "entity"), None),
        (ReviewPolicy.DOUBTFUL, "aa", ("person", "person"), None),
        (ReviewPolicy.DOUBTFUL, "ab", ("person", "person"), Doubt.NAMES_DIFFER),
        (ReviewPolicy.DOUBTFUL, "aa", ("person", "entity"), Doubt.KINDS_DIFFER),
        (ReviewPolicy.ALWAYS, "aa", ("person", "person"), Doubt.POLICY),
        (ReviewPolicy.ALWAYS, "ab", ("person", "person"), Doubt.NAMES_DIFFER),
    ],
)
def test_what_is_reviewed(
    policy: ReviewPolicy, names: str, kinds: tuple[str, ...], why: Doubt | None
) -> None:
    assert doubt(policy, list(names), kinds) is why
