"""Malformed metadata: names, types, versions, tables, descriptors, calling conventions, rodata."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .. import image
from ..assembler import assemble
from ..instructions import instruction
from ..writer import write
from .bases import RETURN, add, add_module, add_with_convention, add_with_descriptor, program
from .case import Section

SECTION = Section("metadata")
BAD, NOT_FOUND, RANGE, EXHAUSTED = "INVALID_ARGUMENT", "NOT_FOUND", "OUT_OF_RANGE", "RESOURCE_EXHAUSTED"
SUM: dict[str, Any] = {"inputs": ("1", "2")}

PROVIDER = """
vm.module @provider version 3
vm.type i32
vm.export @add
vm.func @add(%i0: i32, %i1: i32) -> (i32) {
^bb0:
  %i1 = vm.add.i32 %i0, %i1
  vm.return %i1
}
"""


def provider() -> bytes:
    return write(assemble(PROVIDER))


def behind_provider(build: Callable[..., bytes], *arguments: Any, **options: Any) -> list[bytes]:
    """`provider` and then what `build` makes."""
    return [provider(), build(*arguments, **options)]


def importing(name: str | None, convention: str | None = "0ii_i", flags: int | None = 1, **fields: Any) -> bytes:
    """`f(a, b) = a + b` with one import that it never calls."""
    signature = None if convention is None else image.Signature(convention)
    return add(imports=[image.Import(name, signature, flags)], **fields)


def depending(name: str | None, version: int = 0, flags: int | None = 1) -> bytes:
    return add(dependencies=[image.Dependency(name, version, flags)])


# Names and types.
SECTION.verify("name-absent", lambda: add(name=None), BAD)
SECTION.verify("name-empty", lambda: add(name=""), BAD)
SECTION.fine("types-absent", lambda: add(types=None), "i32=3", **SUM)
SECTION.verify("type-name-empty", lambda: add(types=[""]), BAD)
SECTION.verify("type-name-absent", lambda: add(types=[None]), BAD)
for label, type_name in {
    "unknown-ref": "!foo.bar",
    "unknown-word": "foo",
    "i1": "i1",
    "f16": "f16",
    "question-mark": "?",
    "any-ref": "!vm.ref<?>",
    "mark-only": "!",
}.items():
    SECTION.verify(f"type-{label}", partial(add, types=[type_name]), NOT_FOUND)
for label, type_name in {"list-unclosed": "!vm.list<garbage", "list-prefix": "!vm.listX"}.items():
    SECTION.fine(f"type-{label}", partial(add, types=[type_name]), "i32=3", **SUM)
SECTION.fine("type-of-the-hal", lambda: add(types=["!hal.buffer_view"]), "i32=3", needs=("hal",), **SUM)

# Versions and features.
for label, version in {"18.0": 18 << 16, "16.0": 16 << 16, "17.1": 17 << 16 | 1, "absent": None}.items():
    SECTION.verify(f"version-{label}", partial(add, bytecode_version=version), BAD)
for bit in range(4):
    SECTION.fine(f"module-feature-{bit}", partial(add, requirements=1 << bit), "i32=3", **SUM)
    SECTION.fine(f"function-feature-{bit}", partial(add_with_descriptor, requirements=1 << bit), "i32=3", **SUM)
for bit in (4, 31):
    SECTION.verify(f"module-feature-{bit}", partial(add, requirements=1 << bit), BAD)
    SECTION.verify(f"function-feature-{bit}", partial(add_with_descriptor, requirements=1 << bit), BAD)

# Signatures and exports.
SECTION.verify("signatures-none", lambda: add(signatures=[]), BAD)
SECTION.verify("signatures-absent", lambda: add(signatures=None), BAD)
SECTION.verify("signatures-one-more", lambda: add(signatures=[image.Signature("0ii_i")] * 2), BAD)
SECTION.verify("export-name-absent", lambda: add(exports=[image.Export(None, 0)]), BAD)
SECTION.verify("export-name-empty", lambda: add(exports=[image.Export("", 0)]), BAD)
SECTION.verify("export-ordinal-past-end", lambda: add(exports=[image.Export("f", 1)]), BAD)
SECTION.verify("export-ordinal-negative", lambda: add(exports=[image.Export("f", -1)]), BAD)

# Imports and dependencies.
SECTION.verify("import-name-absent", lambda: importing(None), BAD)
SECTION.verify("import-name-empty", lambda: importing(""), BAD)
SECTION.link("import-without-dot", lambda: importing("foo"), BAD)
SECTION.link("optional-import-without-dot", lambda: importing("foo", flags=2), BAD)
for flags in (1, 0):
    SECTION.link(f"import-of-missing-module-flags-{flags}", partial(importing, "no.fn", flags=flags), NOT_FOUND)
for flags in (2, 3):
    SECTION.fine(f"import-of-missing-module-flags-{flags}", partial(importing, "no.fn", flags=flags), "i32=3", **SUM)
SECTION.link("import-of-own-export", lambda: importing("m.f"), NOT_FOUND)
SECTION.verify("dependency-name-absent", lambda: depending(None), BAD)
for label, flag in {"1": 1, "0": 0, "absent": None}.items():
    SECTION.link(f"missing-dependency-flags-{label}", partial(depending, "no", flags=flag), NOT_FOUND)
SECTION.fine("missing-dependency-optional", lambda: depending("no", flags=2), "i32=3", **SUM)
for flags in (1, 3):
    SECTION.link(
        f"dependency-too-old-flags-{flags}", partial(behind_provider, depending, "provider", 4, flags), NOT_FOUND
    )
for flags in (0, 2):
    SECTION.fine(
        f"dependency-too-old-flags-{flags}",
        partial(behind_provider, depending, "provider", 4, flags),
        "i32=3",
        **SUM,
    )
SECTION.link("modules-in-wrong-order", lambda: [importing("provider.add"), provider()], NOT_FOUND)
for label, flags in {"required": 1, "optional": 2}.items():
    SECTION.link(
        f"import-convention-differs-{label}",
        partial(behind_provider, importing, "provider.add", "0iI_i", flags),
        "INTERNAL",
    )
for label, convention in {"empty": "", "absent": None}.items():
    SECTION.fine(
        f"import-convention-{label}",
        partial(behind_provider, importing, "provider.add", convention),
        "i32=3",
        **SUM,
    )
SECTION.link("import-of-missing-function", partial(behind_provider, importing, "provider.no"), NOT_FOUND)
SECTION.fine(
    "optional-import-of-missing-function", partial(behind_provider, importing, "provider.no", flags=2), "i32=3", **SUM
)

# Function descriptors.
DESCRIPTORS: dict[str, tuple[dict[str, int], str]] = {
    "blocks-0": ({"block_count": 0}, BAD),
    "blocks-2-of-1": ({"block_count": 2}, BAD),
    "length-0": ({"length": 0}, BAD),
    "length-negative": ({"length": -1}, BAD),
    "length-past-end": ({"length": 4096}, BAD),
    "offset-negative": ({"offset": -8}, BAD),
    "offset-and-length-huge": ({"offset": 0x7FFFFFFF, "length": 0x7FFFFFFF}, BAD),
    "length-1": ({"length": 1}, BAD),
    "length-1-short": ({"length": 13}, RANGE),
    "length-2-more": ({"length": 16}, BAD),
    "i32-registers-0x4001": ({"i32_count": 0x4001}, EXHAUSTED),
    "i32-registers-0x7fff": ({"i32_count": 0x7FFF}, EXHAUSTED),
    "i32-registers-minus-1": ({"i32_count": -1}, BAD),
    "i32-registers-minus-32768": ({"i32_count": -32768}, BAD),
    "i32-registers-0-of-2": ({"i32_count": 0}, BAD),
    "i32-registers-1-of-2": ({"i32_count": 1}, BAD),
    "ref-registers-0x2001": ({"ref_count": 0x2001}, EXHAUSTED),
    "ref-registers-0x3fff": ({"ref_count": 0x3FFF}, EXHAUSTED),
    "ref-registers-0x4000": ({"ref_count": 0x4000}, BAD),
}
for label, (fields, status) in DESCRIPTORS.items():
    SECTION.verify(f"descriptor-{label}", partial(add_with_descriptor, **fields), status)
for label, fields in {
    "length-1-more": {"length": 15},
    "i32-registers-0x4000": {"i32_count": 0x4000},
    "ref-registers-0x2000": {"ref_count": 0x2000},
    "reserved-1": {"reserved": 1},
}.items():
    SECTION.fine(f"descriptor-{label}", partial(add_with_descriptor, **fields), "i32=3", **SUM)
SECTION.verify(
    "descriptor-blocks-negative",
    lambda: add_with_descriptor(block_count=-1),
    BAD,
    wheel="hang",
    hazard="H6",
    costly=True,
)
SECTION.verify(
    "descriptor-ref-registers-negative",
    lambda: add_with_descriptor(ref_count=-1),
    BAD,
    wheel=EXHAUSTED,
    hazard="H7",
    **SUM,
)
SECTION.fine("rwdata-size-negative", lambda: add(rwdata=[-5]), "i32=3", **SUM)


def _without_functions() -> bytes:
    return add(functions=None, signatures=None, exports=None, bytecode=b"")


SECTION.call("no-functions", _without_functions, NOT_FOUND)
SECTION.link("global-bytes-negative", lambda: add(state=image.State(-1, 0)), RANGE)
SECTION.link("global-refs-negative", lambda: add(state=image.State(0, -1)), RANGE)
SECTION.link("global-refs-huge", lambda: add(state=image.State(0, 0x7FFFFFFF)), EXHAUSTED, costly=True)

# Calling conventions.
for label, convention in {"empty": "", "version-only": "0", "no-underscore": "0v", "absent": None}.items():
    SECTION.fine(f"convention-{label}", partial(program, RETURN, convention=convention))
for convention in ("0ii", "0ii_"):
    SECTION.fine(f"convention-{convention}-returns-one", partial(add_with_convention, convention), **SUM)
for convention, status in {
    "1ii_i": "UNIMPLEMENTED",
    "0iI_i": BAD,
    "0iCiD_i": BAD,
    "0ii_x": BAD,
    "0xx_i": BAD,
    "0ii_i_i": BAD,
    "0ii_ii": RANGE,
    "0ii_r": BAD,
}.items():
    SECTION.verify(f"convention-{convention}", partial(add_with_convention, convention), status)

# Attributes and rodata.
SECTION.fine("module-attribute-without-key", lambda: add(attrs=[image.Attr(None, "v")]), "i32=3", **SUM)
SECTION.fine(
    "function-attribute-without-key",
    lambda: add(signatures=[image.Signature("0ii_i", [image.Attr(None, "v")])]),
    "i32=3",
    **SUM,
)


def _external(offset: int | None, length: int | None) -> Callable[[], bytes]:
    """A module with 64 bytes behind it and a rodata segment there."""
    return lambda: write(add_module(rodata=[image.Rodata(None, offset, length)]), external=bytes(64))


def _external_at_end() -> bytes:
    """A segment without fields is the empty range at the rodata base, which here is past the end of the file."""
    data = add(rodata=[image.Rodata()])
    assert len(data) % 64
    return data


SECTION.fine("rodata-external", _external(0, 64), "i32=3", **SUM)
SECTION.fine("rodata-external-at-the-end", _external(64, 0), "i32=3", **SUM)
for label, (offset, length) in {
    "past-end": (0, 65),
    "offset-past-end": (65, 0),
    "offset-huge": (2**64 - 8, 16),
    "length-huge": (8, 2**64 - 8),
}.items():
    SECTION.verify(f"rodata-external-{label}", _external(offset, length), BAD)
SECTION.verify("rodata-empty-past-end", _external_at_end, BAD)
SECTION.fine("rodata-compressed", lambda: add(rodata=[image.Rodata(b"abc", compression=1)]), "i32=3", **SUM)


# Names that are taken twice.
TWO_FUNCTIONS = """
vm.module @m version 0
vm.type i32
vm.export @f
vm.func @f() -> (i32) {
^bb0:
  %i0 = vm.const.i32 1
  vm.return %i0
}
vm.export @g
vm.func @g() -> (i32) {
^bb0:
  %i0 = vm.const.i32 2
  vm.return %i0
}
"""


def _two_exports_of_a_name() -> bytes:
    module = assemble(TWO_FUNCTIONS)
    module.exports = [image.Export("f", 0), image.Export("f", 1)]
    return write(module)


def _constant(name: str, value: int) -> bytes:
    return program(instruction("const.i32", value, 0), instruction("return", [0]), convention="0v_i", name=name)


def _two_modules_of_a_name() -> list[bytes]:
    call = (instruction("call", 0x80000000, [], [0]), instruction("return", [0]))
    imports = [image.Import("same.f", image.Signature("0v_i"), 1)]
    return [_constant("same", 1), _constant("same", 2), program(*call, convention="0v_i", imports=imports)]


SECTION.fine("export-name-twice", _two_exports_of_a_name, "i32=1")
SECTION.fine("module-name-twice", _two_modules_of_a_name, "i32=2")
