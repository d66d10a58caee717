"""The connection test, settings and knowledge base: by page and state."""

# ruff: noqa: E501  # a sentence of a sample stays whole

from __future__ import annotations

from datetime import date
from typing import Any

from .shared import here

DROPPED = {
    "code": "port-dropped",
    "status": "failure",
    "title": "Packets to this port vanish on the way",
    "subject": "gw1.desk.example:4001",
    "evidence": {
        "attempts": 3,
        "waited": "6.0 s",
        "address": "198.51.100.24",
        "ping": "12 ms",
        "port 443": "answers in 38 ms",
        "last hop that answered": "10.20.0.1",
    },
    "cause": "The host answers to ping and on port 443, but nothing comes back from port 4001: a filter between here and there discards it without a word.",
    "remedy": "Ask your network administrator to allow outgoing TCP to 198.51.100.24 port 4001. No incoming rule is needed.",
    "article": "2816#port-dropped",
    "fixes": [],
    "explained_by": None,
}
LATE = {
    "code": "latency",
    "status": "warning",
    "title": "Answers take long",
    "subject": "hb1.desk.example:4000",
    "evidence": {"median": "212 ms", "worst of 20": "480 ms", "usual here": "35 ms"},
    "cause": "The way there is longer than usual for this place.",
    "remedy": "Compare with a wired connection. If it stays, ask your provider for the route.",
    "article": "2816",
    "fixes": [],
    "explained_by": None,
}


def fine(subject: str, title: str = "Answers on every port") -> dict[str, Any]:
    return {
        "code": "reachable",
        "status": "ok",
        "title": title,
        "subject": subject,
        "evidence": {},
        "cause": "",
        "remedy": "",
        "article": None,
        "fixes": [],
        "explained_by": None,
    }


FINE = [
    fine(f"{host}.desk.example:{port}")
    for host, port in [
        ("www", 443),
        ("api", 443),
        ("zdc1", 4001),
        ("cdc1", 4000),
        ("ndc1", 4000),
        ("mcgw1", 4001),
    ]
]

BODY = """
<p>Use this when a layout that you saved to a drive has to come back: on the same computer, or on another one.</p>
<h2 id="before">Before you start</h2>
<ul><li>Close the trading program. It writes its settings when it ends, over whatever you restore.</li>
<li>Have the file at hand: <code>tws.20261120.175801.ibkr.settings.xml</code>, or a folder of them.</li></ul>
<h2 id="restore">Restore from a file</h2>
<ol><li>Choose <strong>File</strong>, then <strong>Settings Recovery</strong>.</li><li>Choose <strong>Custom</strong> and press <kbd>OK</kbd>.</li>
<li>Pick the file and open it without reporting a problem.</li></ol>
<pre><code>deskside settings restore /media/usb/tws.xml --dry-run</code></pre>
<h3>What each part holds</h3>
<table><thead><tr><th>Part</th><th>Holds</th><th>Restored by default</th></tr></thead><tbody>
<tr><td>Layouts</td><td>Windows, tabs, columns</td><td>Yes</td></tr><tr><td>Presets</td><td>Order defaults by instrument</td><td>Yes</td></tr><tr><td>API</td><td>Socket port, trusted addresses</td><td>No</td></tr></tbody></table>
<blockquote><p>A snapshot of the present state is made first, so that the restore itself can be undone.</p></blockquote>
<h2 id="verify">Make sure that it worked</h2>
<p>Run the article again: the finding <code>settings-differ</code> must be gone.</p>
"""

ARTICLE = {
    "vendor": {"label": "Our rewrite of KB2323", "url": "https://example.org/2323"},
    "last_verified": date(2026, 11, 12),
    "number": 2323,
    "title": "Restore settings from a file or a drive",
    "summary": "Bring back a saved workspace, whole or in part, and be able to undo it.",
    "tags": ["Settings", "Recovery", "Workstation"],
}

ARTICLE_PAGE: dict[str, Any] = {
    "navigation": here("/kb"),
    "article": ARTICLE,
    "body": BODY,
    "contents": [
        ("before", "Before you start"),
        ("restore", "Restore from a file"),
        ("verify", "Make sure that it worked"),
    ],
    "foreign": "",
    "command": "deskside run KB2323",
    "runs": True,
    "run": None,
    "vendor_related": [],
    "related": [
        {"number": 2282, "title": "Move settings to another computer"},
        {"number": 2320, "title": "Move settings to another user name"},
    ],
}

DIFFER = {
    "code": "settings-differ",
    "status": "warning",
    "title": "The workspace is older than its last snapshot",
    "subject": "aferrari",
    "evidence": {"workspace": "c4410d", "snapshot": "1f0c9a", "parts": ["layouts", "presets"]},
    "cause": "The trading program was closed without saving, or another computer saved later.",
    "remedy": "Restore the snapshot of today, 08:43.",
    "article": "2323#restore",
    "fixes": ["settings.restore"],
    "explained_by": None,
}

RUN: dict[str, Any] = {
    "stage": "",
    "result": None,
    "fields": [],
    "options": {},
    "plan": None,
    "steps": [],
    "fix": "",
    "digest": "",
    "change": None,
    "can_undo": False,
    "here": "/kb/2323",
    "refused": "",
    "check_href": "/kb/2323/check",
    "check_again_href": "/kb/2323/check",
    "plan_href": "/kb/2323/plan",
    "apply_href": "/kb/2323/apply",
}

