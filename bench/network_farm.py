"""Far ends by the thousand, in a network namespace of their own: open, refused, dropped,
prohibited; TLS that is right, and wrong in each way. Every address of 127/8 is local there.

Run inside the namespace: `python -m bench.network_farm` answers until its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "gateway.lab.test"
TCP = {"open": (70, 1), "refused": (10, 2), "silent": (10, 3), "prohibited": (10, 4)}
TLS = {
    "trusted": (70, 4001),
    "untrusted": (5, 4011),
    "expired": (5, 4012),
    "wrong-name": (5, 4013),
    "reset": (2, 4014),
    "tls-silent": (1, 4015),
    "not-tls": (2, 4016),
    "refused": (5, 4001),
    "silent": (5, 4001),
}
"""Shares in percent, and the network 127.N (TCP) or the port (TLS) that answers so."""

RULES = """
table inet farm {
  chain input {
    type filter hook input priority 0
    ip daddr 127.2.0.0/16 meta l4proto tcp reject with tcp reset
    ip daddr 127.3.0.0/16 meta l4proto tcp drop
    ip daddr 127.4.0.0/16 tcp dport 4000 reject with icmp type admin-prohibited
  }
}
"""
KERNEL = (
    "net.core.somaxconn=65535",
    "net.ipv4.tcp_max_syn_backlog=65535",
    "net.ipv4.ip_local_port_range=5000 65000",
    "net.ipv4.icmp_ratelimit=0",
    "net.ipv4.icmp_msgs_per_sec=1000000",
)


def targets(kind: str, count: int) -> list[tuple[str, int, str]]:
    """Address, port and what is true of it, well mixed."""
    rows: list[tuple[str, int, str]] = []
    for truth, (share, place) in (TCP if kind == "tcp" else TLS).items():
        for _row in range(count * share // 100):
            number = len(rows) + 1
            port = 4000 if kind == "tcp" else place
            network = place if kind == "tcp" else {"refused": 2, "silent": 3}.get(truth, 1)
            rows.append((f"127.{network}.{number >> 8 & 255}.{number & 255}", port, truth))
    random.Random(7).shuffle(rows)
    return rows


def prepare(rules: str = RULES) -> None:
    """Bring the namespace up."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    for value in KERNEL:
        subprocess.run(["sysctl", "-qw", value], check=False, stderr=subprocess.DEVNULL)


def authority_and_leaves(folder: Path) -> None:
    """`ca.pem`, and a key with certificate for each kind of TLS port."""
    key, authority = _certificate("Lab root", None)
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    stranger = _certificate("Inspection root", None)
    for name, issuer, host, days in [
        ("trusted", (key, authority), NAME, 30),
        ("untrusted", stranger, NAME, 30),
        ("expired", (key, authority), NAME, -1),
        ("wrong-name", (key, authority), "elsewhere.lab.test", 30),
    ]:
        private, leaf = _certificate(host, issuer, days)
        (folder / f"{name}.pem").write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )


Issuer = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def _certificate(name: str, issuer: Issuer | None, days: int = 30) -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[1].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=60))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return key, builder.sign(issuer[0] if issuer else key, hashes.SHA256())


async def _serve(folder: Path) -> None:
    def listening(port: int) -> socket.socket:
        opened = socket.socket()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(("0.0.0.0", port))
        opened.listen(65535)
        opened.setblocking(False)
        return opened

    plain = listening(4000)
    asyncio.get_running_loop().add_reader(plain, _accept_and_close, plain)
    for port, name in (
        (4001, "trusted"),
        (4011, "untrusted"),
        (4012, "expired"),
        (4013, "wrong-name"),
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.pem")
        context.num_tickets = 0
        await asyncio.start_server(_until_end, sock=listening(port), ssl=context, backlog=65535)
    for port, talk in ((4014, _reset), (4015, _until_end), (4016, _http)):
        await asyncio.start_server(talk, sock=listening(port), backlog=65535)
    await asyncio.Event().wait()


def _accept_and_close(plain: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            plain.accept()[0].close()


async def _until_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
    writer.close()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await reader.read(1)
    at_once = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()


async def _http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await reader.read(600)
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\n\r\nblocked")
        await writer.drain()
    writer.close()


def main() -> None:
    """Two processes answer until the parent's pipe ends."""
    import threading

    folder = Path(sys.argv[1])
    os.fork()

    def end_with_input() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=end_with_input, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(folder))


if __name__ == "__main__":
    main()
