"""Our disassembly is that of the release, but for the defects that are known of the release's disassembler."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.vmfb import disassemble, read

from .conftest import PREBUILT, Wheel

# Decoded wrongly by the release, and unknown to it: the rest of such a function is lost.
UNKNOWN_TO_THE_RELEASE = {"switch_ref", "cast_ui64_f32"}
MODULES = [path for path in PREBUILT if path.stem != "functions_5000"]
_FUNCTION = re.compile(r"^vm\.func @([\w.$]+)\(.*?^\}|^vm\.func @([\w.$]+)\(.*\Z", re.MULTILINE | re.DOTALL)


def functions(text: str) -> dict[str, str]:
    return {match[1] or match[2]: _comparable(match[0]) for match in _FUNCTION.finditer(text)}


def _comparable(text: str) -> str:
    """Without argument lists (the release ignores alignment) and names of internal callees (from a faulty database)."""
    text = re.sub(r"^vm\.func @\S+?\(.*?\) ->", "vm.func ->", text)
    return re.sub(r"(vm\.call(?:\.yieldable)?) @(\w+)[:.][\w.]+\(", r"\1 @\2(", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_instructions_are_those_of_the_release(wheel: Wheel, path: Path) -> None:
    text = wheel.disassembly(path)
    theirs, ours = functions(text), functions(disassemble(read(path.read_bytes())))
    assert theirs.keys() == ours.keys()
    for name in ours.keys() - UNKNOWN_TO_THE_RELEASE:
        assert ours[name] == theirs[name]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_header_is_that_of_the_release(wheel: Wheel, path: Path) -> None:
    def header(text: str) -> list[str]:
        return [line for line in text.partition("\n\n")[0].splitlines() if not line.startswith("vm.state")]

    assert header(disassemble(read(path.read_bytes()))) == header(wheel.disassembly(path))
