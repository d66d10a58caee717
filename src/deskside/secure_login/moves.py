"""Whether a session may be used from another address. Pure.

A session that moves looks the same whether a load balancer sends each connection out by another
line, a laptop changes from one network to the next, or somebody else has got hold of its token.
How much of that a desk bears is its own choice (`session.addresses`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network


class AddressPolicy(StrEnum):
    """What is done about a session that is used from another address.

    STRICT ends it; NETWORK ends it unless the address is a neighbour (IPv4 /24, IPv6 /64); WARN
    tells the person, among the security events and beside the session.
    """

    STRICT = "strict"
    NETWORK = "network"
    WARN = "warn"


class Move(StrEnum):
    """What a request's address means for its session."""

    NONE = "none"
    NOTED = "noted"
    ENDS = "ends"


def judge(policy: AddressPolicy, known: Sequence[str], address: str) -> Move:
    """What an address means for a session that was used from others (the log-in's first).

    Where either is unknown, as between programs of one computer, there is nothing to compare.
    """
    if not address or not known[0] or address in known:
        return Move.NONE
    if policy is AddressPolicy.WARN:
        return Move.NOTED
    near = policy is AddressPolicy.NETWORK and network_of(address) == network_of(known[0])
    return Move.NONE if near else Move.ENDS


def network_of(address: str) -> str:
    """The network of neighbours that an address belongs to; itself where it is none.

    An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is an IPv4 address.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed, 24), strict=False))
