"""Twenty thousand texts in two languages, and questions whose answers are known.

The texts are Debian's package descriptions, which exist in English and in Debian's own Italian
translation; apt fetches them, verified, into a cache. They are picked by a hash, and each English
text once, so that a question has one answer.

Questions are made from one text each, which is the answer: three words of it (*clean*); one of
them exchanged for another word with the same stem (*inflected*); one edit in the longest word
(*typo*); the last word cut short (*prefix*).
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import Stemmer
from platformdirs import user_cache_path

TEXTS, QUESTIONS, SEED = 20_000, 300, 20261122
KINDS = ("clean", "inflected", "typo", "prefix")
ALGORITHMS = {"en": "english", "it": "italian"}
SOURCE = "deb http://deb.debian.org/debian bookworm main"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
LINES = re.compile(r"^Description-(?!md5)[\w%]+: (.*(?:\n .*)*)", re.MULTILINE)

Question = tuple[str, int]
Edit = str


@dataclass(frozen=True, slots=True)
class Text:
    """One text to be found; its number is its place in the corpus."""

    title: str
    body: str


def corpus() -> dict[str, list[Text]]:
    """The texts by language; the same number is the same text in both."""
    folder = user_cache_path("deskside-bench")
    kept = folder / "search-corpus.json"
    if not kept.exists():
        kept.write_text(json.dumps(_picked(_fetch(folder))), encoding="utf-8")
    held = json.loads(kept.read_text(encoding="utf-8"))
    return {tag: [Text(*each) for each in texts] for tag, texts in held.items()}


def _fetch(folder: Path) -> Path:
    """What `apt-get update` brings, in a folder of our own: the system's lists are left alone."""
    lists = folder / "apt"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    source = folder / "bookworm.list"
    source.write_text(SOURCE.replace("deb ", f"deb [signed-by={KEYS}] "), encoding="ascii")
    places = [f"Dir::State::lists={lists}", f"Dir::Cache={folder}", "Dir::Etc::sourceparts=-"]
    wishes = ["Acquire::Languages=en,it", "Acquire::GzipIndexes=false", "APT::Sandbox::User="]
    options = [*places, f"Dir::Etc::sourcelist={source}", *wishes]
    command = ["apt-get", "-qq", *(f"-o{option}" for option in options), "update"]
    subprocess.run(command, check=True)
    return lists


def _described(lists: Path, tag: str) -> dict[str, tuple[str, str]]:
    """Title and body of each package."""
    found = {}
    for path in sorted(lists.glob(f"*_main_i18n_Translation-{tag}")):
        for paragraph in path.read_text(encoding="utf-8").split("\n\n"):
            package = re.search(r"^Package: (.+)$", paragraph, re.MULTILINE)
            described = LINES.search(paragraph)
            if package and described:
                title, *body = (line.strip() for line in described[1].split("\n"))
                plain = "\n".join("" if line == "." else line for line in body)
                found[package[1]] = (title, plain)
    return found


def _picked(lists: Path) -> dict[str, list[tuple[str, str]]]:
    english, italian = _described(lists, "en"), _described(lists, "it")
    both = sorted(english.keys() & italian, key=lambda p: hashlib.sha256(p.encode()).hexdigest())
    seen: set[str] = set()
    picked: list[str] = []
    for package in both:
        title, body = english[package]
        family = title.split("(")[0].strip().lower()
        if family not in seen and len(body) >= 80 and len(picked) < TEXTS:
            seen.add(family)
            picked.append(package)
    return {"en": [english[p] for p in picked], "it": [italian[p] for p in picked]}


def questions(texts: list[Text], tag: str) -> dict[str, list[Question]]:
    """Questions of each kind, and the number of the text that answers each; always the same."""
    return _Maker(texts, tag).made()


class _Maker:
    def __init__(self, texts: list[Text], tag: str) -> None:
        self.words = [(_words(text.title), _words(text.body)) for text in texts]
        self.holding: dict[str, set[int]] = defaultdict(set)
        for number, (title, body) in enumerate(self.words):
            for word in {*title, *body}:
                self.holding[word].add(number)
        self.stemmer = Stemmer.Stemmer(ALGORITHMS[tag])
        self.family: dict[str, list[str]] = defaultdict(list)
        for word in self.holding:
            self.family[self.stemmer.stemWord(word)].append(word)
        self.random = random.Random(SEED)
        self.most = len(texts) * 0.03

    def made(self) -> dict[str, list[Question]]:
        order = list(range(len(self.words)))
        self.random.shuffle(order)
        made: dict[str, list[Question]] = {kind: [] for kind in KINDS}
        for number in order:
            if all(len(each) >= QUESTIONS for each in made.values()):
                break
            asked = self._asked(number)
            if not asked:
                continue
            for kind in KINDS:
                said = getattr(self, kind)(asked, number) if len(made[kind]) < QUESTIONS else ""
                if said:
                    made[kind].append((said, number))
        return made

    def _asked(self, number: int) -> list[str]:
        """Three words of a text, one of them of its title; none where they fit many texts."""
        title, body = ({w for w in part if self._middling(w)} for part in self.words[number])
        first, rest = sorted(title), sorted(body - title)
        if not first or len(first) + len(rest) < 3:
            return []
        asked = [self.random.choice(first)]
        asked += self.random.sample([word for word in first + rest if word not in asked], 2)
        self.random.shuffle(asked)
        fitting = set.intersection(*(self.holding[word] for word in asked))
        return asked if len(fitting) <= 3 else []

    def _middling(self, word: str) -> bool:
        return 3 <= len(self.holding[word]) <= self.most

    def clean(self, asked: list[str], _number: int) -> str:
        return " ".join(asked)

    def inflected(self, asked: list[str], number: int) -> str:
        for word in asked:
            others = sorted(
                other
                for other in self.family[self.stemmer.stemWord(word)]
                if other != word and number not in self.holding[other]
                if len(self.holding[other]) >= 2
            )
            if others:
                return " ".join(asked).replace(word, self.random.choice(others), 1)
        return ""

    def typo(self, asked: list[str], _number: int) -> str:
        longest = max(asked, key=len)
        if len(longest) < 6:
            return ""
        for _try in range(20):
            mistyped = self._mistyped(longest)
            if mistyped != longest and mistyped not in self.holding:
                return " ".join(mistyped if word == longest else word for word in asked)
        return ""

    def _mistyped(self, word: str) -> Edit:
        at, edit = self.random.randrange(1, len(word) - 1), self.random.randrange(4)
        before, here, after = word[:at], word[at], word[at + 1 :]
        swapped = before + after[0] + here + after[1:]
        return (swapped, before + after, before + here + here + after, self._other(before, after))[
            edit
        ]

    def _other(self, before: str, after: str) -> str:
        return before + self.random.choice("aeiorstnl") + after

    def prefix(self, asked: list[str], _number: int) -> str:
        *first, last = asked
        return " ".join([*first, last[: max(4, int(len(last) * 0.6))]]) if len(last) >= 7 else ""


def _words(text: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", text)
    folded = "".join(c for c in apart if not unicodedata.combining(c)).lower()
    return re.findall(r"[a-z]{4,}", folded)
