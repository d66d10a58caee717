"""The keys of end-to-end encryption on this computer, and the promise to use them.

    workspace/encryption/RECIPIENT.txt   an identity in age's own format, mode 0600
    workspace/encryption/DIGEST.json     a promise: to this portal, for this user name, nothing
                                         is ever sent but sealed for that recipient

A promise is kept whatever the portal says of itself. A key that is whole is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from deskside.foundation.paths import create_private, private_folder, write_private
from deskside.workspace.sync.sealing import recipient_of


@dataclass(frozen=True, slots=True)
class Promise:
    """That nothing goes to a portal but sealed.

    Attributes:
        address: the portal's, and whose store there.
        since: UTC, ISO 8601.
    """

    address: str
    recipient: str
    since: str


class Vault:
    """This computer's identities and promises.

    Args:
        folder: Deskside's data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "workspace" / "encryption"

    def promise(self, address: str) -> Promise | None:
        """What was promised for a store; None where plain contents may be sent.

        Raises:
            ValueError: the file is damaged: nothing may be sent until that is mended.
        """
        try:
            return Promise(**json.loads(self._promise_file(address).read_bytes()))
        except FileNotFoundError:
            return None
        except TypeError as error:
            raise ValueError(str(error)) from None

    def make_promise(self, address: str, recipient: str) -> Promise:
        """Promise to send only what is sealed for `recipient`."""
        made = Promise(address, recipient, datetime.now(UTC).isoformat(timespec="seconds"))
        private_folder(self._folder)
        write_private(self._promise_file(address), json.dumps(asdict(made)).encode())
        return made

    def identity(self, recipient: str) -> str | None:
        """The identity of a recipient; None where this computer does not have it."""
        try:
            text = (self._folder / f"{recipient}.txt").read_text()
        except OSError:
            return None
        lines = [line.strip() for line in text.splitlines()]
        return next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), None)

    def keep(self, identity: str) -> str:
        """Keep an identity; its recipient."""
        recipient = recipient_of(identity)
        private_folder(self._folder)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        text = f"# created: {made}\n# public key: {recipient}\n{identity.strip().upper()}\n"
        file = self._folder / f"{recipient}.txt"
        if not create_private(file, text.encode()) and self.identity(recipient) is None:
            write_private(file, text.encode())  # what is there is damaged
        return recipient

    def _promise_file(self, address: str) -> Path:
        return self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:26]}.json"
