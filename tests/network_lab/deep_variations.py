"""Limits and idle times made otherwise, and lines that have none: what only `--deep` looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .lab import FAR_ENDS, Break, Lab
from .scenarios import both, forwarding, line, nat_idle


def limited(count: int, how: str) -> Break:
    """So many connections at once from one address, to any port of the far ends."""
    over = f"ip protocol tcp ct state new add @c {{ ip saddr ct count over {count} }} {how};"
    return lambda lab: lab.rules(
        lab.router,
        "table inet lab { set c { type ipv4_addr; flags dynamic; } chain f { type filter hook "
        f"forward priority 0; {over} }} }}",
    )


def nobody_answers(lab: Lab) -> None:
    """What leads nowhere is passed on, and never heard of again."""
    lab.within(lab.router, f"ip route add default via {FAR_ENDS[0]}")


def policed(kilobytes: int, burst: int, way: str = "sport") -> Break:
    """What comes too quickly is dropped, and not kept for later."""
    return forwarding(
        f"meta nfproto ipv4 tcp {way} 4000 limit rate over {kilobytes} kbytes/second "
        f"burst {burst} kbytes drop;"
    )


def narrow(kilobits: int, *legs: str, burst: int = 16, latency: int = 500) -> Break:
    """So much for all together, in the direction of each leg."""

    def build(lab: Lab) -> None:
        for leg in legs:
            lab.within(
                lab.router,
                f"tc qdisc add dev {leg} root tbf rate {kilobits}kbit burst {burst}kb "
                f"latency {latency}ms",
            )

    return build


DEEP_VARIATIONS: Mapping[str, tuple[str, Break]] = {
    "forgotten after 8 seconds": ("idle-dropped", nat_idle("drop", 8)),
    "cut after 9 seconds": ("idle-reset", nat_idle("reject with tcp reset", 9)),
    "twenty connections": ("connection-limited", limited(20, "reject with tcp reset")),
    "twenty-five, the rest dropped": ("connection-limited", limited(25, "drop")),
    "twenty, with those that nobody answers": (
        "connection-limited",
        both(nobody_answers, limited(20, "drop")),
    ),
    "policed": ("rate-limited", policed(40, 30)),
    "policed, on the way there, after a while": ("rate-limited", policed(32, 600, "dport")),
    "a narrow way": ("rate-limited", narrow(512, "c0", "s0")),
    "a narrow and long way": ("rate-limited", both(line("--delay", "120"), narrow(512, "s0"))),
    "a way of 128 kbit/s": ("rate-limited", narrow(128, "c0", "s0")),
    "a way of 64 kbit/s": ("rate-limited", narrow(64, "s0", burst=8, latency=800)),
    "a narrow line, shared both ways": ("rate-limited", line("--rate", "512", "--delay", "10")),
}

NOT_HELD_BACK: Mapping[str, Break] = {
    "a megabit": narrow(1000, "c0", "s0"),
    "a long line": line("--delay", "175"),
    "a very unsteady line": line("--delay", "20", "--jitter", "90", "--reorder", "20"),
    "a line that loses a fifth": line("--delay", "20", "--loss", "20"),
    "a long line that loses some": line("--delay", "150", "--loss", "3"),
}
"""None of these lines is held back, whatever else it is."""


def free(report: dict[str, Any]) -> bool:
    """Whether a test says that nothing holds such a line back, and has measured it."""
    named = {one["code"] for one in report["findings"]}
    cut_off = {one["what"] for one in report["not_tested"] if one["why"] == "deadline"}
    return named <= {"reachable", "latency", "jitter", "loss"} and "rate" not in cut_off


SLICE = frozenset(
    {
        "forgotten after 8 seconds",
        "cut after 9 seconds",
        "twenty connections",
        "twenty-five, the rest dropped",
        "twenty, with those that nobody answers",
        "policed",
        "a narrow way",
        "a megabit",
        "a long line",
    }
)
"""Those that `make test` looks at, as each takes half a minute; `make prove` looks at all."""
