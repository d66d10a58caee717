"""HTTP/1.1 on the wire: how much we gather before a request can be judged."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 64 * 1024
"""Bytes of a request line with its headers, or of trailers."""


class BoundedHttp(HttpToolsProtocol):
    """The server's own protocol, which by itself would gather header lines without end."""

    gathered = 0

    def data_received(self, data: bytes) -> None:
        self.gathered += len(data)
        super().data_received(data)  # the three below start anew
        if self.gathered > HEAD_LIMIT and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self.gathered = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.gathered = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.gathered = 0
        super().on_message_complete()
