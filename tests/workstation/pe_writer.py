"""Writes Windows program files: small and whole, or broken in a way that is asked for."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

X86, X64, ARM64 = 0x014C, 0x8664, 0xAA64
RAW, AT = 0x400, 0x1000


def library(
    machine: int = X86,
    *,
    exports: Sequence[str] = ("DbcOpen", "DbcClose"),
    imports: Sequence[str] = ("KERNEL32.dll",),
    version: tuple[int, int, int, int] | None = (12, 0, 3601, 1),
    company: str = "Interactive Data",
    manifest: str = "",
    is_library: bool = True,
) -> bytes:
    """A whole program file with one section that holds its tables."""
    body = bytearray(16)
    directories: dict[int, tuple[int, int]] = {}
    if exports:
        made = _exports(exports, AT + len(body))
        directories[0] = (AT + len(body), len(made))
        body += made
    _pad(body)
    if imports:
        made = _imports(imports, AT + len(body), wide=machine != X86)
        directories[1] = (AT + len(body), len(made))
        body += made
    _pad(body)
    resources = {}
    if version:
        resources[16] = _version(version, company)
    if manifest:
        resources[24] = manifest.encode()
    if resources:
        made = _resources(resources, AT + len(body))
        directories[2] = (AT + len(body), len(made))
        body += made
    size = -(-len(body) // 512) * 512
    wide = machine != X86
    optional = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 0, 0, size, 0, 0, AT)
    optional += struct.pack("<Q", 0x180000000) if wide else struct.pack("<II", AT, 0x10000000)
    optional += struct.pack("<IIHHHHHHIIIIHH", AT, 512, 6, 0, 0, 0, 6, 0, 0, 0x10000, RAW, 0, 2, 0)
    optional += struct.pack("<QQQQ" if wide else "<IIII", 1 << 20, 4096, 1 << 20, 4096)
    optional += struct.pack("<II", 0, 16)
    optional += b"".join(struct.pack("<II", *directories.get(n, (0, 0))) for n in range(16))
    flags = 0x0002 | (0x2000 if is_library else 0) | (0 if wide else 0x0100)
    header = b"MZ" + bytes(58) + struct.pack("<I", 0x80) + bytes(64)
    header += b"PE\0\0" + struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, len(optional), flags)
    header += optional
    header += b".rdata\0\0" + struct.pack(
        "<IIIIIIHHI", len(body), AT, size, RAW, 0, 0, 0, 0, 1 << 30
    )
    return header.ljust(RAW, b"\0") + bytes(body).ljust(size, b"\0")


def windows_disk(root: Path, *, java: int = X86, target: bytes | None, donor: bytes | None) -> Path:
    """A disk with TWS in C:\\Jts\\1019 and eSignal's Data Manager, in the case of Windows."""
    home = root / "Java" / "jre"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "javaw.exe").write_bytes(library(java, exports=(), is_library=False))
    named = root / "Jts" / "1019" / ".install4j"
    named.mkdir(parents=True)
    (named / "inst_jre.cfg").write_text("C:\\Java\\jre\r\n")
    manager = root / "Program Files (x86)" / "Common Files" / "Interactive Data" / "DM"
    manager.mkdir(parents=True)
    (manager / "WinRos.exe").write_bytes(library(exports=(), is_library=False))
    if target is not None:
        (root / "Jts" / "dbcapi.dll").write_bytes(target)
    if donor is not None:
        (manager / "dbcapi_vc8.dll").write_bytes(donor)
    return root


def _exports(names: Sequence[str], at: int) -> bytes:
    count = len(names)
    functions, pointers, ordinals = at + 40, at + 40 + 4 * count, at + 40 + 8 * count
    text_at = ordinals + 2 * count
    texts = [b"lib.dll\0", *(name.encode() + b"\0" for name in names)]
    places = [text_at + sum(map(len, texts[:n])) for n in range(len(texts))]
    made = struct.pack(
        "<IIHHIIIIIII", 0, 0, 0, 0, places[0], 1, count, count, functions, pointers, ordinals
    )
    made += struct.pack(f"<{count}I", *([AT] * count))
    made += struct.pack(f"<{count}I", *places[1:])
    made += struct.pack(f"<{count}H", *range(count))
    return made + b"".join(texts)


