"""Registers, types and globals that do not exist. The release checks registers only in lists; all must be checked."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import image
from ..instructions import Instruction, instruction
from .bases import BLOCK, RETURN, program
from .case import Section

SECTION = Section("registers")
BAD, RANGE, CRASH = "INVALID_ARGUMENT", "OUT_OF_RANGE", "signal 11"
REF, MOVE = 0x8000, 0x4000
H7: dict[str, Any] = {"hazard": "H7"}


def zero(register: int) -> Instruction:
    return instruction("const.i32.zero", register)


# Fields, in a frame of four 32-bit and two ref registers.
FIELDS: dict[str, tuple[list[Instruction], str, str]] = {
    "i32-4-of-4": ([zero(4)], RANGE, "OK"),
    "i64-odd": ([instruction("const.i64.zero", 1)], BAD, "OK"),
    "i64-past-end": ([instruction("const.i64.zero", 4)], RANGE, "OK"),
    "ref-without-bank-bit": ([instruction("const.ref.zero", 0)], BAD, "OK"),
    "ref-2-of-2": ([instruction("const.ref.zero", REF | 2)], RANGE, "OK"),
    "move-where-not-allowed": ([instruction("cmp.nz.ref", REF | MOVE, 0)], BAD, "OK"),
    "i32-0x7fff": ([zero(0x7FFF)], RANGE, CRASH),
    "i32-of-the-ref-bank": ([zero(REF)], BAD, CRASH),
    "ref-0x3fff": ([instruction("const.ref.zero", REF | 0x3FFF)], RANGE, CRASH),
    "read-of-i32-0x7fff": ([instruction("add.i32", 0x7FFF, 0, 0)], RANGE, CRASH),
    "add-of-the-ref-bank": ([instruction("add.i32", REF, REF | 1, REF | 2)], BAD, CRASH),
}
for name, (code, status, wheel) in FIELDS.items():
    SECTION.verify(f"field-{name}", partial(program, *code, RETURN), status, wheel=wheel, **H7)

# Lists and branch arguments.
SECTION.verify("list-i32-9-of-4", partial(program, instruction("return", [9]), convention="0v_i"), RANGE)
SECTION.verify("list-ref-5-of-2", partial(program, instruction("discard.refs", [REF | 5]), RETURN), RANGE)


def remap(*pairs: tuple[int, int]) -> list[Instruction]:
    """A branch with these arguments to the block behind it, which returns."""
    return [instruction("br", 8 + 4 * len(pairs), list(pairs)), BLOCK, RETURN]


SECTION.verify("remap-i32-9-of-4", partial(program, *remap((9, 0))), RANGE)
SECTION.verify("remap-i32-to-9-of-4", partial(program, *remap((0, 9))), RANGE)
SECTION.verify("remap-ref-2-of-2", partial(program, *remap((REF | 2, REF))), RANGE)
SECTION.verify("remap-i32-to-ref", partial(program, *remap((0, REF))), BAD, wheel=CRASH, hazard="H10")
SECTION.verify("remap-ref-to-i32", partial(program, *remap((REF, 0))), BAD, wheel="OK", hazard="H10")
SECTION.verify("switch-value-odd-i64", partial(program, instruction("switch.i64", 0, 2, [1], 2), RETURN), BAD)
SECTION.verify(
    "return-odd-i64",
    partial(program, instruction("const.i64.zero", 0), instruction("return", [1]), convention="0v_I"),
    BAD,
)
SECTION.verify("return-i32-for-ref", partial(program, instruction("return", [0]), convention="0v_r"), BAD)
SECTION.verify("return-nothing-for-i32", partial(program, RETURN, convention="0v_i"), RANGE)
SECTION.fine(
    "return-more-than-asked",
    partial(program, instruction("return", [0, 1, 2]), convention="0v_i"),
    "i32=0",
    hazard="H8",
)
SECTION.add(
    "discard-of-an-i32",
    partial(program, instruction("discard.refs", [0]), RETURN),
    "verify",
    "INVALID_ARGUMENT|OK",
    wheel="OK",
    **H7,
)

# The release rounds counts up to a power of two.
SECTION.verify(
    "list-i32-31-of-17",
    partial(program, instruction("return", [31]), convention="0v_i", i32=17),
    RANGE,
    wheel="OK",
    **H7,
)
SECTION.verify(
    "list-ref-3-of-3", partial(program, instruction("discard.refs", [REF | 3]), RETURN, refs=3), RANGE, wheel="OK", **H7
)

# Types.
for number in (99, -1, -100000):
    SECTION.verify(
        f"type-{number}", partial(program, instruction("list.alloc", number, 0, REF), RETURN), RANGE, wheel="OK", **H7
    )
SECTION.fine("cast-of-null-to-a-primitive", partial(program, instruction("cast.any.ref", REF, 0, REF | 1), RETURN))


# Globals: 16 bytes and one ref, unless said otherwise.
def with_globals(*code: Instruction, size: int = 16, refs: int = 1, **options: Any) -> bytes:
    return program(*code, RETURN, state=image.State(size, refs), **options)


SECTION.fine("global-i32-at-12-of-16", partial(with_globals, instruction("global.load.i32", 12, 0)))
SECTION.verify("global-i32-at-13-of-16", partial(with_globals, instruction("global.load.i32", 13, 0)), RANGE)
for at in (0xFFFFFFFC, 0xFFFFFFFE, 0xFFFFFFFF):
    for verb in ("load", "store"):
        operands = (at, 0)
        SECTION.verify(
            f"global-{verb}-at-{at:08x}",
            partial(with_globals, instruction(f"global.{verb}.i32", *operands)),
            RANGE,
            wheel=CRASH,
            hazard="H5",
        )
SECTION.verify(
    "global-i64-at-fffffff8",
    partial(with_globals, instruction("global.load.i64", 0xFFFFFFF8, 0)),
    RANGE,
    wheel=CRASH,
    hazard="H5",
)
F64: dict[str, Any] = {"requirements": 2}
SECTION.verify(
    "global-f64-at-fffffffc",
    partial(with_globals, instruction("global.load.f64", 0xFFFFFFFC, 0), **F64),
    RANGE,
    wheel=CRASH,
    hazard="H5",
)
SECTION.verify(
    "global-f64-at-12-of-16",
    partial(with_globals, instruction("global.load.f64", 12, 0), **F64),
    RANGE,
    wheel="OK",
    hazard="H5",
)
SECTION.verify("global-f64-at-13-of-16", partial(with_globals, instruction("global.load.f64", 13, 0), **F64), RANGE)
for number in (1, -1):
    SECTION.verify(
        f"global-ref-{number}-of-1", partial(with_globals, instruction("global.load.ref", number, 4, REF)), RANGE
    )
SECTION.verify("global-without-state", partial(program, instruction("global.load.i32", 0, 0), RETURN), RANGE)
SECTION.verify("global-ref-without-state", partial(program, instruction("global.load.ref", 0, 4, REF), RETURN), RANGE)
for number in (0, -1):
    SECTION.verify(
        f"rodata-{number}-of-0", partial(program, instruction("const.ref.rodata", number, REF), RETURN), RANGE
    )


def indirect(kind: str, at: int, register: int = 2, **options: Any) -> bytes:
    load = instruction(f"global.load.indirect.{kind}", 0, register)
    return with_globals(instruction("const.i32", at, 0), load, **options)


SECTION.call("indirect-i32-at-13-of-16", partial(indirect, "i32", 13), RANGE)
for kind, at in (("i32", -1), ("i32", -4), ("i64", -8)):
    SECTION.call(f"indirect-{kind}-at-{at}", partial(indirect, kind, at), RANGE, wheel=CRASH, hazard="H5")
SECTION.call("indirect-f64-at-12-of-16", partial(indirect, "f64", 12, **F64), RANGE, wheel="OK", hazard="H5")
SECTION.call(
    "indirect-ref-1-of-1",
    partial(with_globals, instruction("const.i32", 1, 0), instruction("global.load.indirect.ref", 0, 4, REF)),
    RANGE,
)
SECTION.fine("indirect-i64-unaligned", partial(indirect, "i64", 4))
SECTION.fine("indirect-i32-unaligned", partial(indirect, "i32", 3))
