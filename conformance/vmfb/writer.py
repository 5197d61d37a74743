"""Writes a `Module` as a plain `.vmfb`. Nothing is checked: what the module says is what the file will say."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import TypeVar

import flatbuffers

from . import image
from .container import IDENTIFIER, make_archive
from .reader import DESCRIPTOR

T = TypeVar("T")
_SCALARS = {"<B": "PrependUint8", "<i": "PrependInt32", "<I": "PrependUint32", "<Q": "PrependUint64"}


class _Fields:
    """Collects the fields of one table: children are made first, then the table in one go."""

    def __init__(self, builder: flatbuffers.Builder, count: int) -> None:
        self.builder, self.count = builder, count
        self.scalars: list[tuple[int, str, int]] = []
        self.offsets: list[tuple[int, int]] = []

    def scalar(self, number: int, value: int | None, form: str = "<I", default: int = 0) -> None:
        """A scalar; left out when None or when it is the default."""
        if value is not None and value != default:
            self.scalars.append((number, form, value))

    def present(self, number: int, value: int | None, form: str = "<I") -> None:
        """A scalar that is written even when it is 0."""
        if value is not None:
            self.scalars.append((number, form, value))

    def offset(self, number: int, target: int | None) -> None:
        if target is not None:
            self.offsets.append((number, target))

    def string(self, number: int, text: str | None) -> None:
        self.offset(number, None if text is None else self.builder.CreateString(text, errors="surrogateescape"))

    def raw(self, number: int, data: bytes | None, item: int = 1, alignment: int = 4) -> None:
        self.offset(number, None if data is None else _vector(self.builder, data, item, alignment))

    def tables(self, number: int, items: Iterable[T] | None, make: Callable[[flatbuffers.Builder, T], int]) -> None:
        if items is not None:
            self.offset(number, _offsets(self.builder, [make(self.builder, item) for item in items]))

    def end(self) -> int:
        builder = self.builder
        builder.StartObject(self.count)
        for number, target in self.offsets:
            builder.PrependUOffsetTRelativeSlot(number, target, 0)
        for number, form, value in self.scalars:
            getattr(builder, _SCALARS[form])(_wrapped(value, form))
            builder.Slot(number)
        return int(builder.EndObject())


def _wrapped(value: int, form: str) -> int:
    """`value` as the bits of `form`, so that -1 and 0xFFFFFFFF are the same thing."""
    raw = (value & (1 << 8 * struct.calcsize(form)) - 1).to_bytes(struct.calcsize(form), "little")
    return int(struct.unpack(form, raw)[0])


def _vector(builder: flatbuffers.Builder, data: bytes, item: int, alignment: int) -> int:
    """A vector of scalars or structs, given as its bytes."""
    builder.StartVector(item, len(data) // item, alignment)
    builder.head -= len(data)
    builder.Bytes[builder.Head() : builder.Head() + len(data)] = data
    return int(builder.EndVector())


def _offsets(builder: flatbuffers.Builder, targets: list[int | None]) -> int:
    """A vector of offsets; None is written as 0, the value of an empty union."""
    builder.StartVector(4, len(targets), 4)
    for target in reversed(targets):
        if target is None:
            builder.PrependUint32(0)
        else:
            builder.PrependUOffsetTRelative(target)
    return int(builder.EndVector())


def write(module: image.Module, external: bytes | None = None) -> bytes:
    """The file's bytes. External rodata is what the module carries, unless given here."""
    builder = flatbuffers.Builder(1024)
    root = _module(builder, module)
    builder.FinishSizePrefixed(root, file_identifier=IDENTIFIER)
    return make_archive(bytes(builder.Output()), module.external if external is None else external)


def _module(b: flatbuffers.Builder, module: image.Module) -> int:
    f = _Fields(b, 16)
    f.string(0, module.name)
    f.scalar(1, module.version)
    f.scalar(2, module.requirements)
    f.tables(3, module.attrs, _attr)
    f.tables(4, module.types, _type)
    f.tables(5, module.dependencies, _dependency)
    f.tables(6, module.imports, _import)
    f.tables(7, module.exports, _export)
    f.tables(8, module.signatures, _signature)
    f.tables(9, module.rodata, _rodata)
    f.tables(10, module.rwdata, _rwdata)
    f.offset(11, None if module.state is None else _state(b, module.state))
    f.raw(12, None if module.functions is None else b"".join(map(_descriptor, module.functions)), DESCRIPTOR.size)
    f.scalar(13, module.bytecode_version)
    f.raw(14, module.bytecode, alignment=8)
    f.offset(15, None if module.debug is None else _debug(b, module.debug))
    return f.end()


