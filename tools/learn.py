"""Learns from people's questions which article is meant: `update` learns, `check` fails where the
questions are others than those that were learned from."""

from __future__ import annotations

import sys

from deskside.knowledge.library import articles_folder, read_shelf
from deskside.knowledge.questions import learned, learned_file, questions
from deskside.knowledge.search.learning import learn
from deskside.knowledge.search.meaning import digest

LANGUAGES = ["en", "it"]


def main(task: str) -> int:
    """Learn, or tell what is out of date; 1 where something is."""
    shelf = read_shelf(articles_folder())
    known = {each.language: each.learned_from for each in learned(shelf.folder)}
    status = 0
    for language in LANGUAGES:
        asked = questions(shelf, language)
        if digest(asked) == known.get(language):
            continue
        if task == "update":
            learn(asked, language).write(learned_file(shelf.folder, language))
        else:
            print(f"the questions in {language} are not those learned from: run `make learn`")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
