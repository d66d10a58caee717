"""The portal: the services and pages of every part, put together, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from deskside.directory.service import DirectoryService
from deskside.foundation import logs
from deskside.foundation.audit.service import Audit
from deskside.foundation.clock import Clock, SystemClock
from deskside.foundation.config import Config
from deskside.foundation.database import Database
from deskside.foundation.keyring import Keyring
from deskside.foundation.mail import Mail
from deskside.foundation.public_address import remembered
from deskside.foundation.text import mark
from deskside.knowledge import desk_pages as knowledge_desk_pages
from deskside.knowledge import pages as knowledge_pages
from deskside.knowledge.feedback import desk_pages as feedback_desk_pages
from deskside.knowledge.feedback import pages as feedback_pages
from deskside.knowledge.feedback.service import Feedback
from deskside.knowledge.results import pages as result_pages
from deskside.knowledge.results.service import Results
from deskside.knowledge.service import Library
from deskside.knowledge.shared_pages import SharedPages
from deskside.network import api as network_api
from deskside.network import pages as network_pages
from deskside.network.monitor.policy import history_file, policy_of
from deskside.network.monitor.service import MonitorService, readers_of
from deskside.network.monitor.ways import ways_of
from deskside.network.responder import Responder
from deskside.network.results import Results as TestResults
from deskside.network.service import NetworkService
from deskside.secure_login import api as login_api
from deskside.secure_login import pages as login_pages
from deskside.secure_login.events import recent_events
from deskside.secure_login.helpdesk.rights import STAFF
from deskside.secure_login.helpdesk.service import Helpdesk
from deskside.secure_login.moves import AddressPolicy
from deskside.secure_login.orders.configured import order_policy
from deskside.secure_login.orders.fulfilment import Fulfilment
from deskside.secure_login.orders.reminders import Reminders
from deskside.secure_login.orders.returning import Returns
from deskside.secure_login.orders.service import Orders
from deskside.secure_login.passwords import PasswordPool
from deskside.secure_login.people.service import PeopleImport
from deskside.secure_login.policies import bridge, rights_policy, step_up_policy
from deskside.secure_login.seeds.jobs import ImportJobs
from deskside.secure_login.seeds.service import SeedImport
from deskside.secure_login.service import Limits, LoginService, Rates
from deskside.secure_login.sharing.review import Reviews
from deskside.secure_login.sharing.rules import ReviewPolicy
from deskside.secure_login.sharing.service import Sharing
from deskside.web import pages as shell_pages
from deskside.web.middleware import App
from deskside.web.model import NavigationItem
from deskside.web.service import Shell
from deskside.web.shell import build_app
from deskside.workspace import api as workspace_api
from deskside.workspace import pages as workspace_pages
from deskside.workspace.service import SettingsStore, store_rules
from deskside.workstation.api_components import portal_pages as api_components_pages
from deskside.workstation.mobile import pages as mobile_pages

NAVIGATION = [
    NavigationItem("/", mark("Home")),
    NavigationItem("/network", mark("Connection test")),
    NavigationItem("/settings", mark("Settings")),
    NavigationItem("/kb", mark("Knowledge base")),
    NavigationItem("/desk", mark("Desk"), roles=frozenset(role.value for role in STAFF)),
]

MEGABYTE = 2**20
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Services:
    """What pages and API handlers take by name."""

    config: Config
    clock: Clock
    database: Database
    keyring: Keyring
    audit: Audit
    mail: Mail
    directory: DirectoryService
    secure_login: LoginService
    helpdesk: Helpdesk
    imports: ImportJobs
    sharing: Sharing
    reviews: Reviews
    orders: Orders
    fulfilment: Fulfilment
    returns: Returns
    reminders: Reminders
    settings_store: SettingsStore
    network: NetworkService
    monitor: MonitorService
    responder: Responder
    library: Library
    results: Results
    feedback: Feedback

    def by_name(self) -> dict[str, Any]:
        """The services under the names that handlers ask for."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@contextmanager
