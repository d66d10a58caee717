"""Sharing a device, step by step: the requester asks, the owner's password and device prove.

Whose identity is behind a user name is judged only after the owner's password and the device's
answer were right, and what was wrong counts as a failed log-in of the owner: this is no way to
find out anything that a log-in would not tell.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from deskside.directory.model import UserName
from deskside.directory.rules import name_words
from deskside.foundation.database import new_id
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.foundation.upsert import insert_or_update
from deskside.secure_login import lockout, rules
from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.authenticators.dsc_plus import KIND as TAKEN_BACK
from deskside.secure_login.endings import ChallengeExpired, LoginFailed
from deskside.secure_login.model import Challenge
from deskside.secure_login.service import LoginService
from deskside.secure_login.sharing import rules as sharing_rules
from deskside.secure_login.sharing.refusals import (
    CannotShare,
    NoSuchShare,
    already_shared,
    last_device,
)
from deskside.secure_login.sharing.rules import Doubt, Held, Participant, ReviewPolicy
from deskside.secure_login.sharing.store import share
from deskside.secure_login.store import binding, device, login
from deskside.secure_login.tokens import new_token, token_hash
from deskside.secure_login.values import DeviceInfo, DeviceStatus, Origin
from deskside.web.model import Visitor

LIFETIME = timedelta(minutes=15)
"""From the owner's password to the requester's confirmation."""

ACTIVE, PARKED = DeviceStatus.ACTIVE.value, "parked"


@dataclass(frozen=True, slots=True)
class ShareInfo:
    """A request as the requester sees it. `status` is stable."""

    id: str
    reference: str
    owner: str
    device: str
    kind: str
    label: str
    serial: str
    status: str
    created: datetime
    changed: datetime


@dataclass(frozen=True, slots=True)
class Sharing:
    """Requests to share a device."""

    secure_login: LoginService
    policy: ReviewPolicy = ReviewPolicy.DOUBTFUL
    second_person: bool = False

    def begin(
        self, visitor: Visitor, username: str, password: str, origin: Origin
    ) -> tuple[ShareInfo, Challenge]:
        """Take the owner's user name and password, ask the device; runs in the pool of hashes.

        Raises:
            UsageProblem: the owner is the requester.
            LoginFailed: whatever the reason, as at the owner's own log-in.
            TooManyAttempts: a limit is reached.
        """
        if username == visitor.user_name:
            raise UsageProblem(
                "own-device",
                _("That is your own user name."),
                hint=_("Enter the user name that the device belongs to."),
                article="2481",
            )
        part = self.secure_login
        # The requester's browser is not one that the owner is known by.
        part.password_step.confirm(username, password, Origin(origin.address, origin.agent))
        owner, requester = part.directory.find(username), part.directory.find(visitor.user_name)
        with part.database.write() as connection:
            chosen = sharing_rules.to_ask(self._held(connection, owner.id))
            if chosen is None:
                raise LoginFailed
            values = self._opened(requester, owner, chosen)
            connection.execute(insert(share).values(values))
            asked = self._ask(connection, values)
            part.endings.record(
                connection, "share.begun", owner.id, actor=requester.id, device=chosen.device
            )
            return self.info(self._row(connection, visitor, values["id"])), asked

    def challenge(self, visitor: Visitor, share_id: str) -> Challenge:
        """Ask the owner's device anew; raises NoSuchShare."""
        with self.secure_login.database.write() as connection:
            return self._ask(connection, dict(self._row(connection, visitor, share_id, "asked")))

    def question(self, visitor: Visitor, share_id: str) -> Challenge:
        """The latest question to the owner's device; raises NoSuchShare."""
        with self.secure_login.database.read() as connection:
            row = self._row(connection, visitor, share_id, "asked")
        step = self.secure_login.progress(self._secret(row))
        assert step.challenge is not None
        return step.challenge

    def answer(self, visitor: Visitor, share_id: str, text: str, origin: Origin) -> ShareInfo:
        """Take the device's answer, then judge whether the device may be shared.

        Raises:
            MalformedAnswer: it cannot be an answer; the challenge stays open.
            ChallengeExpired, LoginFailed: late or wrong; the challenge is used up.
            CannotShare: a condition is not met; the request is over.
        """
        part = self.secure_login
        found: sharing_rules.Obstacle | None = None
        with part.database.write() as connection:
            row = self._row(connection, visitor, share_id, "asked", lock=True)
            outcome = part.device_step.prove(
                connection, self._secret(row), row["device_id"], text, origin
            )
            if isinstance(outcome, rules.Accepted):
                connection.execute(
                    delete(login).where(login.c.secret_hash == token_hash(self._secret(row)))
                )
                found = self._obstacle(connection, row)
                status = "refused" if found else "proven"
                self._set(connection, row, status, login_secret=None)
                if found:
                    self._record(connection, "share.refused", row, reason=found.value)
                info = self.info(row | {"status": status})
        if isinstance(outcome, rules.Refusal):
            raise ChallengeExpired if outcome.reason is rules.Reason.EXPIRED else LoginFailed
        if found:
            raise CannotShare(found)
        return info

    def confirm(self, visitor: Visitor, share_id: str) -> ShareInfo:
        """Carry out what was checked, or hand it to the reviewers.

        Raises:
            NoSuchShare: it was not proven, took too long, or was confirmed already.
            CannotShare: the conditions are no longer met.
            Refused: the requester has the device already (`already-shared`).
        """
        try:
            with self.secure_login.database.write() as connection:
                row = self._row(connection, visitor, share_id, "proven", lock=True)
                doubt = self._doubt(row)
                if doubt is None:
                    status = self.activate(connection, row, approved_by=visitor.user_name_id)
                else:
                    self._check(connection, row)
                    status = "pending"
                    approvals = 2 if self.second_person else 1
                    self._set(connection, row, status, doubt=doubt.value, approvals=approvals)
                    self._record(connection, "share.pending", row, reason=doubt.value)
                return self.info(row | {"status": status})
        except IntegrityError as error:
            raise already_shared() from error

    def activate(self, connection: Connection, row: dict[str, Any], *, approved_by: str) -> str:
        """Bind the device to the requester and let what it replaces rest; raises CannotShare."""
        self._check(connection, row)
        requester, now = row["requester_id"], self.secure_login.clock.now()
        rest = sharing_rules.parked(row["device_id"], self._held(connection, requester))
        self._rest(connection, requester, rest, ACTIVE, PARKED)
        key = {"user_name_id": requester, "device_id": row["device_id"]}
        insert_or_update(
            connection, binding, key, {"status": ACTIVE, "since": now, "approved_by": approved_by}
        )
        self._set(connection, row, "active", parked=json.dumps(rest))
        self._record(connection, "share.approved", row)
        self.secure_login.endings.record(
            connection, "share.given", row["owner_id"], actor=requester, device=row["device_id"]
        )
        return "active"

    def reject(self, connection: Connection, row: dict[str, Any]) -> None:
        """A reviewer did not agree."""
        self._set(connection, row, "rejected")
        self._record(connection, "share.rejected", row)

    def to_send_back(self, visitor: Visitor, share_id: str) -> list[DeviceInfo]:
        """The visitor's own devices that could be sent back when the sharing is cancelled."""
        with self.secure_login.database.read() as connection:
            row = self._row(connection, visitor, share_id)
            devices = self._taken_back(connection, row) if row["status"] == "active" else ()
        return [self.secure_login.list_devices(serial=device)[0] for device in devices]

    def cancel(self, visitor: Visitor, share_id: str, *, send_back: bool = False) -> ShareInfo:
        """Withdraw a request, or end the sharing: the requester's own devices work again.

        Args:
            visitor: the requester.
            share_id: the request.
            send_back: those that can be sent back end instead (Digital Security Cards+ alone).

        Raises:
            NoSuchShare: there is nothing to cancel.
            Refused: no other device would be left (`last-device`).
        """
        with self.secure_login.database.write() as connection:
            row = self._row(connection, visitor, share_id, lock=True)
            if row["status"] not in ("asked", "proven", "pending", "active"):
                raise NoSuchShare
            if row["status"] == "active":
                back = self._taken_back(connection, row) if send_back else ()
                self._unbind(connection, row, back)
            self._set(connection, row, "cancelled", login_secret=None)
            self._record(connection, "share.cancelled", row)
            return self.info(row | {"status": "cancelled"})

    def listed(self, visitor: Visitor) -> list[ShareInfo]:
        """The visitor's requests that came to a result or wait for one, newest first."""
        query = (
            _SHARES.where(share.c.requester_id == visitor.user_name_id)
            .where(share.c.status.not_in(("asked", "proven", "refused")))
            .order_by(share.c.id.desc())
        )
        with self.secure_login.database.read() as connection:
            return [self.info(dict(row)) for row in connection.execute(query).mappings()]

    def shown(self, visitor: Visitor, share_id: str) -> ShareInfo:
        """One request of the visitor; raises NoSuchShare."""
        with self.secure_login.database.read() as connection:
            return self.info(self._row(connection, visitor, share_id))

    # Inside a transaction

    def _opened(self, requester: UserName, owner: UserName, chosen: Held) -> dict[str, Any]:
        part, now, identifier = self.secure_login, self.secure_login.clock.now(), new_id()
        sealed = part.password_step.keyring.seal(
            new_token().encode(), context=f"share:{identifier}"
        )
        return {
            "id": identifier,
            "reference": f"SH-{secrets.token_hex(4).upper()}",
            "requester_id": requester.id,
            "requester_holder": requester.holder_id,
            "owner_id": owner.id,
            "owner_holder": owner.holder_id,
            "device_id": chosen.device,
            "status": "asked",
            "login_secret": sealed,
            "approvals": 1,
            "parked": "[]",
            "created": now,
            "changed": now,
            "expires": now + LIFETIME,
        }

    def _ask(self, connection: Connection, row: dict[str, Any]) -> Challenge:
        """A fresh question, in a log-in of the owner's that nobody can complete to a session."""
        part, secret = self.secure_login, token_hash(self._secret(row))
        bound = part.devices.bound(connection, row["owner_id"])
        asked_of = next(each for each in bound if each.device_id == row["device_id"])
        connection.execute(delete(login).where(login.c.secret_hash == secret))
        name = part.directory.names_of([row["owner_id"]])[row["owner_id"]]
        now, identifier = part.clock.now(), new_id()
        expires = min(now + rules.LOGIN_LIFETIME, row["expires"])
        asked = part.device_step.ask(connection, identifier, asked_of, expires)
        connection.execute(
            insert(login).values(
                id=identifier,
                secret_hash=secret,
                user_name_id=row["owner_id"],
                subject=lockout.name_subject(part.password_step.name_hash(name), None),
                interactive=False,
                challenge_id=asked.id,
                created=now,
                expires=expires,
            )
        )
        return asked

    def _held(self, connection: Connection, user_name_id: str) -> tuple[Held, ...]:
        devices = self.secure_login.devices
        rows = devices.bound(connection, user_name_id)
        usable = {each.device: each.usable for each in devices.holdings(rows)}
        return tuple(
            Held(
                row.device_id,
                (kind := authenticator(row.kind)).protection_level,
                physical=kind.physical,
                temporary=kind.temporary,
                active=usable[row.device_id],
            )
            for row in rows
        )

    def _participant(self, connection: Connection, user_name_id: str, holder: str) -> Participant:
        directory = self.secure_login.directory
        marks = directory.marks(directory.holder(holder).identity)
        return Participant(user_name_id, holder, marks, self._held(connection, user_name_id))

    def _obstacle(
        self, connection: Connection, row: dict[str, Any]
    ) -> sharing_rules.Obstacle | None:
        active = connection.execute(
            select(binding.c.user_name_id, binding.c.device_id).where(
                binding.c.device_id == row["device_id"], binding.c.status == ACTIVE
            )
        )
        users = sharing_rules.taking_part(
            row["device_id"], row["owner_id"], row["requester_id"], [tuple(pair) for pair in active]
        )
        holders = self.secure_login.directory.holders_of(connection, users)
        owner, *others = (self._participant(connection, user, holders[user]) for user in users)
        return sharing_rules.obstacle(row["device_id"], owner, *others)

    def _check(self, connection: Connection, row: dict[str, Any]) -> None:
        found = self._obstacle(connection, row)
        if found:
            raise CannotShare(found)
        held = self._held(connection, row["requester_id"])
        if any(each.device == row["device_id"] and each.active for each in held):
            raise already_shared()

    def _doubt(self, row: dict[str, Any]) -> Doubt | None:
        holders = [
            self.secure_login.directory.holder(row[key])
            for key in ("requester_holder", "owner_holder")
        ]
        names = [" ".join(sorted(name_words(each.identity.name))) for each in holders]
        return sharing_rules.doubt(self.policy, names, [each.kind.value for each in holders])

    def _taken_back(self, connection: Connection, row: dict[str, Any]) -> tuple[str, ...]:
        holders = func.count(binding.c.user_name_id)
        found = connection.execute(
            select(device.c.id, device.c.kind, holders.label("holders"))
            .join_from(device, binding, binding.c.device_id == device.c.id)
            .where(device.c.id.in_(json.loads(row["parked"])))
            .where(device.c.status != DeviceStatus.RETIRED.value)
            .group_by(device.c.id, device.c.kind)
            .order_by(device.c.id)
        )
        return sharing_rules.may_send_back(
            [(each.id, each.kind == TAKEN_BACK, each.holders) for each in found]
        )

    def _send_back(self, connection: Connection, row: dict[str, Any], back: Sequence[str]) -> None:
        connection.execute(
            update(device)
            .where(device.c.id.in_(list(back)))
            .values(status=DeviceStatus.RETIRED.value, version=device.c.version + 1)
        )
        for each in back:
            self.secure_login.endings.record(
                connection,
                "device.sent-back",
                each,
                actor=row["requester_id"],
                share=row["id"],
            )

    def _unbind(
        self, connection: Connection, row: dict[str, Any], back: Sequence[str] = ()
    ) -> None:
        requester = row["requester_id"]
        connection.execute(
            delete(binding).where(
                binding.c.user_name_id == requester, binding.c.device_id == row["device_id"]
            )
        )
        self._rest(connection, requester, json.loads(row["parked"]), PARKED, ACTIVE)
        self._send_back(connection, row, back)
        if not any(held.active for held in self._held(connection, requester)):
            raise last_device()

    def _rest(
        self, connection: Connection, user: str, devices: Any, before: str, after: str
    ) -> None:
        connection.execute(
            update(binding)
            .where(binding.c.user_name_id == user, binding.c.device_id.in_(list(devices)))
            .where(binding.c.status == before)
            .values(status=after)
        )

    def _row(
        self,
        connection: Connection,
        visitor: Visitor,
        share_id: str,
        status: str | None = None,
        *,
        lock: bool = False,
    ) -> dict[str, Any]:
        if lock:
            # An update that changes nothing holds the row until the transaction ends.
            connection.execute(
                update(share).where(share.c.id == share_id).values(status=share.c.status)
            )
        mine = share.c.requester_id == visitor.user_name_id
        found = connection.execute(_SHARES.where(share.c.id == share_id, mine)).mappings().first()
        if found is None:
            raise NoSuchShare
        row = dict(found)
        if status and (row["status"] != status or row["expires"] <= self.secure_login.clock.now()):
            raise NoSuchShare
        return row

    def _secret(self, row: dict[str, Any]) -> str:
        keyring = self.secure_login.password_step.keyring
        return keyring.open_sealed(row["login_secret"], context=f"share:{row['id']}").decode()

    def _set(self, connection: Connection, row: dict[str, Any], status: str, **more: Any) -> None:
        changed = self.secure_login.clock.now()
        connection.execute(
            update(share)
            .where(share.c.id == row["id"])
            .values(status=status, changed=changed, **more)
        )

    def _record(
        self, connection: Connection, event: str, row: dict[str, Any], **detail: str
    ) -> None:
        self.secure_login.endings.record(
            connection,
            event,
            row["requester_id"],
            actor=row["requester_id"],
            share=row["id"],
            device=row["device_id"],
            **detail,
        )

    def info(self, row: dict[str, Any]) -> ShareInfo:
        """A row of requests as a person sees it."""
        info = self.secure_login.list_devices(serial=row["device_id"])[0]
        names = self.secure_login.directory.names_of([row["owner_id"]])
        return ShareInfo(
            id=row["id"],
            reference=row["reference"],
            owner=names[row["owner_id"]],
            device=row["device_id"],
            kind=info.kind,
            label=info.label,
            serial=info.serial,
            status=row["status"],
            created=row["created"],
            changed=row["changed"],
        )


_SHARES = select(share)
