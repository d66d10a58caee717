"""Authenticator kinds: one module each, found through the entry points of their group."""

from deskside.secure_login.authenticators.base import (
    Authenticator,
    Keypad,
    MalformedAnswer,
    Simulated,
)
from deskside.secure_login.authenticators.registry import UnknownKind, authenticator, kinds

__all__ = [
    "Authenticator",
    "Keypad",
    "MalformedAnswer",
    "Simulated",
    "UnknownKind",
    "authenticator",
    "kinds",
]
