"""vm-run-module where the wheel's tool has a defect, no such flag, or leaves things open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Ran, Tool

Flag = Callable[[str], str]
NUMBERS = "--function=numbers"


def path_of(flag: str) -> Path:
    return Path(flag.removeprefix("--module="))


def refused(ran: Ran, code: str, *parts: str) -> None:
    """Exit 1, nothing printed, this code, and words that help."""
    assert (ran.exit, ran.code, ran.stdout) == (1, code, ""), ran.stderr
    for part in parts:
        assert part in ran.stderr


# ---- Flags


@pytest.mark.parametrize(
    "flag, parts",
    [
        ("--function", ("--function", "=VALUE")),
        ("--module_mode", ("--module_mode",)),
        ("--print_statistics=yes", ("print_statistics", "yes")),
        ("--output_max_element_count=many", ("output_max_element_count", "many")),
        ("--expected_rtol=1e-5x", ("expected_rtol", "1e-5x")),
        ("--equality_mode=fuzzy", ("equality_mode", "fuzzy")),
        ("--time_limit=-1", ("time_limit", "-1")),
        ("--time_limit=nan", ("time_limit",)),
        ("app.vmfb", ("positional argument 'app.vmfb'", "--module=")),
        ("-h", ("positional argument '-h'", "--help")),
    ],
)
def test_bad_flags_are_refused_by_name(own: Tool, module: Flag, flag: str, parts: tuple[str, ...]) -> None:
    refused(own.run(module("values"), "--function=nothing", flag), "INVALID_ARGUMENT", *parts)


def test_a_flag_file_in_itself(own: Tool, module: Flag) -> None:
    (own.folder / "flags.txt").write_text("--flagfile=flags.txt\n")
    refused(own.run("--flagfile=flags.txt"), "INVALID_ARGUMENT", "flags.txt", "include itself")


def test_an_empty_value_in_a_flag_file(own: Tool, module: Flag) -> None:
    (own.folder / "flags.txt").write_text(f"{module('app.vmfb')}\n--function=\n")
    ran = own.run(module("math@?bias=5"), "--flagfile=flags.txt", "--input=3", "--input=4")
    assert ran.outcome() == (0, None, "EXEC @main\nresult[0]: i32=144\n")


def test_help_and_version(own: Tool) -> None:
    for flags in (["--help"], ["--help", "--nonsense"], ["--module=missing", "--help"]):
        ran = own.run(*flags)
        assert ran.exit == 0 and not ran.stderr
        for name in (
            "module",
            "module_mode",
            "function",
            "input",
            "output",
            "expected_output",
            "time_limit",
            "flagfile",
        ):
            assert f"--{name}=" in ran.stdout
    assert own.run("--version").exit == 0
    assert own.run("--nonsense", "--help").exit == 1


# ---- Module references


@pytest.mark.parametrize("text", ["?bias=5", "@?bias=5", "@create?bias=5", "@iree_vm_dynamic_module_create?bias=5"])
def test_parameters_with_and_without_an_export(own: Tool, module: Flag, text: str) -> None:
    ran = own.run(module("math") + text, "--function=scale", "--input=7")
    assert ran.outcome() == (0, None, "EXEC @scale\nresult[0]: i32=144\n")


@pytest.mark.parametrize("name", ["math", "math.so.1", "math.vmfb", "MATH.SO", "a@b/math.so", "math.so"])
def test_a_library_is_known_by_its_content(own: Tool, module: Flag, name: str) -> None:
    copy = own.folder / name
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(path_of(module("math")), copy)
    ran = own.run(f"--module={name}", "--function=add", "--input=3", "--input=4")
    assert ran.outcome() == (0, None, "EXEC @add\nresult[0]: i32=7\n")


@pytest.mark.parametrize("name", ["values.so", "values.dll", "values"])
def test_bytecode_is_known_by_its_content(own: Tool, module: Flag, name: str) -> None:
    shutil.copy(path_of(module("values")), own.folder / name)
    assert own.run(f"--module={name}", "--function=nothing").outcome() == (0, None, "EXEC @nothing\n")


@pytest.mark.parametrize("text", ["@make", "@", "?k=v", "@?k=v"])
def test_bytecode_takes_no_export_and_no_parameters(own: Tool, module: Flag, text: str) -> None:
    refused(own.run(module("values") + text), "INVALID_ARGUMENT", "--module=", "bytecode")
    refused(own.run(f"--module=-{text}", stdin=path_of(module("values"))), "INVALID_ARGUMENT", "--module=-")


def test_doubled_separators_deliver_only_what_is_there(own: Tool, module: Flag) -> None:
    ran = own.run(module("params@?a=1&&"), "--function=count")
    assert ran.outcome() == (0, None, "EXEC @count\nresult[0]: i32=2\n")


def test_long_names_are_refused_not_cut(own: Tool, module: Flag) -> None:
    library = module("long_export")
    assert own.run(f"{library}@{'a' * 255}", "--list_functions").exit == 0
    refused(own.run(f"{library}@{'a' * 256}", "--list_functions"), "INVALID_ARGUMENT", "256 bytes")
    refused(own.run(f"--module=./{'d/' * 2100}x.so"), "INVALID_ARGUMENT", "bytes")


@pytest.mark.parametrize("mode", ["preload", "mmap"])
def test_a_folder_is_no_module(own: Tool, mode: str) -> None:
    ran = own.run(f"--module={own.folder}", f"--module_mode={mode}")
    refused(ran, "FAILED_PRECONDITION", str(own.folder))


@pytest.mark.parametrize("mode", ["preload", "mmap"])
def test_an_empty_file(own: Tool, mode: str) -> None:
    (own.folder / "empty.vmfb").touch()
    refused(own.run("--module=empty.vmfb", f"--module_mode={mode}"), "INVALID_ARGUMENT", "empty.vmfb")


@pytest.mark.parametrize("flags", ["", "--time_limit=20"])
def test_standard_input_that_is_closed(own: Tool, flags: str) -> None:
    """A timer must not end up on the number of the closed stream."""
    command = f"'{own.path}' --module=- {flags} <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode == 1
    assert "INVALID_ARGUMENT" in done.stderr and "--module=-" in done.stderr


# ---- Native modules that refuse or lie


def test_refusal_without_a_module(own: Tool, module: Flag) -> None:
    ran = own.run(module("refuse"), "--list_functions")
    refused(ran, "INCOMPATIBLE", str(path_of(module("refuse"))), "iree_vm_dynamic_module_create")


def test_two_references(own: Tool, module: Flag) -> None:
    refused(own.run(module("two_refs")), "FAILED_PRECONDITION", "2 references")


REQUIRED = [
    "destroy",
    "name",
    "signature",
    "lookup_function",
    "get_function",
    "alloc_state",
    "free_state",
    "begin_call",
]
OPTIONAL = [
    "enumerate_dependencies",
    "get_module_attr",
    "get_function_attr",
    "resolve_source_location",
    "fork_state",
    "resolve_import",
    "notify",
    "resume_call",
]


@pytest.mark.parametrize("slot", REQUIRED)
def test_required_slots(own: Tool, module: Flag, slot: str) -> None:
    refused(own.run(module(f"null_slot@?slot={slot}"), "--function=add"), "FAILED_PRECONDITION", f"'{slot}'")


@pytest.mark.parametrize("slot", OPTIONAL)
def test_optional_slots(own: Tool, module: Flag, slot: str) -> None:
    arguments = [module(f"null_slot@?slot={slot}"), "--function=add", "--input=3", "--input=4"]
    assert own.run(*arguments).outcome() == (0, None, "EXEC @add\nresult[0]: i32=7\n")


@pytest.mark.parametrize("name", ["hal_inline", "hal_loader", "elsewhere"])
def test_missing_dependencies_are_named(own: Tool, module: Flag, name: str) -> None:
    refused(own.run(module(f"deps@?dep={name}&flags=1")), "NOT_FOUND", f"'{name}'", "'deps'")


@pytest.mark.parametrize("part", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_library_that_was_cut_short(own: Tool, module: Flag, part: float) -> None:
    """Either nothing needed is missing, or an error; the wheel's tool ends with SIGBUS."""
    whole = path_of(module("math")).read_bytes()
    (own.folder / "cut.so").write_bytes(whole[: int(len(whole) * part)])
    ran = own.run("--module=./cut.so", "--function=add", "--input=3", "--input=4")
    assert ran.exit == 0 or (ran.exit, ran.code) == (1, "NOT_FOUND"), ran.stderr
    assert ran.exit == 0 or "cut.so" in ran.stderr
    assert ran.exit == 1 or part > 0.1


