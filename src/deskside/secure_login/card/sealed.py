"""The card's state as a short text, for a page that must carry it without JavaScript.

Between PIN and challenge the state holds the PIN, so the text is sealed (AES-256-GCM) under a key
derived from the card's own: a page's source, a log or a proxy shows nothing, and one card's state
is worthless to another.
"""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deskside.foundation.clock import Randomness
from deskside.secure_login.card.device import VirtualCard
from deskside.secure_login.card.machine import Stage, State

_NONCE_BYTES = 12
_PURPOSE = b"deskside virtual card state 1"


class StateError(ValueError):
    """The text is no state of this card."""


def seal(card: VirtualCard, state: State, rng: Randomness) -> str:
    """The state as URL-safe text; times are kept to the second."""
    fields = (state.stage.value, state.shown, state.pin, str(int(state.touched.timestamp())))
    nonce = rng.token_bytes(_NONCE_BYTES)
    sealed = _cipher(card).encrypt(nonce, "\n".join(fields).encode(), card.serial.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode("ascii")


def unseal(card: VirtualCard, text: str) -> State:
    """The reverse of `seal`; raises StateError for any other text."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii"))
        nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        opened = _cipher(card).decrypt(nonce, sealed, card.serial.encode()).decode()
    except (ValueError, InvalidTag) as error:
        raise StateError("not a state of this card") from error
    stage, shown, pin, touched = opened.split("\n")
    return State(Stage(stage), shown, pin, datetime.fromtimestamp(int(touched), UTC))


def _cipher(card: VirtualCard) -> AESGCM:
    return AESGCM(hmac.digest(card.key, _PURPOSE, "sha256"))
