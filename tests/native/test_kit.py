"""The kit for native modules compiles where it should and catches mistakes; the tutorial tells the truth."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import fixtures
from conformance.adapters import tools

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial-native-module.md"
FLAGS = ["-shared", "-fPIC", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def compiled(source: str, folder: Path, compiler: str = "cc", name: str = "module") -> Path:
    path, library = folder / f"{name}.c", folder / f"lib{name}.so"
    path.write_text(source)
    command = [compiler, *FLAGS, f"-I{fixtures.include()}", str(path), "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(tools.installed()), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, stdin=subprocess.DEVNULL)


def tutorial_file(name: str) -> str:
    """A C file of the tutorial: the block after the line that names it."""
    found = re.search(rf"`{re.escape(name)}`:?\n\n```c\n(.*?)```", TUTORIAL.read_text(), re.DOTALL)
    assert found, f"the tutorial has no file {name}"
    return found[1]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("before", ["", '#include "iree/vm/api.h"\n', '#include "iree/base/api.h"\n'])
def test_header_compiles_alone_and_after_the_runtimes_headers(tmp_path, compiler, before):
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler} on this machine")
    compiled(before + tutorial_file("counter.c"), tmp_path, compiler)


def test_a_module_of_thirty_lines_has_two_functions_and_parameters(tmp_path):
    source = tutorial_file("math.c")
    assert len(source.splitlines()) <= 32
    library = compiled(source, tmp_path)
    ran = run(f"--module={library}@create?bias=5", "--function=scale", "--input=7")
    assert "i32=144" in ran.stdout
    ran = run(f"--module={library}@create", "--function=add", "--input=3", "--input=4")
    assert "i32=7" in ran.stdout


MISTAKE = """#include "vmrt/module.h"
static iree_status_t f(vmrt_call_t* call) {
  %s
  return vmrt_ok();
}
static const vmrt_module_type_t mistaken = {.name = "mistaken", VMRT_EXPORTS({"f", "0iI_f", f})};
VMRT_EXPORT_MODULE(iree_vm_dynamic_module_create, mistaken)
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("vmrt_arg_i64(call);", "`I` is used where the convention goes on with `iI_f`"),
        ("vmrt_arg_i32(call), vmrt_arg_i64(call), vmrt_arg_i32(call);", "goes on with `_f`"),
        ("vmrt_return_i32(call, 1);", "`i` is used where the convention goes on with `f`"),
        ("vmrt_arg_count(call);", "`C` is used where the convention goes on with `iI_f`"),
        ("vmrt_return_f32(call, 1), vmrt_return_f32(call, 1);", "goes on with ``"),
    ],
)
def test_values_that_the_convention_does_not_have_are_refused(tmp_path, body, said):
    library = compiled(MISTAKE % body, tmp_path)
    ran = run(f"--module={library}", "--function=f", "--input=1", "--input=2")
    assert ran.returncode == 1
    assert "INVALID_ARGUMENT" in ran.stderr
    assert said in ran.stderr


@pytest.mark.parametrize(
    "flags", [["-O2"], ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]], ids=str
)
def test_interface_survives_forks_short_memory_and_nonsense(tmp_path, flags):
    program = tmp_path / "kit_test"
    source = Path(__file__).with_name("kit_test.c")
    checks = [flag for flag in FLAGS if flag not in ("-shared", "-fPIC")]
    command = ["cc", *checks, *flags, f"-I{fixtures.include()}", str(source), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_kit_files_stay_small():
    for path in (fixtures.include() / "vmrt").glob("*.h"):
        assert len(path.read_text().splitlines()) <= 600, path.name


def test_kit_links_no_runtime(tmp_path):
    library = compiled(tutorial_file("counter.c"), tmp_path)
    command = ["nm", "-D", "--undefined-only", str(library)]
    needed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "iree" not in needed


def tutorial_steps() -> list[tuple[str, str]]:
    """The commands of the tutorial and what it says they print."""
    steps: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(), re.DOTALL):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            steps.append((command, output))
    return steps


def without_places(text: str) -> str:
    """Where the header is and which line spoke may differ."""
    return re.sub(r"(\.[ch]):\d+:", r"\1:N:", text.replace(str(fixtures.include()), "…"))


def test_every_command_of_the_tutorial_prints_what_it_says(tmp_path):
    for name in ("hello.c", "math.c", "counter.c"):
        (tmp_path / name).write_text(tutorial_file(name))
    path = f"{tools.installed().parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(Path(fixtures.__file__).parents[1])}
    settings = ""
    for command, output in tutorial_steps():
        done = subprocess.run(
            ["bash", "-c", f"{settings}{command}"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if re.match(r"[A-Z]+=", command):
            settings += f"{command}\n"
        assert without_places(done.stdout) == without_places(output), command
