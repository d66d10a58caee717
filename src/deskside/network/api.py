"""The network part of the REST API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import MediaType, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, HeaderParameter
from litestar.response import Response

from deskside.network.reports import document_of, redacted
from deskside.network.reports.private import of_this_computer
from deskside.network.service import NetworkService
from deskside.web.service import AnyRequest, require_visitor


@get("/network/catalogue", sync_to_thread=False, tags=["network"])
def catalogue(
    network: NamedDependency[NetworkService],
    accept: Annotated[str, HeaderParameter(name="accept", required=False)] = "",
) -> Response[Any]:
    """The desk's hosts and ports, and the key that its responder proves itself with.

    Public, since who cannot log in may need it to find out why. JSON in the shape of
    `deskside network hosts --json`; as a catalogue file (TOML) where text/plain is asked for.
    """
    listed = network.catalogue()
    if accept.strip().lower().startswith("text/plain"):
        return Response(network.as_toml(listed), media_type="text/plain; charset=utf-8")
    return Response(listed.as_json(), media_type=MediaType.JSON)


@post("/network/tests", sync_to_thread=True, status_code=200, tags=["network"])
def run_test(
    request: AnyRequest, network: NamedDependency[NetworkService], redact: FromQuery[bool] = False
) -> dict[str, Any]:
    """Test the desk's responder from the portal's own computer; for logged-in visitors.

    Answers in the shape of `deskside network test --json`; with `redact`, without names and
    addresses of the person, the computer and its network.
    """
    person = require_visitor(request)
    document = document_of(
        network.test_own(),
        made=datetime.now(UTC),
        where="",
        private=of_this_computer(person.user_name, person.display_name),
    )
    return (redacted(document) if redact else document).as_json()


def routes() -> list[Any]:
    """Handlers, relative to `/api/v1`."""
    return [catalogue, run_test]
