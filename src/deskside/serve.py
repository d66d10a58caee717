"""`deskside serve`: runs the portal in this process until it is told to stop."""

from __future__ import annotations

import errno
import gc
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deskside.foundation.console import command_options
from deskside.foundation.errors import Refused, Unavailable, UsageProblem
from deskside.foundation.locking import held
from deskside.foundation.text import _

if TYPE_CHECKING:
    import uvicorn

    from deskside.foundation.config import Config
    from deskside.portal import Services


@click.command()
@click.option("--demo", is_flag=True, help="Fill an empty database with a small desk to try.")
@click.option("--listen", metavar="HOST:PORT", help="Where to listen [localhost:8737].")
@click.option("--database", metavar="URL", help="sqlite:////FILE or postgresql://USER@HOST/NAME.")
@click.option("--data", metavar="DIR", help="The portal's data folder.")
@click.option("--url", metavar="URL", help="The address that people use, off this computer.")
@click.option("--tls-cert", metavar="FILE", help="TLS certificate chain (PEM).")
@click.option("--tls-key", metavar="FILE", help="Its private key (PEM).")
@click.option("--trusted-proxy", metavar="CIDR", help="A proxy that ends TLS in front of us.")
@command_options
def serve(demo: bool, **flags: Any) -> None:
    """Run the portal.

    Needs nothing: the database is one file that makes and migrates itself, keys are made on
    first start. The demonstration desk has a data folder of its own. Stop it with Ctrl+C.

    \b
    Examples:
      deskside serve --demo
      deskside serve --listen 0.0.0.0:443 --url https://desk.example \\
          --tls-cert desk.pem --tls-key desk.key
      deskside serve --database postgresql://deskside@db.example/deskside
    """
    from deskside.foundation.config import Config
    from deskside.foundation.paths import demo_folder, private_folder
    from deskside.foundation.units import use_local_zone

    use_local_zone(local=False)
    config = Config.load(flags=flags)
    if demo and config.file("portal.data") is None:
        config = Config.load(flags=flags | {"data": demo_folder()})
    check_reach(config, demo=demo)
    folder = private_folder(config.data_folder())
    with ExitStack() as stack:
        stack.enter_context(only_one(folder))
        sockets = stack.enter_context(listening(*config.address("portal.listen")))
        run(config, folder, sockets, demo=demo)


def run(config: Config, folder: Path, sockets: list[socket.socket], *, demo: bool) -> None:
    """Serve until stopped, with everything that runs beside the pages."""
    from deskside.foundation.audit.service import Sealer
    from deskside.foundation.mail import Delivery
    from deskside.foundation.public_address import remember
    from deskside.portal import create_app, open_services

    with ExitStack() as stack:
        services = stack.enter_context(open_services(config, folder, demo=demo))
        database, keyring, clock = services.database, services.keyring, services.clock
        stack.enter_context(Sealer(database, keyring, folder, clock).running())
        stack.enter_context(Delivery(database, keyring, config, folder).running())
        stack.enter_context(services.secure_login.sweeping())
        stack.enter_context(services.imports.working())
        stack.enter_context(services.reminders.running())
        stack.enter_context(services.settings_store.thinning())
        stack.enter_context(services.feedback.forgetting())
        notes = stack.enter_context(far_end(services, demo=demo))
        notes = notes + stack.enter_context(services.monitor.running())
        address = public_address(config, sockets)
        remember(folder, address)
        lines = welcome(services, folder, address, demo=demo)
        server = _server(create_app(services, demo=demo), config)
        for line in [*lines, *notes, "", _("Stop with Ctrl+C.")]:
            click.echo(line)
        keep_what_stays()
        with stopping_quietly():
            server.run(sockets=sockets)


