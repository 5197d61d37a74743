"""Tensor programs given to both run tools on both local devices: exit code, name of the status, output, files agree."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import Tool

Flag = Callable[[str], str]
PROGRAMS = Path(__file__).parents[2] / "fixtures" / "hal" / "programs"
DEVICES = ("local-sync", "local-task")
TARGETS = ("vmvx", "llvm-cpu") if platform.machine() in ("x86_64", "AMD64") else ("vmvx",)


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """The flag of each local device."""
    return f"--device={request.param}"


# ---- Programs


@dataclass(frozen=True)
class Program:
    """Files and calls of one program for one target."""

    id: str
    modules: tuple[Path, ...]
    calls: tuple[dict[str, Any], ...]


def programs() -> Iterator[Program]:
    """Every program that the local devices can run, but for those that need more than modules."""
    for path in sorted(PROGRAMS.glob("*.expected.json")):
        told = json.loads(path.read_text())
        for target in TARGETS:
            files = tuple(PROGRAMS / "prebuilt" / "17" / target / f"{name}.vmfb" for name in told["modules"])
            if target in told["targets"] and not told["needs"] and all(file.exists() for file in files):
                yield Program(f"{path.name.partition('.')[0]}-{target}", files, tuple(told["calls"]))


@pytest.mark.parametrize("program", list(programs()), ids=lambda program: program.id)
def test_programs(own: Tool, wheel: Tool, device: str, program: Program) -> None:
    assert program.calls
    for call in program.calls:
        line = [*(f"--module={file}" for file in program.modules), device, f"--function={call['function']}"]
        line += [f"--input={text}" for text in call["inputs"]]
        seen, wanted = own.run(*line), wheel.run(*line)
        assert seen.outcome() == wanted.outcome(), seen.stderr


# ---- Command lines


def same(text: str) -> tuple[str, ...]:
    return ("--function=same", f"--input={text}")


def expected(text: str, *wanted: str) -> tuple[str, ...]:
    return (*same(text), *(f"--expected_output={value}" for value in wanted))


MIXED = ("--function=mixed", "--input=5", "--input=3xf32=1,2,3")
LINES: dict[str, tuple[str, ...]] = {
    "numbers beside tensors": MIXED,
    "constants": ("--function=constants",),
    "cut": ("--function=large",),
    "cut at two": ("--function=large", "--output_max_element_count=2"),
    "cut rows": (*same("2x3xi32=1 2 3 4 5 6"), "--output_max_element_count=4"),
    "not cut": ("--function=large", "--output_max_element_count=-1"),
    "floats": same("6xf32=nan -nan inf 1e10 1.5e-7 -0"),
    "half floats": same("4xf16=0.1 65504 1e6 -2"),
    "brain floats": same("4xbf16=0.1 1e38 nan -2"),
    "f8": same("3xf8E4M3FN=0.1 448 -1"),
    "bytes": same("4xi8=-1 255 127 -128"),
    "unsigned": same("3xui16=65535 0 1"),
    "long": same("2xi64=9223372036854775807 -9223372036854775808"),
    "booleans": same("3xi1=01 00 01"),
    "complex": same("2xcf64=0000803F00002040 000040C0CDCCCC3D"),
    "splat": same("3x2xf64=1.25"),
    "zeros": same("3xi16"),
    "nothing in it": same("2x0xi32="),
    "no dimension": same("i64=7"),
    "octal dimension": same("010xi8=1"),
    "brackets": same("2x2xi32=[[1,2],[3,4]]"),
    "storage": same("&4xi32=1"),
    "null": same("(null)"),
    "null for a program": ("--function=add", "--input=(null)", "--input=4xf32=1"),
    "other type": ("--function=add", "--input=4xi32=1", "--input=4xf32=1"),
    "other rank": ("--function=add", "--input=2x2xf32=1", "--input=4xf32=1"),
    "other dimension": ("--function=add", "--input=5xf32=1", "--input=4xf32=1"),
    "storage for a tensor": ("--function=add", "--input=&4xf32=1", "--input=4xf32=1"),
    "assertion": ("--function=fails", "--input=4xi32=20"),
    "no values": same("f32"),
    "unknown type": same("2xfp32=1"),
    "negative dimension": same("-1xi32=1"),
    "unknown dimension": same("?xi32=1"),
    "two crosses": same("2xx3xi32=1"),
    "too many values": same("2xi32=1 2 3"),
    "too few values": same("3xi32=1 2"),
    "no number": same("2xi32=1 a"),
    "half a byte": same("3xi1=1 0 1"),
    "another file": same("@array.bin"),
    "dropped": (*MIXED, "--output=", "--output="),
    "printed alone": (*MIXED, "--output=", "--output=-"),
    "too few outputs": (*MIXED, "--output=-"),
    "matched": expected("3xf32=1 2 3", "3xf32=1.00001 2 3"),
    "not matched": expected("3xf32=1 2 3", "3xf32=1.1 2 3"),
    "not matched, integers": expected("2x2xi32=1 2 3 4", "2x2xi32=1 2 3 5"),
    "not matched, unsigned": expected("2xui8=255 1", "2xui8=254 1"),
    "not matched, booleans": expected("2xi1=01 01", "2xi1=01 00"),
    "not matched, exact": (*expected("1xf32=1", "1xf32=1.00001"), "--equality_mode=exact"),
    "not numbers": expected("2xf32=nan inf", "2xf32=nan inf"),
    "half floats matched": expected("1xf16=1", "1xf16=1.0005"),
    "half floats not matched": expected("1xf16=1", "1xf16=1.01"),
    "half floats with a threshold": (*expected("1xf16=1", "1xf16=1.01"), "--expected_f16_threshold=0.1"),
    "brain floats matched": expected("1xbf16=1", "1xbf16=1.008"),
    "relative": (*expected("1xf64=1000", "1xf64=1001"), "--expected_rtol=0.01"),
    "expected type": expected("2xi32=1", "2xf32=1"),
    "expected shape": expected("2xi32=1", "1x2xi32=1"),
    "expected sign": expected("2xi32=1", "2xsi32=1"),
    "expected, but null": expected("(null)", "2xi32=1"),
    "anything": expected("2xi32=1", "(ignored)"),
    "too many expected": expected("2xi32=1", "2xi32=1", "2xi32=1"),
    "lead device": ("--function=constants", "--device=local-sync", "--device_lead_allocator=1"),
    "no such lead device": ("--function=constants", "--device_lead_allocator=1"),
}


@pytest.mark.parametrize("name", LINES)
def test_command_lines(own: Tool, wheel: Tool, module: Flag, device: str, name: str) -> None:
    line = [module("tensors"), device, *LINES[name]]
    seen, wanted = own.run(*line), wheel.run(*line)
    assert wanted.exit in (0, 1)
    assert seen.outcome() == wanted.outcome(), seen.stderr


@pytest.mark.parametrize("line", [("add", "4xf32=1,2,3,4", "4xf32=1"), ("constant",), ("add", "4xf32=1")])
def test_asynchronous_functions(own: Tool, wheel: Tool, module: Flag, device: str, line: tuple[str, ...]) -> None:
    flags = [module("async"), device, f"--function={line[0]}", *(f"--input={text}" for text in line[1:])]
    assert own.run(*flags).outcome() == wheel.run(*flags).outcome()


@pytest.mark.parametrize("flag", ["--device=nope", "--device=local-sync://0", "--device=LOCAL-TASK", "--device="])
def test_devices_that_do_not_exist(own: Tool, wheel: Tool, module: Flag, flag: str) -> None:
    line = [module("tensors"), flag, "--function=constants"]
    seen, wanted = own.run(*line), wheel.run(*line)
    assert seen.outcome() == wanted.outcome() == (1, "NOT_FOUND", "")


# ---- Files


KINDS = ("i8", "si16", "ui32", "i64", "f16", "f32", "f64", "i1", "cf64")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["out.npy", "out.bin"])
def test_files_have_the_same_bytes(own: Tool, wheel: Tool, module: Flag, kind: str, name: str) -> None:
    for shape in ("", "3x", "2x3x", "0x"):
        for tool in (own, wheel):
            assert tool.run(module("tensors"), *same(f"{shape}{kind}="), f"--output=@{name}").exit == 0
            assert tool.run(module("tensors"), *same(f"{shape}{kind}="), f"--output=+{name}").exit == 0
        assert (own.folder / name).read_bytes() == (wheel.folder / name).read_bytes()


READINGS = [
    ("@two.npy", "@two.npy"),
    ("@two.npy", "+two.npy"),
    ("*two.npy",),
    ("+two.npy", "*two.npy"),
    ("4xf32=@raw.bin", "4xf32=+raw.bin"),
    ("4xf32=+raw.bin", "4xf32=@raw.bin"),
    ("9xf32=@raw.bin", "4xf32=1"),
    ("*two.npy", "4xf32=1"),
]


@pytest.mark.parametrize("inputs", READINGS, ids=" ".join)
def test_files_are_read_in_the_same_order(own: Tool, wheel: Tool, module: Flag, inputs: tuple[str, ...]) -> None:
    np = pytest.importorskip("numpy")
    for tool in (own, wheel):
        with open(tool.folder / "two.npy", "wb") as file:
            np.save(file, np.array([1, 2, 3, 4], dtype="f4"))
            np.save(file, np.array([10, 20, 30, 40], dtype="f4"))
        np.array([1, 2, 3, 4, 10, 20, 30, 40], dtype="f4").tofile(tool.folder / "raw.bin")
    line = [module("tensors"), "--function=add", *(f"--input={text}" for text in inputs)]
    seen, wanted = own.run(*line), wheel.run(*line)
    assert seen.outcome() == wanted.outcome(), seen.stderr


# ---- Teardown


@pytest.mark.parametrize("how", ["?", "?fail=call&code=11", "?fail=deps"])
def test_order_of_the_event_trace_with_a_device(own: Tool, wheel: Tool, module: Flag, device: str, how: str) -> None:
    line = [module(f"lifecycle@{how}"), module("tensors"), device, "--function=constants"]
    asks = ("sig", "deps", "name", "look", "get", "attr", "return", "bytes")
    seen, wanted = (
        [event for event in tool.run(*line).events if event.rpartition(".")[2] not in asks] for tool in (own, wheel)
    )
    assert seen == wanted and wanted[-1] == "lib.dtor"
