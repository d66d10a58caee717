"""Invented data that every sample page shares."""

from __future__ import annotations

from typing import Any

COMMON: dict[str, Any] = {
    "language": "en",
    "languages": [("en", "English"), ("it", "Italiano"), ("de", "Deutsch")],
    "visitor": {"display_name": "Anna Ferrari", "user_name": "aferrari"},
    "navigation": [
        {"href": "/", "label": "Home", "current": False},
        {"href": "/network", "label": "Connection test", "current": False},
        {"href": "/settings", "label": "Settings", "current": False},
        {"href": "/kb", "label": "Knowledge base", "current": False},
        {"href": "/account/devices", "label": "Security devices", "current": False},
    ],
    "demo": False,
    "version": "0.1.0",
    "local": False,
    "footer_links": [
        {"href": "/kb", "label": "Knowledge base"},
        {"href": "/api/v1/openapi.json", "label": "API"},
    ],
}

GUEST: dict[str, Any] = {"visitor": None, "navigation": []}


def here(href: str) -> list[dict[str, Any]]:
    return [{**item, "current": item["href"] == href} for item in COMMON["navigation"]]
