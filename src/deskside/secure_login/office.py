"""The services that an administrator's commands work with, over the portal's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deskside.foundation.commands import desk, keys_of

if TYPE_CHECKING:
    from deskside.directory.service import DirectoryService
    from deskside.foundation.config import Config
    from deskside.secure_login.service import LoginService


@dataclass(frozen=True, slots=True)
class Office:
    """The services that an administrator's command works with."""

    config: Config
    directory: DirectoryService
    secure_login: LoginService

    @property
    def address(self) -> str:
        """The portal's address, for links: the one that is set, or was last, or would be."""
        return _address(self.config)


def _address(config: Config) -> str:
    from deskside.foundation.public_address import remembered

    host, port = config.address("portal.listen")
    known = config.optional_text("portal.url") or remembered(config.data_folder())
    return (known or f"http://{host}:{port}").rstrip("/")


@contextmanager
def office(data: str | None, database: str | None) -> Iterator[Office]:
    """Open the portal's database and its services."""
    from deskside.directory.service import DirectoryService
    from deskside.foundation.audit.service import COMMAND_LINE, Audit
    from deskside.foundation.clock import SystemClock
    from deskside.foundation.mail import Mail
    from deskside.secure_login.policies import bridge, rights_policy, step_up_policy
    from deskside.secure_login.service import LoginService

    with desk(data, database) as (config, opened):
        keyring, clock = keys_of(config, opened), SystemClock()
        audit, mail = Audit(clock, actor=COMMAND_LINE), Mail(keyring, clock)
        language = config.text("mail.language")
        directory = DirectoryService(opened, keyring, clock, audit, mail, language)
        service = LoginService.open(
            opened,
            keyring,
            clock,
            audit,
            mail,
            directory,
            portal=lambda: _address(config),
            rights=rights_policy(config),
            step_up=step_up_policy(config),
            bridge=bridge(config),
        )
        try:
            yield Office(config, directory, service)
        finally:
            service.close()
