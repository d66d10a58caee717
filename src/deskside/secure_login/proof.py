"""One answer of one device outside a log-in: to activate it, or to show that its PIN is known.

The question is bound to the user name, the device and what it was asked for: whoever gets somebody
to answer for one thing has no answer for another. It is answered once, and failures count on the
device and the binding as they do at a log-in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from deskside.foundation.clock import Clock
from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.text import _
from deskside.foundation.upsert import insert_new
from deskside.secure_login import lockout, rules
from deskside.secure_login.authenticators import authenticator
from deskside.secure_login.device_rows import device_columns
from deskside.secure_login.device_step import DeviceStep
from deskside.secure_login.devices import Devices
from deskside.secure_login.lockout import Tally
from deskside.secure_login.model import Challenge
from deskside.secure_login.store import binding, challenge, device, spent


class NotProved(Refused):
    """The answer was wrong, late or second, or too many were; one text for all."""

    def __init__(self) -> None:
        super().__init__(
            "device-not-proved",
            _("That code was not accepted. Here is a new question: use your device again."),
            hint=_("After ten wrong answers the device is locked for 24 hours."),
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """Asking one's own device, and judging its answer."""

    clock: Clock
    devices: Devices
    device_step: DeviceStep

    def load(self, connection: Connection, user_name_id: str, device_id: str) -> Row[Any]:
        """A device bound to the user name; raises NotFound."""
        row = connection.execute(
            select(*device_columns())
            .join_from(device, binding, binding.c.device_id == device.c.id)
            .where(device.c.id == device_id, binding.c.user_name_id == user_name_id)
        ).first()
        if row is None:
            raise NotFound("unknown-device", _("That device is not yours."))
        return row

    def ask(
        self, connection: Connection, user_name_id: str, row: Row[Any], purpose: str
    ) -> Challenge:
        """A question that this device was never asked before; answered for this purpose only."""
        latest = self.clock.now() + rules.LONGEST_CHALLENGE
        return self.device_step.ask(connection, _bound(user_name_id, purpose), row, latest)

    def judge(
        self,
        connection: Connection,
        user_name_id: str,
        row: Row[Any],
        purpose: str,
        challenge_id: str,
        text: str,
        secret: bytes | None = None,
    ) -> bool:
        """Whether the answer is right; what it uses up is used up, and a wrong one is counted.

        `secret` takes the place of the device's own. Raises MalformedAnswer, which uses up nothing.
        """
        now, plugin = self.clock.now(), authenticator(row.kind)
        answer = plugin.read_answer(text)
        asked = connection.execute(
            select(challenge).where(
                and_(
                    challenge.c.id == challenge_id,
                    challenge.c.login_id == _bound(user_name_id, purpose),
                    challenge.c.device_id == row.device_id,
                )
            )
        ).first()
        if asked is None:
            return False
        subjects = lockout.device_subjects(user_name_id, row.device_id)
        tallies = lockout.take(connection, subjects, now)
        if any(tally.is_locked(now) for tally in tallies.values()):
            return False
        record = self.devices.record(row)
        if secret is not None:
            record = replace(record, secret=secret)
        question = Challenge(asked.id, row.device_id, asked.question or "", asked.expires)
        verdict = plugin.verify(record, question, answer, now)
        fresh = all(
            insert_new(connection, spent, {"device_id": row.device_id, "what": what, "at": now})
            for what in (verdict.spends, *verdict.also_spends)
        )
        if fresh and verdict.new_state is not None:
            fresh = self.devices.remember(connection, row, verdict.new_state)
        right = fresh and verdict.accepted
        if right:
            lockout.put(connection, dict.fromkeys(tallies, Tally()), now)
        elif fresh and now < asked.expires:
            counted = {name: tally.with_failure(now) for name, tally in tallies.items()}
            lockout.put(connection, counted, now)
        return right


def _bound(user_name_id: str, purpose: str) -> str:
    """What stands in the place of the log-in that a question belongs to."""
    return sha256(f"{user_name_id} {purpose}".encode()).hexdigest()[:26]
