"""Prints a module as assembly text, in the form of `iree-dump-module --output=disassembly`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import syntax
from .image import OPTIONAL, Module
from .instructions import IMPORT_BIT, MOVE_BIT, REF_BIT, Instruction, decode

_KINDS = {"i": "i32", "I": "i64", "f": "f32", "F": "f64", "r": "!vm.ref<?>"}


def disassemble(module: Module) -> str:
    """The whole module."""
    return "\n".join([*_header(module), *_functions(module)]) + "\n"


def _header(module: Module) -> Iterator[str]:
    yield f"vm.module @{module.name} version {module.version}"
    yield from (f"vm.type {name}" for name in module.types or [])
    for imported in module.imports or []:
        optional = "optional " if (imported.flags or 0) & OPTIONAL else ""
        convention = imported.signature.calling_convention if imported.signature else None
        yield f'vm.import {optional}@{imported.full_name} cconv "{convention or ""}"'
    for i in range(len(module.rodata or [])):
        yield f"vm.rodata[{i}] = {module.rodata_bytes(i).hex().upper()}"
    if module.state:
        yield f"vm.state bytes {module.state.global_bytes} refs {module.state.global_refs}"


def _functions(module: Module) -> Iterator[str]:
    for ordinal in range(len(module.functions or [])):
        yield ""
        names = [e.local_name or "" for e in module.exports or [] if e.internal_ordinal == ordinal]
        name = names[0] if names else f"fn{ordinal}"
        yield from (f"vm.export @{alias}" + (f" = @{name}" if alias != name else "") for alias in names)
        yield f"vm.func @{name}{_signature(module, ordinal)} {{"
        yield from _body(module, decode(module.code(ordinal)))
        yield "}"


def convention_parts(convention: str | None) -> tuple[str, str]:
    """Arguments and results of a calling convention, `v` left out."""
    arguments, _, results = (convention or "0")[1:].partition("_")
    return arguments.replace("v", ""), results.replace("v", "")


def argument_registers(arguments: str) -> Iterator[tuple[str, int]]:
    """Kind and register index of each argument: 64-bit values start at an even register."""
    i32, refs = 0, 0
    for kind in arguments:
        if kind == "r":
            yield kind, refs
            refs += 1
            continue
        wide = kind in "IF"
        i32 += i32 & 1 if wide else 0
        yield kind, i32
        i32 += 2 if wide else 1


def _signature(module: Module, ordinal: int) -> str:
    signatures = module.signatures or []
    convention = signatures[ordinal].calling_convention if ordinal < len(signatures) else None
    arguments, results = convention_parts(convention)
    pairs = (f"{register(kind, index)}: {_KINDS.get(kind, kind)}" for kind, index in argument_registers(arguments))
    return f"({', '.join(pairs)}) -> ({', '.join(_KINDS.get(kind, kind) for kind in results)})"


def _body(module: Module, instructions: list[Instruction]) -> Iterator[str]:
    labels = {one.pc: n for n, one in enumerate(i for i in instructions if i.mnemonic == "block")}
    printer = _Printer(module, labels)
    for one in instructions:
        yield f"^bb{labels[one.pc]}:" if one.mnemonic == "block" else "  " + printer.instruction(one)


def register(kind: str, index: int) -> str:
    if kind == "r":
        return f"%r{index}"
    return f"%i{index}:{index + 1}" if kind in "IF" else f"%i{index}"


def any_register(value: int) -> str:
    """A register of either bank, from its encoding."""
    if not value & REF_BIT:
        return f"%i{value}"
    return f"%{'R' if value & MOVE_BIT else 'r'}{value & (MOVE_BIT - 1)}"


class _Printer:
    """Prints operands; knows what ordinals and labels mean in one function of one module."""

    def __init__(self, module: Module, labels: dict[int, int]) -> None:
        self.module, self.labels = module, labels

    def instruction(self, one: Instruction) -> str:
        opcode = one.opcode
        texts = [self.operand(f.kind, value) for f, value in zip(opcode.fields, one.operands, strict=True)]
        results = ", ".join(text for n in syntax.leading_results(opcode) if (text := texts[n]))
        operands = syntax.template(opcode).format(*texts)
        line = f"vm.{opcode.mnemonic}" + (f" {operands}" if operands else "")
        return (f"{results} = " if results else "") + line + self.comment(one)

    def operand(self, kind: str, value: Any) -> str:
        if kind in "iIfFrm":
            return register(kind, value) if kind in "IF" and not value & REF_BIT else any_register(value)
        if kind == "l" or kind.startswith("*"):
            return ", ".join(map(any_register, value))
        printers: dict[str, Callable[[Any], str]] = {"b": self.label, "p": self.pairs, "T": self.cases, "s": _quoted}
        printers |= {"k": self.callee, "j": self.callee, "t": self.type, "x": _f32, "X": _f64, "v": _numbers}
        return printers.get(kind, str)(value)

    def label(self, pc: int) -> str:
        return f"^bb{self.labels[pc]}" if pc in self.labels else f"^pc{pc}"

    def pairs(self, pairs: Iterable[tuple[int, int]]) -> str:
        return ", ".join(f"{any_register(source)}->{any_register(target)}" for source, target in pairs)

    def cases(self, cases: Iterable[tuple[int, list[tuple[int, int]]]]) -> str:
        return "".join(f", {n}: {self.label(pc)}({self.pairs(pairs)})" for n, (pc, pairs) in enumerate(cases))

    def callee(self, ordinal: int) -> str:
        imports, index = self.module.imports or [], ordinal & ~IMPORT_BIT
        if not ordinal & IMPORT_BIT:
            return f"@{self.module.name}:{ordinal}"
        return f"@{imports[index].full_name}" if index < len(imports) else f"@import:{index}"

    def type(self, index: int) -> str:
        types = self.module.types or []
        return str(types[index]) if index < len(types) else f"type:{index}"

    def comment(self, one: Instruction) -> str:
        if one.mnemonic in ("const.i32", "const.i64"):
            digits = 8 if one.mnemonic == "const.i32" else 16
            return f"  // 0x{one.operands[0] & (1 << 4 * digits) - 1:0{digits}X}"
        rodata = self.module.rodata or []
        if one.mnemonic == "const.ref.rodata" and one.operands[0] < len(rodata):
            return f"  // {len(self.module.rodata_bytes(one.operands[0]))}b"
        return ""


def _numbers(values: Iterable[int]) -> str:
    return ", ".join(map(str, values))


def _f32(bits: int) -> str:
    return f"{struct.unpack('<f', struct.pack('<I', bits))[0]:.9g}"


def _f64(bits: int) -> str:
    return f"{struct.unpack('<d', struct.pack('<Q', bits))[0]:.17g}"


def _quoted(text: bytes) -> str:
    plain = text.decode("latin-1").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() and ord(c) < 127 else f"\\x{ord(c):02X}" for c in plain) + '"'