PLAN = [
    {
        "verb": "save",
        "path": "~/Jts/aferrari/tws.xml",
        "detail": "A snapshot of the present state, 45.9 kB",
    },
    {
        "verb": "write",
        "path": "~/Jts/aferrari/tws.xml",
        "detail": "From snapshot 1f0c9a, expecting c4410d",
    },
    {
        "verb": "verify",
        "path": "~/Jts/aferrari/tws.xml",
        "detail": "Reads it back and compares every byte",
    },
]

ARTICLES = [
    {
        "number": 2816,
        "title": "Hosts and ports that trading needs",
        "summary": "Which addresses to allow, how to test each one, and what every cause of failure looks like.",
        "runs": True,
    },
    {
        "number": 2323,
        "title": "Restore settings from a file or a drive",
        "summary": "Bring back a saved workspace, whole or in part, and be able to undo it.",
        "runs": True,
    },
    {
        "number": 2481,
        "title": "Share a security device between user names",
        "summary": "One card for all your user names: who may, how, and what to do when it is refused.",
    },
    {
        "number": 2560,
        "title": "The program says that dbcapi.dll is missing",
        "summary": "Finds which of the three causes it is and repairs it.",
        "runs": True,
    },
    {
        "number": 3422,
        "title": "Operate the Digital Security Card+",
        "summary": "Press, PIN, challenge, response: with a card on the screen to practise.",
    },
]


TESTED: dict[str, Any] = {
    "steps": ["5 of 14 hosts · 8 s left at most: dc1.example …"],
    "problem": "",
    "result": None,
    "problems": [],
    "untested": [],
    "letter": "",
    "sealed": "c2FtcGxl",
}

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "network": (
        "network",
        {
            "navigation": here("/network"),
            "hosts_href": "#",
            "regions": [
                ("", "All regions"),
                ("eu", "Europe"),
                ("us", "Americas"),
                ("asia", "Asia"),
            ],
        },
    ),
    "network_result": (
        "network",
        {
            "navigation": here("/network"),
            "testing": TESTED
            | {
                "tested": "Today, 09:12 CET, from the desk's server in Zurich",
                "result": {
                    "verdict": "failure",
                    "root_cause": "port-dropped",
                    "findings": [LATE, DROPPED, *FINE],
                    "targets": [],
                },
                "problems": [(DROPPED, ["dc1.example", "dc2.example"], ["dc3.example: refused"])],
                "untested": [("how long quiet connections are kept", "the time was up")],
                "letter": "Subject: trading connection: port-dropped",
            },
            "history": [
                {
                    "when": "Today, 09:12 CET",
                    "title": "1 host not reached",
                    "tone": "failure",
                    "current": True,
                },
                {"when": "Friday, 09:01 CET", "title": "Every host reached", "tone": "ok"},
                {"when": "Thursday, 09:00 CET", "title": "Every host reached", "tone": "ok"},
            ],
        },
    ),
    "network_success": (
        "network",
        {
            "navigation": here("/network"),
            "testing": TESTED
            | {
                "tested": "Today, 09:12 CET",
                "result": {"verdict": "success", "root_cause": None, "findings": FINE[:4]},
            },
        },
    ),
    "network_stopped": (
        "network",
        {
            "navigation": here("/network"),
            "testing": TESTED | {"problem": "A test is already running here."},
        },
    ),
    "knowledge": (
        "knowledge",
        {
            "navigation": here("/kb"),
            "articles": ARTICLES,
            "tags": [
                {"href": "#", "label": "Network"},
                {"href": "#", "label": "Settings", "current": True},
                {"href": "#", "label": "Security devices"},
                {"href": "#", "label": "Workstation"},
                {"href": "#", "label": "Mobile"},
            ],
            "page": 2,
            "pages": 5,
        },
    ),
    "knowledge_none": (
        "knowledge",
        {
            "navigation": here("/kb"),
            "articles": [],
            "query": "dbcapi.dl",
            "suggestion": "dbcapi.dll",
            "total": 0,
        },
    ),
    "article": ("article", {**ARTICLE_PAGE}),
    "article_plan": (
        "article",
        {
            **ARTICLE_PAGE,
            "local": True,
            "visitor": None,
            "navigation": here("/kb")[1:4],
            "run": {
                **RUN,
                "stage": "plan",
                "result": {"verdict": "degraded", "findings": [DIFFER, *FINE[:2]]},
                "fields": [
                    {
                        "name": "user",
                        "label": "User name",
                        "hint": "Needed only where this computer knows several.",
                        "value": "",
                    }
                ],
                "plan": {"title": "Restore snapshot 1f0c9a", "root": "~/Jts"},
                "steps": PLAN,
                "fix": "settings.restore",
                "digest": "9b1d",
            },
        },
    ),
    "article_done": (
        "article",
        {
            **ARTICLE_PAGE,
            "local": True,
            "visitor": None,
            "navigation": here("/kb")[1:4],
            "run": {
                **RUN,
                "stage": "verify",
                "result": {"verdict": "success", "findings": FINE[:2]},
                "change": {"id": "c-20261122-0912-4f1a", "title": "Restore snapshot 1f0c9a"},
                "can_undo": True,
            },
        },
    ),
}
