"""Reads a `.vmfb` into a `Module`, checking every offset; code is left undecoded."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeVar

from . import image
from .container import IDENTIFIER, VmfbError, open_archive

T = TypeVar("T")
DESCRIPTOR = struct.Struct("<iiIhhhh")


class _Buffer:
    """Bounds-checked access to a FlatBuffer."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def number(self, form: str, at: int) -> int:
        if at < 0 or at + struct.calcsize(form) > len(self.data):
            raise VmfbError(
                f"offset {at}: {struct.calcsize(form)} bytes expected, the FlatBuffer ends at {len(self.data)}"
            )
        return int(struct.unpack_from(form, self.data, at)[0])

    def follow(self, at: int) -> int:
        return at + self.number("<I", at)

    def vector(self, at: int, item: int) -> tuple[int, int]:
        """Start and count of the vector that the offset at `at` names."""
        start = self.follow(at)
        count = self.number("<I", start)
        if start + 4 + count * item > len(self.data):
            raise VmfbError(f"offset {start}: a vector of {count} items of {item} bytes is past the end")
        return start + 4, count

    def string(self, at: int) -> str:
        start, count = self.vector(at, 1)
        return self.data[start : start + count].decode("utf-8", "surrogateescape")


class _Table:
    """One table: fields by their number in the schema."""

    def __init__(self, buffer: _Buffer, at: int) -> None:
        self.buffer, self.at = buffer, at
        self.vtable = at - buffer.number("<i", at)
        self.size = buffer.number("<H", self.vtable)

    def field(self, number: int) -> int | None:
        """Where field `number` is, or None when it is absent."""
        slot = 4 + 2 * number
        if slot + 2 > self.size:
            return None
        offset = self.buffer.number("<H", self.vtable + slot)
        return self.at + offset if offset else None

    def scalar(self, number: int, form: str = "<I", default: int = 0) -> int:
        at = self.field(number)
        return default if at is None else self.buffer.number(form, at)

    def optional(self, number: int, form: str = "<I") -> int | None:
        at = self.field(number)
        return None if at is None else self.buffer.number(form, at)

    def string(self, number: int) -> str | None:
        at = self.field(number)
        return None if at is None else self.buffer.string(at)

    def raw(self, number: int, item: int = 1) -> bytes | None:
        at = self.field(number)
        if at is None:
            return None
        start, count = self.buffer.vector(at, item)
        return self.buffer.data[start : start + count * item]

    def table(self, number: int, make: Callable[[_Table], T]) -> T | None:
        at = self.field(number)
        return None if at is None else make(_Table(self.buffer, self.buffer.follow(at)))

    def tables(self, number: int, make: Callable[[_Table], T]) -> list[T] | None:
        at = self.field(number)
        if at is None:
            return None
        start, count = self.buffer.vector(at, 4)
        return [make(_Table(self.buffer, self.buffer.follow(start + 4 * i))) for i in range(count)]


def read(data: bytes) -> image.Module:
    """The module in `data`; `VmfbError` when it is not one."""
    archive = open_archive(data)
    if archive.flatbuffer[4:8] != IDENTIFIER:
        raise VmfbError(f"identifier {archive.flatbuffer[4:8]!r}, expected {IDENTIFIER!r}")
    buffer = _Buffer(archive.flatbuffer)
    module = _module(_Table(buffer, buffer.follow(0)))
    module.external = archive.external
    return module


def _module(t: _Table) -> image.Module:
    return image.Module(
        name=t.string(0),
        version=t.scalar(1),
        requirements=t.scalar(2),
        attrs=t.tables(3, _attr),
        types=t.tables(4, lambda item: item.string(0)),
        dependencies=t.tables(5, _dependency),
        imports=t.tables(6, _import),
        exports=t.tables(7, lambda item: image.Export(item.string(0), item.scalar(1, "<i"))),
        signatures=t.tables(8, _signature),
        rodata=t.tables(9, _rodata),
        rwdata=t.tables(10, lambda item: item.scalar(0, "<i")),
        state=t.table(11, lambda item: image.State(item.scalar(0, "<i"), item.scalar(1, "<i"))),
        functions=_functions(t.raw(12, DESCRIPTOR.size)),
        bytecode_version=t.optional(13),
        bytecode=t.raw(14) or b"",
        debug=t.table(15, _debug),
    )


def _attr(t: _Table) -> image.Attr:
    return image.Attr(t.string(0), t.string(1))


def _signature(t: _Table) -> image.Signature:
    return image.Signature(t.string(0), t.tables(1, _attr))


def _dependency(t: _Table) -> image.Dependency:
    return image.Dependency(t.string(0), t.scalar(1), t.optional(2))


def _import(t: _Table) -> image.Import:
    return image.Import(t.string(0), t.table(1, _signature), t.optional(2))


def _rodata(t: _Table) -> image.Rodata:
    return image.Rodata(t.raw(2), t.optional(3, "<Q"), t.optional(4, "<Q"), compression=t.scalar(0, "<B"))


def _functions(raw: bytes | None) -> list[image.Function] | None:
    return None if raw is None else [image.Function(*fields) for fields in DESCRIPTOR.iter_unpack(raw)]


def _source_map(t: _Table) -> image.SourceMap:
    raw = t.raw(1, 8)
    return image.SourceMap(
        t.string(0), None if raw is None else [image.Loc(*x) for x in struct.iter_unpack("<ii", raw)]
    )


def _debug(t: _Table) -> image.Debug:
    return image.Debug(_locations(t), t.tables(2, _source_map))


def _locations(t: _Table) -> list[image.Location] | None:
    types, at = t.raw(0), t.field(1)
    if types is None or at is None:
        return None
    start, count = t.buffer.vector(at, 4)
    if count != len(types):
        raise VmfbError(f"location table: {len(types)} types, {count} values")
    return [_location(t.buffer, start + 4 * i, types[i]) for i in range(count)]


def _location(buffer: _Buffer, at: int, kind: int) -> image.Location:
    if kind == 0:
        return image.Location(0)
    t = _Table(buffer, buffer.follow(at))
    if kind == image.CALL_SITE:
        return image.Location(kind, callee=t.scalar(0, "<i"), caller=t.scalar(1, "<i"))
    if kind == image.FILE_LINE_COL:
        return image.Location(kind, text=t.string(0), line=t.scalar(1, "<i"), column=t.scalar(2, "<i"))
    if kind == image.FUSED:
        raw = t.raw(1, 4)
        return image.Location(
            kind, text=t.string(0), locations=None if raw is None else [x for (x,) in struct.iter_unpack("<i", raw)]
        )
    if kind == image.NAME:
        return image.Location(kind, text=t.string(0), child=t.scalar(1, "<i"))
    return image.Location(kind)
