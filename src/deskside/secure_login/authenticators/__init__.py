"""Authenticator kinds: one module each, found through the entry points of their group."""

from deskside.secure_login.authenticators.base import (
    Authenticator,
    Hashing,
    Importable,
    Keypad,
    LookUp,
    MalformedAnswer,
    Posted,
    Simulated,
    WithPin,
)
from deskside.secure_login.authenticators.registry import UnknownKind, authenticator, kinds

__all__ = [
    "Authenticator",
    "Hashing",
    "Importable",
    "Keypad",
    "LookUp",
    "MalformedAnswer",
    "Posted",
    "Simulated",
    "UnknownKind",
    "WithPin",
    "authenticator",
    "kinds",
]
