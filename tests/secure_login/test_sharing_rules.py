"""When a device may be shared: a model beside the rules, over generated families."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from deskside.directory.model import IdentityMarks
from deskside.secure_login.sharing.rules import (
    Doubt,
    Held,
    Obstacle,
    Participant,
    ReviewPolicy,
    doubt,
    may_send_back,
    obstacle,
    parked,
    same_identity,
    taking_part,
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


# Families: everybody who uses the device takes part

NAMES = "uvwxyz"
bindings = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from("abc")), max_size=12)


@settings(max_examples=1000, deadline=None)
@given(bindings, st.permutations(NAMES))
def test_who_takes_part(active: set[tuple[str, str]], names: list[str]) -> None:
    owner, requester = names[:2]
    told = taking_part("a", owner, requester, active)
    assert told[:2] == (owner, requester)
    assert len(set(told)) == len(told)
    expected = {owner, requester} | {user for user, held in active if held == "a"}
    assert set(told) == expected


class FamilyModel(RuleBasedStateMachine):
    """Devices are shared and sharings cancelled, in any order, among six user names.

    Whether somebody may join is told another way: by looking at all who use the device.
    """

    LEVELS = {"a": 40, "b": 40, "c": 20, "d": 20, "e": 30, "f": 20}  # noqa: RUF012

    @initialize(strangers=st.sets(st.sampled_from(NAMES), max_size=2))
    def begin(self, strangers: set[str]) -> None:
        self.strangers = strangers
        self.active = dict.fromkeys(NAMES, frozenset[str]())
        for name, device in zip(NAMES, "abcdef", strict=True):
            self.active[name] = frozenset({device})
        self.rests: dict[tuple[str, str], tuple[str, ...]] = {}

    def participant(self, name: str) -> Participant:
        devices = tuple(
            Held(each, self.LEVELS[each], physical=True, temporary=False, active=True)
            for each in sorted(self.active[name])
        )
        # Strangers are strangers to each other as well.
        person = KNOWN if name not in self.strangers else IdentityMarks(name.encode(), b"d")
        return Participant(name, f"holder-{name}", person, devices)

    @rule(owner=st.sampled_from(NAMES), requester=st.sampled_from(NAMES), data=st.data())
    def share(self, owner: str, requester: str, data: st.DataObject) -> None:
        if owner == requester or not self.active[owner]:
            return
        device = data.draw(st.sampled_from(sorted(self.active[owner])))
        if device in self.active[requester]:
            return
        pairs = [(name, held) for name in NAMES for held in self.active[name]]
        users = taking_part(device, owner, requester, pairs)
        first, *others = map(self.participant, users)
        told = obstacle(device, first, *others)
        users_of = {name for name in NAMES if device in self.active[name]} | {requester}
        strange = len(users_of) > 1 and bool(users_of & self.strangers)
        stronger = any(
            self.LEVELS[held] > self.LEVELS[device]
            for name in users_of
            for held in self.active[name]
        )
        assert (told is None) == (not strange and not stronger)
        if told is None:
            own = self.participant(requester).devices
            rest = parked(device, own)
            self.rests[requester, device] = rest
            self.active[requester] = self.active[requester] - set(rest) | {device}

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        open_ = [pair for pair in sorted(self.rests) if pair[1] in self.active[pair[0]]]
        if not open_:
            return
        name, device = data.draw(st.sampled_from(open_))
        self.active[name] = self.active[name] - {device} | set(self.rests.pop((name, device)))

    @invariant()
    def no_stranger_shares(self) -> None:
        if not hasattr(self, "active"):
            return
        for device in self.LEVELS:
            users = {name for name in NAMES if device in self.active[name]}
            assert len(users) < 2 or not users & self.strangers


FamilyModel.TestCase.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
TestFamilies = FamilyModel.TestCase


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), st.integers(1, 3))))
def test_what_may_be_sent_back(rest: list[tuple[str, bool, int]]) -> None:
    """Cards that are taken back, and that nobody else uses."""
    told = may_send_back(rest)
    assert list(told) == [each[0] for each in rest if each[1] and not each[2] > 1]
