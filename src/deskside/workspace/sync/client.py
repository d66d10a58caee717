"""The portal's settings API, as this computer uses it: contents sealed and opened on the way.

Everything else here deals in plain contents. Whether to seal is decided in one place, before
anything is sent: where this computer once promised to, it does, whatever the portal says.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote

from deskside.foundation.errors import NotFound, Refused
from deskside.foundation.portal_client import PortalClient
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workspace.rules import LARGEST_PUSHED, kind_of
from deskside.workspace.sync.model import Downloaded, Version
from deskside.workspace.sync.sealing import PLAIN, SEALED, damaged, open_sealed, seal
from deskside.workspace.sync.vault import Vault
from deskside.workspace.sync.workstation_id import workstation_id

if TYPE_CHECKING:
    import httpx2

LATEST = "latest"
LONGEST_NOTE, LONGEST_DETAIL = 500, 300
"""Characters that a portal takes."""


class Store:
    """One person's settings on a portal.

    Attributes:
        portal: its address.
        user_name: who is logged in there.
        address: whose store on which portal; what this computer remembers is kept by it.
        vault: this computer's keys.
    """

    def __init__(self, client: PortalClient, folder: Path) -> None:
        self._client = client
        self.portal, self.user_name = client.portal, client.user_name
        self.address = store_address(client.portal, client.user_name)
        self.workstation = workstation_id(folder)
        self.vault = Vault(folder)
        self._recipient: str | None = None

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The store of the person who is logged in.

        Args:
            folder: Deskside's data folder.

        Raises:
            NotLoggedIn: nobody is.
        """
        return cls(PortalClient.open(), folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._client.close()

    def workspaces(self) -> list[dict[str, Any]]:
        """The person's workspaces on the portal, as it describes them."""
        listed: list[dict[str, Any]] = self._data("GET", "/me/settings", "workspaces")
        return listed

    def versions(self, workspace: str) -> list[Version]:
        """The versions of a workspace, the latest first; none where there is no such workspace."""
        try:
            listed = self._data("GET", _path(workspace), "snapshots")
        except NotFound:
            return []
        try:
            return [_version(row) for row in listed]
        except (KeyError, TypeError, AttributeError) as error:
            raise self._client.not_a_portal(type(error).__name__) from None

    def fetch(self, workspace: str, version: str = LATEST) -> Downloaded:
        """One version, checked against its digest, opened, and made sure to be settings.

        Raises:
            NotFound: `no-such-workspace`, `no-such-snapshot`.
            Refused: `content-damaged`; `settings-format-newer`; `encryption-key-missing`,
                `encryption-key-wrong`; it is no settings file.
        """
        headers = {"deskside-accept-format": str(SEALED)}
        response = self._client.request("GET", f"{_path(workspace)}/{version}", headers=headers)
        content, told = response.content, response.headers
        if hashlib.sha256(content).hexdigest() != told.get("deskside-sha256"):
            raise damaged("digest")
        return self._opened(workspace, content, told)

    def send(self, workspace: str, content: bytes, *, base: str, note: str) -> tuple[str, bool]:
        """Add a version on top of `base`; the portal's id of it, and whether it is new.

        Raises:
            Refused: `settings-conflict` where the latest is another; `settings-too-large`,
                `settings-quota`; what `recipient` refuses.
        """
        recipient = self.recipient()
        body, told_note = content, note
        if recipient:
            body = seal(content, self._identity(recipient), workspace=workspace, note=note)
            told_note = ""
        _refuse_too_large(body)
        headers = {
            "content-type": "application/octet-stream",
            "deskside-sha256": hashlib.sha256(body).hexdigest(),
            "deskside-base": base,
            "deskside-note": quote(_one_line(told_note)),
            "deskside-format": str(SEALED if recipient else PLAIN),
            "deskside-workstation": self.workstation.id,
            "deskside-workstation-name": quote(self.workstation.name),
        }
        response = self._client.request("POST", _path(workspace), content=body, headers=headers)
        try:
            answer = response.json()
            return str(answer["snapshot"]), bool(answer["changed"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._client.not_a_portal(type(error).__name__) from None

    def reseal(self, workspace: str, version: Version) -> bool:
        """Put a plain version's content, sealed, in its place; false if it was sealed already.

        Raises:
            DesksideError: as for `fetch` and `send`; `encryption-off`.
        """
        if version.format != PLAIN:
            return False
        recipient = self.recipient()
        if recipient is None:
            raise encryption_off()
        content = self.fetch(workspace, version.id).content
        identity = self._identity(recipient)
        body = seal(content, identity, workspace=workspace, note=version.note)
        _refuse_too_large(body)
        headers = {
            "content-type": "application/octet-stream",
            "deskside-sha256": hashlib.sha256(body).hexdigest(),
        }
        path = f"{_path(workspace)}/{version.id}"
        try:
            self._client.request("PUT", path, content=body, headers=headers)
        except Refused as refused:  # another computer was faster
            if refused.code != "already-sealed":
                raise
            return False
        return True

    def restores(self) -> list[dict[str, Any]]:
        """Restores that were asked for on the portal and wait for this computer."""
        path = f"/me/restores?workstation={self.workstation.id}"
        listed: list[dict[str, Any]] = self._data("GET", path, "restores")
        return listed

    def report_restore(self, restore: str, result: str, detail: str) -> None:
        """Tell the portal what a restore came to: `done` or `refused`."""
        path = f"/me/restores/{quote(restore, safe='')}/result"
        self._client.request(
            "POST", path, json={"result": result, "detail": _one_line(detail, LONGEST_DETAIL)}
        )

    def portal_recipient(self) -> str | None:
        """The recipient of end-to-end encryption that the portal has noted; None for none."""
        told = self._client.data("GET", "/me/settings-encryption")
        return (told.get("recipient") or None) if isinstance(told, dict) else None

    def register(self, recipient: str) -> None:
        """Have the portal note a recipient, and refuse plain contents from then on."""
        self._client.request("PUT", "/me/settings-encryption", json={"recipient": recipient})

    def recipient(self) -> str | None:
        """For whom to seal what is sent; None where plain contents are agreed.

        Raises:
            Refused: `encryption-key-missing`: this computer has not joined;
                `encryption-recipient-changed`: the portal names another than was agreed;
                `encryption-damaged`.
        """
        if self._recipient is None:
            self._recipient = self._agreed() or ""
        return self._recipient or None

    def promised(self) -> str | None:
        """The recipient that this computer promised to seal for; None for none.

        Raises:
            Refused: `encryption-damaged`.
        """
        try:
            promise = self.vault.promise(self.address)
        except ValueError as error:
            raise Refused(
                "encryption-damaged",
                _("What this computer noted of end-to-end encryption is damaged."),
                hint=_("Nothing was sent. Enter the key again: deskside settings encryption join"),
                detail=str(error),
            ) from None
        return promise.recipient if promise else None

    def _agreed(self) -> str | None:
        promised, noted = self.promised(), self.portal_recipient()
        if promised and noted and promised != noted:
            raise Refused(
                "encryption-recipient-changed",
                _("The portal names another encryption key than this computer agreed to."),
                hint=_(
                    "Nothing was sent. If you changed it on another computer, enter the new "
                    "recovery key: deskside settings encryption join. If not, ask your operator."
                ),
            )
        if noted and not promised:  # a key that is here for another store is not agreed for this
            raise key_missing()
        if promised:
            self._identity(promised)
        return promised

    def _identity(self, recipient: str) -> str:
        identity = self.vault.identity(recipient)
        if identity is None:
            raise key_missing()
        return identity

    def _opened(self, workspace: str, body: bytes, told: httpx2.Headers) -> Downloaded:
        sealed = told.get("deskside-format", str(PLAIN)) == str(SEALED)
        content, note = body, ""
        if sealed:
            recipient = self.promised() or self.portal_recipient()
            if recipient is None:
                raise key_missing()
            opened = open_sealed(body, self._identity(recipient), workspace=workspace)
            content, note = opened.content, opened.note
        kind_of(content)
        return Downloaded(
            told.get("deskside-snapshot", ""),
            told.get("deskside-created", ""),
            unquote(told.get("deskside-workstation-name", "")),
            content,
            note,
            sealed,
        )

    def _data(self, method: str, path: str, key: str) -> Any:
        told = self._client.data(method, path)
        if not isinstance(told, dict) or not isinstance(told.get(key), list):
            raise self._client.not_a_portal(key)
        return told[key]


def store_address(portal: str, user_name: str) -> str:
    """Whose store on which portal: what is remembered of one is never used for another."""
    return f"{portal}#{user_name.casefold()}"


def key_missing() -> Refused:
    """The settings there are sealed, and this computer has no key."""
    return Refused(
        "encryption-key-missing",
        _("Your settings on the portal are encrypted end to end; this computer has no key."),
        hint=_("Enter your recovery key: deskside settings encryption join"),
    )


def encryption_off() -> Refused:
    """There is no key to seal for."""
    return Refused(
        "encryption-off",
        _("End-to-end encryption is not switched on for your settings on this portal."),
        hint=_("Switch it on: deskside settings encryption enable"),
    )


def _one_line(text: str, most: int = LONGEST_NOTE) -> str:
    """A text as a portal takes it."""
    return "".join(c if c.isprintable() else " " for c in text)[:most]


def _refuse_too_large(body: bytes) -> None:
    if len(body) > LARGEST_PUSHED:
        raise Refused(
            "settings-too-large",
            _("Portals take at most {most} of settings.").format(most=size(LARGEST_PUSHED)),
        )


def _path(workspace: str) -> str:
    return f"/me/settings/{quote(workspace, safe='')}/snapshots"


def _version(row: dict[str, Any]) -> Version:
    workstation = row.get("workstation") or {}
    return Version(
        str(row["id"]),
        str(row["created"]),
        str(row["sha256"]),
        int(row["size"]),
        str(row.get("note", "")),
        int(row.get("format", PLAIN)),
        bool(row.get("pinned", False)),
        str(workstation.get("id") or ""),
        str(workstation.get("name") or ""),
    )
