"""Bad files and bad assembly are refused with `VmfbError` and `AssemblyError`, never with anything else."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from conformance.vmfb import AssemblyError, VmfbError, assemble, decode, disassemble, read
from conformance.vmfb.malformed import CASES

from .conftest import PREBUILT

HEAD = "vm.module @m version 0\nvm.type i32\n"
FUNCTION = HEAD + "vm.func @f(%i0: i32) -> (i32) {{\n^bb0:\n  {}\n  vm.return %i0\n}}\n"


def survives(data: bytes) -> None:
    """Printing the module works or is refused; any other exception fails the test."""
    try:
        assert disassemble(read(data)).startswith("vm.module @")
    except VmfbError as error:
        assert str(error)


@pytest.mark.parametrize("section", sorted({case.id.partition("/")[0] for case in CASES}))
def test_malformed_files(section: str) -> None:
    for case in CASES:
        if case.id.startswith(section + "/"):
            for data in case.build():
                survives(data)


@pytest.mark.parametrize("path", [p for p in PREBUILT if p.stem != "functions_5000"], ids=lambda path: path.stem)
def test_flipped_bytes(path: Path) -> None:
    data = path.read_bytes()
    chance = random.Random(17)
    for _ in range(40):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        survives(bytes(changed))


@pytest.mark.parametrize("length", range(0, 256, 5))
def test_truncated_files(length: int) -> None:
    survives(next(p for p in PREBUILT if p.stem == "recursion").read_bytes()[:length])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"\x79\x89", "pc 1: no instruction is encoded as 89"),
        (b"\x79\xe0\x3f", "pc 1: no instruction is encoded as e0 3f"),
        (b"\x79\x0d\x00", "pc 2: 4 bytes expected, the code ends at 3"),
        (b"\x79\xe0", "pc 2: 1 bytes expected, the code ends at 2"),
    ],
)
def test_code_that_makes_no_sense(code: bytes, message: str) -> None:
    with pytest.raises(VmfbError, match=re.escape(message)):
        decode(code)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "nonsense", "line 3: neither a directive nor an instruction: nonsense"),
        (HEAD + "vm.return", "line 3: an instruction outside of a function"),
        (FUNCTION.format("vm.unheard.of %i0"), "line 5: neither a directive nor an instruction"),
        (FUNCTION.format("%i0 = vm.add.i32 %i0"), "line 5: vm.add.i32: operands are not of the form `{0}, {1}`: %i0"),
        (FUNCTION.format("vm.add.i32 %i0, %i0"), "line 5: vm.add.i32: 1 results expected, found 0"),
        (FUNCTION.format("%i0 = vm.list.size %x9"), "line 5: vm.list.size: operands are not of the form"),
        (FUNCTION.format("vm.br ^bb7()"), "line 3: function @f has no block ^bb7"),
        (FUNCTION.format("vm.call @other.g()"), "line 5: @other.g is not declared by a `vm.import`"),
        (FUNCTION.format("%r0 = vm.list.get.ref %r0, %i0 : !vm.buffer"), "line 5: type !vm.buffer is not declared"),
        (HEAD + "vm.rodata[1] = 00", "line 3: rodata 1 out of order, expected 0"),
        (HEAD + "vm.export @g", "exported function @g is not defined"),
    ],
)
def test_assembly_that_makes_no_sense(text: str, message: str) -> None:
    with pytest.raises(AssemblyError, match=re.escape(message)):
        assemble(text)
