"""Alerts by webhook: one signed HTTPS request, bounded in size and time.

The signature is that of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, moment and
body, in the headers `webhook-id`, `webhook-timestamp`, `webhook-signature`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from deskside.foundation.clock import Clock
from deskside.foundation.errors import UsageProblem
from deskside.foundation.text import _
from deskside.network.monitor.alerts import Document, Undelivered

TIMEOUT = 10.0
"""Seconds for all of one request."""

PREFIX = "whsec_"
SHORTEST_KEY = 24
"""Bytes of a key, as Standard Webhooks asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts the document as JSON.

    Attributes:
        url: may hold a secret, so it is never shown.
        key: signs; None leaves requests unsigned.
    """

    url: str = field(repr=False)
    key: bytes | None = field(default=None, repr=False)
    clock: Clock

    @classmethod
    def of(cls, url: str, key_file: Path | None, clock: Clock) -> Webhook:
        """The webhook that the settings name.

        Raises:
            UsageProblem: the address is not https, or holds a password; the key cannot be used.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
            raise UsageProblem(
                "monitor-webhook-address",
                _("The address of the webhook must begin with https://."),
                hint=_("Only this computer itself may be reached by http."),
            )
        if "@" in parts.netloc:
            raise UsageProblem(
                "monitor-webhook-address",
                _("The address of the webhook holds a user name or a password."),
                hint=_("Let the receiver check the signature: monitor.alert_key_file."),
            )
        return cls(url=url, key=read_key(key_file) if key_file else None, clock=clock)

    def deliver(self, document: Document) -> None:
        status = asyncio.run(self._post(document["id"], json.dumps(document).encode()))
        if not 200 <= status < 300:
            raise Undelivered(f"HTTP {status}")

    async def _post(self, identifier: str, body: bytes) -> int:
        """Send it; the status. Redirects are not followed, the answer is not read."""
        import httpx2

        headers = {"content-type": "application/json"} | self._signature(identifier, body)
        try:
            async with (
                asyncio.timeout(TIMEOUT),
                httpx2.AsyncClient(timeout=TIMEOUT) as client,
                client.stream("POST", self.url, content=body, headers=headers) as response,
            ):
                return int(response.status_code)
        except TimeoutError:
            raise Undelivered(_("the webhook took too long")) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # The message could hold the address.
            raise Undelivered(type(error).__name__) from None

    def _signature(self, identifier: str, body: bytes) -> dict[str, str]:
        moment = str(int(self.clock.now().timestamp()))
        headers = {"webhook-id": identifier, "webhook-timestamp": moment}
        if self.key is None:
            return headers
        signed = f"{identifier}.{moment}.".encode() + body
        digest = hmac.new(self.key, signed, hashlib.sha256).digest()
        return headers | {"webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def read_key(file: Path) -> bytes:
    """The key in a file: `whsec_` and base64, as Standard Webhooks writes it.

    Raises:
        UsageProblem: there is none, or it is too short (`monitor-webhook-key`).
    """
    try:
        text = file.read_text("utf-8").strip()
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error):
        key = b""
    if len(key) < SHORTEST_KEY:
        raise UsageProblem(
            "monitor-webhook-key",
            _("The key of the webhook cannot be used ({file}).").format(file=file),
            hint=_("The file holds whsec_ and then at least {bytes} bytes in base64.").format(
                bytes=SHORTEST_KEY
            ),
        )
    return key


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
