"""The configuration: flag > environment > file > default, and where each value came from.

An unknown key or a value of the wrong kind is an error that names the remedy: a setting that
is silently ignored is how a portal ends up open.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar, cast

from deskside.foundation.errors import UsageProblem
from deskside.foundation.paths import config_file
from deskside.foundation.setting import Kind, Setting
from deskside.foundation.settings import SETTINGS
from deskside.foundation.text import _

Network = IPv4Network | IPv6Network
Address = tuple[str, int]
Value = (
    str | int | bool | Path | timedelta | Address | tuple[Address, ...] | tuple[Network, ...] | None
)

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_SPAN = re.compile(r"(\d{1,5})\s*(s|min|h|d)")
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/\[\]]+)):(\d{1,5})")
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One setting's value and the source that it came from."""

    setting: Setting
    value: Value
    source: str

    def as_json(self) -> dict[str, str | None]:
        """As `deskside config show` prints it: a secret only as "set"."""
        return {"key": self.setting.key, "value": self.shown, "source": self.source}

    @property
    def shown(self) -> str | None:
        """The value as a person may see it."""
        if self.value is None:
            return None
        return "set" if self.setting.secret else _written(self.value)


class Config:
    """All settings, each with a value of its kind.

    A key that is not in the table of settings is a defect of the program: KeyError.
    """

    def __init__(self, chosen: Mapping[str, Chosen]) -> None:
        self.chosen = chosen

    @classmethod
    def load(cls, file: Path | None = None, flags: Mapping[str, object] | None = None) -> Config:
        """Read all sources.

        Args:
            file: the file of settings; by default the platform's own place, where it may
                be missing.
            flags: values from the command line, by key (`portal.listen`) or by parameter
                (`listen`); None is not given.

        Raises:
            UsageProblem: a file that is missing or malformed, an unknown key, a value of the
                wrong kind.
        """
        in_file = _file_values(file)
        in_flags = _flag_values(flags or {})
        return cls({key: _choose(SETTINGS[key], in_flags, in_file) for key in SETTINGS})

    def __getitem__(self, key: str) -> Value:
        return self.chosen[key].value

    def text(self, key: str) -> str:
        """A text that has a value."""
        return self._of(key, str)

    def optional_text(self, key: str) -> str | None:
        """A text, or None where nobody chose."""
        return None if self[key] is None else self.text(key)

    def number(self, key: str) -> int:
        """A whole number."""
        return self._of(key, int)

    def optional_number(self, key: str) -> int | None:
        """A whole number, or None where nobody chose."""
        return None if self[key] is None else self.number(key)

    def switch(self, key: str) -> bool:
        """True or false."""
        return self._of(key, bool)

    def span(self, key: str) -> timedelta:
        """A span of time."""
        return self._of(key, timedelta)

    def file(self, key: str) -> Path | None:
        """A file or folder, or None where nobody chose."""
        return None if self[key] is None else self._of(key, Path)

    def address(self, key: str) -> tuple[str, int]:
        """Host and port."""
        host, port = self._of(key, tuple)
        return str(host), int(port)

    def addresses(self, key: str) -> tuple[tuple[str, int], ...]:
        """Hosts and ports; none where nobody chose."""
        return () if self[key] is None else tuple(self._of(key, tuple))

    def networks(self, key: str) -> tuple[Network, ...]:
        """Networks; none where nobody chose."""
        return () if self[key] is None else tuple(self._of(key, tuple))

    def data_folder(self) -> Path:
        """The portal's data folder, not yet made."""
        from deskside.foundation.paths import portal_folder

        return self.file("portal.data") or portal_folder()

    def database_url(self) -> str | Path:
        """What `Database.open` takes."""
        return self.optional_text("portal.database") or self.data_folder() / "deskside.sqlite3"

    def _of(self, key: str, kind: type[T]) -> T:
        value = self[key]
        assert isinstance(value, kind), f"{key} is a {SETTINGS[key].kind}"
        return value


def _choose(
    setting: Setting, flags: Mapping[str, object], file: Mapping[str, tuple[object, str]]
) -> Chosen:
    if setting.key in flags:
        source = setting.flag or setting.key
        return Chosen(setting, read_value(setting, flags[setting.key], source), source)
    if text := os.environ.get(setting.variable):
        return Chosen(setting, read_value(setting, text, setting.variable), setting.variable)
    if setting.key in file:
        value, source = file[setting.key]
        return Chosen(setting, read_value(setting, value, source), source)
    default = None if setting.default is None else read_value(setting, setting.default, "default")
    return Chosen(setting, default, "default")


def _flag_values(flags: Mapping[str, object]) -> dict[str, object]:
    parameters = {setting.parameter: key for key, setting in SETTINGS.items()}
    values = {}
    for name, value in flags.items():
        key = name if name in SETTINGS else parameters[name]
        if value is not None and value != ():
            values[key] = value
    return values


def _file_values(file: Path | None) -> dict[str, tuple[object, str]]:
    """The values of the file by key, each with the file's name."""
    path = file or config_file()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if file is not None or "DESKSIDE_CONFIG" in os.environ:
            raise UsageProblem(
                "config-missing",
                _("The file of settings does not exist ({file}).").format(file=path),
            ) from None
        return {}
    return _flattened(_parsed(content, path), path)


