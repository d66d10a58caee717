"""A package from an address that the person named: bounded in size and time, by https."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from deskside.foundation.errors import Refused, Unavailable
from deskside.foundation.paths import data_folder
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.workstation.api_components.unpacking import MAX_ARCHIVE

TIMEOUT, WHOLE = 30.0, 600.0
"""Seconds without an answer, and for all of it."""


def is_address(source: str) -> bool:
    """Whether it is the address of something on the web, and no file."""
    return source.lower().startswith(("https://", "http://"))


@contextmanager
def downloaded(url: str, *, checksum_known: bool) -> Iterator[Path]:
    """The file at an address, for as long as it is needed.

    Args:
        checksum_known: the person named the checksum, so that it may come by plain http.

    Raises:
        Refused: `insecure-address`; `download-too-large`.
        Unavailable: `download-failed`.
    """
    with TemporaryDirectory(prefix="download-", dir=data_folder()) as folder:
        path = Path(folder) / (unquote(Path(urlsplit(url).path).name) or "package")
        _fetch(url, path, secure=not checksum_known)
        yield path


def _fetch(url: str, path: Path, *, secure: bool) -> None:
    import ssl

    import httpx2
    import truststore

    end, received = time.monotonic() + WHOLE, 0
    trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with (
            httpx2.Client(verify=trust, timeout=TIMEOUT, follow_redirects=True) as client,
            client.stream("GET", _checked(url, secure=secure)) as response,
            path.open("xb") as file,
        ):
            _checked(str(response.url), secure=secure)
            if response.status_code != 200:
                raise _failed(url, f"HTTP {response.status_code}")
            for chunk in response.iter_bytes():
                received += len(chunk)
                if received > MAX_ARCHIVE:
                    raise Refused(
                        "download-too-large",
                        _("What is at {url} is larger than {limit}.").format(
                            url=url, limit=size(MAX_ARCHIVE)
                        ),
                    )
                if time.monotonic() > end:
                    raise _failed(url, _("it takes too long"))
                file.write(chunk)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _failed(url, str(error) or type(error).__name__) from error


def _checked(url: str, *, secure: bool) -> str:
    if secure and urlsplit(url).scheme != "https":
        raise Refused(
            "insecure-address",
            _("{url} is not encrypted: anybody on the way could replace the package.").format(
                url=url
            ),
            hint=_("Use https, or name the checksum that you expect: --sha256 HASH"),
        )
    return url


def _failed(url: str, reason: str) -> Unavailable:
    return Unavailable(
        "download-failed",
        _("The package at {url} cannot be fetched: {reason}.").format(url=url, reason=reason),
        hint=_("Download it in a browser, and name the file instead."),
        article="9001#package",
    )
