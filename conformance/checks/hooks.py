"""pytest hooks of check modules, each a line or two."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.checks.collect import CheckModuleFile


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "VM conformance")
    group.addoption(
        "--module",
        action="append",
        default=[],
        metavar="REFERENCE",
        help="check modules: a module that they import from, loaded first; `-`: the check module itself comes from "
        "standard input; repeatable",
    )
    group.addoption(
        "--check-module",
        metavar="REFERENCE",
        help="check modules: another implementation of the module `check`, or `none`",
    )
    parser.addini("check_compile_flags", "flags for the compiler of check modules", default="")


def pytest_configure(config: pytest.Config) -> None:
    if "-" in config.getoption("--module") and not hasattr(config, "workerinput"):
        from conformance.checks import standard_input

        standard_input.collect_from(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CheckModuleFile | None:
    if file_path.suffix not in (".mlir", ".vmfb"):
        return None
    from conformance.checks import collect

    return collect.collected(file_path, parent)
