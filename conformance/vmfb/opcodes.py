"""The opcode table: the rows of the runtime's `opcodes.def`, which is the only place where opcodes are listed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CORE, F32, F64 = "CORE", "F32", "F64"
PREFIXES = {F32: 0xE0, F64: 0xE1}
_ROW = re.compile(r'^OP\((\w+), (0x[0-9A-F]+), (\w+), "([^"]*)", "([^"]*)", "(.*)"\)$', re.MULTILINE)
_FIELD = re.compile(r"(=?)(\*?.)")


@dataclass(frozen=True)
class Field:
    """One operand or result: its kind, a letter explained at the top of `opcodes.def` (`*i` is a list of i32)."""

    kind: str
    is_result: bool


@dataclass(frozen=True)
class Opcode:
    """One instruction."""

    set: str
    code: int
    name: str
    mnemonic: str
    fields: tuple[Field, ...]
    effect: str

    @property
    def encoding(self) -> bytes:
        """The byte, or the prefix and the byte."""
        return bytes([PREFIXES[self.set], self.code] if self.set in PREFIXES else [self.code])


def parse_table(text: str) -> tuple[Opcode, ...]:
    """The rows of an `opcodes.def`."""
    rows = []
    for set_name, code, name, mnemonic, letters, effect in _ROW.findall(text):
        fields = tuple(Field(kind, bool(mark)) for mark, kind in _FIELD.findall(letters))
        rows.append(Opcode(set_name, int(code, 16), name, mnemonic, fields, effect))
    return tuple(rows)


def table_path() -> Path:
    """`opcodes.def`: in the runtime's sources of a checkout, or its copy inside the installed package."""
    package = Path(__file__).resolve().parents[1]
    for path in (package.parent / "runtime/src/bytecode/opcodes.def", package / "_data/opcodes.def"):
        if path.exists():
            return path
    raise FileNotFoundError(f"opcodes.def is neither beside nor inside {package}: this installation is incomplete")


@cache
def table() -> tuple[Opcode, ...]:
    return parse_table(table_path().read_text())


@cache
def by_mnemonic() -> dict[str, Opcode]:
    return {opcode.mnemonic: opcode for opcode in table()}


@cache
def by_encoding() -> dict[bytes, Opcode]:
    return {opcode.encoding: opcode for opcode in table()}