def keep_what_stays() -> None:
    """Tell the garbage collector that what start-up made will stay, and to look less often.

    Otherwise each of its full rounds looks at all of it again, in the midst of a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


@contextmanager
def stopping_quietly() -> Iterator[None]:
    """Let a signal to stop end the command well, once the server has finished its answers.

    The server raises the signal anew when it is done; by default that would kill the process
    before the audit log is sealed and the database closed.
    """

    def stop(_signal: int, _frame: object) -> None:
        sys.exit(0)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a data folder, which belongs to one portal at a time.

    Raises:
        Refused: another portal runs on it.
    """

    def taken() -> Refused:
        return Refused(
            "already-served",
            _("A portal is already running on this data folder ({folder}).").format(folder=folder),
            hint=_("Stop it first, or give this one its own folder with --data."),
        )

    with held(folder / "serve.lock", taken):
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Listening sockets for a host name, which may have an IPv4 and an IPv6 address.

    Raises:
        Refused: the port is in use, or the host is not this computer.
    """
    sockets: list[socket.socket] = []
    try:
        for address in _addresses(host, port):
            try:
                sockets.append(_listening_socket(address))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise Refused(
                        "port-in-use",
                        _("Port {port} of {host} is already in use.").format(port=port, host=host),
                        hint=_(
                            "Stop what uses it, or choose another: --listen {host}:{next}"
                        ).format(host=host, next=port + 1),
                    ) from error
                if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    continue  # localhost without IPv6, for one
                raise
        if not sockets:
            raise Refused(
                "not-our-address",
                _("{host} is not an address of this computer.").format(host=host),
                hint=_("Choose one with --listen, such as localhost:8737."),
            )
        yield sockets
    finally:
        for opened in sockets:
            opened.close()


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        return []
    return list(dict.fromkeys((family, address) for family, _t, _p, _n, address in found))


def _listening_socket(address: tuple[socket.AddressFamily, Any]) -> socket.socket:
    family, where = address
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(where)
        opened.listen(512)
    except OSError:
        opened.close()
        raise
    return opened


def check_reach(config: Config, *, demo: bool) -> None:
    """Refuse to be reached from other computers without what that takes.

    Raises:
        UsageProblem: off loopback without address and TLS, or with the demonstration desk.
    """
    host, _port = config.address("portal.listen")
    url = config.optional_text("portal.url")
    cert, key = config.file("portal.tls_cert"), config.file("portal.tls_key")
    if bool(cert) != bool(key):
        raise UsageProblem(
            "tls-incomplete",
            _("TLS needs a certificate and its key."),
            hint=_("Give both: --tls-cert FILE --tls-key FILE"),
        )
    if is_loopback(host):
        return
    if demo:
        raise UsageProblem(
            "demo-off-loopback",
            _("The demonstration desk never leaves this computer: its codes are public."),
            hint=_("Leave out --listen, or leave out --demo."),
        )
    if not url:
        raise UsageProblem(
            "url-missing",
            _("Off this computer the portal must know the address that people use."),
            hint=_("Give it: --url https://desk.example"),
        )
    if not cert and not config.networks("portal.trusted_proxy"):
        raise UsageProblem(
            "tls-missing",
            _("Off this computer the portal needs TLS."),
            hint=_(
                "Give --tls-cert and --tls-key, or name the proxy that ends TLS: --trusted-proxy"
            ),
        )


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def public_address(config: Config, sockets: list[socket.socket]) -> str:
    """The address to open in a browser. Not 127.0.0.1: passkeys need a name."""
    url = config.optional_text("portal.url")
    host, _port = config.address("portal.listen")
    scheme = "https" if config.file("portal.tls_cert") else "http"
    return url or f"{scheme}://{host}:{sockets[0].getsockname()[1]}"


@contextmanager
def far_end(services: Services, *, demo: bool) -> Iterator[list[str]]:
    """Run the responder that this desk's connection tests are made against.

    Only on loopback: for other computers the operator opens its ports on purpose, with
    `network.responder_plain` and `network.responder_tls`. Yields what the person should know.
    """
    config = services.config
    host, _port = config.address("portal.listen")
    asked_for = any(config[f"network.responder_{kind}"] for kind in ("plain", "tls", "web"))
    if not is_loopback(host) and not asked_for:
        yield []
        return
    try:
        services.responder.start()
    except Unavailable as error:
        yield [_("Connection tests have no far end here: {reason}").format(reason=error.message)]
        return
    try:
        services.network.publish()
        yield services.responder.notes
    finally:
        services.responder.stop()


def welcome(services: Services, folder: Path, address: str, *, demo: bool) -> list[str]:
    """What the terminal says when the portal is about to answer."""
    lines = [_("Deskside is at {address}").format(address=address)]
    if demo:
        from deskside.secure_login import demo as desk

        return lines + desk.welcome(services, folder, address)
    if services.directory.is_empty():
        lines += [
            "",
            _("Nobody can log in yet. Make the first administrator with:"),
            f"  deskside admin first --data {folder}",
        ]
    return lines


def _server(app: Any, config: Config) -> uvicorn.Server:
    import uvicorn

    from deskside.web.protocol import BoundedHttp

    proxies = [str(network) for network in config.networks("portal.trusted_proxy")]
    cert, key = config.file("portal.tls_cert"), config.file("portal.tls_key")
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=BoundedHttp,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies or None,
            ssl_certfile=cert,
            ssl_keyfile=key,
            timeout_graceful_shutdown=5,
            lifespan="on",
        )
    )
