"""What the answer of a proxy script says. Pure.

The form is `PROXY host:port; SOCKS host:port; DIRECT`, tried from left to right (Netscape's
"Navigator Proxy Auto-Config File Format" of 1996, which nothing has replaced).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CHOICE = re.compile(
    r"(PROXY|HTTPS?|SOCKS[45]?)\s+([\w.\-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?", re.IGNORECASE
)
_USUAL_PORT = {"PROXY": 80, "HTTP": 80, "HTTPS": 443}
SOCKS_PORT = 1080


@dataclass(frozen=True, slots=True)
class Choice:
    """One way out; `kind` is `direct`, `http` or `socks5`."""

    kind: str
    host: str = ""
    port: int = 0


DIRECT = Choice("direct")


def choices(answer: str) -> list[Choice]:
    """The ways out in their order; what is not understood is passed over, as browsers do."""
    found = []
    for part in answer.split(";"):
        word = part.strip()
        if word.upper() == "DIRECT":
            found.append(DIRECT)
        elif matched := _CHOICE.fullmatch(word):
            name, host, port = matched[1].upper(), matched[2].strip("[]"), matched[3]
            number = int(port) if port else _USUAL_PORT.get(name, SOCKS_PORT)
            if 0 < number <= 65535:
                found.append(Choice("socks5" if "SOCKS" in name else "http", host, number))
    return found
