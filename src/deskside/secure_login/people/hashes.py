"""Which ready password hashes we take: Argon2id as a PHC string, within bounds. Pure.

What is weaker than OWASP's least costs would be easier to guess than what we make ourselves; what
is dearer than ours by far would let one log-in stop the portal. A hash that is taken is made anew
with our own costs when its password is next given.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

from deskside.foundation.text import _

LEAST_MEMORY, MOST_MEMORY = 7_168, 65_536
"""KiB."""
MOST_PASSES, MOST_LANES = 10, 8
LEAST_WORK, MOST_WORK = 35_840, 262_144
"""KiB times passes: from the cheapest of OWASP's choices (7 MiB, 5 passes) to some 0.2 s."""
SALT_BYTES, HASH_BYTES = (8, 48), (16, 64)
LONGEST = 127
"""Characters; what libsodium reads."""

_PHC = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]{0,2}),p=([1-9][0-9]?)"
    r"\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


def why_not(stored: str) -> str:
    """Why a hash is not taken; empty where it is."""
    found = _PHC.fullmatch(stored)
    if found is None or len(stored) > LONGEST:
        return _("the password hash is no Argon2id hash (version 19) in PHC format")
    memory, passes, lanes = (int(found[each]) for each in (1, 2, 3))
    if not (_has_length(found[4], SALT_BYTES) and _has_length(found[5], HASH_BYTES)):
        return _("salt or hash of the password hash have a length that is not taken")
    work = memory * passes
    if memory < LEAST_MEMORY or work < LEAST_WORK:
        return _("the password hash is too cheap to guess at: m={memory}, t={passes}").format(
            memory=memory, passes=passes
        )
    if memory > MOST_MEMORY or passes > MOST_PASSES or lanes > MOST_LANES or work > MOST_WORK:
        return _("the password hash costs too much: m={memory}, t={passes}, p={lanes}").format(
            memory=memory, passes=passes, lanes=lanes
        )
    return ""


def _has_length(text: str, bounds: tuple[int, int]) -> bool:
    """Whether it is Base64 without padding, spelt in the one right way, of so many bytes."""
    try:
        read = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return False
    return b64encode(read).rstrip(b"=").decode() == text and bounds[0] <= len(read) <= bounds[1]
