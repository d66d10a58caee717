"""Plain values: a library that a program loads, who loads it, and whose copy is right for both."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one library between two programs is judged and mended.

    Attributes:
        id: of the check; the fix, where there is one, has the same id.
        library: name of the file that TWS loads.
        folders: where TWS looks for it, as Windows writes paths; patterns of one level allowed.
        donor: name of the file that takes its place; None where no copy mends anything.
        donor_folders: where the donor is, the likeliest first.
        partner: name of the other program.
        partner_programs: files by which its word size is known, the likeliest first.
        article: that explains it.
        foreign: beginnings of exports by which another vendor's library of this name is known.
    """

    id: str
    library: str
    folders: tuple[str, ...]
    donor: str | None
    donor_folders: tuple[str, ...]
    partner: str
    partner_programs: tuple[str, ...]
    article: str
    foreign: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """A file that was met, and what Windows would make of it.

    Attributes:
        path: as Windows calls it.
        machine: name of the machine type; empty where Windows would refuse the file.
        bits: word size; 0 where Windows would refuse the file.
        refused: why Windows would refuse it; empty where it would not.
        foreign: whether it is another vendor's library of the same name.
        runtime: version of the Visual C++ runtime that its manifest asks for.
    """

    path: str
    size: int
    sha256: str
    machine: str = ""
    bits: int = 0
    refused: str = ""
    exports: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    version: str = ""
    company: str = ""
    runtime: str = ""
    foreign: bool = False
    content: bytes = field(default=b"", repr=False, compare=False)

    @property
    def usable(self) -> bool:
        """Whether a 32-bit TWS could load it as this library."""
        return self.bits == 32 and self.machine == "x86" and not self.foreign

    def as_evidence(self) -> dict[str, object]:
        """What was seen, for a finding."""
        seen: dict[str, object] = {"size": self.size, "sha256": self.sha256}
        if self.refused:
            return seen | {"refused": self.refused}
        seen |= {"machine": self.machine, "exports": len(self.exports)}
        shown = {"version": self.version, "company": self.company, "runtime": self.runtime}
        seen |= {name: value for name, value in shown.items() if value}
        return seen | ({"imports": list(self.imports)} if self.imports else {})


@dataclass(frozen=True, slots=True)
class Host:
    """The Java that TWS really starts.

    Attributes:
        path: of its program, as Windows calls it; empty where it was not found.
        named_by: the file that names it.
        refused: why Windows would not start it; empty where it would.
    """

    path: str = ""
    bits: int = 0
    machine: str = ""
    named_by: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a decision about one recipe rests upon.

    Attributes:
        hosts: the Javas of all installations of TWS.
        target: the library that TWS loads; None where it is not there.
        donor: the best copy to replace it with; None where there is none.
        donors: every copy that was met, good or not.
        others: libraries of the same name elsewhere.
        partner: the other program's own file; None where it was not found.
        runtime_missing: the runtime that the donor asks for and the disk does not have.
    """

    hosts: tuple[Host, ...]
    target: Library | None
    donor: Library | None
    donors: tuple[Library, ...] = ()
    others: tuple[Library, ...] = ()
    partner: Library | None = None
    runtime_missing: str = ""