# ---- Teardown


def test_earlier_modules_go_when_a_later_one_fails(own: Tool, module: Flag) -> None:
    first, second = module("lifecycle@?name=A"), module("lifecycle@?name=B")
    ran = own.run(first, second, "--module=missing.vmfb")
    refused(ran, "NOT_FOUND", "missing.vmfb")
    assert [event for event in ran.events if "destroy" in event or "lib." in event] == [
        "lib.ctor",
        "B.destroy",
        "A.destroy",
        "lib.dtor",
    ]


@pytest.mark.parametrize("fail", ["deps", "alloc", "init", "call"])
def test_everything_is_undone(own: Tool, module: Flag, fail: str) -> None:
    arguments = [module("lifecycle@?name=A"), module(f"lifecycle@?name=B&fail={fail}"), "--print_statistics"]
    ran = own.run(*arguments, "--function=add", "--input=1", "--input=2")
    assert ran.exit == 1 and "FAILED_PRECONDITION" in ran.stderr
    for event in ("A.destroy", "B.destroy", "lib.dtor"):
        assert ran.events.count(event) == 1
    assert ran.events.index("B.destroy") < ran.events.index("A.destroy")
    assert ran.events.count("A.free") == ran.events.count("A.alloc")
    assert "live objects: none" in ran.stderr


