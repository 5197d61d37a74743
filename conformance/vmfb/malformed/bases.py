"""Small valid modules to start from, and short ways to spoil them."""

from __future__ import annotations

import struct
from typing import Any

from .. import image
from ..assembler import assemble
from ..instructions import Instruction, encode, instruction
from ..writer import write

ADD = """
vm.module @m version 0
vm.type i32
vm.export @f
vm.func @f(%i0: i32, %i1: i32) -> (i32) {
^bb0:
  %i1 = vm.add.i32 %i0, %i1
  vm.return %i1
}
"""

BLOCK = instruction("block")
RETURN = instruction("return", [])
TYPES = ["i32", "i64", "f32", "f64", "!vm.buffer", "!vm.list<i32>", "!vm.opaque"]


def add_module(**fields: Any) -> image.Module:
    """`f(a, b) = a + b`, with other values for some fields of the module."""
    module = assemble(ADD)
    for name, value in fields.items():
        setattr(module, name, value)
    return module


def add(**fields: Any) -> bytes:
    return write(add_module(**fields))


def add_with_descriptor(**fields: int) -> bytes:
    """The same with other values for some fields of the function's descriptor."""
    module = add_module()
    assert module.functions
    for name, value in fields.items():
        setattr(module.functions[0], name, value)
    return write(module)


def add_with_convention(convention: str | None, **descriptor: int) -> bytes:
    """The same with another calling convention."""
    module = add_module(signatures=[image.Signature(convention)])
    assert module.functions
    for name, value in descriptor.items():
        setattr(module.functions[0], name, value)
    return write(module)


def program(*parts: Instruction | bytes, convention: str | None = "0v_v", **options: Any) -> bytes:
    """A module whose only function `f` has this code. A block marker is put in front unless `bare`."""
    return write(program_module(*parts, convention=convention, **options))


def program_module(
    *parts: Instruction | bytes,
    convention: str | None = "0v_v",
    i32: int = 4,
    refs: int = 2,
    blocks: int | None = None,
    requirements: int = 0,
    bare: bool = False,
    **fields: Any,
) -> image.Module:
    """What `program` writes. `blocks` is counted when left out."""
    code = encode(parts if bare else (BLOCK, *parts))
    counted = sum(isinstance(part, Instruction) and part.mnemonic == "block" for part in parts) + (not bare)
    count = counted if blocks is None else blocks
    module = image.Module(
        name="m",
        types=list(TYPES),
        exports=[image.Export("f", 0)],
        signatures=[image.Signature(convention)],
        functions=[image.Function(0, len(code), requirements, 0, count, i32, refs)],
        bytecode=code + bytes(-len(code) % 8),
    )
    for name, value in fields.items():
        setattr(module, name, value)
    return module


def text(body: str, arguments: str = "", results: str = "", head: str = "") -> bytes:
    """A module with one function `f`, its body and further declarations in assembly."""
    return write(text_module(body, arguments, results, head))


def text_module(body: str, arguments: str = "", results: str = "", head: str = "") -> image.Module:
    types = "\n".join(f"vm.type {name}" for name in TYPES)
    lines = "\n".join(line.strip() for line in body.strip().splitlines())
    start = "" if lines.startswith("^") else "^bb0:\n"
    function = f"vm.func @f({arguments}) -> ({results}) {{\n{start}{lines}\n}}"
    return assemble(f"vm.module @m version 0\n{types}\n{head}\nvm.export @f\n{function}\n")


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def with_prefix(data: bytes, length: int) -> bytes:
    """Another value in the size prefix."""
    return patched(data, 0, struct.pack("<I", length & 0xFFFFFFFF))
