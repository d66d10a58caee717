"""Invented data for tools/design-gallery.py: one entry a page and state."""

from __future__ import annotations

from . import people, tools
from .shared import COMMON

__all__ = ["COMMON", "PAGES"]

PAGES = {**people.PAGES, **tools.PAGES}
