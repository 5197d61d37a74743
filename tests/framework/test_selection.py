"""Runtime strings, and where the tools are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.adapters import tools
from conformance.adapters.protocol import Unavailable
from conformance.selection import RuntimeSpec, runtimes


@pytest.mark.parametrize("text", ["own", "own:/x/lib.so", "iree", "tools:/x", "lib:/x.so", "tools:C:/x"])
def test_a_runtime_prints_back(text: str) -> None:
    assert str(RuntimeSpec.parse(text)) == text


@pytest.mark.parametrize("text", ["", "ours", "tools", "tools:", "lib:", "iree:x", "OWN"])
def test_what_is_no_runtime(text: str) -> None:
    with pytest.raises(ValueError, match=f"--runtime={text}"):
        RuntimeSpec.parse(text)


def test_own_is_the_default_and_each_runs_once() -> None:
    assert list(map(str, runtimes([]))) == ["own"]
    assert list(map(str, runtimes(["iree", "own", "iree"]))) == ["iree", "own"]


def test_a_folder_needs_an_executable_of_a_known_name(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no executable iree-run-module or vm-run-module in"):
        tools.in_folder(str(tmp_path))
    tool = tmp_path / "vm-run-module"
    tool.write_text("")
    with pytest.raises(Unavailable):
        tools.in_folder(str(tmp_path))
    tool.chmod(0o755)
    assert tools.in_folder(str(tmp_path)) == tool


def test_a_library_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no library .*none\.so"):
        RuntimeSpec.parse(f"lib:{tmp_path}/none.so").open()
