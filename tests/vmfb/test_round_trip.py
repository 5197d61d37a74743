"""Reading, writing, decoding and assembling lose nothing, and the released runtime accepts what was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.vmfb import assemble, decode, disassemble, encode, image, read, write

from .conftest import FIXTURES, PREBUILT, Wheel


def identify(path: Path) -> str:
    return f"{path.parents[2].name}/{path.stem}"


every_module = pytest.mark.parametrize("path", PREBUILT, ids=identify)


@every_module
def test_write_keeps_everything(path: Path) -> None:
    module = read(path.read_bytes())
    assert read(write(module)) == module


@every_module
def test_encode_is_the_inverse_of_decode(path: Path) -> None:
    module = read(path.read_bytes())
    for ordinal in range(len(module.functions or [])):
        code = module.code(ordinal)
        assert encode(decode(code)) == code, f"function {ordinal}"


@every_module
def test_text_keeps_code_and_descriptors(path: Path) -> None:
    module = read(path.read_bytes())
    again = assemble(disassemble(module))
    assert again.bytecode == module.bytecode
    assert list(map(_without_hints, again.functions or [])) == list(map(_without_hints, module.functions or []))
    assert (again.types, again.state) == (module.types, module.state)
    assert _by_name(again.exports) == _by_name(module.exports)


def _by_name(exports: list[image.Export] | None) -> list[tuple[str | None, int]]:
    """The text has exports beside their functions, so it does not keep their order."""
    return sorted((export.local_name, export.internal_ordinal) for export in exports or [])


def _without_hints(function: image.Function) -> image.Function:
    """YIELD and UNWIND only inform; the compiler derives them from more than the text says."""
    hints = image.YIELD | image.UNWIND
    return image.Function(**{**vars(function), "requirements": function.requirements & ~hints})


def _one_call_a_program() -> list[tuple[str, list[str], dict[str, object]]]:
    found = []
    for path in sorted(FIXTURES.glob("*/*.expected.json")):
        expected = json.loads(path.read_text())
        call = next((c for c in expected["calls"] if "wheel" not in c), None)
        native = any(name.startswith("native:") for name in expected["modules"])
        if call and not expected["needs"] and not native:
            found.append((path.parent.name, expected["modules"], call))
    return found


@pytest.mark.parametrize(
    ("chapter", "names", "call"), _one_call_a_program(), ids=lambda v: v[-1] if isinstance(v, list) else None
)
def test_the_released_runtime_runs_what_was_written(
    wheel: Wheel, tmp_path: Path, chapter: str, names: list[str], call: dict[str, list[str]]
) -> None:
    modules = []
    for name in names:
        written = tmp_path / f"{name}.vmfb"
        written.write_bytes(write(read((FIXTURES / chapter / "prebuilt/17" / f"{name}.vmfb").read_bytes())))
        modules.append(written)
    ran = wheel.run(modules, str(call["function"]), call["inputs"])
    contract: dict[str, object] = dict(call["contract"])  # type: ignore[arg-type]
    assert ran.status == contract.get("status"), ran.stderr
    assert ran.results == contract.get("results", [])
