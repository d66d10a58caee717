"""The `deskside` command: the commands of every part, and nothing else.

A command's module is imported only when that command runs, so that `deskside --help` costs
little more than Python itself. Help is English, like the names of commands and options; what a
command says when it runs is in the person's language.
"""

from __future__ import annotations

import sys

import click

from deskside import __version__
from deskside.foundation.console import command_options, guarded
from deskside.foundation.lazy_commands import LazyGroup, Table
from deskside.foundation.text import use_system_language
from deskside.foundation.units import use_local_zone

SECTIONS: dict[str, Table] = {
    "On this computer": {
        "open": ("deskside.local:open_pages", "Open this computer's pages in the browser."),
        "run": ("deskside.knowledge.commands:run", "Run an article: check, fix, verify."),
        "kb": ("deskside.knowledge.commands:kb", "Read the knowledge base."),
        "network": ("deskside.network.commands:network", "Test the connection; list hosts."),
        "settings": (
            "deskside.workspace.commands:settings",
            "Save and restore TWS settings.",
        ),
        "api": (
            "deskside.workstation.api_components.commands:api",
            "Install TWS API components.",
        ),
        "doctor": (
            "deskside.workstation.doctor.commands:doctor",
            "Run every check that applies here.",
        ),
        "esignal": (
            "deskside.workstation.esignal.commands:esignal",
            "Join TWS and eSignal (dbcapi.dll).",
        ),
        "mobile": (
            "deskside.workstation.mobile.commands:mobile",
            "Say which phone runs the app.",
        ),
        "changes": (
            "deskside.foundation.changes.commands:changes",
            "List and undo changes to files.",
        ),
        "service": (
            "deskside.foundation.background.commands:service",
            "Let commands run in the background.",
        ),
    },
    "With a portal": {
        "login": ("deskside.web.commands:login", "Log in to a portal."),
        "logout": ("deskside.web.commands:logout", "End the session with the portal."),
        "whoami": ("deskside.web.commands:whoami", "Show who is logged in."),
        "sessions": ("deskside.web.commands:sessions", "List and end your sessions."),
        "events": ("deskside.web.commands:events", "List your security events."),
        "devices": (
            "deskside.secure_login.own_commands:devices",
            "Add, activate and lose devices; PIN.",
        ),
        "sharing": (
            "deskside.secure_login.sharing.commands:sharing",
            "Share a security device.",
        ),
        "ceilings": (
            "deskside.secure_login.rights.commands:ceilings",
            "Show what you may move, and what is used.",
        ),
        "orders": (
            "deskside.secure_login.orders.commands:orders",
            "Order a device; send one back.",
        ),
        "card": ("deskside.secure_login.commands:card", "Operate a virtual security device."),
    },
    "For the operator": {
        "serve": ("deskside.serve:serve", "Run the portal."),
        "admin": ("deskside.cli:admin", "Administer the local database."),
        "config": ("deskside.foundation.commands:config", "Show the configuration."),
        "completion": ("deskside.foundation.commands:completion", "Print shell completion."),
    },
}

ADMIN: Table = {
    "first": (
        "deskside.secure_login.admin_commands:first",
        "Create the first administrator.",
    ),
    "users": (
        "deskside.secure_login.admin_commands:users",
        "List, add, reset and disable user names.",
    ),
    "devices": (
        "deskside.secure_login.device_admin_commands:devices",
        "Issue and lock security devices.",
    ),
    "sharing": (
        "deskside.secure_login.sharing.admin_commands:sharing",
        "List and decide requests to share a device.",
    ),
    "ceilings": (
        "deskside.secure_login.rights.commands:desk_ceilings",
        "Show ceilings, and what a user name has used.",
    ),
    "orders": (
        "deskside.secure_login.orders.admin_commands:orders",
        "Carry out orders; returns; equity.",
    ),
    "feedback": (
        "deskside.knowledge.feedback.commands:feedback",
        "Show what readers say of articles.",
    ),
    "audit": ("deskside.foundation.commands:audit", "List and verify the audit log."),
    "keys": ("deskside.foundation.commands:keys", "Show and rotate keys."),
}


EXAMPLES = """\b
Examples:
  deskside serve --demo            a portal with a small desk to try
  deskside network test            can this computer reach every host?
  deskside settings save           keep the present TWS settings
  deskside run KB2323              check, fix, verify what an article describes
  deskside open                    the same in the browser, on this computer only

\b
Exit codes: 0 fine, 1 a problem was found, 2 wrong usage,
3 refused or could not run (nothing was changed).
"""


@click.group(
    cls=LazyGroup, sections=SECTIONS, epilog=EXAMPLES, context_settings={"max_content_width": 88}
)
@click.version_option(__version__, prog_name="deskside")
@command_options
def deskside() -> None:
    """Support pages that run, for trading workstations.

    Works alone on this computer; `deskside serve` is the portal for a desk.
    """


@click.group(cls=LazyGroup, sections={"Commands": ADMIN})
@command_options
def admin() -> None:
    """Administer the desk's database on this computer."""


@guarded
def main() -> None:
    """Run the command line."""
    use_system_language()
    use_local_zone()
    sys.exit(deskside.main(prog_name="deskside", standalone_mode=False) or 0)