def _parsed(content: bytes, path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageProblem(
            "config-malformed",
            _("The file of settings cannot be read ({file}): {reason}").format(
                file=path, reason=error
            ),
            hint=_("It is TOML: see https://toml.io."),
        ) from None


def _flattened(read: Mapping[str, Any], path: Path) -> dict[str, tuple[object, str]]:
    values = {}
    for table, inside in read.items():
        entries = inside.items() if isinstance(inside, dict) else [(None, inside)]
        for name, value in entries:
            key = f"{table}.{name}" if name else table
            if key not in SETTINGS:
                raise _unknown_key(key, path)
            values[key] = (value, str(path))
    return values


def _unknown_key(key: str, path: Path) -> UsageProblem:
    import difflib

    near = difflib.get_close_matches(key, SETTINGS, n=1, cutoff=0.0)
    return UsageProblem(
        "config-unknown-key",
        _("There is no setting named {key} ({file}).").format(key=key, file=path),
        hint=_("Did you mean {near}?").format(near=near[0]) if near else "",
    )


def read_value(setting: Setting, given: object, source: str) -> Value:
    """A value of the setting's kind, from a text, or from what TOML and flags give.

    Raises:
        UsageProblem: it is of another kind, or out of bounds.
    """
    try:
        return _within(setting, cast("Value", _READERS[setting.kind](given)))
    except (ValueError, OverflowError) as error:
        raise UsageProblem(
            "config-wrong-value",
            _("{key} cannot be what {source} says: it is a {kind}.").format(
                key=setting.key, source=source, kind=_(setting.kind.value)
            ),
            hint=_("Expected: {expected}").format(expected=str(error) or _example(setting)),
        ) from None


def _within(setting: Setting, value: Value) -> Value:
    """The value, if it is one of the choices and not too small; ValueError says what is."""
    if setting.choices and value not in setting.choices:
        raise ValueError(", ".join(setting.choices))
    amount = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(amount, (int, float)) and amount < setting.least:
        raise ValueError(_("at least {least}").format(least=_least(setting)))
    return value


def _text(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError
    return given


def _whole(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, (int, str)):
        raise ValueError  # noqa: TRY004 - one answer for all that cannot be read
    if isinstance(given, str) and not re.fullmatch(r"\d{1,9}", given.strip()):
        raise ValueError
    return int(given)


def _switch(given: object) -> bool:
    if isinstance(given, bool):
        return given
    if not isinstance(given, str) or given.strip().lower() not in _SWITCH:
        raise ValueError
    return _SWITCH[given.strip().lower()]


def _file(given: object) -> Path:
    return Path(given if isinstance(given, Path) else _text(given)).expanduser().absolute()


def _span(given: object) -> timedelta:
    found = _SPAN.fullmatch(_text(given).strip())
    if not found:
        raise ValueError
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _address(given: object) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(_text(given).strip())
    if not found or int(found[3]) > 65535:
        raise ValueError
    return found[1] or found[2], int(found[3])


def _addresses(given: object) -> tuple[tuple[str, int], ...]:
    return tuple(dict.fromkeys(_address(item) for item in _items(given)))


def _items(given: object) -> Sequence[object]:
    items = re.split(r"[,\s]+", given.strip()) if isinstance(given, str) else given
    if not isinstance(items, (list, tuple)) or not items:
        raise ValueError
    return items


def _networks(given: object) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(_text(item)) for item in _items(given))
    except ValueError:
        raise ValueError from None


_READERS: dict[Kind, Any] = {
    Kind.TEXT: _text,
    Kind.WHOLE: _whole,
    Kind.SWITCH: _switch,
    Kind.FILE: _file,
    Kind.SPAN: _span,
    Kind.ADDRESS: _address,
    Kind.ADDRESSES: _addresses,
    Kind.NETWORKS: _networks,
}
_EXAMPLES = {
    Kind.TEXT: "a text",
    Kind.WHOLE: "10",
    Kind.SWITCH: "true",
    Kind.FILE: "/folder/file",
    Kind.SPAN: "30 min, 12 h, 45 s, 2 d",
    Kind.ADDRESS: "localhost:8737, [::1]:8737",
    Kind.ADDRESSES: "0.0.0.0:4000, [::1]:4000",
    Kind.NETWORKS: "10.0.0.0/8, fd00::/8",
}


def _example(setting: Setting) -> str:
    return ", ".join(setting.choices) or _EXAMPLES[setting.kind]


def _least(setting: Setting) -> str:
    return (
        _written(timedelta(seconds=setting.least))
        if setting.kind is Kind.SPAN
        else str(setting.least)
    )


def _written(value: Value) -> str:
    """A value as the file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit = next(name for name in ("d", "h", "min", "s") if seconds % _UNITS[name] == 0)
        return f"{seconds // _UNITS[unit]} {unit}"
    if isinstance(value, tuple) and value and isinstance(value[0], str):
        host, port = value
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(value, tuple):
        return ", ".join(_written(item) if isinstance(item, tuple) else str(item) for item in value)
    return str(value)
