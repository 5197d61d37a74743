"""The archive around the FlatBuffer: an optional ZIP local header, a size prefix, and external rodata behind it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

ZIP_MAGIC = 0x04034B50
ZIP_HEADER_SIZE = 30
IDENTIFIER = b"IREE"
RODATA_ALIGNMENT = 64


class VmfbError(ValueError):
    """The bytes are not a bytecode module; the text says what was wrong and at which offset."""


@dataclass(frozen=True)
class Archive:
    """Where things are in a file."""

    prefix: int
    flatbuffer: bytes
    external: bytes


def align(value: int, to: int) -> int:
    return (value + to - 1) // to * to


def open_archive(data: bytes) -> Archive:
    """Splits a file into FlatBuffer and external rodata."""
    prefix = zip_header_length(data)
    if len(data) - prefix < 16:
        raise VmfbError(f"offset {prefix}: {len(data) - prefix} bytes left, at least 16 expected")
    (length,) = struct.unpack_from("<I", data, prefix)
    if length > len(data) - prefix - 4:
        raise VmfbError(
            f"offset {prefix}: length prefix {length} is past the end ({len(data) - prefix - 4} bytes left)"
        )
    end = prefix + 4 + length
    return Archive(prefix, data[prefix + 4 : end], data[align(end, RODATA_ALIGNMENT) :])


def zip_header_length(data: bytes) -> int:
    """How many bytes the ZIP local header at the start takes; 0 without one."""
    if len(data) < ZIP_HEADER_SIZE or struct.unpack_from("<I", data)[0] != ZIP_MAGIC:
        return 0
    name, extra = struct.unpack_from("<HH", data, 26)
    length = ZIP_HEADER_SIZE + int(name) + int(extra)
    if length > len(data):
        raise VmfbError(f"the ZIP header of {length} bytes is longer than the file ({len(data)} bytes)")
    return length


def make_archive(sized_flatbuffer: bytes, external: bytes = b"") -> bytes:
    """A plain file (no ZIP): size prefix and FlatBuffer, then padding and external rodata."""
    if not external:
        return sized_flatbuffer
    return sized_flatbuffer.ljust(align(len(sized_flatbuffer), RODATA_ALIGNMENT), b"\0") + external


def zip_wrapped(data: bytes, name: bytes = b"module.fb", extra: int | None = None) -> bytes:
    """`data` behind a ZIP local header whose extra field is `extra` bytes, or pads the start to 64 bytes."""
    if extra is None:
        extra = RODATA_ALIGNMENT - ZIP_HEADER_SIZE - len(name)
    header = struct.pack("<IHHHHHIIIHH", ZIP_MAGIC, 45, 0, 0, 0, 0x21, 0, 0xFFFFFFFF, 0xFFFFFFFF, len(name), extra)
    return header + name + bytes(extra) + data
