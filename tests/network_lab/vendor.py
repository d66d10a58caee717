"""The vendor's hosts as the shipped catalogue lists them, faked at the far end of the lab."""

from __future__ import annotations

import sys

from deskside.network.catalogue import shipped

from .certificate import Certificate
from .lab import Lab

ADDRESS = "10.77.2.60"
SERVER = """
import socketserver, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])
class Plain(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(5)
        self.request.recv(1)
class Secure(Plain):
    def handle(self):
        self.request.settimeout(5)
        with context.wrap_socket(self.request, server_side=True) as secure:
            secure.recv(1)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 256
    def handle_error(self, request, address):
        pass
for port, kind in ((80, Plain), (443, Secure), (4000, Plain), (4001, Secure)):
    server = Server((sys.argv[1], port), kind)
    threading.Thread(target=server.serve_forever).start()
"""


def serve(lab: Lab) -> dict[str, str]:
    """Answer for every host of the vendor; the environment in which its certificates are
    trusted."""
    names = tuple(dict.fromkeys(row.host for row in shipped().hosts))
    lab.within(lab.far, f"ip addr add {ADDRESS}/24 dev up0")
    lab.names(lab.far, *(f"--host-record={name},{ADDRESS}" for name in names))
    chain, authority = Certificate(names[0], others=names[1:]).write(lab.folder)
    script = lab.folder / "vendor.py"
    script.write_text(SERVER)
    lab.start(lab.far, sys.executable, str(script), ADDRESS, str(chain))
    lab.wait_for(lab.far, 4001)
    return {"SSL_CERT_FILE": str(authority)}
