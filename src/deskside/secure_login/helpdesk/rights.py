"""Who of the staff may do what at the console. Pure; what no role grants is denied.

    operator           everything
    helpdesk           looks people up, acts for traders; no export
    reviewer           looks, reads the audit trail, exports; changes nothing
    security-officer   locks, unlocks and ends sessions, for the user names of the own entity only

Nobody acts on their own user name, and only an operator acts on staff: whoever can reset an
operator is one.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from deskside.directory.model import Role, UserName


class Right(StrEnum):
    """Something that staff may do."""

    SEARCH = "search"
    AUDIT = "audit"
    STOCK = "stock"
    EXPORT = "export"
    LOCK = "lock"
    RECOVER = "recover"
    ISSUE = "issue"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OPERATOR: frozenset(Right),
    Role.HELPDESK: frozenset({Right.SEARCH, Right.AUDIT, Right.STOCK, Right.LOCK, Right.RECOVER}),
    Role.REVIEWER: frozenset({Right.SEARCH, Right.AUDIT, Right.STOCK, Right.EXPORT}),
    Role.SECURITY_OFFICER: frozenset({Right.SEARCH, Right.AUDIT, Right.LOCK}),
}

STAFF = frozenset(RIGHTS)
"""The roles that see the console at all."""

CHANGES = frozenset({Right.LOCK, Right.RECOVER, Right.ISSUE})

EVERYWHERE = STAFF - {Role.SECURITY_OFFICER}
"""Roles that see the user names of all holders."""


def rights_of(roles: Collection[str]) -> frozenset[Right]:
    """What the roles grant together, about whomever it is."""
    return frozenset(
        right for role, granted in RIGHTS.items() if role.value in roles for right in granted
    )


def rights_over(
    roles: Collection[str], own_id: str, own_holder: str, person: UserName
) -> frozenset[Right]:
    """What a member of staff may do about one user name.

    Args:
        roles: the member's roles.
        own_id: the member's own user name.
        own_holder: who stands behind it.
        person: the other user name.
    """
    granted: frozenset[Right] = frozenset()
    for role, rights in RIGHTS.items():
        if role.value in roles and (role in EVERYWHERE or person.holder_id == own_holder):
            granted |= rights
    is_staff = bool(person.roles & STAFF)
    if person.id == own_id or (is_staff and Role.OPERATOR.value not in roles):
        return granted - CHANGES
    return granted