# ---- Arguments


@pytest.mark.parametrize("text", ["4294967296", "-2147483649", "7abc", "1.5", "4xi32=1", "i32=5", "@x.npy", "*x.npy"])
def test_numbers_are_not_guessed(own: Tool, module: Flag, text: str) -> None:
    refused(own.run(module("values"), NUMBERS, f"--input={text}"), "INVALID_ARGUMENT", text, "parsing function inputs")


def test_a_plus_is_a_sign(own: Tool, module: Flag) -> None:
    ran = own.run(module("math"), "--function=add", "--input=+3", "--input=4")
    assert ran.stdout.endswith("i32=7\n")


# ---- Results

FOUR = ("--input=1", "--input=2", "--input=3", "--input=4")
EXPECTED = [
    (("1", "2", "3", "4"), True),
    (("0x1", "(ignored)", "3.00001", "(ignored)"), True),
    (("(ignored)",) * 4, True),
    (("2", "2", "3", "4"), False),
    (("1", "2", "3.1", "4"), False),
    (("1", "2", "3", "nan"), False),
]


@pytest.mark.parametrize("texts, met", EXPECTED)
def test_expected_numbers(own: Tool, module: Flag, texts: tuple[str, ...], met: bool) -> None:
    ran = own.run(module("values"), NUMBERS, *FOUR, *(f"--expected_output={text}" for text in texts))
    assert ran.exit == (0 if met else 1) and not ran.stderr
    success = "[SUCCESS] all function outputs matched their expected values.\n"
    assert ran.stdout.startswith("EXEC @numbers\n" + (success if met else "[FAILED] result["))


def test_thresholds(own: Tool, module: Flag) -> None:
    arguments = [module("values"), NUMBERS, *FOUR, *(f"--expected_output={text}" for text in ("1", "2", "3.1", "4"))]
    assert own.run(*arguments, "--expected_f32_threshold=0.2").exit == 0
    assert own.run(*arguments, "--expected_rtol=0.1").exit == 0
    assert own.run(*arguments, "--expected_f64_threshold=0.2").exit == 1
    assert own.run(*arguments, "--expected_f32_threshold=0.2", "--equality_mode=exact").exit == 1


