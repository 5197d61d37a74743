"""What a bytecode module holds, as plain data. `None` is a field that is absent from the file.

Everything may be changed freely, into nonsense too: invalid files are made by writing an invalid `Module`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BYTECODE_VERSION = 17 << 16
REQUIRED, OPTIONAL = 1, 2
EXT_F32, EXT_F64, YIELD, UNWIND = 1, 2, 4, 8


@dataclass
class Attr:
    """A reflection entry."""

    key: str | None
    value: str | None


@dataclass
class Signature:
    """Calling convention and reflection of a function."""

    calling_convention: str | None = None
    attrs: list[Attr] | None = None


@dataclass
class Dependency:
    """A module that must, or may, be registered before this one."""

    name: str | None
    minimum_version: int = 0
    flags: int | None = None


@dataclass
class Import:
    """A function of another module, `module.function`."""

    full_name: str | None
    signature: Signature | None = None
    flags: int | None = None


@dataclass
class Export:
    """A public name for an internal function."""

    local_name: str | None
    internal_ordinal: int = 0


@dataclass
class Rodata:
    """Constant bytes: inside the FlatBuffer, or behind it at an offset from the rodata base."""

    embedded: bytes | None = None
    external_offset: int | None = None
    external_length: int | None = None
    compression: int = 0
    alignment: int = 16


@dataclass
class State:
    """How much storage the globals need."""

    global_bytes: int = 0
    global_refs: int = 0


@dataclass
class Function:
    """A function descriptor (the fields as they are in the file) with its signature."""

    offset: int = 0
    length: int = 0
    requirements: int = 0
    reserved: int = 0
    block_count: int = 0
    i32_count: int = 0
    ref_count: int = 0


@dataclass
class Loc:
    """A source position: bytecode offset and index into the location table."""

    offset: int
    location: int


@dataclass
class SourceMap:
    """Name and source positions of one function."""

    local_name: str | None = None
    locations: list[Loc] | None = None


@dataclass
class Location:
    """One entry of the location table: `type` says which of the other fields mean something."""

    type: int
    callee: int = 0
    caller: int = 0
    text: str | None = None
    line: int = 0
    column: int = 0
    child: int = 0
    locations: list[int] | None = None


CALL_SITE, FILE_LINE_COL, FUSED, NAME = 1, 2, 3, 4


@dataclass
class Debug:
    """The debug database."""

    location_table: list[Location] | None = None
    functions: list[SourceMap] | None = None


@dataclass
class Module:
    """The root table. `signatures` and `functions` go together, one of each per internal function."""

    name: str | None = None
    version: int = 0
    requirements: int = 0
    attrs: list[Attr] | None = None
    types: list[str | None] | None = None
    dependencies: list[Dependency] | None = None
    imports: list[Import] | None = None
    exports: list[Export] | None = None
    signatures: list[Signature] | None = None
    rodata: list[Rodata] | None = None
    rwdata: list[int] | None = None
    state: State | None = None
    functions: list[Function] | None = None
    bytecode_version: int | None = BYTECODE_VERSION
    bytecode: bytes = b""
    debug: Debug | None = None
    external: bytes = field(default=b"", repr=False)

    def code(self, ordinal: int) -> bytes:
        """The code of internal function `ordinal`."""
        function = (self.functions or [])[ordinal]
        return self.bytecode[function.offset : function.offset + function.length]

    def rodata_bytes(self, ordinal: int) -> bytes:
        """The contents of a rodata segment, wherever they are."""
        segment = (self.rodata or [])[ordinal]
        if segment.embedded is not None:
            return segment.embedded
        start = segment.external_offset or 0
        return self.external[start : start + (segment.external_length or 0)]
