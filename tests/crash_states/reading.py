"""System calls as events on a file system.

Files and folders are numbered, as inodes are: a name may come to mean another file, and a file
without a name may still be written to. A call that touches the root and is not understood is an
error, since a model that overlooks something proves nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash_states.tracing import Call, bytes_of, path_of

ROOT = 0


@dataclass(frozen=True, slots=True)
class Names:
    """Names given or taken away in one step: (folder, name, file or folder; None: no more)."""

    changes: tuple[tuple[int, str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes written to a file."""

    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Size:
    """A file cut, or made longer."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file's content, or a folder's names, forced to the disk."""

    node: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the work told the outside."""

    text: str


Event = Names | Write | Size | Sync | Mark


@dataclass
class Story:
    """A file system to begin with, and what happened to it.

    Attributes:
        folders: the names in each folder.
        files: the content of each file.
        links: where each symbolic link points.
        shared: files that were mapped for shared writing: their content is anybody's guess.
    """

    folders: dict[int, dict[str, int]] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    links: dict[int, str] = field(default_factory=dict)
    shared: set[int] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)


@dataclass
class _Open:
    """An open file or folder; threads and duplicated descriptors share one."""

    node: int
    append: bool = False
    always: bool = False
    position: int = 0


class Reader:
    """Reads a trace, from the state that a root had before it."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self.story = Story()
        self._names: dict[int, dict[str, int]] = {}
        self._content: dict[int, bytearray] = {}
        self._gone: dict[str, int] = {}
        self._tables: dict[int, dict[int, _Open]] = {}
        self._parents: dict[int, tuple[int, bool]] = {}
        self._take(self._root)
        self.story.folders = {n: dict(names) for n, names in self._names.items()}

    def read(self, calls: Iterable[Call]) -> Story:
        """The events of these calls."""
        succeeded = [call for call in calls if call.result >= 0]
        for call in succeeded:
            if call.name in ("clone", "clone3", "fork", "vfork"):
                self._parents[call.result] = (call.process, "CLONE_THREAD" in call.arguments)
        for call in succeeded:
            handle: Callable[[Call], None] | None = getattr(self, f"_on_{call.name}", None)
            if handle:
                handle(call)
            elif self._touches_root(call):
                raise NotImplementedError(f"{call.name}({call.arguments})")
        return self.story

    def _take(self, place: Path) -> int:
        """Number a file or folder that is there before the story begins, and all in it."""
        node = self._number()
        if place.is_symlink():
            self.story.links[node] = str(place.readlink())
        elif place.is_dir():
            self._names[node] = {}
            for child in sorted(place.iterdir()):
                self._names[node][child.name] = self._take(child)
        else:
            self.story.files[node] = place.read_bytes()
            self._content[node] = bytearray(self.story.files[node])
        return node

    def _number(self) -> int:
        self._count = getattr(self, "_count", -1) + 1
        return self._count

    def _touches_root(self, call: Call) -> bool:
        hexed = "".join(f"\\x{byte:02x}" for byte in os.fsencode(self._root))
        return hexed in call.arguments

    # Where things are

    def _find(self, path: str, *, follow: bool = True) -> tuple[int, str, int | None] | None:
        """Folder, name in it, and what bears it; None if that is outside the root."""
        place = os.path.normpath(path)
        if place != str(self._root) and not place.startswith(f"{self._root}/"):
            return None
        folder, name, node = ROOT, "", ROOT
        parts = Path(place).relative_to(self._root).parts
        for number, name in enumerate(parts):
            found = self._names[folder].get(name)
            last = number == len(parts) - 1
            if found in self.story.links and (follow or not last):
                target = Path(place).parents[len(parts) - 1 - number] / self.story.links[found]
                rest = "/".join(parts[number + 1 :])
                return self._find(str(target / rest), follow=follow)
            if last:
                return folder, name, found
            if found is None:
                raise FileNotFoundError(path)
            folder = found
        return folder, name, node

    def _path(self, argument: str, folder: str = "AT_FDCWD<>") -> str:
        path = os.fsdecode(bytes_of(argument))
        base = path_of(folder)
        return os.path.join(base or os.getcwd(), path)  # noqa: PTH109, PTH118 - as the kernel does

    def _table(self, process: int) -> dict[int, _Open]:
        if process not in self._tables:
            parent, thread = self._parents.get(process, (0, False))
            inherited = self._table(parent) if parent else {}
            self._tables[process] = inherited if thread else dict(inherited)
        return self._tables[process]

    def _open(self, call: Call) -> _Open | None:
        """What is behind the descriptor that comes first in a call; None if of no interest."""
        number, _less, path = call.arguments.split(", ", 1)[0].partition("<")
        known = self._table(call.process).get(int(number))
        if known is None and path and self._touches_root(call):
            at = self._find(path_of(f"<{path}"))
            if at and at[2] is not None:
                known = self._table(call.process)[int(number)] = _Open(at[2])
        return known

    # What happens

    def _happen(self, event: Event) -> None:
        self.story.events.append(event)
        if isinstance(event, Names):
            for folder, name, node in event.changes:
                if node is None:
                    del self._names[folder][name]
                else:
                    self._names[folder][name] = node
        elif isinstance(event, Write):
            content = self._content[event.file]
            content.extend(bytes(max(0, event.offset - len(content))))
            content[event.offset : event.offset + len(event.data)] = event.data
        elif isinstance(event, Size):
            content = self._content[event.file]
            del content[event.size :]
            content.extend(bytes(event.size - len(content)))

    def _new_file(self, folder: int, name: str) -> int:
        node = self._number()
        self.story.files[node] = b""
        self._content[node] = bytearray()
        self._happen(Names(((folder, name, node),)))
        return node

    def _written(self, file: _Open, offset: int, data: bytes) -> None:
        self._happen(Write(file.node, offset, data))
        if file.always:
            self._happen(Sync(file.node))

    # Opening and closing

    def _on_openat(self, call: Call) -> None:
        flags = call.arguments.rsplit('"', 1)[1]
        at = self._find(call.opened.removesuffix(" (deleted)"))
        table = self._table(call.process)
        if at is None:
            table.pop(call.result, None)
            return
        if "O_TMPFILE" in flags:
            raise NotImplementedError(call.arguments)
        folder, name, node = at
        if node is None:
            node = self._new_file(folder, name)
        elif "O_TRUNC" in flags and self._content[node]:
            self._happen(Size(node, 0))
        always = "O_SYNC" in flags or "O_DSYNC" in flags
        table[call.result] = _Open(node, "O_APPEND" in flags, always)

    _on_open = _on_creat = _on_openat

    def _on_close(self, call: Call) -> None:
        self._table(call.process).pop(int(call.arguments.partition("<")[0]), None)

    def _on_dup(self, call: Call) -> None:
        file, table = self._open(call), self._table(call.process)
        table.pop(call.result, None)
        if file:
            table[call.result] = file

    _on_dup2 = _on_dup3 = _on_dup

    def _on_fcntl(self, call: Call) -> None:
        if "F_DUPFD" in call.arguments:
            self._on_dup(call)

    def _on_mmap(self, call: Call) -> None:
        if "MAP_SHARED" in call.arguments and "PROT_WRITE" in call.arguments:
            path = call.arguments.split(", ")[4]
            at = self._find(path_of(path)) if "<" in path else None
            if at and at[2] is not None:
                self.story.shared.add(at[2])

    def _on_clone(self, call: Call) -> None:
        """Known before; see `read`."""

    _on_clone3 = _on_fork = _on_vfork = _on_clone
    _on_chdir = _on_fchdir = _on_clone

    # Content

    def _on_sendto(self, call: Call) -> None:
        said = bytes_of(call.arguments.split(", ")[1])
        if said.startswith(b"MARK "):
            self._happen(Mark(said.removeprefix(b"MARK ").decode()))

    def _on_read(self, call: Call) -> None:
        if file := self._open(call):
            file.position += call.result

    def _on_lseek(self, call: Call) -> None:
        if file := self._open(call):
            file.position = call.result

    def _on_write(self, call: Call) -> None:
        file = self._open(call)
        if not file or not call.result:
            return
        pieces = re.findall(r'"([^"]*)"', call.arguments)
        data = b"".join(bytes_of(piece) for piece in pieces)[: call.result]
        offset = len(self._content[file.node]) if file.append else file.position
        self._written(file, offset, data)
        file.position = offset + call.result

    _on_writev = _on_write

    def _on_pwrite64(self, call: Call) -> None:
        if file := self._open(call):
            pieces = re.findall(r'"([^"]*)"', call.arguments)
            data = b"".join(bytes_of(piece) for piece in pieces)[: call.result]
            self._written(file, int(re.split(r", ", call.arguments)[-1]), data)

    _on_pwritev = _on_pwrite64

    def _on_sendfile(self, call: Call) -> None:
        target, source, offset, _count = call.arguments.split(", ")
        if file := self._open(call):
            assert offset == "NULL" or offset.startswith("["), call.arguments
            start = file.position if offset == "NULL" else int(offset[1:].split("]")[0])
            self._copied(file, source, start, call.result)
        elif "<" in source and self._find(path_of(source)):
            raise NotImplementedError(f"sendfile to {target}")

    def _copied(self, file: _Open, source: str, start: int, count: int) -> None:
        at = self._find(path_of(source))
        whole = bytes(self._content[at[2] or 0]) if at else Path(path_of(source)).read_bytes()
        if data := whole[start : start + count]:
            self._written(file, file.position, data)
            file.position += len(data)

    def _on_ftruncate(self, call: Call) -> None:
        if file := self._open(call):
            self._happen(Size(file.node, int(call.arguments.split(", ")[1])))

    def _on_truncate(self, call: Call) -> None:
        path, size = call.arguments.split(", ")
        at = self._find(self._path(path))
        if at and at[2] is not None:
            self._happen(Size(at[2], int(size)))

    def _on_fallocate(self, call: Call) -> None:
        if file := self._open(call):
            _file, mode, offset, length = call.arguments.split(", ")
            if mode != "0":
                raise NotImplementedError(call.arguments)
            end = int(offset) + int(length)
            if end > len(self._content[file.node]):
                self._happen(Size(file.node, end))

    def _on_fsync(self, call: Call) -> None:
        if file := self._open(call):
            self._happen(Sync(file.node))

    _on_fdatasync = _on_fsync

    def _on_sync(self, call: Call) -> None:
        for node in (*self._names, *self._content):
            self._happen(Sync(node))

    _on_syncfs = _on_sync

    # Names

    def _on_rename(self, call: Call) -> None:
        parts = call.arguments.split(", ")
        if call.name == "rename":
            source, target = self._path(parts[0]), self._path(parts[1])
        else:
            source, target = self._path(parts[1], parts[0]), self._path(parts[3], parts[2])
        if "RENAME_EXCHANGE" in call.arguments or "RENAME_WHITEOUT" in call.arguments:
            raise NotImplementedError(call.arguments)
        old, new = self._find(source, follow=False), self._find(target, follow=False)
        if old and new and old[2] is not None and old[2] != new[2]:
            self._happen(Names(((new[0], new[1], old[2]), (old[0], old[1], None))))
        elif bool(old) != bool(new):
            raise NotImplementedError(f"across the root's edge: {call.arguments}")

    _on_renameat = _on_renameat2 = _on_rename

    def _on_unlink(self, call: Call) -> None:
        parts = call.arguments.split(", ")
        path = self._path(parts[1], parts[0]) if call.name == "unlinkat" else self._path(parts[0])
        if at := self._find(path, follow=False):
            self._happen(Names(((at[0], at[1], None),)))

    _on_unlinkat = _on_rmdir = _on_unlink

    def _on_mkdir(self, call: Call) -> None:
        parts = call.arguments.split(", ")
        path = self._path(parts[1], parts[0]) if call.name == "mkdirat" else self._path(parts[0])
        if at := self._find(path):
            node = self._number()
            self.story.folders[node] = {}
            self._names[node] = {}
            self._happen(Names(((at[0], at[1], node),)))

    _on_mkdirat = _on_mkdir

    def _on_link(self, call: Call) -> None:
        parts = call.arguments.split(", ")
        if call.name == "link":
            source, target = self._path(parts[0]), self._path(parts[1])
        else:
            source, target = self._path(parts[1], parts[0]), self._path(parts[3], parts[2])
        old, new = self._find(source, follow=False), self._find(target, follow=False)
        if old and new:
            self._happen(Names(((new[0], new[1], old[2]),)))

    _on_linkat = _on_link

    def _on_symlink(self, call: Call) -> None:
        parts = call.arguments.split(", ")
        base = parts[1] if call.name == "symlinkat" else "AT_FDCWD<>"
        if at := self._find(self._path(parts[-1], base), follow=False):
            node = self._number()
            self.story.links[node] = os.fsdecode(bytes_of(parts[0]))
            self._happen(Names(((at[0], at[1], node),)))

    _on_symlinkat = _on_symlink