def _imports(names: Sequence[str], at: int, *, wide: bool) -> bytes:
    step = 8 if wide else 4
    tables = at + 20 * (len(names) + 1)
    hints = tables + 4 * step * len(names)
    rows, thunks, texts = b"", b"", b""
    for name in names:
        entry = hints + len(texts)
        texts += b"\0\0Function\0\0"
        called = hints + len(texts)
        texts += name.encode() + b"\0"
        texts += b"\0" * (len(texts) % 2)
        here = tables + len(thunks)
        thunks += 2 * (entry.to_bytes(step, "little") + bytes(step))
        rows += struct.pack("<IIIII", here, 0, 0, called, here + 2 * step)
    return rows + bytes(20) + thunks + texts


def _resources(kinds: dict[int, bytes], at: int) -> bytes:
    count = len(kinds)
    tables, data, content = b"", b"", b""
    first = 16 + 8 * count
    leaves = first + count * 48
    start = leaves + 16 * count
    top = struct.pack("<IIHHHH", 0, 0, 0, 0, 0, count)
    for number, (kind, made) in enumerate(sorted(kinds.items())):
        level = first + 48 * number
        top += struct.pack("<II", kind, level | 1 << 31)
        tables += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, 1, level + 24 | 1 << 31)
        tables += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, 1033, leaves + 16 * number)
        data += struct.pack("<IIII", at + start + len(content), len(made), 0, 0)
        content += made.ljust(-(-len(made) // 4) * 4, b"\0")
    return top + tables + data + content


def _version(number: tuple[int, int, int, int], company: str) -> bytes:
    high, low = number[0] << 16 | number[1], number[2] << 16 | number[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 63, 0, 4, 2, 0, 0, 0)
    texts = _block("CompanyName", company) + _block("FileVersion", ".".join(map(str, number)))
    table = _block("040904b0", inner=texts)
    return _block("VS_VERSION_INFO", fixed, inner=_block("StringFileInfo", inner=table))


def _block(name: str, value: bytes | str = b"", inner: bytes = b"") -> bytes:
    text = isinstance(value, str)
    raw = f"{value}\0".encode("utf-16-le") if isinstance(value, str) else value
    made = _four(bytes(6) + f"{name}\0".encode("utf-16-le"))
    made = _four(made + raw) + inner if raw else made + inner
    length = len(raw) // 2 if text else len(raw)
    made = struct.pack("<HHH", len(made), length, int(text or not raw)) + made[6:]
    return _four(made)


def _four(made: bytes) -> bytes:
    return made.ljust(-(-len(made) // 4) * 4, b"\0")


def _pad(body: bytearray) -> None:
    body += bytes(-len(body) % 16)


BROKEN = {
    "empty": b"",
    "text": b"This is a text, and no library.\r\n",
    "only MZ": b"MZ",
    "no PE": b"MZ" + bytes(200),
    "header beyond the end": b"MZ" + bytes(58) + b"\xff\xff\xff\x7f",
    "cut in the header": library()[:0x90],
    "cut in the tables": library()[:0x180],
    "cut in the section": library()[:0x500],
    "contradiction": library(X64).replace(b"PE\0\0" + b"\x64\x86", b"PE\0\0" + b"\x4c\x01"),
    "no sections": library().replace(b"PE\0\0\x4c\x01\x01\x00", b"PE\0\0\x4c\x01\x00\x00"),
    "many sections": library().replace(b"PE\0\0\x4c\x01\x01\x00", b"PE\0\0\x4c\x01\xff\xff"),
    "unknown machine": library().replace(b"PE\0\0\x4c\x01", b"PE\0\0\xcd\xab"),
}
"""Kinds of files that Windows refuses with error 193, and rightly."""
