"""Some work in a process of its own, under strace: its system calls recorded, or made to fail.

The process is forked from this one and waits until strace is attached, so that a trace holds the
work and no imports, and thousands of them are cheap.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deskside.foundation.console import system_problem
from deskside.foundation.errors import DesksideError

Say = Callable[[str], None]
"""Tells the outside something. It is seen in the trace at its place, as a mark."""

Work = Callable[[Say], None]

CALLS = (  # noqa: SIM905 - as a list they would fill a page
    "open openat creat write writev pwrite64 pwritev pwritev2 read lseek truncate ftruncate"
    " fallocate sendfile copy_file_range fsync fdatasync sync syncfs msync rename renameat"
    " renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir mmap close dup"
    " dup2 dup3 fcntl chdir fchdir clone clone3 fork vfork sendto"
).split()

_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(.*)")
_ANYBODY = 2**64 - 1
_PR_SET_PTRACER = 0x59616D61
_CUT_OFF = 50_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that has returned.

    Attributes:
        arguments: as strace writes them.
        result: -1 where it failed.
        opened: the path behind a file descriptor that it returned.
    """

    process: int
    name: str
    arguments: str
    result: int
    opened: str
    injected: bool


@dataclass(frozen=True, slots=True)
class Run:
    """What came of some work.

    Attributes:
        marks: what it said, in order.
        refused: code of the refusal that ended it.
        broke: the error that ended it in place of a refusal.
        killed: whether a signal ended it.
    """

    calls: list[Call]
    marks: list[str]
    refused: str = ""
    broke: str = ""
    killed: bool = False

    @property
    def end(self) -> str:
        """In a word."""
        if self.killed:
            return "killed"
        return "broke" if self.broke else "refused" if self.refused else "done"


def run(work: Work, scratch: Path, options: Sequence[str] = ()) -> Run:
    """Do some work under strace.

    Args:
        scratch: folder for the trace.
        options: of strace: what it is to inject.
    """
    trace = scratch / "trace"
    hear, say = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wait, begin = os.pipe()
    child = os.fork()
    if child == 0:
        _work(work, say, wait)
    say.close()
    os.close(wait)
    tracer = _attached(child, trace, options)
    os.write(begin, b"1")
    os.close(begin)
    said = _heard(hear)
    _pid, status = os.waitpid(child, 0)
    tracer.communicate()
    ends = {word: text for word, _space, text in (s.partition(" ") for s in said)}
    marks = [text.removeprefix("MARK ") for text in said if text.startswith("MARK ")]
    calls = read(trace.read_text("ascii"))
    return Run(calls, marks, ends.get("REFUSED", ""), ends.get("BROKE", ""), os.WIFSIGNALED(status))


def read(text: str) -> list[Call]:
    """The calls of a trace, in the order in which they returned."""
    calls, begun = [], dict[str, str]()
    for line in text.splitlines():
        pid, _space, rest = line.partition(" ")
        whole = line
        if rest.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>").rstrip()
            continue
        if " resumed>" in line and pid in begun:
            whole = begun.pop(pid) + line.split(" resumed>", 1)[1]
        if (found := _LINE.fullmatch(whole)) and found[4] != "?":
            tail = found[5]
            opened = path_of(tail) if tail.startswith("<") else ""
            calls.append(
                Call(int(pid), found[2], found[3], int(found[4]), opened, "(INJECTED)" in tail)
            )
    return calls


def path_of(argument: str) -> str:
    """The path that strace writes behind a file descriptor."""
    inner = argument.partition("<")[2].partition(">")[0]
    return os.fsdecode(bytes_of(inner))


def bytes_of(text: str) -> bytes:
    """The bytes of a string as strace -xx writes it, with or without its quotes."""
    if text.endswith("..."):
        raise ValueError("strace has cut off a string")
    return bytes.fromhex(text.strip('"').replace("\\x", " "))


def _attached(process: int, trace: Path, options: Sequence[str]) -> subprocess.Popen[str]:
    traced = (
        ["-e", "trace=exit_group"]
        if options
        else ["-e", "trace=" + ",".join("?" + name for name in CALLS)]
    )
    command = ["strace", "-f", "-y", "-xx", "-s", str(_CUT_OFF), "-o", str(trace), *traced]
    tracer = subprocess.Popen(
        [*command, *options, "-p", str(process)], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr
    said = tracer.stderr.readline()
    if "attached" not in said:
        raise RuntimeError(said or "strace did not start")
    return tracer


def _work(work: Work, say: socket.socket, wait: int) -> None:
    """In the child: wait, work, say how it ended."""
    if sys.platform == "linux":  # where only a parent may trace, let strace do so
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_ANYBODY), 0, 0, 0)
    try:
        os.read(wait, 1)
        work(lambda text: say.sendall(f"MARK {text}".encode()))
    except DesksideError as error:
        say.sendall(f"REFUSED {error.code}".encode())
    except OSError as error:  # every command says it like this
        say.sendall(f"REFUSED {system_problem(error).code}".encode())
    except BaseException as error:  # noqa: BLE001 - that it is one is what is looked for
        say.sendall(f"BROKE {error!r}"[:4000].encode())
    finally:
        os._exit(0)


def _heard(hear: socket.socket) -> list[str]:
    said = []
    with hear:
        while packet := hear.recv(1 << 16):
            said.append(packet.decode())
    return said
