"""Malformed code: blocks, terminators, branch targets, unknown opcodes, fields that run past the end."""

from __future__ import annotations

import struct
from functools import partial

from ..instructions import Instruction, encode, instruction
from .bases import BLOCK, RETURN, add_with_descriptor, program
from .case import Section

SECTION = Section("code")
BAD, RANGE = "INVALID_ARGUMENT", "OUT_OF_RANGE"
NOP = instruction("const.i32.zero", 0)


def br(target: int) -> Instruction:
    return instruction("br", target, [])


# Blocks and terminators. A lone last byte is never looked at by the release, so a marker there does not count.
SECTION.verify("no-leading-marker", partial(program, RETURN, bare=True, blocks=1), BAD)
SECTION.verify("behind-a-terminator", partial(program, RETURN, NOP), BAD)
SECTION.verify("marker-behind-marker", partial(program, BLOCK, RETURN), BAD)
SECTION.verify("no-terminator", partial(program, NOP), BAD)
SECTION.verify("marker-and-a-byte", partial(program, b"\0"), BAD)
SECTION.verify("marker-only", partial(program), BAD)
SECTION.verify("more-blocks-than-declared", partial(program, RETURN, BLOCK, RETURN, blocks=1), BAD)
SECTION.verify("fewer-blocks-than-declared", partial(program, RETURN, BLOCK, RETURN, blocks=3), BAD)
SECTION.fine("last-byte-is-a-marker", partial(program, RETURN, b"\x79"))
SECTION.verify("last-byte-is-a-counted-marker", partial(program, RETURN, b"\x79", blocks=2), BAD)
SECTION.verify("branch-to-a-last-byte", partial(program, br(10), b"\0\x79", blocks=2), BAD)

# Branch targets. Here the first block is: marker, br (8 bytes with its empty list); the second one starts at 8.
SECTION.verify("branch-past-end", partial(program, br(1000), BLOCK, RETURN), BAD)
SECTION.verify("branch-far-past-end", partial(program, br(0xFFFFFE), BLOCK, RETURN), BAD)
SECTION.verify("branch-into-an-instruction", partial(program, br(3), BLOCK, RETURN), BAD)
SECTION.verify(
    "branch-to-marker-in-an-immediate",
    partial(program, instruction("const.i32", 0x79797979, 0), br(2), BLOCK, RETURN),
    BAD,
)
SECTION.verify("branch-to-0xffffff", partial(program, br(0xFFFFFF), BLOCK, RETURN), RANGE)
SECTION.verify("branch-to-0xffffffff", partial(program, br(0xFFFFFFFF), BLOCK, RETURN), RANGE)
SECTION.verify("case-past-end", partial(program, instruction("br_table", 0, 0, [], [(1000, [])]), BLOCK, RETURN), BAD)

# Opcodes that are not assigned, and prefixes.
for byte in (0x89, 0xDF, 0xE2, 0xFF):
    SECTION.verify(f"opcode-{byte:02x}", partial(program, bytes([byte]), RETURN), BAD)
for prefix, bit in ((0xE0, 1), (0xE1, 2)):
    for byte in (0x3F if prefix == 0xE0 else 0x41, 0x80, 0xFF):
        SECTION.verify(
            f"opcode-{prefix:02x}-{byte:02x}", partial(program, bytes([prefix, byte]), RETURN, requirements=bit), BAD
        )
for name in ("f32", "f64"):
    SECTION.verify(f"{name}-without-its-feature", partial(program, instruction(f"const.{name}.zero", 0), RETURN), BAD)
SECTION.verify("prefix-is-the-last-byte", partial(program, NOP, b"\xe0", requirements=1), BAD)


# Fields that run past the end of the code.
def _cut(one: Instruction, keep: int) -> bytes:
    return encode([one])[:keep]


for name, part in {
    "immediate-cut": _cut(instruction("const.i32", 1, 0), 4),
    "register-cut": _cut(instruction("const.i32", 1, 0), 6),
    "list-cut": b"\x5a" + struct.pack("<HH", 3, 0),
    "list-count-0xffff": b"\x5a" + struct.pack("<H", 0xFFFF) + bytes(8),
    "string-cut": b"\x5b" + struct.pack("<HH", 0, 20) + b"short",
    "remap-count-0xffff": b"\x56" + struct.pack("<IH", 0, 0xFFFF) + bytes(8),
    "table-count-0xffff": b"\x83" + struct.pack("<HIHH", 0, 0, 0, 0xFFFF) + bytes(8),
}.items():
    SECTION.verify(name, partial(program, part), RANGE)
SECTION.verify("cut-in-the-last-instruction", partial(add_with_descriptor, length=12), RANGE)

# The list of a return at pc 4 starts at pc 6, behind a pad byte that nobody reads.
SECTION.fine("pad-byte-not-zero", partial(program, NOP, b"\x5a\xff\x00\x00"))
