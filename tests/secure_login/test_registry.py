"""Kinds are found by entry point, and a broken set of plug-ins says so."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest

from deskside.foundation.errors import Refused
from deskside.secure_login.authenticators import UnknownKind, authenticator, kinds, registry
from deskside.secure_login.authenticators.dsc_plus import DscPlus

MODULE = "deskside.secure_login.authenticators"
DSC_PLUS = f"{MODULE}.dsc_plus:DscPlus"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """The entry points that seem to be installed, for the test to fill."""
    points: list[EntryPoint] = []
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry.forget()
    yield points
    registry.forget()


def test_the_card_is_found() -> None:
    assert "dsc-plus" in kinds()
    assert isinstance(authenticator("dsc-plus"), DscPlus)


def test_all_installed_kinds_load_and_carry_their_own_name() -> None:
    for kind in kinds():
        assert authenticator(kind).kind == kind
        assert authenticator(kind).protection_level > 0


def test_no_two_kinds_share_a_protection_level() -> None:
    levels = [authenticator(kind).protection_level for kind in kinds()]
    assert len(set(levels)) == len(levels)


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(UnknownKind) as caught:
        authenticator("crystal-ball")
    assert "crystal-ball" in caught.value.message
    assert "dsc-plus" in caught.value.hint


def test_two_plug_ins_of_one_kind_are_refused(installed: list[EntryPoint]) -> None:
    installed += [
        EntryPoint("dsc-plus", DSC_PLUS, registry.GROUP),
        EntryPoint("dsc-plus", "elsewhere:Card", registry.GROUP),
    ]
    with pytest.raises(Refused, match="elsewhere:Card") as caught:
        authenticator("dsc-plus")
    assert caught.value.code == "device-kind-twice"


def test_a_plug_in_under_another_name_is_refused(installed: list[EntryPoint]) -> None:
    installed.append(EntryPoint("card", DSC_PLUS, registry.GROUP))
    with pytest.raises(Refused) as caught:
        authenticator("card")
    assert caught.value.code == "device-kind-mismatch"
