"""How many OCRA responses one core computes in a second."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.measure import show

SUITE = "OCRA-1:HOTP-SHA256-8:QN06-PSHA256"
KEY = bytes(range(32))
COUNT = 20_000


def rate(respond: Callable[[str], object]) -> float:
    """Responses per second of CPU."""
    started = time.process_time()
    for number in range(COUNT):
        respond(f"{number:06d}")
    return COUNT / (time.process_time() - started)


def run(*, peers: bool) -> None:
    """Measure and print."""
    from deskside.secure_login.otp import ocra

    suite = ocra.Suite.parse(SUITE)
    rows: list[list[object]] = [
        ["Deskside", rate(lambda question: ocra.respond(suite, KEY, question, pin="1234"))]
    ]
    if peers:
        import oath

        parsed = oath.str2ocrasuite(SUITE)
        rows.append(["oath", rate(lambda question: parsed(KEY, Q=question, P="1234"))])
    show("OCRA responses", ["implementation", "per second of CPU"], rows)
