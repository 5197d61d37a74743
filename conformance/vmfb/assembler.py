"""Makes a module out of assembly text, the form that the disassembler prints and `iree-as-module` reads.

    vm.module @name version 3
    vm.type i32
    vm.import [optional] @other.function cconv "0i_i"
    vm.rodata[0] = 68656C6C6F
    vm.state bytes 8 refs 1                    not in the other tools; left out, it is what the direct accesses need
    vm.export @alias = @function
    vm.func @function(%i0: i32) -> (i32) {
    ^bb0:
      vm.return %i0
    }

In lists a 64-bit register may be written `%i2` or `%i2:3`; the second form also makes room for the pair.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from . import image, syntax
from .disassembler import argument_registers, convention_parts
from .instructions import IMPORT_BIT, MOVE_BIT, REF_BIT, Instruction, block_count, encode
from .opcodes import F32, F64, Opcode, by_mnemonic

_NAME = r"@([\w.$:]+)"
_LINES = {
    "module": re.compile(rf"vm\.module {_NAME}(?: version (\d+))?"),
    "type": re.compile(r"vm\.type (\S+)"),
    "import": re.compile(rf'vm\.import (optional )?{_NAME} cconv "([^"]*)"'),
    "rodata": re.compile(r"vm\.rodata\[(\d+)\] = ([0-9A-Fa-f]*)"),
    "state": re.compile(r"vm\.state bytes (\d+) refs (\d+)"),
    "export": re.compile(rf"vm\.export {_NAME}(?: = {_NAME})?"),
    "func": re.compile(rf"vm\.func {_NAME}\(([^)]*)\) -> \(([^)]*)\) \{{"),
    "block": re.compile(r"(\^\w+):"),
    "end": re.compile(r"\}"),
}
_INSTRUCTION = re.compile(r"(?:(?P<results>%[^=]*) = )?vm\.(?P<mnemonic>[\w.]+)(?: (?P<operands>.*))?")
_REGISTER = re.compile(r"%([irR])(\d+)(?::(\d+))?")
_COMMENT = re.compile(r'^((?:[^"/]|"(?:[^"\\]|\\.)*"|/(?!/))*)//.*$')
_KINDS = {"i32": "i", "i64": "I", "f32": "f", "f64": "F"}
_GLOBAL_SIZE = {"g": 4, "G": 8}
_ESCAPES = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))")


class AssemblyError(ValueError):
    """The text is not assembly; the message begins with the line number."""


@dataclass
class _Body:
    """A function while it is being read: labels are still names."""

    name: str
    convention: str
    instructions: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    line: int = 0
    i32_count: int = 0
    ref_count: int = 0

    def use(self, register: int, last: int) -> None:
        """Makes room for a register; `last` is the second one of a pair."""
        if register & REF_BIT:
            self.ref_count = max(self.ref_count, last + 1)
        else:
            self.i32_count = max(self.i32_count, last + 1)


def assemble(text: str) -> image.Module:
    """The module that `text` describes."""
    state = _Assembler()
    for number, line in enumerate(text.splitlines(), 1):
        comment = _COMMENT.match(line)
        bare = (comment[1] if comment else line).strip()
        if bare:
            state.number = number
            state.line(bare)
    return state.finish()


class _Assembler:
    def __init__(self) -> None:
        self.module = image.Module()
        self.types: list[str] = []
        self.imports: list[image.Import] = []
        self.rodata: list[image.Rodata] = []
        self.signatures: list[image.Signature] = []
        self.functions: list[image.Function] = []
        self.exports: list[tuple[str, str]] = []
        self.bodies: list[_Body] = []
        self.body: _Body | None = None
        self.number = 0

    def fail(self, message: str) -> AssemblyError:
        return AssemblyError(f"line {self.number}: {message}")

    def line(self, text: str) -> None:
        for kind, pattern in _LINES.items():
            match = pattern.fullmatch(text)
            if match:
                getattr(self, f"on_{kind}")(*match.groups())
                return
        match = _INSTRUCTION.fullmatch(text)
        if not match or match["mnemonic"] not in by_mnemonic():
            raise self.fail(f"neither a directive nor an instruction: {text}")
        self.on_instruction(by_mnemonic()[match["mnemonic"]], match["results"] or "", match["operands"] or "")

    def on_module(self, name: str, version: str | None) -> None:
        self.module.name, self.module.version = name, int(version or 0)

    def on_type(self, name: str) -> None:
        self.types.append(name)

    def on_import(self, optional: str | None, name: str, convention: str) -> None:
        flags = image.OPTIONAL if optional else image.REQUIRED
        self.imports.append(image.Import(name, image.Signature(convention), flags))

    def on_rodata(self, index: str, digits: str) -> None:
        if int(index) != len(self.rodata):
            raise self.fail(f"rodata {index} out of order, expected {len(self.rodata)}")
        self.rodata.append(image.Rodata(bytes.fromhex(digits)))

    def on_state(self, size: str, refs: str) -> None:
        self.module.state = image.State(int(size), int(refs))

    def on_export(self, name: str, target: str | None) -> None:
        self.exports.append((name, target or name))

    def on_func(self, name: str, arguments: str, results: str) -> None:
        kinds = "".join(_kind(item.rpartition(": ")[2]) for item in arguments.split(", ") if item)
        given = "".join(_kind(item) for item in results.split(", ") if item)
        self.body = _Body(name, f"0{kinds or 'v'}_{given or 'v'}", line=self.number)
        for kind, index in argument_registers(kinds):
            self.body.use(REF_BIT if kind == "r" else 0, index + (kind in "IF"))
        self.bodies.append(self.body)

    def on_end(self) -> None:
        self.body = None

    def on_block(self, label: str) -> None:
        body = self.inside()
        body.labels[label] = len(body.instructions)
        body.instructions.append(Instruction(by_mnemonic()["block"]))

    def on_instruction(self, opcode: Opcode, results: str, operands: str) -> None:
        match = syntax.operand_pattern(opcode).fullmatch(operands)
        if not match:
            raise self.fail(
                f"vm.{opcode.mnemonic}: operands are not of the form `{syntax.template(opcode)}`: {operands}"
            )
        texts = {int(name[1:]): text for name, text in match.groupdict().items()}
        leading = syntax.leading_results(opcode)
        names = (
            [results] if leading and opcode.fields[leading[0]].kind == "l" else [r for r in results.split(", ") if r]
        )
        if len(names) != len(leading):
            raise self.fail(f"vm.{opcode.mnemonic}: {len(leading)} results expected, found {len(names)}")
        texts |= dict(zip(leading, names, strict=True))
        values = [self.value(f.kind, texts[n]) for n, f in enumerate(opcode.fields)]
        self.inside().instructions.append(Instruction(opcode, values))

    def inside(self) -> _Body:
        if self.body is None:
            raise self.fail("an instruction outside of a function")
        return self.body

    def value(self, kind: str, text: str) -> Any:
        if kind in "iIfFrm":
            return self.register(text)
        if kind == "l" or kind.startswith("*"):
            return [self.register(item) for item in text.split(", ") if item]
        if kind == "p":
            return [tuple(map(self.register, item.split("->"))) for item in text.split(", ") if item]
        if kind == "v":
            return [int(item) for item in text.split(", ") if item]
        if kind == "T":
            return [(label, self.value("p", pairs)) for label, pairs in re.findall(r": (\^\w+)\(([^)]*)\)", text)]
        readers: dict[str, Callable[[str], Any]] = {
            "b": str,
            "t": self.type,
            "k": self.callee,
            "j": self.callee,
            "s": _unquoted,
            "x": _f32,
            "X": _f64,
        }
        return readers.get(kind, _number)(text)

    def register(self, text: str) -> int:
        match = _REGISTER.fullmatch(text.strip())
        if not match:
            raise self.fail(f"not a register: {text}")
        register = {"i": 0, "r": REF_BIT, "R": REF_BIT | MOVE_BIT}[match[1]] | int(match[2])
        self.inside().use(register, int(match[3] or match[2]))
        return register

    def type(self, name: str) -> int:
        if name not in self.types:
            raise self.fail(f"type {name} is not declared by a `vm.type`")
        return self.types.index(name)

    def callee(self, text: str) -> int:
        internal = re.fullmatch(r"@[^:]*:(\d+)", text)
        if internal:
            return int(internal[1])
        names = [imported.full_name for imported in self.imports]
        if text[1:] not in names:
            raise self.fail(f"{text} is not declared by a `vm.import`")
        return IMPORT_BIT | names.index(text[1:])

    def finish(self) -> image.Module:
        module = self.module
        module.types, module.imports = list(self.types) or None, self.imports or None
        module.rodata = self.rodata or None
        module.dependencies = _dependencies(self.imports) or None
        code = bytearray()
        for body in self.bodies:
            self.function(body, code)
        module.signatures, module.functions, module.bytecode = self.signatures, self.functions, bytes(code)
        module.exports = [image.Export(name, self.ordinal(target)) for name, target in self.exports] or None
        module.requirements = _union(f.requirements for f in self.functions)
        module.state = module.state or _state_needed(one for body in self.bodies for one in body.instructions)
        return module

    def ordinal(self, name: str) -> int:
        for ordinal, body in enumerate(self.bodies):
            if body.name == name:
                return ordinal
        raise AssemblyError(f"line {self.number}: exported function @{name} is not defined")

    def function(self, body: _Body, code: bytearray) -> None:
        """Resolves labels and adds descriptor, signature and code."""
        offset, encoded = len(code), encode(_resolved(body))
        code += encoded + bytes(-len(encoded) % 8)
        self.use_wide_lists(body)
        blocks, i32, refs = block_count(body.instructions), body.i32_count, body.ref_count
        self.signatures.append(image.Signature(body.convention))
        self.functions.append(image.Function(offset, len(encoded), _requirements(body), 0, blocks, i32, refs))

    def use_wide_lists(self, body: _Body) -> None:
        """Makes room for the pairs that only lists name: there a pair is written as its first register."""
        for one in body.instructions:
            for kinds, registers in zip(self.list_kinds(body, one), one.of_kind("l"), strict=False):
                for kind, register in zip(kinds, registers, strict=False):
                    body.use(register, (register & (MOVE_BIT - 1)) + (kind in "IF"))

    def list_kinds(self, body: _Body, one: Instruction) -> tuple[str, ...]:
        """What the register lists of a return or a call hold, by the calling convention."""
        if one.mnemonic == "return":
            return convention_parts(body.convention)[1:]
        if not one.mnemonic.startswith("call"):
            return ()
        callee = one.operands[0]
        if not callee & IMPORT_BIT:
            return convention_parts(self.bodies[callee].convention) if callee < len(self.bodies) else ()
        signature = self.imports[callee & ~IMPORT_BIT].signature
        arguments, results = convention_parts(signature.calling_convention if signature else None)
        return ("" if "C" in arguments else arguments, results)


def _kind(type_name: str) -> str:
    return _KINDS.get(type_name, "r")


def _resolved(body: _Body) -> list[Instruction]:
    """The instructions with pcs for labels. Targets have a fixed size, so one pass with zeros finds every pc."""
    pcs: list[int] = []
    size = 0
    placeholder = [Instruction(one.opcode, _with_targets(one, lambda _: 0)) for one in body.instructions]
    code = bytearray()
    for one in placeholder:
        pcs.append(size)
        code += encode([one]) if size % 2 == 0 else encode([_ODD, one])[1:]
        size = len(code)

    def target(label: str) -> int:
        if label not in body.labels:
            raise AssemblyError(f"line {body.line}: function @{body.name} has no block {label}")
        return pcs[body.labels[label]]

    return [
        Instruction(one.opcode, _with_targets(one, target), pc) for one, pc in zip(body.instructions, pcs, strict=True)
    ]


_ODD = Instruction(by_mnemonic()["block"])


def _with_targets(one: Instruction, target: Any) -> list[Any]:
    def convert(kind: str, value: Any) -> Any:
        if kind == "b":
            return target(value)
        return [(target(label), pairs) for label, pairs in value] if kind == "T" else value

    return [convert(f.kind, value) for f, value in zip(one.opcode.fields, one.operands, strict=True)]


def _requirements(body: _Body) -> int:
    bits = 0
    for one in body.instructions:
        bits |= {F32: image.EXT_F32, F64: image.EXT_F64}.get(one.opcode.set, 0)
        yields = one.mnemonic == "yield" or ("yieldable" in one.mnemonic and one.operands[0] & IMPORT_BIT)
        bits |= image.YIELD if yields else 0
    return bits


def _union(bits: Iterable[int]) -> int:
    total = 0
    for one in bits:
        total |= one
    return total


def _dependencies(imports: list[image.Import]) -> list[image.Dependency]:
    """One dependency for each imported module; required when any of its imports is."""
    flags: dict[str, int] = {}
    for imported in imports:
        name = (imported.full_name or "").partition(".")[0]
        required = imported.flags == image.REQUIRED or flags.get(name) == image.REQUIRED
        flags[name] = image.REQUIRED if required else image.OPTIONAL
    return [image.Dependency(name, 0, flag) for name, flag in flags.items()]


def _state_needed(instructions: Iterable[Instruction]) -> image.State | None:
    """The storage that direct global accesses reach."""
    size, refs = 0, 0
    for one in instructions:
        for f, value in zip(one.opcode.fields, one.operands, strict=True):
            size = max(size, value + _GLOBAL_SIZE[f.kind]) if f.kind in _GLOBAL_SIZE else size
            refs = max(refs, value + 1) if f.kind == "o" else refs
    return image.State(size, refs) if size or refs else None


def _number(text: str) -> int:
    return int(text, 0)


def _f32(text: str) -> int:
    return int(struct.unpack("<I", struct.pack("<f", float(text)))[0])


def _f64(text: str) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", float(text)))[0])


def _unquoted(text: str) -> bytes:
    raw = text[1:-1].encode("latin-1")
    return _ESCAPES.sub(lambda m: bytes([int(m[1], 16)]) if m[1] else m[2], raw)