def _descriptor(function: image.Function) -> bytes:
    words = (function.offset, function.length, function.requirements)
    halves = (function.reserved, function.block_count, function.i32_count, function.ref_count)
    return struct.pack("<3I4H", *(w & 0xFFFFFFFF for w in words), *(h & 0xFFFF for h in halves))


def _attr(b: flatbuffers.Builder, attr: image.Attr) -> int:
    f = _Fields(b, 2)
    f.string(0, attr.key)
    f.string(1, attr.value)
    return f.end()


def _type(b: flatbuffers.Builder, name: str | None) -> int:
    f = _Fields(b, 1)
    f.string(0, name)
    return f.end()


def _dependency(b: flatbuffers.Builder, dependency: image.Dependency) -> int:
    f = _Fields(b, 3)
    f.string(0, dependency.name)
    f.scalar(1, dependency.minimum_version)
    f.present(2, dependency.flags)
    return f.end()


def _signature(b: flatbuffers.Builder, signature: image.Signature) -> int:
    f = _Fields(b, 2)
    f.string(0, signature.calling_convention)
    f.tables(1, signature.attrs, _attr)
    return f.end()


def _import(b: flatbuffers.Builder, imported: image.Import) -> int:
    f = _Fields(b, 3)
    f.string(0, imported.full_name)
    f.offset(1, None if imported.signature is None else _signature(b, imported.signature))
    f.present(2, imported.flags)
    return f.end()


def _export(b: flatbuffers.Builder, export: image.Export) -> int:
    f = _Fields(b, 2)
    f.string(0, export.local_name)
    f.scalar(1, export.internal_ordinal, "<i")
    return f.end()


def _rodata(b: flatbuffers.Builder, rodata: image.Rodata) -> int:
    f = _Fields(b, 5)
    f.raw(2, rodata.embedded, alignment=rodata.alignment)
    f.present(3, rodata.external_offset, "<Q")
    f.present(4, rodata.external_length, "<Q")
    if rodata.compression:
        f.scalar(0, rodata.compression, "<B")
        f.offset(1, _Fields(b, 0).end())
    return f.end()


def _rwdata(b: flatbuffers.Builder, byte_size: int) -> int:
    f = _Fields(b, 1)
    f.scalar(0, byte_size, "<i")
    return f.end()


def _state(b: flatbuffers.Builder, state: image.State) -> int:
    f = _Fields(b, 2)
    f.scalar(0, state.global_bytes, "<i")
    f.scalar(1, state.global_refs, "<i")
    return f.end()


def _source_map(b: flatbuffers.Builder, source_map: image.SourceMap) -> int:
    f = _Fields(b, 2)
    f.string(0, source_map.local_name)
    locs = source_map.locations
    f.raw(1, None if locs is None else b"".join(struct.pack("<ii", loc.offset, loc.location) for loc in locs), 8)
    return f.end()


def _debug(b: flatbuffers.Builder, debug: image.Debug) -> int:
    f = _Fields(b, 3)
    if debug.location_table is not None:
        f.raw(0, bytes(location.type for location in debug.location_table))
        f.offset(1, _offsets(b, [_location(b, location) for location in debug.location_table]))
    f.tables(2, debug.functions, _source_map)
    return f.end()


def _location(b: flatbuffers.Builder, location: image.Location) -> int | None:
    if location.type == 0:
        return None
    f = _Fields(b, 3)
    if location.type == image.CALL_SITE:
        f.scalar(0, location.callee, "<i")
        f.scalar(1, location.caller, "<i")
    elif location.type == image.FILE_LINE_COL:
        f.string(0, location.text)
        f.scalar(1, location.line, "<i")
        f.scalar(2, location.column, "<i")
    elif location.type == image.FUSED:
        f.string(0, location.text)
        entries = location.locations
        f.raw(1, None if entries is None else b"".join(struct.pack("<i", entry) for entry in entries), 4)
    elif location.type == image.NAME:
        f.string(0, location.text)
        f.scalar(1, location.child, "<i")
    return f.end()
