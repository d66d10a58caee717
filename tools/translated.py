"""Writes into each translation which English text it translates: `translates = "<digest>"`.

Run it for an article after its translation was brought up to date, or for all of them:

    .venv/bin/python tools/translated.py 2323 2816
    .venv/bin/python tools/translated.py --all
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from deskside.foundation.text import DEFAULT
from deskside.knowledge.library import articles_folder, read_shelf

STAMP = re.compile(r"^translates = .*\n", re.MULTILINE)
LANGUAGE = re.compile(r"^language = .*\n", re.MULTILINE)


def main(numbers: list[str]) -> None:
    """Stamp the translations of some articles, or of all."""
    for number, texts in read_shelf(articles_folder()).articles.items():
        if DEFAULT in texts and (number in numbers or "--all" in numbers):
            for tag, article in texts.items():
                if tag != DEFAULT:
                    _stamp(article.path, texts[DEFAULT].digest)


def _stamp(path: Path, digest: str) -> None:
    text = STAMP.sub("", path.read_text(encoding="utf-8"), count=1)
    stamped = LANGUAGE.sub(rf'\g<0>translates = "{digest}"\n', text, count=1)
    path.write_text(stamped, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
