"""One tool over a list of targets: reads address, port and name, writes a word for each.

`python -m bench.network_sweep ours|raw TARGETS RESULTS CA`
"""

from __future__ import annotations

import errno
import select
import socket
import ssl
import sys
import time
from pathlib import Path

WORDS = {"connected": "open", "reset": "refused", "unroutable": "prohibited"}


def ours(rows: list[tuple[str, int, str]], authority: str) -> list[str]:
    """By the product's own bulk probe."""
    from deskside.network.probes.bulk import Probed, Target, sweep

    def word(one: Probed) -> str:
        if one.tls:
            return {"silent": "tls-silent"}.get(one.tls.result.value, one.tls.result.value)
        return WORDS.get(one.connect.result.value, one.connect.result.value)

    secure = any(name for _address, _port, name in rows)
    context = ssl.create_default_context(cafile=authority) if secure else None
    targets = [Target(address, port, name or None) for address, port, name in rows]
    at_once = 512 if secure else 4000
    return [word(one) for one in sweep(targets, context=context, at_once=at_once)]


def raw(rows: list[tuple[str, int, str]], authority: str) -> list[str]:
    """The barest loop there is: one attempt, 2 seconds, no verdicts beyond the error number."""
    context = ssl.create_default_context(cafile=authority)
    poll, words, under_way = select.epoll(), ["silent"] * len(rows), {}
    waiting = iter(enumerate(rows))
    more, secure = True, any(name for _a, _p, name in rows)
    at_once = 256 if secure else 10_000
    while more or under_way:
        while more and len(under_way) < at_once:
            number, (address, port, name) = next(waiting, (-1, ("", 0, "")))
            more = number >= 0
            if more:
                opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                opened.connect_ex((address, port))
                under_way[opened.fileno()] = [number, opened, name, time.monotonic() + 2]
                poll.register(opened.fileno(), select.EPOLLOUT)
        for descriptor, _event in poll.poll(0.05):
            number, opened, name, _end = one = under_way[descriptor]
            if not isinstance(opened, ssl.SSLSocket):
                code = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code or not name:
                    words[number] = _word(code)
                    under_way.pop(descriptor)[1].close()
                    continue
                one[1] = opened = context.wrap_socket(
                    opened, server_hostname=name, do_handshake_on_connect=False
                )
            try:
                opened.do_handshake()
                words[number] = "trusted"
            except ssl.SSLWantReadError:
                poll.modify(descriptor, select.EPOLLIN)
                continue
            except OSError as error:
                words[number] = type(error).__name__
            under_way.pop(descriptor)[1].close()
        now = time.monotonic()
        for descriptor in [key for key, one in under_way.items() if one[3] < now]:
            under_way.pop(descriptor)[1].close()
    return words


def _word(code: int) -> str:
    return {0: "open", errno.ECONNREFUSED: "refused", errno.EHOSTUNREACH: "prohibited"}.get(
        code, "silent"
    )


def main() -> None:
    """Probe, and write a word a line."""
    tool, listed, results, authority = sys.argv[1:]
    rows = []
    for line in Path(listed).read_text().splitlines():
        address, port, name = line.split("\t")
        rows.append((address, int(port), name))
    probed = {"ours": ours, "raw": raw}[tool](rows, authority)
    Path(results).write_text("\n".join(probed) + "\n")


if __name__ == "__main__":
    main()
