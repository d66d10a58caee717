"""Random secrets that stand for a log-in, a session or a browser."""

from __future__ import annotations

import hashlib
import re
import secrets

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """256 random bits, fit for a cookie and an address."""
    return secrets.token_urlsafe(32)


def is_token(text: str) -> bool:
    """Whether a text can be a token of ours at all."""
    return _TOKEN.fullmatch(text) is not None


def token_hash(token: str) -> bytes:
    """What we keep of a token. A fast hash is enough for what nobody chose."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
