"""Bytecode modules (`.vmfb`) in Python: read, write, assemble, disassemble, and make invalid ones.

module = read(Path("app.vmfb").read_bytes())
print(disassemble(module))
data = write(assemble(text))
"""

from .assembler import AssemblyError, assemble
from .container import VmfbError
from .disassembler import disassemble
from .image import (
    BYTECODE_VERSION,
    Attr,
    Debug,
    Dependency,
    Export,
    Function,
    Import,
    Loc,
    Module,
    Rodata,
    Signature,
    SourceMap,
    State,
)
from .instructions import Instruction, decode, encode
from .reader import read
from .writer import write

__all__ = [
    "BYTECODE_VERSION",
    "AssemblyError",
    "Attr",
    "Debug",
    "Dependency",
    "Export",
    "Function",
    "Import",
    "Instruction",
    "Loc",
    "Module",
    "Rodata",
    "Signature",
    "SourceMap",
    "State",
    "VmfbError",
    "assemble",
    "decode",
    "disassemble",
    "encode",
    "read",
    "write",
]
