"""A catalogue from an address on the web: bounded in size and time."""

from __future__ import annotations

import time
from datetime import date

from deskside.foundation.errors import Refused, Unavailable
from deskside.foundation.text import _
from deskside.foundation.units import size
from deskside.network import catalogue
from deskside.network.model import Catalogue

TIMEOUT = 10.0
"""Seconds for the whole download."""


def fetch(url: str, *, today: date) -> Catalogue:
    """The catalogue at an http or https address; redirects are not followed.

    Raises:
        Unavailable: it cannot be reached, or takes too long.
        Refused: what is there is too large or no catalogue.
    """
    import httpx2

    end = time.monotonic() + TIMEOUT
    received = bytearray()
    try:
        with httpx2.stream(
            "GET", url, timeout=TIMEOUT, headers={"accept": "text/plain, application/json"}
        ) as response:
            if response.status_code != 200:
                raise _unavailable(url, f"HTTP {response.status_code}")
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > catalogue.MAX_BYTES:
                    raise Refused(
                        "catalogue-too-large",
                        _("The catalogue at {url} is larger than {limit}.").format(
                            url=url, limit=size(catalogue.MAX_BYTES)
                        ),
                    )
                if time.monotonic() > end:
                    raise _unavailable(url, _("it takes too long"))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _unavailable(url, str(error) or type(error).__name__) from error
    return catalogue.parse(bytes(received), today=today)


def _unavailable(url: str, reason: str) -> Unavailable:
    return Unavailable(
        "catalogue-unreachable",
        _("The catalogue at {url} cannot be fetched: {reason}.").format(url=url, reason=reason),
        hint=_("Save it to a file and name the file, or leave out --catalogue."),
        article="2816",
    )
