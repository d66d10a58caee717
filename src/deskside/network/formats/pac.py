"""PAC: a browser's proxy script by which the listed hosts are reached directly.

TWS itself has no proxy setting: what its ports carry is not HTTP, so no PAC file can help it.
"""

from __future__ import annotations

import json

from deskside.network.formats.shared import ends, head
from deskside.network.model import Catalogue

_SCRIPT = """\
// Replace OTHERWISE by what your own script returns, for example "PROXY proxy.example.net:3128".
var OTHERWISE = "DIRECT";

function FindProxyForURL(url, host) {
  var name = host.toLowerCase().replace(/\\.$/, "");
  return Object.prototype.hasOwnProperty.call(HOSTS, name) ? "DIRECT" : OTHERWISE;
}
"""


def write(catalogue: Catalogue) -> str:
    """The script; ECMAScript 3, as old PAC engines want it."""
    names = ",\n".join(f"  {json.dumps(host)}: true" for host, _ports, _row in ends(catalogue))
    return "\n".join(
        [*head(catalogue, "//"), "var HOSTS = {", names, "};", "", _SCRIPT.rstrip("\n")]
    )
