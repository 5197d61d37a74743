"""Instructions as data: decodes a function's code and encodes it again, driven by the opcode table.

Operand values by field kind (see `opcodes.def`): registers, immediates, ordinals and targets are numbers as encoded (a
register keeps its bank and MOVE bits, a float immediate is its bit pattern), `s` is bytes, lists are lists of numbers,
`p` is a list of (source, destination), `T` a list of (target, pairs).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .container import VmfbError
from .opcodes import PREFIXES, Opcode, by_encoding, by_mnemonic

REF_BIT, MOVE_BIT, IMPORT_BIT = 0x8000, 0x4000, 0x80000000
_FIXED = {
    **dict.fromkeys("iIfFrm", struct.Struct("<H")),
    **dict.fromkeys("gGodkjtb", struct.Struct("<I")),
    "c": struct.Struct("<i"),
    "C": struct.Struct("<q"),
    "x": struct.Struct("<I"),
    "X": struct.Struct("<Q"),
}


@dataclass
class Instruction:
    """One instruction; `operands` has one value for each field of the opcode."""

    opcode: Opcode
    operands: list[Any] = field(default_factory=list)
    pc: int = 0

    @property
    def mnemonic(self) -> str:
        return self.opcode.mnemonic

    def of_kind(self, kind: str) -> list[Any]:
        return [value for f, value in zip(self.opcode.fields, self.operands, strict=True) if f.kind == kind]


def instruction(mnemonic: str, *operands: Any) -> Instruction:
    """`instruction("add.i32", 0, 1, 2)`: operands in encoding order."""
    return Instruction(by_mnemonic()[mnemonic], list(operands))


class _Reader:
    """Reads operands from a function's code; lists are aligned relative to its start."""

    def __init__(self, code: bytes) -> None:
        self.code, self.pc = code, 0

    def take(self, count: int) -> bytes:
        if self.pc + count > len(self.code):
            raise VmfbError(f"pc {self.pc}: {count} bytes expected, the code ends at {len(self.code)}")
        self.pc += count
        return self.code[self.pc - count : self.pc]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def align(self) -> None:
        self.take(self.pc & 1)

    def opcode(self) -> Opcode:
        at = self.pc
        encoding = self.take(1)
        if encoding[0] in PREFIXES.values():
            encoding += self.take(1)
        if encoding not in by_encoding():
            raise VmfbError(f"pc {at}: no instruction is encoded as {encoding.hex(' ')}")
        return by_encoding()[encoding]

    def operand(self, kind: str) -> Any:
        if kind in _FIXED:
            return _FIXED[kind].unpack(self.take(_FIXED[kind].size))[0]
        if kind == "s":
            return self.take(self.u16())
        if kind == "T":
            return [(self.operand("b"), self.operand("p")) for _ in range(self.u16())]
        self.align()
        if kind == "p":
            return [(self.u16(), self.u16()) for _ in range(self.u16())]
        return [self.u16() for _ in range(self.u16())]


def decode(code: bytes) -> list[Instruction]:
    """All instructions, block markers included; `VmfbError` with the pc where the code makes no sense."""
    reader, found = _Reader(code), []
    while reader.pc < len(code):
        pc = reader.pc
        opcode = reader.opcode()
        found.append(Instruction(opcode, [reader.operand(f.kind) for f in opcode.fields], pc))
    return found


def encode(instructions: Iterable[Instruction | bytes]) -> bytes:
    """The code of a function. Operands are written as they are, valid or not; bytes are put in between unchanged."""
    code = bytearray()
    for one in instructions:
        if isinstance(one, bytes):
            code += one
            continue
        code += one.opcode.encoding
        for f, value in zip(one.opcode.fields, one.operands, strict=True):
            _append(code, f.kind, value)
    return bytes(code)


def _append(code: bytearray, kind: str, value: Any) -> None:
    if kind in _FIXED:
        size = _FIXED[kind].size
        code += int(value % (1 << 8 * size)).to_bytes(size, "little")
    elif kind == "s":
        code += struct.pack("<H", len(value)) + value
    elif kind == "T":
        code += struct.pack("<H", len(value))
        for target, pairs in value:
            _append(code, "b", target)
            _append(code, "p", pairs)
    else:
        code += bytes(len(code) & 1) + struct.pack("<H", len(value))
        for item in value:
            code += struct.pack("<HH", *item) if kind == "p" else struct.pack("<H", item)


def block_count(instructions: Iterable[Instruction]) -> int:
    return sum(one.mnemonic == "block" for one in instructions)
