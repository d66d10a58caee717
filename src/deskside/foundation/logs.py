"""The log: JSON lines of events and fields, in files that turn over. It never holds a secret.

Three nets, each enough for what it is meant for:

- by name: a field whose name speaks of a secret (`password`, `session`, `code`) is dropped;
- by shape: what looks like a code, a key or a token is dropped from every text and number;
- by refusal: of an exception only its type and places are kept, of another library's message
  only its template, and of a request only its route, never the path that was asked for.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from deskside.foundation.errors import DesksideError
from deskside.foundation.paths import private_folder

Level = Literal["debug", "info", "warning", "error"]

FILE = "deskside.jsonl"
TURN_OVER = 10_000_000
"""Bytes after which a new file is begun."""
KEPT = 5
"""Old files that are kept."""
REDACTED = "[redacted]"
LONGEST = 500
"""Characters of one value that are kept."""

_logger = logging.getLogger("deskside")
_logger.propagate = False
_logger.addHandler(logging.NullHandler())

SECRET_WORDS = frozenset(
    """
    answer auth authorization bearer body challenge code codes cookie credential credentials
    form jwt kek key keys nonce otp passcode passphrase passwd password path payload pin
    private pwd query question recovery response secret secrets seed session signature
    token tokens totp url uri
    """.split()  # noqa: SIM905 - reads as what it is, a list of words
)
"""A field that has one of these words in its name is never written."""

IDS = frozenset({"id", "actor", "subject", "request", "holder", "account", "node", "device"})
"""Last words of fields that may hold our own ids, which look like keys."""
MEASURES = frozenset(
    {"ms", "seconds", "bytes", "count", "rows", "position", "port", "pid", "status", "attempts"}
)
"""Last words of fields that may hold any number."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST = re.compile(r"[a-z]{12}|[0-9a-v]{26}")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,29}")
_EVENT = re.compile(r"[a-z]{1,20}([.-][a-z]{1,20}){0,5}")
_SEGMENT = re.compile(r"\.?[a-z]{1,16}([.-][a-z]{1,16}){0,4}|v\d|\{[a-z_]{1,30}(:[a-z]{1,10})?\}|")
_OUR_ID = re.compile(r"[0-9a-v]{26}")

_encode = json.JSONEncoder(ensure_ascii=True, default=str).encode
_NAMED = re.compile(
    r"(?i)([\w-]*(?:answer|authorization|bearer|challenge|code|cookie|credential|jwt|kek|key|"
    r"nonce|otp|pass|pin|pwd|response|secret|seed|session|signature|token)[\w-]*)\W.*"
)
_SHAPES = re.compile(
    r"""(?ix)
    \b(?:bearer|basic|digest)\s+\S+                      # an Authorization header
    | (?<=://)[^/\s@]*@                                  # user and password in a URL
    | [?\#&;][\s\S]*                                    # a query, a fragment, to the end
    | -----BEGIN[\s\S]*                                  # PEM
    | \beyJ[\w.-]+                                       # a JSON web token
    | (?<!\d)\d(?:[ \t.-]?\d){5,}(?!\d)                  # codes: digits, perhaps in groups
    | \$argon2\S*
    | (?-i:(?=[a-z_/+-]*[\dA-Z])[\w/+-]{16,}={0,2})      # hexadecimal, base32, base64, long
    """
)


def open_log(folder: Path, *, level: Level = "info") -> None:
    """Write the log into a folder from here on, our own events and other libraries' warnings."""
    close_log()
    private_folder(folder)
    handler = _PrivateFile(
        folder / FILE, maxBytes=TURN_OVER, backupCount=KEPT, encoding="utf-8", delay=True
    )
    handler.setFormatter(JsonLines())
    _logger.addHandler(handler)
    _logger.setLevel(level.upper())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(max(logging.WARNING, _logger.level))


def close_log() -> None:
    """Write no more; the files are closed."""
    for logger in (_logger, logging.getLogger()):
        for handler in [found for found in logger.handlers if isinstance(found, _PrivateFile)]:
            logger.removeHandler(handler)
            handler.close()


