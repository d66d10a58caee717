"""Logging in, the home page, the card, the account: by page and state."""

# ruff: noqa: E501  # a sentence of a sample stays whole

from __future__ import annotations

from typing import Any

from .shared import GUEST, here

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
    {
        "text": "Logged in with Digital Security Card+",
        "when": "Today, 08:41 CET",
        "where": "Chrome on Linux, Milan",
        "tone": "ok",
    },
    {
        "text": "Passkey “ThinkPad” added",
        "when": "Yesterday, 17:20 CET",
        "where": "Chrome on Linux",
        "tone": "notice",
    },
    {
        "text": "Wrong password, 2 times",
        "when": "19 November, 22:04 CET",
        "where": "Unknown browser",
        "tone": "warning",
    },
    {
        "text": "Device shared with user name aferrari2",
        "when": "12 November, 10:12 CET",
        "tone": "notice",
    },
]

DEVICES = [
    {
        "label": "Card ending 4471",
        "kind": "dsc-plus",
        "kind_label": "Digital Security Card+",
        "level": 5,
        "level_label": "Highest protection",
        "state": "Active",
        "tone": "ok",
        "added": "Added 3 March 2026",
        "last_used": "used today, 08:41",
        "shared_with": "aferrari2",
        "href": "#",
    },
    {
        "label": "ThinkPad",
        "kind": "passkey",
        "kind_label": "Passkey",
        "level": 4,
        "level_label": "High protection",
        "state": "Active",
        "tone": "ok",
        "added": "Added yesterday",
        "href": "#",
    },
    {
        "label": "Code card 0092",
        "kind": "code-card",
        "kind_label": "Security Code Card",
        "level": 2,
        "level_label": "Basic protection",
        "state": "Stored",
        "tone": "neutral",
        "added": "Added 8 January 2024",
        "href": "#",
    },
]
SESSIONS = [
    {
        "id": "s1",
        "client": "Chrome on Linux",
        "place": "Milan",
        "last_seen": "Active now",
        "current": True,
        "device_label": "Logged in with Card ending 4471",
    },
    {
        "id": "s2",
        "client": "deskside 0.1.0 on Windows",
        "last_seen": "Last contact 2 hours ago",
        "current": False,
        "device_label": "Logged in with ThinkPad",
    },
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
            "errors": [
                {"field": "username", "message": "The user name or the password is not right"}
            ],
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
            "new_challenge_action": "/login/1/challenge",
            "demo_card_href": "/demo/card",
        },
    ),
    "second_factor_errors": (
        "second_factor",
        {
            **GUEST,
            "challenge": {
                **CHALLENGE,
                "kind": "code-card",
                "question": "017 203",
                "label": "Security Code Card 0092",
            },
            "time_left": "2 minutes",
            "new_challenge_action": "/login/1/challenge",
            "errors": [
                {
                    "field": "answer",
                    "message": "Both values together have 6 characters: you typed 5",
                }
            ],
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
                {
                    "href": "/network",
                    "title": "Connection test",
                    "icon": "network",
                    "text": "Can this place reach every host and port that trading needs? If not, which one, and why.",
                    "state": "All 14 hosts reached, 12 minutes ago",
                    "tone": "ok",
                },
                {
                    "href": "/settings",
                    "title": "Workspace settings",
                    "icon": "settings",
                    "text": "Each version of your layouts, kept and comparable. Restore, move or share them.",
                    "state": "Saved today at 08:43",
                    "tone": "ok",
                },
                {
                    "href": "/kb",
                    "title": "Knowledge base",
                    "icon": "book",
                    "text": "Support articles that run: they check, propose a plan, carry it out and can undo it.",
                    "state": "23 articles",
                    "tone": "neutral",
                },
                {
                    "href": "/account/devices",
                    "title": "Security devices",
                    "icon": "shield",
                    "text": "Add, share, store and replace the devices that you log in with.",
                    "state": "Recovery codes not saved yet",
                    "tone": "warning",
                },
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
                {
                    "title": "Add a security device",
                    "href": "/account/devices/new",
                    "status": "To do",
                    "tone": "accent",
                    "hint": "A card, a passkey or your phone",
                },
                {"title": "Save your recovery codes", "status": "Cannot start yet"},
            ],
            "notices": [
                {
                    "title": "Your shared device was approved",
                    "text": "You can log in with Digital Security Card+ ending 4471 from now on.",
                    "kind": "success",
                }
            ],
        },
    ),
    "demo_card": (
        "demo_card",
        {
            **GUEST,
            "demo": True,
            "card": {
                "display": "CHALLNG> 1234",
                "state": "x",
                "step": "challenge",
                "waiting": True,
            },
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
        {
            **GUEST,
            "demo": True,
            "card": {"display": "9027 4415", "state": "x", "step": "response"},
            "pin": "4821",
        },
    ),
    "welcome": ("welcome", {**GUEST}),
    "account": (
        "account",
        {
            "devices": DEVICES,
            "sessions": SESSIONS,
            "rows": [("E-mail", "a•••@example.com")],
            "add_device_href": "#",
            "change_password_href": "#",
            "recovery_href": "#",
            "recovery": "6 of 8 left",
            "events": EVENTS[:3],
            "events_href": "#",
        },
    ),
    "account_new": (
        "account",
        {
            "devices": [],
            "sessions": SESSIONS[:1],
            "add_device_href": "#",
            "notice": "Your password was changed",
        },
    ),
    "set_secret": (
        "set_secret",
        {
            **GUEST,
            "user_name": "aferrari",
            "until": "Tuesday 24 November, 18:00 CET",
            "token": "t",
            "errors": [
                {"field": "password", "message": "The password must have at least 8 characters"}
            ],
        },
    ),
    "message_confirmation": (
        "message",
        {
            "title": "Your request to share was received",
            "kind": "confirmation",
            "reference": "SHR-2041-77",
            "next_steps": [
                "A person at the desk compares both identities, usually within one business day",
                "You get a message with the decision",
                "Until then go on with your present device",
            ],
            "actions": [{"href": "/account", "label": "Back to your account"}],
        },
    ),
    "message_plain": (
        "message",
        {
            **GUEST,
            "title": "You are logged out",
            "lead": "Your session on this computer has ended.",
            "actions": [{"href": "/login", "label": "Log in again"}],
        },
    ),
    "error": (
        "error",
        {
            "status_code": 429,
            "message": "Too many attempts.",
            "hint": [
                "Wait 5 minutes",
                "Make sure that you use the latest challenge",
                "If it was not you, tell the desk",
            ],
            "request_id": "01K9V2ZC6M4T7Q",
        },
    ),
}