def test_several_differences_are_all_reported(own: Tool, module: Flag) -> None:
    ran = own.run(module("values"), NUMBERS, *FOUR, *(f"--expected_output={text}" for text in "9299"))
    assert ran.stdout.splitlines()[1:] == [
        "[FAILED] result[0]: i32=1 does not match the expected i32=9",
        "[FAILED] result[2]: f32=3 does not match the expected f32=9",
        "[FAILED] result[3]: f64=4 does not match the expected f64=9",
    ]


def test_a_buffer_in_a_file(own: Tool, module: Flag) -> None:
    numpy = pytest.importorskip("numpy")
    for name in ("bytes.bin", "bytes.npy"):
        assert own.run(module("values"), "--function=buffer", f"--output=@{name}").exit == 0
    assert (own.folder / "bytes.bin").read_bytes() == bytes([1, 2, 3, 4, 5])
    array = numpy.load(own.folder / "bytes.npy")
    assert array.tolist() == [1, 2, 3, 4, 5] and array.dtype == numpy.int8


def test_a_file_that_cannot_be_written(own: Tool, module: Flag) -> None:
    ran = own.run(module("values"), "--function=buffer", "--output=@no/such/folder/x")
    assert (ran.exit, ran.code) == (1, "NOT_FOUND")
    assert "no/such/folder/x" in ran.stderr
    ran = own.run(module("values"), "--function=buffer", "--output=@/dev/full")
    assert (ran.exit, ran.code) == (1, "RESOURCE_EXHAUSTED")


def test_standard_output_that_takes_nothing(own: Tool, module: Flag) -> None:
    with open("/dev/full", "wb") as full:
        ran = own.run(module("lifecycle@?name=A"), "--function=add", "--input=1", "--input=2", stdout=full)
    assert (ran.exit, ran.code) == (1, "RESOURCE_EXHAUSTED")
    assert "standard output" in ran.stderr and ran.events[-1] == "lib.dtor"


def test_standard_output_that_is_closed(own: Tool, module: Flag) -> None:
    command = f"'{own.path}' {module('values')} --function=nothing >&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "standard output is closed" in done.stderr


def test_a_reader_that_goes_away(own: Tool, module: Flag) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = own.run(module("lifecycle@?name=A"), "--function=add", "--input=1", "--input=2", stdout=writer)
    os.close(writer)
    assert ran.exit == 1
    assert "standard output" in ran.stderr and ran.events[-1] == "lib.dtor"


def test_errors_come_after_teardown(own: Tool, module: Flag) -> None:
    """Both go to one file: the library's last event is written before the error."""
    trace = own.folder / "all.txt"
    with open(trace, "ab") as file:
        command = [str(own.path), module("lifecycle@?name=A&fail=call"), "--function=add", "--input=1", "--input=2"]
        environment = {**os.environ, "VM_CONFORMANCE_TRACE": str(trace)}
        subprocess.run(command, stdout=file, stderr=file, env=environment, check=False)
    text = trace.read_text()
    assert text.index("lib.dtor") < text.index("FAILED_PRECONDITION")


# ---- Looking at modules


def test_list_functions(own: Tool, module: Flag) -> None:
    ran = own.run(module("values"), "--list_functions")
    assert ran.exit == 0 and not ran.stderr
    lines = ran.stdout.splitlines()
    assert "numbers 0iIfF_iIfF" in lines and "nothing 0v_v" in lines and "list 0v_ri" in lines
    native = own.run(module("minimal"), "--list_functions")
    assert "add 0ii_i" in native.stdout.splitlines()
    assert not any("alloc" in event for event in native.events)