def event(
    name: str, *, level: Level = "info", error: BaseException | None = None, **fields: object
) -> None:
    """Write one event.

    Args:
        name: what happened, such as `mail.sent`: a constant, never made from input.
        level: how it weighs.
        error: what went wrong; its type and places are kept, its message is not.
        fields: ids, counts and codes. What could be a secret is dropped.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    if _logger.isEnabledFor(number):
        _logger.log(number, name, extra={"deskside": (fields, error)})


def access(
    method: str,
    route: str,
    status: int,
    *,
    milliseconds: float,
    request: str,
    actor: str | None = None,
) -> None:
    """Write one line of the access log.

    Args:
        method: the request's method.
        route: the template that matched, such as `/kb/{number:str}`; never the path.
        status: the response's status.
        milliseconds: how long it took.
        request: the request's id.
        actor: id of who asked.
    """
    if not _logger.isEnabledFor(logging.INFO):
        return
    fields = Checked(
        method=method if method in METHODS else REDACTED,
        route=_safe_route(route),
        status=status,
        ms=round(milliseconds, 1),
        request=request if _REQUEST.fullmatch(request) else REDACTED,
        actor=actor if actor is None or _OUR_ID.fullmatch(actor) else REDACTED,
    )
    _logger.info("http.request", extra={"deskside": (fields, None)})


class Checked(dict[str, object]):
    """Fields that hold no secret because each was held against the shape that it must have."""


class JsonLines(logging.Formatter):
    """One JSON object a line, redacted whoever wrote it."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"at": at, "level": record.levelname.lower()}
        given = getattr(record, "deskside", None)
        error: BaseException | None = None
        if isinstance(given, tuple):
            fields, error = given
            name = str(record.msg)
            line["event"] = name if _EVENT.fullmatch(name) else REDACTED
            safe = fields if isinstance(fields, Checked) else redact_fields(fields)
            line |= {name: value for name, value in safe.items() if name not in line}
        else:
            line |= {"event": "library", "logger": record.name, "says": _template(record)}
            error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error"] = describe(error)
        return _encode(line)


class _PrivateFile(RotatingFileHandler):
    """A file that only its owner may read, from its first moment."""

    def _open(self) -> Any:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - the library's name
        # The library's own would format each record a second time to learn its length.
        if self.stream is None:
            self.stream = self._open()
        return bool(self.stream.tell() >= self.maxBytes)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        # A full disk must not stop the desk, and a traceback on stderr could hold a secret.
        pass


def redact_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of an event without what could be a secret."""
    return {_safe_name(name): _redact_field(name, value) for name, value in fields.items()}


def redact_text(text: str) -> str:
    """A text without what could be a secret."""
    # Shapes first: what comes after a telling word is dropped with the marks that shapes need.
    return _NAMED.sub(rf"\1 {REDACTED}", _SHAPES.sub(REDACTED, text))[:LONGEST]


def describe(error: BaseException) -> dict[str, object]:
    """An exception without its message, which could hold what a person typed."""
    described: dict[str, object] = {
        "type": type(error).__qualname__,
        "at": _places(error.__traceback__),
    }
    if isinstance(error, DesksideError):
        described |= {"problem": error.code, "detail": redact_text(error.detail)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        described["from"] = type(cause).__qualname__
    return described


def _redact_field(name: str, value: object) -> object:
    words = [word.lower() for word in _WORD.findall(name)]
    if SECRET_WORDS.intersection(words):
        return REDACTED
    if words and words[-1] in IDS and isinstance(value, str) and _OUR_ID.fullmatch(value):
        return value
    if words and words[-1] in MEASURES and isinstance(value, (int, float)):
        return value
    return _redact(value)


def _redact(value: object) -> object:  # noqa: PLR0911 - a line for each kind of value
    match value:
        case None | bool():
            return value
        case int() | float():
            return value if redact_text(str(value)) == str(value) else REDACTED
        case str():
            return redact_text(value)
        case datetime() | timedelta():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return REDACTED
        case BaseException():
            return describe(value)
        case Mapping():
            return redact_fields({str(name): item for name, item in value.items()})
        case Sequence() | AbstractSet():
            return [_redact(item) for item in islice(value, 20)]
        case _:
            return redact_text(str(value))


def _safe_name(name: str) -> str:
    return name if _NAME.fullmatch(name) and redact_text(name) == name else REDACTED


@lru_cache(maxsize=1000)
def _safe_route(route: str) -> str:
    return "/".join(
        segment if _SEGMENT.fullmatch(segment) else REDACTED for segment in route.split("/")
    )


def _template(record: logging.LogRecord) -> str:
    # An exception logged as a message would bring its own message along.
    return redact_text(record.msg) if isinstance(record.msg, str) else type(record.msg).__name__


def _places(traceback: TracebackType | None) -> list[str]:
    places = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-20:]
