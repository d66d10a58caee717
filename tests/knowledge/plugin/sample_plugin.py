"""A check and a fix of somebody else's: a folder should hold a polite greeting."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from deskside.foundation.changes.model import Plan, Step, Verb
from deskside.foundation.changes.planning import plan
from deskside.foundation.errors import Refused
from deskside.foundation.findings import Finding, Status
from deskside.foundation.registry import Situation

POLITE = "Good morning\n"


class Greeting:
    id = "sample.greeting"
    title = "A greeting"
    options = ("root",)
    codes = ("greeting-rude", "greeting-polite")

    def applies(self, situation: Situation) -> bool:
        return situation.option("root") is not None

    def run(self, situation: Situation) -> Iterator[Finding]:
        text = (Path(situation.options["root"]) / "greeting.txt").read_text()
        if text == POLITE:
            yield Finding(code="greeting-polite", status=Status.OK, subject="x", title="Polite")
        else:
            yield Finding(
                code="greeting-rude",
                status=Status.FAILURE,
                subject="greeting.txt",
                title="Rude <b>greeting</b>",
                evidence={"text": text},
                article="7001#greeting-rude",
                fixes=("sample.polite",),
            )


class Polite:
    id = "sample.polite"
    title = "Say it politely"

    def plan(self, situation: Situation, finding: Finding) -> Plan:
        root = Path(situation.options["root"])
        if (root / "stubborn").exists():
            raise Refused("stubborn", "This folder stays rude.", hint="Remove the file stubborn.")
        step = Step(Verb.REPLACE, PurePosixPath("greeting.txt"), POLITE.encode(), why="manners")
        return plan(self.id, self.title, root, [step])
