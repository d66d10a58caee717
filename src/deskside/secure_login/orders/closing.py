"""Closing an account: what we keep of its devices is destroyed, and its holder is told the rest."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from deskside.directory.model import AccountStatus, UserName
from deskside.foundation.errors import Refused
from deskside.foundation.text import _, speaking
from deskside.secure_login.notices import closed_notice
from deskside.secure_login.orders.model import OrderStatus
from deskside.secure_login.orders.returning import Returns, is_sent_back
from deskside.secure_login.orders.store import device_order
from deskside.secure_login.store import binding
from deskside.secure_login.values import DeviceInfo, DeviceStatus
from deskside.secure_login.words import kind_name


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of accounts."""

    returns: Returns

    def close(self, user: UserName, *, actor: str | None = None, **why: str) -> list[DeviceInfo]:
        """Close the account of a user name; the devices that ended.

        The secrets of devices that nobody else uses are overwritten. Cards that something is held
        for are expected back; open orders are cancelled; sessions end. The portal stays open to
        the holder by password alone (KB1133).

        Raises:
            Refused: there is no account, or it is closed.
        """
        part = self.returns.orders.secure_login
        if user.account in (None, AccountStatus.CLOSED):
            raise Refused(
                "no-open-account",
                _("The user name {name} has no account that could be closed.").format(
                    name=user.name
                ),
            )
        with part.database.write() as connection:
            account_id = part.directory.accounts.of(connection, user.id)
            assert account_id is not None
            names = part.directory.accounts.names_on(connection, account_id)
            ended = self._devices(connection, names)
            part.directory.accounts.close(connection, account_id)
            for user_name_id in names:
                self._cancel_orders(connection, user_name_id, actor)
                part.end_everything(connection, user_name_id)
                part.audit.record(
                    connection,
                    "directory.account-closed",
                    actor=actor,
                    subject=user_name_id,
                    detail=why,
                )
            for info, owner in ended:
                part.devices.destroy(connection, info.id, actor=actor, why="account-closed")
                if is_sent_back(info) and info.status is not DeviceStatus.LOST:
                    self.returns.announce(connection, info.id, owner)
            self._tell(connection, user, [info for info, _owner in ended])
        return [info for info, _owner in ended]

    def _devices(self, connection: Connection, names: list[str]) -> list[tuple[DeviceInfo, str]]:
        """Devices that only these user names have; from others these are parted."""
        part = self.returns.orders.secure_login
        ended: dict[str, tuple[DeviceInfo, str]] = {}
        for name in names:
            for info in part.list_devices(user_name_id=name):
                bound = connection.execute(
                    select(binding.c.user_name_id).where(binding.c.device_id == info.id)
                ).scalars()
                if set(bound) <= set(names):
                    ended.setdefault(info.id, (info, name))
                else:
                    connection.execute(
                        delete(binding).where(
                            binding.c.device_id == info.id, binding.c.user_name_id.in_(names)
                        )
                    )
        return list(ended.values())

    def _cancel_orders(self, connection: Connection, user_name_id: str, actor: str | None) -> None:
        orders = self.returns.orders
        for order in orders.found(device_order.c.user_name_id == user_name_id):
            if order.status in (OrderStatus.ORDERED, OrderStatus.ASSIGNED):
                orders.cancel_within(connection, order, actor)

    def _tell(self, connection: Connection, user: UserName, ended: list[DeviceInfo]) -> None:
        part = self.returns.orders.secure_login
        address = part.directory.email(connection, user.holder_id)
        if address is None:
            return
        with speaking(part.directory.language_of(connection, user.id)):
            told = [
                "- " + _instruction(info).format(kind=kind_name(info.kind), serial=info.serial)
                for info in ended
                if info.status is not DeviceStatus.RETIRED
            ]
            subject, body = closed_notice(
                user.name, told, self.returns.orders.policy.return_address
            )
        part.endings.mail.enqueue(connection, address, subject, body)


def _instruction(info: DeviceInfo) -> str:
    if is_sent_back(info):
        return _("{kind}, {serial}: send it back; the form is on the page of your account.")
    return _("{kind}, {serial}: need not come back; destroy it.")