def test_dump_module(own: Tool, module: Flag) -> None:
    ran = own.run(module("consumer.vmfb"), "--dump_module")
    assert ran.exit == 0 and not ran.stderr
    for part in ("consumer", "provider.add", "main", "vm.call", "vm.return"):
        assert part in ran.stdout
    native = own.run(module("minimal@?bias=2"), "--dump_module")
    assert native.exit == 0
    assert "module minimal version" in native.stdout and "export add 0ii_i" in native.stdout


def test_modules_without_end_do_not_hang(own: Tool, module: Flag) -> None:
    for flag in ("--dump_module", "--list_functions"):
        assert own.run(module("endless_attrs"), flag, timeout=20).exit == 0
    assert own.run(module("bad_counts@?exports=1000000000"), "--list_functions", timeout=20).exit in (0, 1)


def test_statistics(own: Tool, module: Flag) -> None:
    ran = own.run(module("values"), "--function=list", "--print_statistics")
    assert ran.exit == 0
    lines = ran.stderr.splitlines()
    assert lines[0] == "[[ allocation statistics ]]" and lines[-1] == "live objects: none"
    total = re.fullmatch(r" *total: +(\d+)B peak / +(\d+) requests / +0B live in 0 blocks", lines[-2])
    assert total and int(total[1]) > 0 and int(total[2]) > 0


def test_statistics_come_last(own: Tool, module: Flag) -> None:
    ran = own.run(module("values"), "--function=fails", "--print_statistics")
    assert ran.stderr.index("FAILED_PRECONDITION") < ran.stderr.index("[[ allocation statistics ]]")
    assert ran.stderr.endswith("live objects: none\n")


def test_trace_execution(own: Tool, module: Flag) -> None:
    arguments = [module("math@?bias=5"), module("app.vmfb"), "--input=3", "--input=4"]
    ran = own.run(*arguments, "--trace_execution")
    assert ran.stdout == own.run(*arguments).stdout
    assert "vm.call" in ran.stderr and "vm.return" in ran.stderr and len(ran.stderr.splitlines()) >= 3


# ---- Time


def test_bytecode_is_cancelled(own: Tool, module: Flag) -> None:
    start = time.monotonic()
    ran = own.run(module("values"), "--function=spin", "--time_limit=0.2", "--print_statistics")
    assert (ran.exit, ran.code) == (1, "DEADLINE_EXCEEDED")
    assert "--time_limit=0.2" in ran.stderr and ran.stderr.endswith("live objects: none\n")
    assert time.monotonic() - start >= 0.2


def test_native_code_that_never_comes_back(own: Tool, module: Flag) -> None:
    ran = own.run(module("loops"), "--function=run", "--input=1", "--time_limit=0.2")
    assert (ran.exit, ran.code) == (124, "DEADLINE_EXCEEDED")
    assert "--time_limit=0.2" in ran.stderr and "native code" in ran.stderr


def test_standard_input_that_nobody_closes(own: Tool) -> None:
    reader, writer = os.pipe()
    command = [str(own.path), "--module=-", "--time_limit=0.2"]
    done = subprocess.run(command, stdin=reader, capture_output=True, text=True, timeout=30, check=False)
    os.close(reader)
    os.close(writer)
    assert done.returncode == 124 and "DEADLINE_EXCEEDED" in done.stderr


def test_a_limit_that_is_not_reached(own: Tool, module: Flag) -> None:
    assert own.run(module("values"), "--function=nothing", "--time_limit=3600").outcome() == (
        0,
        None,
        "EXEC @nothing\n",
    )


# ---- Memory


def test_tool_leaks_nothing_on_odd_ways_out(own: Tool, module: Flag) -> None:
    lines = [
        (module("values"),),
        (module("values"), "--function=numbers", "--input=x"),
        (module("values"), "--function=buffer", "--expected_output=(ignored)"),
        (module("values"), "--function=list", "--output=@x", "--output="),
        (module("math"), "--module=missing"),
        (module("values"), "--dump_module"),
    ]
    for line in lines:
        ran = own.run(*line, "--print_statistics")
        assert "live objects: none" in ran.stderr, line
        assert re.search(r"total: .* 0B live in 0 blocks", ran.stderr), line