def open_services(
    config: Config, folder: Path, *, demo: bool = False, clock: Clock | None = None
) -> Iterator[Services]:
    """Everything that the portal needs, over one data folder; closed at the end.

    The responder is made but does not listen yet.

    Raises:
        DesksideError: the folder, the database or the keys cannot be used; says why.
    """
    log_folder = folder / "logs"
    logs.open_log(log_folder, level=cast(logs.Level, config.text("log.level")))
    clock = clock or SystemClock()
    database = Database.open(config.database_url())
    try:
        database.migrate()
        keyring = Keyring.open(
            database, folder / "keys", kek_file=config.file("kek.file"), clock=clock
        )
        audit, mail = Audit(clock), Mail(keyring, clock)
        directory = DirectoryService(
            database, keyring, clock, audit, mail, config.text("mail.language")
        )
        directory.make_searchable()
        address = partial(_address, config, folder)
        secure_login = LoginService.open(
            database,
            keyring,
            clock,
            audit,
            mail,
            directory,
            limits=_limits(config),
            rates=_rates(config),
            pool=PasswordPool(config.optional_number("login.argon2_pool")),
            quiet=config.span("login.quiet"),
            portal=address,
            rights=rights_policy(config),
            step_up=step_up_policy(config),
            bridge=bridge(config),
        )
        sharing = Sharing(
            secure_login,
            ReviewPolicy(config.text("sharing.review")),
            config.switch("sharing.second_person"),
        )
        orders = Orders(secure_login, order_policy(config))
        returns = Returns(orders)
        responder = Responder(
            keyring.signing_key, folder / "keys", any_port=demo, **_responder_options(config)
        )
        network = NetworkService(
            folder,
            responder=responder,
            vendor_hosts=not demo,
            hosts_file=config.file("network.hosts"),
            signing_key=keyring.signing_key,
            results=TestResults(keyring, clock),
        )
        watching = config.switch("monitor.portal")
        try:
            yield Services(
                config=config,
                clock=clock,
                database=database,
                keyring=keyring,
                audit=audit,
                mail=mail,
                directory=directory,
                secure_login=secure_login,
                helpdesk=Helpdesk(
                    database,
                    keyring,
                    clock,
                    audit,
                    directory,
                    secure_login,
                    address,
                    orders.policy,
                ),
                imports=ImportJobs(
                    database,
                    keyring,
                    clock,
                    audit,
                    SeedImport(secure_login.devices, directory),
                    PeopleImport(
                        directory, address, mails=config.optional_text("mail.host") is not None
                    ),
                ),
                sharing=sharing,
                reviews=Reviews(sharing),
                orders=orders,
                fulfilment=Fulfilment(orders),
                returns=returns,
                reminders=Reminders(orders),
                settings_store=SettingsStore(
                    database, keyring, clock, audit, rules=store_rules(config)
                ),
                network=network,
                monitor=MonitorService(
                    history_file(config, folder),
                    policy_of(config),
                    clock=clock,
                    readers=readers_of(config),
                    ways=ways_of(config, folder, clock, partial(_enqueue, database, mail))
                    if watching
                    else {},
                    test=network.test_all if watching else None,
                ),
                responder=responder,
                library=Library.open(own=folder / "articles"),
                results=Results(database, keyring, clock),
                feedback=Feedback(
                    database, keyring, clock, audit, config.span("knowledge.remember")
                ),
            )
        finally:
            secure_login.close()
    finally:
        database.close()
        logs.close_log()


def portal_pages() -> list[Any]:
    """The pages of every part."""
    return [
        *shell_pages.portal_pages(),
        *login_pages.portal_pages(),
        *network_pages.portal_pages(),
        *workspace_pages.portal_pages(),
        *knowledge_pages.portal_pages(),
        *feedback_pages.portal_pages(),
        *knowledge_desk_pages.desk_pages(),
        *feedback_desk_pages.desk_pages(),
        *result_pages.result_pages(),
        *mobile_pages.portal_pages(),
        *api_components_pages.portal_pages(),
    ]


def create_app(services: Services, *, demo: bool = False) -> App:
    """The portal as an ASGI application over open services."""
    url = services.config.optional_text("portal.url")
    address = urlsplit(url or "")
    shell = Shell(
        packages=["deskside.workspace", "deskside.workstation", "deskside.workstation.mobile"],
        navigation=NAVIGATION,
        demo=demo,
        recent_events=partial(recent_events, services.database, services.clock),
        language_chosen=services.directory.choose_language,
    )
    return build_app(
        shell,
        portal_pages(),
        api=[
            *login_api.routes(),
            *network_api.routes(),
            *workspace_api.routes(),
            *result_pages.routes(),
        ],
        dependencies=services.by_name(),
        resolve=services.secure_login.resolve,
        hosts=[address.hostname] if address.hostname else LOOPBACK_NAMES,
        https=address.scheme == "https",
        access=logs.access,
        shared=[
            (SharedPages(services.library), services.config.number("knowledge.keep") * MEGABYTE)
        ],
    )


def _enqueue(database: Database, mail: Mail, to: str, subject: str, body: str) -> None:
    """A message of its own, which no other transaction causes."""
    with database.write() as connection:
        mail.enqueue(connection, to, subject, body)


def _address(config: Config, folder: Path) -> str | None:
    """The portal's address for links; None where it has never run and none is set."""
    return config.optional_text("portal.url") or remembered(folder)


def _responder_options(config: Config) -> dict[str, Any]:
    """Where the operator opens the responder to others, and the name that they know it by."""
    options: dict[str, Any] = {}
    for kind in ("plain", "tls", "web"):
        key = f"network.responder_{kind}"
        if config[key] is not None:
            options[kind] = config.addresses(key)
    if options:
        options = {"plain": (), "tls": ()} | options
        options["name"] = urlsplit(config.optional_text("portal.url") or "").hostname
    chain, certificate_key = config.file("portal.tls_cert"), config.file("portal.tls_key")
    if chain and certificate_key:
        options["web_certificate"] = chain, certificate_key
    return options


def _limits(config: Config) -> Limits:
    return Limits(
        idle=config.span("session.idle"),
        absolute=config.span("session.absolute"),
        addresses=AddressPolicy(config.text("session.addresses")),
    )


def _rates(config: Config) -> Rates:
    return Rates(
        user=config.number("login.per_user"),
        address=config.number("login.per_address"),
        desk=config.number("login.per_desk"),
    )
