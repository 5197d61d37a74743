"""The same command line given to both tools: exit code, name of the status and standard output agree."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import Tool

Flag = Callable[[str], str]


@dataclass(frozen=True)
class Line:
    """A command line: modules as `module` in conftest.py understands them, and flags as they are."""

    id: str
    modules: tuple[str, ...]
    flags: tuple[str, ...] = ()
    code: str | None = None


def values(id: str, function: str, *flags: str, code: str | None = None) -> Line:
    return Line(id, ("values",), (f"--function={function}", *flags), code)


FOUR = ("--input=1", "--input=2", "--input=3", "--input=4")
LINES = [
    # Printing.
    values("numbers", "numbers", "--input=1", "--input=2", "--input=3.14159265", "--input=1e300"),
    values("special numbers", "numbers", "--input=4294967295", "--input=-9", "--input=nan", "--input=-inf"),
    values("bases", "numbers", "--input=0x10", "--input=010", "--input=0x1.8p1", "--input=1e3"),
    values("null as a number", "numbers", "--input=(null)", "--input=(ignored)", "--input=0", "--input=-0"),
    values("limits", "numbers", "--input=-2147483648", "--input=9223372036854775807", "--input=1e40", "--input=5e-324"),
    values("spaces", "numbers", "--input= 1 ", " --input = 2 ", "--input=\t3", "--input=4 "),
    values("no results", "nothing"),
    values("buffer", "buffer"),
    values("null reference", "null_buffer"),
    values("null argument", "same_buffer", "--input=(null)"),
    values("list", "list"),
    values("empty list", "empty_list"),
    values("small integers in lists", "small_lists"),
    values("element limit does not touch lists", "list", "--output_max_element_count=1"),
    values("print some", "numbers", *FOUR, "--output=-", "--output=", "--output=", "--output=-"),
    values("print a list", "list", "--output=-", "--output=-"),
    values("quoted function", '"nothing"'),
    # Expectations that the wheel can judge.
    values("anything expected", "buffer", "--expected_output=(ignored)"),
    values("null expected", "null_buffer", "--expected_output=(null)"),
    values("null expected, buffer given", "buffer", "--expected_output=(null)"),
    values("too few expected", "numbers", *FOUR, "--expected_output=1"),
    values("too many expected", "nothing", "--expected_output=1", code="INVALID_ARGUMENT"),
    # Arguments.
    values("too few inputs", "numbers", "--input=1", code="INVALID_ARGUMENT"),
    values("too many inputs", "nothing", "--input=1", code="INVALID_ARGUMENT"),
    values("empty input", "numbers", "--input=", code="INVALID_ARGUMENT"),
    values("word", "numbers", "--input=abc", code="INVALID_ARGUMENT"),
    values("nan as an integer", "numbers", "--input=nan", code="INVALID_ARGUMENT"),
    values("quoted number", "numbers", '--input="5"', code="INVALID_ARGUMENT"),
    values("beyond i64", "numbers", "--input=1", "--input=9223372036854775808", code="INVALID_ARGUMENT"),
    values("would be zero", "numbers", "--input=1", "--input=1", "--input=1e-46", code="INVALID_ARGUMENT"),
    # Outputs.
    values("too few outputs", "numbers", *FOUR, "--output=-", code="OUT_OF_RANGE"),
    values("unknown output", "null_buffer", "--output=weird", code="UNIMPLEMENTED"),
    values("list to a file", "list", "--output=@list.bin", "--output=-", code="INVALID_ARGUMENT"),
    # Functions.
    values("assertion", "fails", code="FAILED_PRECONDITION"),
    values("unknown function", "nowhere", code="NOT_FOUND"),
    values("qualified function", "values.nothing", code="NOT_FOUND"),
    Line("several exports", ("values",), code="INVALID_ARGUMENT"),
    Line("only export", ("math@?bias=5", "app.vmfb"), ("--input=3", "--input=4")),
    Line("hidden export", ("init_globals.vmfb",), ("--function=__init",)),
    # Modules.
    Line("no module", (), code="INVALID_ARGUMENT"),
    Line("empty module", (), ("--module=",), code="NOT_FOUND"),
    Line("missing file", (), ("--module=missing.vmfb",), code="NOT_FOUND"),
    Line("missing library", (), ("--module=./missing.so",), code="NOT_FOUND"),
    Line("missing library on the search path", (), ("--module=libvmconformancemissing.so",), code="NOT_FOUND"),
    Line("bad mode", ("values",), ("--module_mode=fast", "--function=nothing"), code="INVALID_ARGUMENT"),
    Line("mapped", ("values",), ("--module_mode=mmap", "--function=list")),
    Line("native main", ("minimal",), ("--function=add", "--input=3", "--input=4")),
    Line("native main, missing function", ("minimal",), ("--function=nowhere",), code="NOT_FOUND"),
    Line("export", ("no_default@make",), ("--function=answer",)),
    Line("missing default export", ("no_default",), ("--function=answer",), code="NOT_FOUND"),
    Line("missing export", ("minimal@nowhere",), ("--function=add",), code="NOT_FOUND"),
    Line("create fails", ("fail_create",), code="UNAVAILABLE"),
    Line("create fails with a code alone", ("fail_create@?storage=bare&code=15",), code="DATA_LOSS"),
    Line("create fails with a module", ("fail_create@?module=1",), code="UNAVAILABLE"),
    Line("needs a newer host", ("newer",), code="INCOMPATIBLE"),
    Line("parameters", ("params@?a=1&b&c=&=d&&a=2",), ("--function=count",)),
    # Linking.
    Line("bytecode to bytecode", ("provider.vmfb", "consumer.vmfb"), ("--function=main", "--input=3", "--input=4")),
    Line("provider behind", ("consumer.vmfb", "provider.vmfb"), ("--function=count",), code="NOT_FOUND"),
    Line("provider missing", ("consumer.vmfb",), ("--function=main",), code="NOT_FOUND"),
    Line("function missing", ("provider.vmfb", "missing_function.vmfb"), code="NOT_FOUND"),
    Line("other signature", ("provider.vmfb", "wrong_signature.vmfb"), code="INTERNAL"),
    Line("native to native", ("minimal", "importer"), ("--function=twice_add", "--input=3", "--input=4")),
    Line("dependencies fail", ("lifecycle@?fail=deps",), code="FAILED_PRECONDITION"),
    Line("state fails", ("lifecycle@?fail=alloc&code=8",), code="RESOURCE_EXHAUSTED"),
    Line("init fails", ("lifecycle@?fail=init&code=10",), code="ABORTED"),
    Line("call fails", ("lifecycle@?fail=call&code=11",), ("--function=add", "--input=1", "--input=2"), "OUT_OF_RANGE"),
    Line("other convention version", ("bad_cconv@?cconv=1i_i",), ("--function=f", "--input=1"), "UNIMPLEMENTED"),
    Line("unknown letter", ("bad_cconv@?cconv=0z_v",), ("--function=f",), "UNIMPLEMENTED"),
    # Flags.
    Line("unknown flag", ("values",), ("--nonsense=1",), code="INVALID_ARGUMENT"),
    Line("dashes in a name", ("values",), ("--module-mode=mmap",), code="INVALID_ARGUMENT"),
    Line("two dashes", ("values",), ("--",), code="INVALID_ARGUMENT"),
    Line("missing flag file", (), ("--flagfile=missing.txt",), code="NOT_FOUND"),
    Line("empty flag file name", (), ("--flagfile=",), code="INVALID_ARGUMENT"),
    Line("last function wins", ("values",), ("--function=list", "--function=nothing")),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.id)
def test_command_line(own: Tool, wheel: Tool, module: Flag, line: Line) -> None:
    arguments = [*map(module, line.modules), *line.flags]
    seen, wanted = own.run(*arguments), wheel.run(*arguments)
    assert wanted.code == line.code, wanted.stderr
    assert seen.outcome() == wanted.outcome(), seen.stderr


STDIN: dict[str, Callable[[bytes], bytes]] = {
    "program": lambda good: good,
    "padding cut off": lambda good: good[:-1],
    "bytes behind": lambda good: good + b"junk",
    "twice": lambda good: good + good,
    "empty": lambda good: b"",
    "one byte": lambda good: good[:1],
    "15 bytes": lambda good: good[:15],
    "half": lambda good: good[: len(good) // 2],
    "zeros": lambda good: bytes(4096),
    "text": lambda good: b"vm.module @m {}\n" * 64,
}


@pytest.mark.parametrize("how", STDIN)
@pytest.mark.parametrize("mode", ["preload", "mmap"])
def test_standard_input(own: Tool, wheel: Tool, module: Flag, how: str, mode: str) -> None:
    good = Path(module("values").removeprefix("--module=")).read_bytes()
    arguments = ["--module=-", "--function=numbers", "--input=1", "--input=2", "--input=3", "--input=4"]
    arguments.append(f"--module_mode={mode}")
    seen, wanted = (tool.run(*arguments, stdin=STDIN[how](good)) for tool in (own, wheel))
    assert seen.outcome() == wanted.outcome(), seen.stderr
    if wanted.exit:
        assert wanted.code == "INVALID_ARGUMENT"
        assert "'-'" in seen.stderr or "--module=-" in seen.stderr


def test_standard_input_from_a_file_and_among_others(own: Tool, wheel: Tool, module: Flag) -> None:
    program = Path(module("app.vmfb").removeprefix("--module="))
    arguments = [module("math@?bias=5"), "--module=-", "--function=main", "--input=3", "--input=4"]
    seen, wanted = (tool.run(*arguments, stdin=program) for tool in (own, wheel))
    assert seen.outcome() == wanted.outcome() == (0, None, "EXEC @main\nresult[0]: i32=144\n")


def test_standard_input_twice(own: Tool, wheel: Tool, module: Flag) -> None:
    good = Path(module("values").removeprefix("--module=")).read_bytes()
    seen, wanted = (tool.run("--module=-", "--module=-", stdin=good + good) for tool in (own, wheel))
    assert seen.outcome() == wanted.outcome()
    assert seen.code == "INVALID_ARGUMENT"
    assert "--module=-" in seen.stderr


@pytest.mark.parametrize("many, code", [(64, None), (65, "RESOURCE_EXHAUSTED")])
def test_number_of_modules(own: Tool, wheel: Tool, module: Flag, many: int, code: str | None) -> None:
    arguments = [module("values")] * many + ["--function=nothing"]
    seen, wanted = own.run(*arguments), wheel.run(*arguments)
    assert seen.outcome() == wanted.outcome(), seen.stderr
    assert seen.code == code


@pytest.mark.parametrize("text", ["# none\n\n// none\r\n--function=nothing\n", "  --function=nothing  ", ""])
def test_flag_files(own: Tool, wheel: Tool, module: Flag, text: str) -> None:
    for tool in (own, wheel):
        (tool.folder / "flags.txt").write_text(text)
    arguments = [module("values"), "--function=list", "--flagfile=flags.txt"]
    assert own.run(*arguments).outcome() == wheel.run(*arguments).outcome()


@pytest.mark.parametrize("text", ["bare\n", "--nonsense=1\n", "--flagfile=missing.txt\n"])
def test_bad_flag_files(own: Tool, wheel: Tool, module: Flag, text: str) -> None:
    for tool in (own, wheel):
        (tool.folder / "flags.txt").write_text(text)
    seen = own.run(module("values"), "--flagfile=flags.txt")
    wanted = wheel.run(module("values"), "--flagfile=flags.txt")
    assert seen.outcome() == wanted.outcome(), seen.stderr
    assert "flags.txt:1" in seen.stderr


OUTPUTS = ("number.npy", "number.bin", "long.npy", "real.bin")


def test_files_have_the_same_bytes(own: Tool, wheel: Tool, module: Flag) -> None:
    arguments = [module("values"), "--function=numbers", *FOUR, *(f"--output=@{name}" for name in OUTPUTS)]
    again = [module("values"), "--function=numbers", *FOUR, *(f"--output=+{name}" for name in OUTPUTS)]
    for line in (arguments, again):
        assert own.run(*line).outcome() == wheel.run(*line).outcome()
        for name in OUTPUTS:
            assert (own.folder / name).read_bytes() == (wheel.folder / name).read_bytes()


def test_null_in_files(own: Tool, wheel: Tool, module: Flag) -> None:
    for name in ("null.npy", "null.bin"):
        arguments = [module("values"), "--function=null_buffer", f"--output=@{name}"]
        assert own.run(*arguments).outcome() == wheel.run(*arguments).outcome()
        assert (own.folder / name).read_bytes() == (wheel.folder / name).read_bytes()


def test_unreadable_file(own: Tool, wheel: Tool, module: Flag) -> None:
    if os.geteuid() == 0:
        pytest.skip("the superuser can read every file")
    for tool in (own, wheel):
        (tool.folder / "secret.vmfb").touch(mode=0)
    seen, wanted = own.run("--module=secret.vmfb"), wheel.run("--module=secret.vmfb")
    assert seen.outcome() == wanted.outcome()
    assert seen.code == "PERMISSION_DENIED"


ASKS = ("sig", "deps", "name", "look", "get", "attr", "return", "bytes")


def doings(events: tuple[str, ...]) -> list[str]:
    """The events that change something."""
    return [event for event in events if event.rpartition(".")[2] not in ASKS]


def test_order_of_the_event_trace(own: Tool, wheel: Tool, module: Flag) -> None:
    """Our runtime may ask a module more or less often; what it does with it comes in the same order."""
    arguments = [
        module("lifecycle@?name=prov"),
        module("lifecycle@?name=cons&import=prov.add"),
        "--function=call_import",
    ]
    seen, wanted = (doings(tool.run(*arguments).events) for tool in (own, wheel))
    assert seen == wanted
    assert wanted[-1] == "lib.dtor"


def test_launchers_are_not_needed(own: Tool) -> None:
    """The tool is one file that needs no library of ours."""
    listed = subprocess.run(["ldd", str(own.path)], capture_output=True, text=True, check=False)
    assert "vmrt" not in listed.stdout
