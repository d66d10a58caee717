"""Keeps the message catalogues complete: `update` brings them up to date, `check` fails on a gap.

Messages come from `_`, `ngettext` and `mark` in Python and from the templates. A catalogue is
complete when every message has a translation with the same placeholders, and the compiled file
says the same as its source.
"""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).parent.parent / "src" / "deskside"
LOCALES = ["it"]
METHODS = [("web/static/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
PLACEHOLDER = re.compile(r"\{\w*(?::[^{}]*)?\}|%\(\w+\)s")


def extracted() -> Catalog:
    """All messages of the source."""
    catalogue = Catalog(project="Deskside", copyright_holder="The Deskside authors")
    options = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(SOURCE, METHODS, options, KEYWORDS, ("Translators:",))
    for filename, _line, message, comments, context in found:
        catalogue.add(message, None, [(filename, 0)], auto_comments=comments, context=context)
    return catalogue


def paths(locale: str) -> tuple[Path, Path]:
    """Source and compiled file of a catalogue."""
    folder = SOURCE / "locale" / locale / "LC_MESSAGES"
    return folder / "deskside.po", folder / "deskside.mo"


def load(locale: str) -> Catalog:
    """The catalogue as it stands; an empty one where there is none yet."""
    source, _compiled = paths(locale)
    if not source.exists():
        return Catalog(locale=locale, project="Deskside", fuzzy=False)
    with source.open("rb") as file:
        return read_po(file, locale=locale)


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue in the binary form that is read at run time."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def update(locale: str) -> list[str]:
    """Bring one catalogue up to date with the source."""
    catalogue = load(locale)
    made = catalogue.creation_date
    catalogue.update(extracted(), no_fuzzy_matching=True)
    catalogue.creation_date = made  # else every run would change the file
    catalogue.obsolete.clear()
    source, binary = paths(locale)
    source.parent.mkdir(parents=True, exist_ok=True)
    with source.open("wb") as file:
        write_po(file, catalogue, sort_output=True, include_lineno=False, width=100)
    with source.open("rb") as file:
        binary.write_bytes(compiled(read_po(file, locale=locale)))
    return []


def strings(message: object) -> tuple[str, ...]:
    """Singular and plural forms as one tuple."""
    return (message,) if isinstance(message, str) else tuple(message)  # type: ignore[arg-type]


def is_one_of(message: object, form: str) -> bool:
    """Whether a form belongs to a message with plurals, whose singular may leave the count out."""
    return not isinstance(message, str) and set(PLACEHOLDER.findall(form)) < set(
        PLACEHOLDER.findall(strings(message)[-1])
    )


def check(locale: str) -> list[str]:
    """What is missing from one catalogue, a line each."""
    catalogue = load(locale)
    faults = []
    for message in extracted():
        if not message.id:
            continue
        known = catalogue.get(message.id)
        shown = strings(message.id)[0]
        if known is None or known.fuzzy or not all(strings(known.string)):
            faults.append(f"{locale}: not translated: {shown!r}")
            continue
        wanted = Counter(PLACEHOLDER.findall(strings(message.id)[-1]))
        faults += [
            f"{locale}: other placeholders than in {shown!r}: {form!r}"
            for form in strings(known.string)
            if Counter(PLACEHOLDER.findall(form)) != wanted and not is_one_of(message.id, form)
        ]
    _source, binary = paths(locale)
    if not binary.exists() or binary.read_bytes() != compiled(catalogue):
        faults.append(f"{locale}: the compiled catalogue is out of date: make translations")
    return faults


def main() -> int:
    """Run `update` or `check` for every language."""
    action = {"update": update, "check": check}[sys.argv[1]]
    faults = [fault for locale in LOCALES for fault in action(locale)]
    print("\n".join(faults), end="\n" if faults else "", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
