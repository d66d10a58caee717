"""Which proxies this computer is told to use, and whether they carry what TWS needs.

Looked for in the environment, the settings of Windows, macOS and GNOME, and `jts.ini`; proxy
scripts (PAC) that these name are listed, too. Credentials are used where they are configured, and
never shown.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from deskside.network.line_observations import ScriptSeen
from deskside.network.proxy_scripts.choices import Choice, choices
from deskside.network.proxy_scripts.looking import Script

_VARIABLES = ("all_proxy", "https_proxy", "http_proxy", "socks_proxy")
_DEFAULT_PORT = {"http": 8080, "socks5": 1080}
_INI_LINE = re.compile(r"^\s*([\w.]*proxy[\w.]*)\s*=\s*(\S+)\s*$", re.IGNORECASE | re.MULTILINE)
_MAX_INI = 1 << 20
_WPAD = "http://wpad/wpad.dat"
"""Where a script is looked for that nobody named; the name server's search domains complete it."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that is configured.

    Attributes:
        credentials: user and password.
        given_for: the ports for which a proxy script gives it; empty where none does.
    """

    kind: str
    host: str
    port: int
    source: str
    credentials: tuple[str, str] | None = None
    given_for: tuple[int, ...] = ()

    @property
    def basic(self) -> str:
        """The credentials as HTTP's Basic scheme writes them (RFC 7617)."""
        return base64.b64encode(":".join(self.credentials or ("", "")).encode()).decode()


def configured(
    environment: Mapping[str, str] = os.environ,
) -> tuple[list[Proxy], list[Script]]:
    """The proxies and proxy scripts configured here, each once, with the first place that names
    it."""
    proxies: dict[tuple[str, str, int], Proxy] = {}
    scripts: dict[str, Script] = {}
    for one in (*in_environment(environment), *_system(), *_jts_ini()):
        if isinstance(one, Script):
            scripts.setdefault(one.address, one)
        else:
            proxies.setdefault((one.kind, one.host, one.port), one)
    return list(proxies.values()), list(scripts.values())


def parse(text: str, source: str, kind: str = "http") -> Proxy | None:
    """A proxy from an address like `http://user:password@host:port` or `host:port`."""
    try:
        parts = urlsplit(text if "://" in text else f"{kind}://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host:
        return None
    kind = "socks5" if parts.scheme.startswith("socks") else "http"
    credentials = (
        (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    )
    return Proxy(kind, host, port or _DEFAULT_PORT[kind], source, credentials)


def in_script(seen: ScriptSeen) -> list[Proxy]:
    """The proxies that a script gives for some far end."""
    ports: dict[Choice, set[int]] = {}
    for answer, ends in seen.given.items():
        for choice in choices(answer):
            if choice.kind != "direct":
                given = {int(end.rpartition(":")[2]) for end in ends}
                ports[choice] = ports.get(choice, set()) | given
    return [
        Proxy(one.kind, one.host, one.port, f"{seen.source}, PAC", None, tuple(sorted(for_these)))
        for one, for_these in ports.items()
    ]


def in_environment(environment: Mapping[str, str]) -> Iterator[Proxy]:
    """The proxies that environment variables name, lower case before upper."""
    for name in _VARIABLES:
        for spelling in (name, name.upper()):
            text = environment.get(spelling, "").strip()
            found = (
                parse(text, spelling, "socks5" if name == "socks_proxy" else "http")
                if text
                else None
            )
            if found:
                yield found


def _system() -> Iterator[Proxy | Script]:
    if sys.platform == "win32":
        yield from _windows()
    elif sys.platform == "darwin":
        yield from _macos()
    elif shutil.which("gsettings"):
        yield from _gnome()


def _windows() -> Iterator[Proxy | Script]:
    for kind, text in getattr(urllib.request, "getproxies_registry", dict)().items():
        found = parse(text, "Windows", "socks5" if kind == "socks" else "http")
        if found:
            yield found
    import winreg

    path = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:  # type: ignore[attr-defined,unused-ignore]
            script = str(winreg.QueryValueEx(key, "AutoConfigURL")[0])  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return
    yield Script(script, "Windows")


def _macos() -> Iterator[Proxy | Script]:
    told = _run("scutil", "--proxy")
    values = dict(re.findall(r"^\s*(\w+) : (.+)$", told, re.MULTILINE))
    for word, kind in (("HTTP", "http"), ("HTTPS", "http"), ("SOCKS", "socks5")):
        if values.get(f"{word}Enable") == "1":
            text = f"{values.get(f'{word}Proxy', '')}:{values.get(f'{word}Port', '')}"
            found = parse(text, "macOS", kind)
            if found:
                yield found
    if values.get("ProxyAutoConfigEnable") == "1":
        yield Script(values.get("ProxyAutoConfigURLString", ""), "macOS")
    elif values.get("ProxyAutoDiscoveryEnable") == "1":
        yield Script(_WPAD, "macOS, WPAD", named=False)


def _gnome() -> Iterator[Proxy | Script]:
    told = _run("gsettings", "list-recursively", "org.gnome.system.proxy")
    values = {
        f"{schema.removeprefix('org.gnome.system.proxy')}.{name}".lstrip("."): value.strip("'")
        for schema, name, value in re.findall(r"^(\S+) (\S+) (.+)$", told, re.MULTILINE)
    }
    if values.get("mode") == "manual":
        for word, kind in (("http", "http"), ("https", "http"), ("socks", "socks5")):
            if values.get(f"{word}.host"):
                text = f"{values[f'{word}.host']}:{values.get(f'{word}.port', '')}"
                found = parse(text, "GNOME", kind)
                if found:
                    yield found
    elif values.get("mode") == "auto":
        named = values.get("autoconfig-url")
        yield Script(named, "GNOME") if named else Script(_WPAD, "GNOME, WPAD", named=False)


def _jts_ini() -> Iterator[Proxy]:
    for path in (Path.home() / "Jts" / "jts.ini", Path("C:/Jts/jts.ini")):
        try:
            text = path.read_bytes()[:_MAX_INI].decode("utf-8", "replace")
        except OSError:
            continue
        values = {name.lower(): value for name, value in _INI_LINE.findall(text)}
        for name, value in values.items():
            if "port" in name or (":" not in value and f"{name[:-4]}port" not in values):
                continue
            with_port = value if ":" in value else f"{value}:{values[f'{name[:-4]}port']}"
            found = parse(with_port, "jts.ini", "socks5" if "socks" in name else "http")
            if found:
                yield found


def _run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=False)  # noqa: S603 -- fixed words
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
