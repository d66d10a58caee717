"""Finding the records of a log, whatever has happened to it.

Records follow one another. Where one is not where it should be, or where its number leaves doubt
about the one before, the next whole one is searched for byte by byte. What lies between is then
either damage, or the rest of a write that was cut short before it was acknowledged:

- Each record tells how many before it were never finished: their rests cost nothing.
- Numbers that are missing otherwise belong to records that damage has taken away.
- At the end of the log, where no later record tells, a rest that is too short, or that has a
  sector of zeros, was never finished; anything else counts as damage.

Nothing here is ever cut off or written over.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from deskside.workspace.history import frame, records
from deskside.workspace.history.frame import CHECK, HEADER_SIZE, Header, Seal

_AHEAD = 1 << 16
_SECTOR = 512
_HOLE = 3
"""Zeros in a row that are no accident where all is sealed; fewer can be mended."""


class Source:
    """A log that is open for reading."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.stat = os.fstat(self._descriptor)
        self.size = self.stat.st_size
        self._start, self._held = 0, b""

    def get(self, start: int, length: int) -> bytes:
        """Bytes of the log; fewer where it ends."""
        at = start - self._start
        if at < 0 or at + length > len(self._held):
            self._start, at = start, 0
            self._held = self._read(start, max(length, _AHEAD))
        return self._held[at : at + length]

    def _read(self, start: int, length: int) -> bytes:
        os.lseek(self._descriptor, start, os.SEEK_SET)
        pieces, missing = [], length
        while missing and (piece := os.read(self._descriptor, missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)


class Frame(NamedTuple):
    """One record, where it is.

    Attributes:
        head: what it says; None where that is lost.
        mended: its header or its head had been changed, and could be put right.
    """

    start: int
    header: Header
    head: bytes | None
    mended: bool

    @property
    def number(self) -> int:
        """The record's number."""
        return self.header.number

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.start + self.header.size

    @property
    def unfinished(self) -> int:
        """How many numbers before it belong to records that were never finished."""
        return records.read_prefix(self.head)[1] if self.head else 0


class Lost(NamedTuple):
    """A region of which nothing is known but how many records it held.

    Attributes:
        after: number of the record before it.
    """

    start: int
    end: int
    records: int
    after: int


@dataclass
class Scan:
    """What a log holds.

    Attributes:
        unfinished: regions of writes that were never acknowledged.
        next: number of the next record.
    """

    frames: list[Frame] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    unfinished: list[tuple[int, int]] = field(default_factory=list)
    next: int = 0
    end: int = 0

    @property
    def skipped(self) -> int:
        """How many numbers before the next one were never finished."""
        known = [f.number for f in self.frames[-1:]]
        known += [gap.after + gap.records for gap in self.lost[-1:]]
        return self.next - 1 - max(known, default=-1)


def body_of(source: Source, seal: Seal, found: Frame) -> tuple[bytes, bool] | None:
    """The body of a record, and whether it had to be mended; None where it is lost."""
    if not found.header.body:
        return b"", False
    start = found.start + found.header.before_body
    kept = source.get(start, found.header.body + CHECK)
    return seal.body(found.header, kept) if len(kept) == found.header.body + CHECK else None


def scan(source: Source, seal: Seal, start: int, number: int) -> Scan:
    """All records from a place on, of which the first should have this number."""
    found, gaps = _places(source, seal, start)
    result = Scan(next=max([number, *(f.number + 1 for f in found)]), end=source.size)
    rest = gaps.pop() if gaps and gaps[-1][1] == source.size else None
    _account(result, _without_tail(source, seal, found, result), gaps, number)
    if rest and _cut_short(source, *rest):
        result.unfinished.append(rest)
    elif rest:
        result.lost.append(Lost(*rest, 1, result.next - 1))
        result.next += 1
    return result


def _places(source: Source, seal: Seal, start: int) -> tuple[list[Frame], list[tuple[int, int]]]:
    """The frames that are there, and the regions between them that belong to none."""
    frames: list[Frame] = []
    gaps: list[tuple[int, int]] = []
    at = start
    while True:
        last = frames[-1] if frames else None
        here = _frame_at(source, seal, at) if at < source.size else None
        if here and last and here.number == last.number + 1:
            frames.append(here)
            at = here.end
            continue
        doubtful = last is not None and not _sound(source, seal, last)
        if not doubtful and at >= source.size:
            break
        if here and not doubtful:
            frames.append(here)
            at = here.end
            continue
        found = _search(source, seal, last.start + 1 if last and (doubtful or not here) else at)
        if found and last and found.start < at:
            # The last one was cut short; its end may seem whole where this one begins alike.
            frames.pop()
            at = last.start
        stop = found.start if found else source.size
        if at < stop:
            gaps.append((at, stop))
        if found is None:
            break
        frames.append(found)
        at = found.end
    return frames, gaps


def _frame_at(source: Source, seal: Seal, at: int) -> Frame | None:
    """The record at this place, mended where that is possible."""
    kept = source.get(at, HEADER_SIZE)
    header = frame.read_header(kept)
    if header:
        head = _head(source, seal, at, header)
        return Frame(at, header, head[0] if head else None, bool(head and head[1]))
    for guess in frame.guess_headers(kept):
        head = _head(source, seal, at, guess)
        if head and not head[1]:
            return Frame(at, guess, head[0], True)
    return None


def _head(source: Source, seal: Seal, at: int, header: Header) -> tuple[bytes, bool] | None:
    kept = source.get(at + HEADER_SIZE, header.head + CHECK)
    return seal.head(header, kept) if len(kept) == header.head + CHECK else None


def _search(source: Source, seal: Seal, at: int) -> Frame | None:
    """The first record from a place on that is beyond doubt."""
    while at < source.size:
        held = source.get(at, _AHEAD)
        found = held.find(frame.MARKER)
        if found < 0:
            at += max(len(held) - len(frame.MARKER) + 1, 1)
            continue
        at += found
        here = _frame_at(source, seal, at)
        if here and here.head is not None and not here.mended:
            return here
        at += 1
    return None


def _sound(source: Source, seal: Seal, found: Frame) -> bool:
    """Whether a record is exactly as it was written.

    One that can be mended is not: what was taken for its last bytes may be the next one's first.
    """
    body = body_of(source, seal, found) if found.head and not found.mended else None
    return body is not None and not body[1]


def _without_tail(source: Source, seal: Seal, found: list[Frame], result: Scan) -> list[Frame]:
    """The frames without a last one that was never finished."""
    if not found or found[-1].end < source.size or _sound(source, seal, found[-1]):
        return found
    last = found[-1]
    if last.end <= source.size and not _cut_short(source, last.start, last.end):
        return found
    result.unfinished.append((last.start, source.size))
    return found[:-1]


def _cut_short(source: Source, start: int, end: int) -> bool:
    """Whether a rest looks like a write that never reached the disk as a whole."""
    if end - start < HEADER_SIZE:
        return True
    for at in range(start - start % _SECTOR, end, _SECTOR):
        low, high = max(at, start), min(at + _SECTOR, end)
        if high - low >= _HOLE and not any(source.get(low, high - low)):
            return True
    header = frame.read_header(source.get(start, HEADER_SIZE))
    return header is not None and start + header.size > end


def _account(result: Scan, found: list[Frame], gaps: list[tuple[int, int]], number: int) -> None:
    """Sort out which numbers were never finished, and which are lost."""
    for here in found:
        first = here.number - here.unfinished
        while result.frames and result.frames[-1].number >= first:
            dropped = result.frames.pop()
            result.unfinished.append((dropped.start, dropped.end))
        before = result.frames[-1].number if result.frames else number - 1
        from_ = result.frames[-1].end if result.frames else 0
        missing = first - before - 1
        if missing > 0:
            place = next((gap for gap in gaps if gap[1] == here.start), (from_, here.start))
            result.lost.append(Lost(*place, missing, before))
        result.frames.append(here)
    known = {(gap.start, gap.end) for gap in result.lost}
    result.unfinished += [gap for gap in gaps if gap not in known]
