"""Malformed FlatBuffers: offsets, tables, vtables, strings, vectors and unions that cannot be followed."""

from __future__ import annotations

import struct
from functools import partial
from typing import Any

from .. import image
from ..image import Location
from .bases import add, patched
from .case import Section

SECTION = Section("flatbuffer")
BAD = "INVALID_ARGUMENT"
SUM: dict[str, Any] = {"inputs": ("1", "2")}
NAME, TYPES, EXPORTS, STATE, BYTECODE_VERSION, BYTECODE, DEBUG = 0, 4, 7, 11, 13, 14, 15
LOCATION_TYPES = 0


class Layout:
    """Where a table (the root, unless told) and its fields are in a file that starts with its size prefix."""

    def __init__(self, data: bytes, table: int | None = None) -> None:
        self.data = data
        self.root = 4 + self.u32(4) if table is None else table
        self.vtable = self.root - self.i32(self.root)

    def u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self.data, at)[0])

    def i32(self, at: int) -> int:
        return int(struct.unpack_from("<i", self.data, at)[0])

    def slot(self, number: int) -> int:
        """The vtable entry of a field."""
        return self.vtable + 4 + 2 * number

    def field(self, number: int) -> int:
        return self.root + int(struct.unpack_from("<H", self.data, self.slot(number))[0])

    def target(self, number: int) -> int:
        """What an offset field points to."""
        return self.field(number) + self.u32(self.field(number))


def u16(part: str, value: int, number: int = 0) -> bytes:
    """The adding module with another u16 at the vtable, or at a slot of it."""
    layout = Layout(add(version=1))
    at = {"size": layout.vtable, "table-size": layout.vtable + 2, "slot": layout.slot(number)}[part]
    return patched(layout.data, at, struct.pack("<H", value & 0xFFFF))


def u32(part: str, value: int, number: int = 0) -> bytes:
    """The adding module with another u32 at the root table, at one of its fields, or at what that points to."""
    layout = Layout(add(version=1))
    at = {"root": layout.root, "field": layout.field(number), "target": layout.target(number)}[part]
    return patched(layout.data, at, struct.pack("<I", value & 0xFFFFFFFF))


# Tables.
for name, build in {
    "vtable-before-the-buffer": partial(u32, "root", 0x7FFFFFF0),
    "vtable-behind-the-buffer": partial(u32, "root", -0x100000),
    "vtable-odd": partial(u32, "root", 3),
    "vtable-size-2": partial(u16, "size", 2),
    "vtable-size-odd": partial(u16, "size", 35),
    "vtable-size-past-end": partial(u16, "size", 0xFFFE),
    "table-size-past-end": partial(u16, "table-size", 0xFFFC),
    "table-size-0": partial(u16, "table-size", 0),
    "field-past-its-table": partial(u16, "slot", 0xFFF0, BYTECODE_VERSION),
    "scalar-unaligned": partial(u16, "slot", 5, BYTECODE_VERSION),
    "offset-unaligned": partial(u16, "slot", 6, NAME),
    # Offsets.
    "name-offset-0": partial(u32, "field", 0, NAME),
    "name-offset-unaligned": partial(u32, "field", 9, NAME),
    "name-offset-past-end": partial(u32, "field", 0x7FFFFFFC, NAME),
    "types-offset-wraps": partial(u32, "field", -4, TYPES),
    # Strings and vectors.
    "name-length-past-end": partial(u32, "target", 0x10000, NAME),
    "name-length-wraps": partial(u32, "target", -1, NAME),
    "types-count-past-end": partial(u32, "target", 0x10000, TYPES),
    "types-count-wraps": partial(u32, "target", 0x40000001, TYPES),
    "exports-count-wraps": partial(u32, "target", 0x40000001, EXPORTS),
    "bytecode-count-past-end": partial(u32, "target", 0x10000, BYTECODE),
}.items():
    SECTION.verify(name, build, BAD)


def _name_without_nul() -> bytes:
    layout = Layout(add())
    at = layout.target(NAME)
    return patched(layout.data, at + 4 + layout.u32(at), b"!")


SECTION.verify("name-without-nul", _name_without_nul, BAD)


def _state_field_of_another_table() -> bytes:
    """The state points into the middle of the bytecode, whose bytes make no vtable."""
    layout = Layout(add(state=image.State(16, 1)))
    at = layout.field(STATE)
    return patched(layout.data, at, struct.pack("<I", layout.target(BYTECODE) + 4 - at))


SECTION.verify("table-in-the-bytecode", _state_field_of_another_table, BAD)


# Unions: the vector of types and the vector of values belong together.
def _types_of_locations(count: int, *types: int) -> bytes:
    """A debug database with two locations, whose types are counted and named otherwise."""
    table = [Location(image.FILE_LINE_COL, text="f", line=7, column=7), Location(image.NAME, text="n")]
    data = add(debug=image.Debug(table, None))
    database = Layout(data, Layout(data).target(DEBUG))
    return patched(data, database.target(LOCATION_TYPES), struct.pack("<I", count) + bytes(types))


def _location_without_value() -> bytes:
    data = add(debug=image.Debug([Location(0)], None))
    database = Layout(data, Layout(data).target(DEBUG))
    return patched(data, database.target(LOCATION_TYPES) + 4, bytes([image.NAME]))


SECTION.fine("union-types-2-of-2", partial(_types_of_locations, 2), "i32=3", **SUM)
for count in (0, 1, 3):
    SECTION.verify(f"union-types-{count}-of-2", partial(_types_of_locations, count), BAD)
SECTION.verify("union-value-without-type", partial(_types_of_locations, 2, 0, image.NAME), BAD)
SECTION.verify("union-type-without-value", _location_without_value, BAD)
SECTION.fine("union-type-unknown", partial(_types_of_locations, 2, 9, image.NAME), "i32=3", **SUM)


def _slot_more() -> bytes:
    """A copy of the root's vtable behind everything, with one slot more than the schema knows."""
    layout = Layout(add(version=1, debug=image.Debug()))
    size, fields = struct.unpack_from("<HH", layout.data, layout.vtable)
    slots = layout.data[layout.vtable + 4 : layout.vtable + size] + struct.pack("<H", fields - 4)
    data = layout.data.ljust((len(layout.data) + 3) // 4 * 4, b"\0")
    data = patched(data, layout.root, struct.pack("<i", layout.root - len(data)))
    data += (struct.pack("<HH", size + 2, fields) + slots).ljust(40, b"\0")
    return patched(data, 0, struct.pack("<I", len(data) - 4))


SECTION.fine("slot-unknown", _slot_more, "i32=3", **SUM)
