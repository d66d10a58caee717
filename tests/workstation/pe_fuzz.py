"""Reads a million Windows files whose headers were spoilt: no crash, no hang.

    python -m tests.workstation.pe_fuzz [COUNT [SEED]]

What is spoilt depends on the seed alone; a seed that breaks the reader is printed.
"""

from __future__ import annotations

import random
import signal
import sys
import time

from deskside.workstation.esignal.looking import read_library
from deskside.workstation.esignal.recipes import DBCAPI

from .pe_writer import ARM64, X64, X86, library

MILLION = 1_000_000
PATIENCE = 5
"""Seconds for one file; a reader that takes longer hangs."""

INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
HEADERS, SECTION = 0x80, 0x400
"""Where the headers begin, and where the tables of the one section do."""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A file with one to six fields of its headers or tables spoilt, or its end cut off."""
    spoilt = bytearray(content)
    for _field in range(chance.randint(1, 6)):
        low, high = chance.choice(((0, SECTION), (HEADERS, SECTION), (SECTION, len(content))))
        width = chance.choice((1, 2, 4))
        at = chance.randrange(low, high - width)
        value = chance.choice(INTERESTING) if chance.random() < 0.5 else chance.getrandbits(32)
        spoilt[at : at + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    if chance.random() < 0.1:
        del spoilt[chance.randrange(len(spoilt)) :]
    return bytes(spoilt)


def main(count: int = MILLION, seed: int = 0) -> None:
    """Read them all; an exception or the alarm ends it."""
    whole = [library(machine) for machine in (X86, X64, ARM64)]
    refused, started = 0, time.monotonic()
    for number in range(seed, seed + count):
        chance = random.Random(number)
        content = mutated(chance.choice(whole), chance)
        signal.alarm(PATIENCE)
        try:
            refused += bool(read_library("C:\\x.dll", content, DBCAPI).refused)
        except BaseException:
            print(f"seed {number} breaks the reader", file=sys.stderr)
            raise
    signal.alarm(0)
    took = time.monotonic() - started
    print(f"{count:,} files in {took:.0f} s: {refused:,} refused, {count - refused:,} read")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
