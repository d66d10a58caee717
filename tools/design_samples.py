"""Invented data for tools/design-gallery.py: one entry a page and state."""

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


CHALLENGE = {
    "id": "ch_7f2",
    "kind": "dsc-plus",
    "question": "123 456",
    "device": "dv_1",
    "label": "Digital Security Card+ ending 4471",
}

FACTORS = [
    {"device": "dv_2", "label": "Pixel 10 · Deskside Key", "kind": "deskside-key"},
    {"device": "dv_3", "label": "Passkey “ThinkPad”", "kind": "passkey"},
]

EVENTS = [
    {"text": "Logged in with Digital Security Card+", "when": "Today, 08:41 CET", "where": "Chrome on Linux, Milan", "tone": "ok"},
    {"text": "Passkey “ThinkPad” added", "when": "Yesterday, 17:20 CET", "where": "Chrome on Linux", "tone": "notice"},
    {"text": "Wrong password, 2 times", "when": "19 November, 22:04 CET", "where": "Unknown browser", "tone": "warning"},
    {"text": "Device shared with user name aferrari2", "when": "12 November, 10:12 CET", "tone": "notice"},
]

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "log_in": ("log_in", {**GUEST}),
    "log_in_errors": (
        "log_in",
        {
            **GUEST,
            "demo": True,
            "demo_href": "/demo/card",
            "values": {"username": "aferrari"},
            "errors": [{"field": "username", "message": "The user name or the password is not right"}],
        },
    ),
    "second_factor": (
        "second_factor",
        {
            **GUEST,
            "challenge": CHALLENGE,
            "time_left": "5 minutes",
            "until": "14:32 CET",
            "factors": FACTORS,
            "new_challenge_href": "/login/1/challenge",
            "demo_card_href": "/demo/card",
        },
    ),
    "second_factor_errors": (
        "second_factor",
        {
            **GUEST,
            "challenge": {**CHALLENGE, "kind": "code-card", "question": "017 203", "label": "Security Code Card 0092"},
            "time_left": "2 minutes",
            "new_challenge_href": "/login/1/challenge",
            "errors": [{"field": "answer", "message": "Both values together have 6 characters: you typed 5"}],
        },
    ),
    "home": (
        "home",
        {
            "navigation": here("/"),
            "greeting": "Good morning",
            "last_login": "Last log-in: yesterday at 17:02 CET, from Milan",
            "events": EVENTS,
            "events_href": "/account/events",
            "cards": [
                {"href": "/network", "title": "Connection test", "icon": "network", "text": "Can this place reach every host and port that trading needs? If not, which one, and why.", "state": "All 14 hosts reached, 12 minutes ago", "tone": "ok"},
                {"href": "/settings", "title": "Workspace settings", "icon": "settings", "text": "Each version of your layouts, kept and comparable. Restore, move or share them.", "state": "Saved today at 08:43", "tone": "ok"},
                {"href": "/kb", "title": "Knowledge base", "icon": "book", "text": "Support articles that run: they check, propose a plan, carry it out and can undo it.", "state": "23 articles", "tone": "neutral"},
                {"href": "/account/devices", "title": "Security devices", "icon": "shield", "text": "Add, share, store and replace the devices that you log in with.", "state": "Recovery codes not saved yet", "tone": "warning"},
            ],
        },
    ),
    "home_first": (
        "home",
        {
            "navigation": here("/"),
            "demo": True,
            "demo_href": "/demo/card",
            "tasks": [
                {"title": "Choose a password", "status": "Done", "tone": "ok"},
                {"title": "Add a security device", "href": "/account/devices/new", "status": "To do", "tone": "accent", "hint": "A card, a passkey or your phone"},
                {"title": "Save your recovery codes", "status": "Cannot start yet"},
            ],
            "notices": [{"title": "Your shared device was approved", "text": "You can log in with Digital Security Card+ ending 4471 from now on.", "kind": "success"}],
        },
    ),
    "demo_card": (
        "demo_card",
        {
            **GUEST,
            "demo": True,
            "card": {"display": "CHALLNG> 1234", "state": "x", "step": "challenge", "waiting": True},
            "pin": "4821",
            "challenge": "123 456",
            "return_href": "/login/1",
            "cards": [
                {"href": "#", "label": "Anna's card", "current": True},
                {"href": "#", "label": "Marco's card", "current": False},
                {"href": "#", "label": "Code card", "current": False},
            ],
        },
    ),
    "demo_card_off": (
        "demo_card",
        {**GUEST, "demo": True, "card": {"display": "", "state": "x", "step": "off"}},
    ),
    "demo_card_response": (
        "demo_card",
        {**GUEST, "demo": True, "card": {"display": "9027 4415", "state": "x", "step": "response"}, "pin": "4821"},
    ),
}
