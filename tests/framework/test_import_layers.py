"""Imports inside the package point only downward, and the plugin starts light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "conformance"

LAYERS = {
    "_toml": 0,
    "contract": 0,
    "model": 0,
    "trace": 0,
    "capi": 1,
    "vm": 1,
    "vmfb": 1,
    "fixtures": 1,
    "expectations": 1,
    "strategies": 1,
    "_native": 1,
    "adapters": 2,
    "selection": 3,
    "lanes": 3,
    "again": 3,
    "case": 3,
    "judge": 3,
    "report": 3,
    "items": 4,
    "checks": 4,
    "plugin": 4,
    "validate": 4,
    "cli": 4,
    "suite": 5,
}


def layer_of(module: str) -> tuple[str, int]:
    part = module.split(".")[1] if module.count(".") else "conformance"
    return part, LAYERS.get(part, -1)


def upward_imports(path: Path, text: str) -> list[str]:
    """The modules of the package that a file imports although they are above it."""
    own, level = layer_of("conformance." + path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", "."))
    found = []
    for node in ast.walk(ast.parse(text)):
        for name in _imported(node):
            part, other = layer_of(name)
            if part != own and other > level:
                found.append(name)
    return found


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module == "conformance":
        names = [f"conformance.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    else:
        names = []
    return [name for name in names if name.startswith("conformance.")]


SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py" or path.parent != PACKAGE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_downward(path: Path) -> None:
    assert not upward_imports(path, path.read_text())


def test_every_module_has_a_layer() -> None:
    parts = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in SOURCES}
    assert not parts - set(LAYERS)


def test_an_upward_import_is_seen() -> None:
    text = "from conformance import plugin\nfrom conformance.suite.x import y\nimport conformance.model\n"
    assert upward_imports(PACKAGE / "model.py", text) == ["conformance.plugin", "conformance.suite.x"]
    assert upward_imports(PACKAGE / "adapters" / "tools.py", "from conformance import selection, trace") == [
        "conformance.selection"
    ]


def test_the_plugin_imports_nothing_heavy() -> None:
    heavy = {"numpy", "hypothesis", "rich", "jinja2", "cffi", "conformance.vm", "conformance.capi"}
    program = f"import conformance.plugin, sys; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("", "", 0)
