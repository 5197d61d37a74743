"""Malformed containers: the ZIP header, the size prefix, the FlatBuffer's header."""

from __future__ import annotations

import struct
from typing import Any

from ..container import ZIP_MAGIC, zip_wrapped
from .bases import add, patched, with_prefix
from .case import Section

SECTION = Section("container")
INPUTS: dict[str, Any] = {"inputs": ("1", "2")}
BAD = "INVALID_ARGUMENT"


def _root(offset: int) -> bytes:
    return patched(add(), 4, struct.pack("<I", offset))


def _zip(name_length: int, extra_length: int, body: bytes) -> bytes:
    return struct.pack("<I22xHH", ZIP_MAGIC, name_length, extra_length) + body


for name, build in {
    "empty": lambda: b"",
    "fifteen-bytes": lambda: add()[:15],
    "sixteen-bytes": lambda: add()[:16],
    "prefix-past-end": lambda: with_prefix(add(), len(add())),
    "prefix-0": lambda: with_prefix(add(), 0),
    "prefix-7": lambda: with_prefix(add(), 7),
    "prefix-8": lambda: with_prefix(add(), 8),
    "prefix-cut-by-8": lambda: with_prefix(add(), len(add()) - 12),
    "prefix-all-ones": lambda: with_prefix(add(), -1),
    "identifier-other": lambda: patched(add(), 8, b"XREE"),
    "identifier-zero": lambda: patched(add(), 8, bytes(4)),
    "text-file": lambda: b"This is not a module but a line of text.\n" * 4,
    "zip-start-unaligned": lambda: zip_wrapped(add(), extra=26),
    "zip-lengths-past-end": lambda: _zip(0xFFFF, 0xFFFF, add()),
    "zip-nothing-behind": lambda: _zip(9, 25, bytes(34)),
    "zip-29-bytes": lambda: struct.pack("<I", ZIP_MAGIC) + bytes(25),
    "root-0": lambda: _root(0),
    "root-huge": lambda: _root(0xFFFFFFF0),
    "root-odd": lambda: _root(len(add()) // 2 | 1),
}.items():
    SECTION.verify(name, build, BAD)

SECTION.fine("garbage-behind", lambda: add() + b"\xa5" * 35, "i32=3", **INPUTS)
SECTION.fine("zip", lambda: zip_wrapped(add()), "i32=3", **INPUTS)
SECTION.fine("zip-other-lengths", lambda: zip_wrapped(add(), name=b"abc", extra=3), "i32=3", **INPUTS)
