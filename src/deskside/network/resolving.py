"""Names to addresses for the formats whose firewalls know none."""

from __future__ import annotations

import asyncio

from deskside.network.formats.shared import ends
from deskside.network.model import Catalogue
from deskside.network.probes import dns


def resolve(catalogue: Catalogue) -> dict[str, list[str]]:
    """The present addresses of every host, each spelling by itself; empty where there are none."""
    names = [name for name, _ports, _row in ends(catalogue)]

    async def all_of_them() -> list[list[str]]:
        resolver = dns.Resolver()
        seen = await asyncio.gather(*(resolver.look_up(name, spell=False) for name in names))
        return [[*one.ipv4, *one.ipv6] for one in seen]

    return dict(zip(names, asyncio.run(all_of_them()), strict=True))
