"""The one table of settings: `config` reads it, the manual is made from it."""

from __future__ import annotations

from collections.abc import Iterable

from deskside.foundation.setting import Kind, Setting
from deskside.foundation.text import DEFAULT, LANGUAGES, mark


def _table(settings: Iterable[Setting]) -> dict[str, Setting]:
    return {setting.key: setting for setting in settings}


SETTINGS = _table(
    (
        Setting(
            key="portal.listen",
            kind=Kind.ADDRESS,
            default="localhost:8737",
            flag="--listen",
            about=mark("Where the portal listens. Off loopback it wants a URL and TLS or a proxy."),
        ),
        Setting(
            key="portal.data",
            kind=Kind.FILE,
            default=None,
            flag="--data",
            environment="DESKSIDE_PORTAL_DATA",  # DESKSIDE_DATA is the folder above it
            about=mark(
                "The portal's data folder; `portal` in Deskside's own data folder if unset "
                "(`demo` for `serve --demo`)."
            ),
        ),
        Setting(
            key="portal.database",
            kind=Kind.TEXT,
            default=None,
            flag="--database",
            secret=True,
            about=mark(
                "`sqlite:////file` or `postgresql://user@host/name`; "
                "`deskside.sqlite3` in the data folder if unset."
            ),
        ),
        Setting(
            key="portal.url",
            kind=Kind.TEXT,
            default=None,
            flag="--url",
            about=mark(
                "The address that people use; links, passkeys and other programs rely on it."
            ),
        ),
        Setting(
            key="portal.tls_cert",
            kind=Kind.FILE,
            default=None,
            flag="--tls-cert",
            about=mark("The portal's certificate with its chain, PEM."),
        ),
        Setting(
            key="portal.tls_key",
            kind=Kind.FILE,
            default=None,
            flag="--tls-key",
            about=mark("The certificate's private key, PEM."),
        ),
        Setting(
            key="portal.trusted_proxy",
            kind=Kind.NETWORKS,
            default=None,
            flag="--trusted-proxy",
            about=mark("Networks (CIDR) of the proxies whose forwarded addresses are believed."),
        ),
        Setting(
            key="session.idle",
            kind=Kind.SPAN,
            default="30 min",
            least=60,
            about=mark("A session that is not used for so long has ended."),
        ),
        Setting(
            key="session.absolute",
            kind=Kind.SPAN,
            default="12 h",
            least=60,
            about=mark("A session has ended so long after its log-in, used or not."),
        ),
        Setting(
            key="session.addresses",
            kind=Kind.TEXT,
            default="warn",
            choices=("strict", "network", "warn"),
            about=mark(
                "A session whose requests come from another address: ended, ended unless it is "
                "in the same network (IPv4 /24, IPv6 /64), or the person is told."
            ),
        ),
        Setting(
            key="login.argon2_pool",
            kind=Kind.WHOLE,
            default=None,
            least=1,
            about=mark(
                "How many passwords are hashed at once, each in 19 MiB; one a core if unset."
            ),
        ),
        Setting(
            key="login.per_user",
            kind=Kind.WHOLE,
            default="30",
            about=mark("Attempts a minute for one user name, known or not; 0 is no limit."),
        ),
        Setting(
            key="login.per_address",
            kind=Kind.WHOLE,
            default="600",
            about=mark("Attempts a minute from one network address; 0 is no limit."),
        ),
        Setting(
            key="login.per_desk",
            kind=Kind.WHOLE,
            default="6000",
            about=mark("Attempts a minute of all together, on all nodes; 0 is no limit."),
        ),
        Setting(
            key="login.quiet",
            kind=Kind.SPAN,
            default="90 d",
            least=60,
            about=mark("After so long without a log-in, the next one brings a notice."),
        ),
        Setting(
            key="sharing.review",
            kind=Kind.TEXT,
            default="doubtful",
            choices=("never", "doubtful", "always"),
            about=mark(
                "Which requests to share a device a compliance reviewer decides on: none, those "
                "whose identification data match but whose names or kinds of holder differ, or all."
            ),
        ),
        Setting(
            key="sharing.second_person",
            kind=Kind.SWITCH,
            default="false",
            about=mark("Two reviewers must approve a request to share a device that is reviewed."),
        ),
        Setting(
            key="stepup.lifetime",
            kind=Kind.SPAN,
            default="5 min",
            least=30,
            about=mark("How long a verification of one's identity is good for a sensitive task."),
        ),
        Setting(
            key="stepup.single_use",
            kind=Kind.SWITCH,
            default="true",
            about=mark("A verification of one's identity serves one task; else all of its kind."),
        ),
        Setting(
            key="stepup.after_log_in",
            kind=Kind.SPAN,
            default="5 min",
            about=mark("How long after a log-in sensitive tasks want no verification yet."),
        ),
        Setting(
            key="rights.actions",
            kind=Kind.TEXT,
            default="withdrawal",
            about=mark(
                "What other programs may ask decisions about, with commas; anything else is denied."
            ),
        ),
        Setting(
            key="rights.ceilings",
            kind=Kind.TEXT,
            default="0=50000/100000, 20=200000/600000, 30=1000000/1500000, 40=unlimited",
            about=mark(
                "US dollars that a session may move in a day and in five business days, from a "
                "protection level on."
            ),
        ),
        Setting(
            key="rights.reservation",
            kind=Kind.SPAN,
            default="15 min",
            least=60,
            about=mark("How long an amount that was allowed counts before it is committed."),
        ),
        Setting(
            key="desk.zone",
            kind=Kind.TEXT,
            default="UTC",
            about=mark("The desk's time zone, such as `Europe/Rome`; its days begin there."),
        ),
        Setting(
            key="desk.holidays",
            kind=Kind.TEXT,
            default=None,
            about=mark("Days beside weekends that are no business days, such as `2026-12-25`."),
        ),
        Setting(
            key="mail.host",
            kind=Kind.TEXT,
            default=None,
            about=mark("The mail server; without one, messages become files in `outbox`."),
        ),
        Setting(
            key="mail.port",
            kind=Kind.WHOLE,
            default=None,
            least=1,
            about=mark("The mail server's port; 587, 465 or 25 by `mail.tls` if unset."),
        ),
        Setting(
            key="mail.tls",
            kind=Kind.TEXT,
            default="starttls",
            choices=("starttls", "tls", "none"),
            about=mark("How the connection to the mail server is protected; never less than this."),
        ),
        Setting(
            key="mail.ca_file",
            kind=Kind.FILE,
            default=None,
            about=mark(
                "The authority of the mail server's certificate, PEM; the system's if unset."
            ),
        ),
        Setting(
            key="mail.user",
            kind=Kind.TEXT,
            default=None,
            about=mark("The user name at the mail server."),
        ),
        Setting(
            key="mail.password_file",
            kind=Kind.FILE,
            default=None,
            about=mark("The file that holds the password at the mail server."),
        ),
        Setting(
            key="mail.from",
            kind=Kind.TEXT,
            default="deskside@localhost",
            about=mark("The sender of all messages."),
        ),
        Setting(
            key="mail.language",
            kind=Kind.TEXT,
            default=DEFAULT,
            choices=tuple(LANGUAGES),
            about=mark("The language of messages to those who have chosen none on the portal."),
        ),
        Setting(
            key="orders.dsc_plus_equity",
            kind=Kind.WHOLE,
            default="1000000",
            about=mark(
                "The equity in USD from which a Digital Security Card+ may be ordered; 0 is none."
            ),
        ),
        Setting(
            key="orders.ship_within",
            kind=Kind.WHOLE,
            default="3",
            about=mark("Working days from an order to its estimated ship date."),
        ),
        Setting(
            key="orders.activation",
            kind=Kind.SPAN,
            default="14 d",
            least=86400,
            about=mark(
                "How long after posting a device may wait; until then the log-in does without it."
            ),
        ),
        Setting(
            key="temporary.full",
            kind=Kind.SPAN,
            default="2 d",
            least=3600,
            about=mark("How long a temporary code opens everything."),
        ),
        Setting(
            key="temporary.portal",
            kind=Kind.SPAN,
            default="10 d",
            least=3600,
            about=mark("How long it opens the portal alone after that, to print an online card."),
        ),
        Setting(
            key="temporary.online_card",
            kind=Kind.SPAN,
            default="21 d",
            least=3600,
            about=mark("How long an Online Security Code Card lasts."),
        ),
        Setting(
            key="orders.return_address",
            kind=Kind.TEXT,
            default=None,
            about=mark("Where devices are sent back to, on one line; printed on the return form."),
        ),
        Setting(
            key="devices.remind",
            kind=Kind.TEXT,
            default="7, 2",
            about=mark(
                "How many days before the end of an activation window, or before a device "
                "expires, its holder is written to; `0` is never."
            ),
        ),
        Setting(
            key="kek.file",
            kind=Kind.FILE,
            default=None,
            about=mark("The key-encryption key; `keys/kek.key` in the data folder if unset."),
        ),
        Setting(
            key="settings.quota",
            kind=Kind.WHOLE,
            default="500",
            least=1,
            about=mark("Megabytes that the workspace settings of one user name may take."),
        ),
        Setting(
            key="settings.thin",
            kind=Kind.TEXT,
            default="opaque",
            choices=("opaque", "all", "none"),
            about=mark(
                "Which versions of workspace settings are thinned as they grow old: those that "
                "nobody can make small (encrypted by the program, or end to end), all, or none."
            ),
        ),
        Setting(
            key="settings.keep_all",
            kind=Kind.SPAN,
            default="1 d",
            about=mark("Where versions are thinned: the age up to which all are kept."),
        ),
        Setting(
            key="settings.keep_hourly",
            kind=Kind.SPAN,
            default="7 d",
            about=mark("Where versions are thinned: the age up to which one an hour is kept."),
        ),
        Setting(
            key="settings.keep_daily",
            kind=Kind.SPAN,
            default="90 d",
            about=mark(
                "Where versions are thinned: the age up to which one a day is kept; after it, "
                "one a week for ever."
            ),
        ),
        Setting(
            key="knowledge.keep",
            kind=Kind.WHOLE,
            default="16",
            about=mark(
                "Megabytes of memory for pages of the knowledge base that are kept ready; "
                "0 makes each anew."
            ),
        ),
        Setting(
            key="knowledge.remember",
            kind=Kind.SPAN,
            default="180 d",
            least=3600,
            about=mark(
                "How long it is kept what readers say of articles, and what they searched for in "
                "vain."
            ),
        ),
        Setting(
            key="network.hosts",
            kind=Kind.FILE,
            default=None,
            about=mark("Catalogue file with the desk's own hosts, served beside the vendor's."),
        ),
        Setting(
            key="network.responder_plain",
            kind=Kind.ADDRESSES,
            default=None,
            about=mark("Where other computers reach the desk's responder on its plain ports."),
        ),
        Setting(
            key="network.responder_tls",
            kind=Kind.ADDRESSES,
            default=None,
            about=mark("Where other computers reach the desk's responder on its TLS ports."),
        ),
        Setting(
            key="network.responder_web",
            kind=Kind.ADDRESSES,
            default=None,
            about=mark("Where browsers reach the responder with the portal's own certificate."),
        ),
        Setting(
            key="monitor.portal",
            kind=Kind.SWITCH,
            default="false",
            about=mark("The portal tests the connection of its own computer again and again."),
        ),
        Setting(
            key="monitor.interval",
            kind=Kind.SPAN,
            default="5 min",
            least=60,
            about=mark("From one test of the monitor to the next; up to a tenth more by chance."),
        ),
        Setting(
            key="monitor.confirm",
            kind=Kind.WHOLE,
            default="2",
            least=1,
            about=mark("How many tests in a row must agree before a change counts and is told."),
        ),
        Setting(
            key="monitor.history",
            kind=Kind.FILE,
            default=None,
            about=mark(
                "The monitor's history; `monitor.sqlite3` in the data folder if unset. With one "
                "file for both, the portal shows what the service on its computer sees."
            ),
        ),
        Setting(
            key="monitor.keep",
            kind=Kind.SPAN,
            default="90 d",
            least=3600,
            about=mark("The age up to which tests, changes and undelivered alerts are kept."),
        ),
        Setting(
            key="monitor.megabytes",
            kind=Kind.WHOLE,
            default="200",
            least=1,
            about=mark("Megabytes that the monitor's history may take; the oldest tests go first."),
        ),
        Setting(
            key="monitor.metrics",
            kind=Kind.ADDRESS,
            default=None,
            about=mark("Where `network monitor` serves metrics for Prometheus; loopback only."),
        ),
        Setting(
            key="monitor.textfile",
            kind=Kind.FILE,
            default=None,
            about=mark("The file that it writes metrics to, for node_exporter; named `….prom`."),
        ),
        Setting(
            key="monitor.metrics_from",
            kind=Kind.NETWORKS,
            default=None,
            about=mark("Networks (CIDR) that may read the portal's `/metrics`; none if unset."),
        ),
        Setting(
            key="monitor.metrics_token_file",
            kind=Kind.FILE,
            default=None,
            about=mark("The file with the bearer token that `/metrics` asks for."),
        ),
        Setting(
            key="monitor.alert_command",
            kind=Kind.TEXT,
            default=None,
            about=mark("A program that is run at each change; it reads what changed as JSON."),
        ),
        Setting(
            key="monitor.alert_mail",
            kind=Kind.TEXT,
            default=None,
            about=mark("The e-mail address that is written to at each change; see `mail.host`."),
        ),
        Setting(
            key="monitor.alert_webhook",
            kind=Kind.TEXT,
            default=None,
            secret=True,
            about=mark("The https address that each change is posted to as JSON."),
        ),
        Setting(
            key="monitor.alert_key_file",
            kind=Kind.FILE,
            default=None,
            about=mark("The file with the key that signs what is posted (Standard Webhooks)."),
        ),
        Setting(
            key="log.level",
            kind=Kind.TEXT,
            default="info",
            choices=("debug", "info", "warning", "error"),
            about=mark("The least weight that is logged."),
        ),
    )
)
"""Every setting by its key, in the order of the manual."""
