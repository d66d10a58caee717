"""Chains of audit rows, made as the sealer makes them."""

from __future__ import annotations

from collections.abc import Sequence

from deskside.foundation.audit.model import GENESIS, Row, Sealed, digest, link


def chained(rows: Sequence[Row]) -> list[Sealed]:
    sealed, previous = [], GENESIS
    for position, row in enumerate(rows, 1):
        previous = link(previous, digest(row))
        sealed.append(Sealed(row=row, position=position, digest=digest(row), link=previous))
    return sealed
