"""The runtime's folders use each other only downward."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parents[2] / "runtime"

LAYERS = {
    "base": 0,
    "platform": 1,
    "vm": 2,
    "bytecode": 3,
    "dynamic": 3,
    "hal": 3,
    "hal/local": 4,
    "modules": 5,
    "tooling": 6,
    "runtime": 7,
}
INTERNAL_INCLUDE = re.compile(r'^#include "(?P<folder>[a-z]+(?:/[a-z]+)?)/[a-z_0-9]+\.(?:h|def)"', re.M)


def upward_includes(folder: str, text: str) -> list[str]:
    """Folders that `text`, a source of `folder`, includes although they are not below it."""
    used = (match["folder"] for match in INTERNAL_INCLUDE.finditer(text))
    return sorted({name for name in used if name in LAYERS and name != folder and LAYERS[name] >= LAYERS[folder]})


def test_every_folder_has_a_layer() -> None:
    folders = [path for path in (RUNTIME / "src").rglob("*") if path.is_dir()]
    assert {path.relative_to(RUNTIME / "src").as_posix() for path in folders} == set(LAYERS)


@pytest.mark.parametrize("folder", LAYERS)
def test_includes_point_downward(folder: str) -> None:
    sources = [path for path in (RUNTIME / "src" / folder).iterdir() if path.suffix in {".c", ".h"}]
    assert sources
    upward = {path.name: names for path in sources if (names := upward_includes(folder, path.read_text()))}
    assert not upward


def test_an_upward_include_is_seen() -> None:
    assert upward_includes("vm", '#include "bytecode/image.h"\n#include "base/atomics.h"\n') == ["bytecode"]
    assert upward_includes("bytecode", '#include "dynamic/module.h"\n') == ["dynamic"]
