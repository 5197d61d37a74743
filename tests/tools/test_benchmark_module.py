"""vm-benchmark-module: what is a benchmark, how often it is run, formats, errors; beside the released tool."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Ran, Tool

Flag = Callable[[str], str]
DEVICES = ("--device=local-sync", "--device=local-task")
NAMES = ["BM_tensor", "BM_number", "BM_dispatch", "BM___entry"]
SUFFIX = "/process_time/real_time"


def full(names: list[str]) -> list[str]:
    return [name + SUFFIX for name in names]


def rows(ran: Ran) -> list[dict[str, Any]]:
    """The benchmarks of a report in JSON."""
    found: list[dict[str, Any]] = json.loads(ran.stdout)["benchmarks"]
    return found


def refused(ran: Ran, code: str, *parts: str) -> None:
    """Exit 1, nothing printed, this code, and words that help."""
    assert (ran.exit, ran.code, ran.stdout) == (1, code, ""), ran.stderr
    for part in parts:
        assert part in ran.stderr


# ---- What is run


def test_names(benchmark_tool: Tool, wheel_benchmark_tool: Tool, module: Flag) -> None:
    line = [module("benchmarks"), "--benchmark_list_tests"]
    listed = benchmark_tool.run(*line)
    assert listed.outcome() == (0, None, "".join(f"{name}\n" for name in full(NAMES)))
    assert sorted(wheel_benchmark_tool.run(*line).stdout.split()) == sorted(listed.stdout.split())


@pytest.mark.parametrize(
    "pattern, names",
    [
        ("tensor", ["BM_tensor"]),
        ("^BM_(number|tensor)", ["BM_tensor", "BM_number"]),
        ("-tensor", ["BM_number", "BM_dispatch", "BM___entry"]),
        (".", NAMES),
    ],
)
def test_filter(benchmark_tool: Tool, wheel_benchmark_tool: Tool, module: Flag, pattern: str, names: list[str]) -> None:
    line = [module("benchmarks"), "--benchmark_list_tests", f"--benchmark_filter={pattern}"]
    assert benchmark_tool.run(*line).stdout.split() == full(names)
    assert sorted(wheel_benchmark_tool.run(*line).stdout.split()) == sorted(full(names))


@pytest.mark.parametrize("device", DEVICES)
def test_every_row_succeeds(benchmark_tool: Tool, module: Flag, device: str) -> None:
    ran = benchmark_tool.run(module("benchmarks"), device, "--benchmark_min_time=3x", "--benchmark_format=json")
    assert ran.exit == 0, ran.stderr
    assert [row["name"] for row in rows(ran)] == full(NAMES)
    for row in rows(ran):
        assert row["iterations"] == 3 and row["real_time"] > 0 and row["items_per_second"] > 0
        assert row["time_unit"] == ("us" if "dispatch" in row["name"] else "ms")


@pytest.mark.parametrize(
    "flags, iterations",
    [
        (("--benchmark_min_time=8x",), 8),
        (("--benchmark_min_time=8x", "--batch_size=4"), 8),
        (("--benchmark_min_time=10x", "--batch_size=4"), 12),
        (("--benchmark_dry_run",), 1),
    ],
)
def test_batches(
    benchmark_tool: Tool, wheel_benchmark_tool: Tool, module: Flag, flags: tuple[str, ...], iterations: int
) -> None:
    line = [module("benchmarks"), "--function=number", *flags, "--benchmark_format=json"]
    for tool in (benchmark_tool, wheel_benchmark_tool):
        assert [row["iterations"] for row in rows(tool.run(*line))] == [iterations]


@pytest.mark.parametrize("size, concurrency, iterations", [(1, 1, 10), (4, 1, 12), (4, 3, 12), (1, 4, 12), (6, 4, 16)])
def test_batches_of_asynchronous_calls(
    benchmark_tool: Tool, wheel_benchmark_tool: Tool, module: Flag, size: int, concurrency: int, iterations: int
) -> None:
    line = [module("async"), "--benchmark_min_time=10x", "--benchmark_format=json", "--device=local-task"]
    line += [f"--batch_size={size}", f"--batch_concurrency={concurrency}"]
    (own,) = rows(benchmark_tool.run(*line))
    (wheel,) = rows(wheel_benchmark_tool.run(*line))
    assert (own["name"], own["iterations"]) == ("BM_constant" + SUFFIX, iterations)
    # The wheel now and then counts the iterations that were asked for instead of those that were made.
    assert wheel["name"] == own["name"] and wheel["iterations"] in (iterations, 10)


def test_a_function_with_arguments(benchmark_tool: Tool, module: Flag) -> None:
    line = [module("tensors"), "--function=add", "--input=4xf32=1", "--benchmark_min_time=2x"]
    ran = benchmark_tool.run(*line, "--input=4xf32=2", "--enable_output_processing")
    assert ran.exit == 0 and ran.stdout.endswith("result[0]: hal.buffer_view\n4xf32=3 3 3 3\n")
    wrong = benchmark_tool.run(
        *line, "--input=4xf32=2", "--enable_output_processing", "--expected_output=4xf32=4", "--device=local-sync"
    )
    assert wrong.exit == 1 and "[FAILED] result[0]" in wrong.stdout
    silent = benchmark_tool.run(*line, "--input=4xf32=2", "--expected_output=4xf32=4")
    assert silent.exit == 0 and "FAILED" not in silent.stdout


def test_the_time_that_is_measured_is_long_enough(benchmark_tool: Tool, module: Flag) -> None:
    line = [module("benchmarks"), "--function=number", "--benchmark_min_time=0.02s", "--benchmark_format=json"]
    (row,) = rows(benchmark_tool.run(*line))
    assert row["iterations"] * row["real_time"] >= 20


@pytest.mark.parametrize("unit, factor", [("ns", 1e6), ("us", 1e3), ("ms", 1)])
def test_time_units(benchmark_tool: Tool, module: Flag, unit: str, factor: float) -> None:
    line = [module("benchmarks"), "--benchmark_min_time=4x", "--benchmark_format=json", f"--time_unit={unit}"]
    for row in rows(benchmark_tool.run(*line)):
        assert row["time_unit"] == unit
        assert row["real_time"] / factor * row["items_per_second"] == pytest.approx(1e3)


def test_standard_input(benchmark_tool: Tool, module: Flag) -> None:
    program = Path(module("benchmarks").removeprefix("--module="))
    ran = benchmark_tool.run("--module=-", "--benchmark_list_tests", stdin=program.read_bytes())
    assert ran.stdout.split() == full(NAMES)


# ---- Formats


def keys(value: Any) -> Any:
    """The names in a report, without its numbers."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items() if key not in ("caches", "load_avg")}
    return [keys(inner) for inner in value] if isinstance(value, list) else None


FORMATS = ("--benchmark_min_time=5x", "--benchmark_repetitions=3", "--function=tensor")


def test_json_has_the_keys_of_the_released_tool(benchmark_tool: Tool, wheel_benchmark_tool: Tool, module: Flag) -> None:
    line = [module("benchmarks"), *FORMATS, "--benchmark_format=json"]
    seen, wanted = (json.loads(tool.run(*line).stdout) for tool in (benchmark_tool, wheel_benchmark_tool))
    assert keys(seen) == keys(wanted)
    assert list(seen["benchmarks"][0]) == list(wanted["benchmarks"][0])
    fixed = ("name", "run_name", "run_type", "repetitions", "iterations", "time_unit", "threads", "aggregate_name")
    for ours, theirs in zip(seen["benchmarks"], wanted["benchmarks"], strict=True):
        assert {key: ours.get(key) for key in fixed} == {key: theirs.get(key) for key in fixed}
        assert ours.get("aggregate_unit") == theirs.get("aggregate_unit")


def test_aggregates_are_those_of_the_repetitions(benchmark_tool: Tool, module: Flag) -> None:
    statistics = pytest.importorskip("statistics")
    found = rows(benchmark_tool.run(module("benchmarks"), *FORMATS, "--benchmark_format=json"))
    for key in ("real_time", "cpu_time", "items_per_second"):
        single = [row[key] for row in found if row["run_type"] == "iteration"]
        named = {row["aggregate_name"]: row[key] for row in found if row["run_type"] == "aggregate"}
        assert len(single) == 3
        assert named["mean"] == pytest.approx(statistics.mean(single))
        assert named["median"] == pytest.approx(statistics.median(single))
        assert named["stddev"] == pytest.approx(statistics.stdev(single))
        assert named["cv"] == pytest.approx(statistics.stdev(single) / statistics.mean(single))


def shape(text: str) -> str:
    """A table with its numbers, and the blanks in front of them, replaced."""
    return re.sub(r" *[0-9][0-9.e+]*[kMGmun]?", " #", text)


@pytest.mark.parametrize("format", ["console", "csv"])
def test_tables_have_the_form_of_the_released_tool(
    benchmark_tool: Tool, wheel_benchmark_tool: Tool, module: Flag, format: str
) -> None:
    line = [module("benchmarks"), *FORMATS, f"--benchmark_format={format}"]
    seen, wanted = (tool.run(*line).stdout for tool in (benchmark_tool, wheel_benchmark_tool))
    assert shape(seen) == shape(wanted)
    if format == "console":
        assert seen.splitlines()[:3] == wanted.splitlines()[:3]


def test_a_file_beside_the_table(benchmark_tool: Tool, module: Flag) -> None:
    line = [module("benchmarks"), *FORMATS, "--benchmark_out=out.json"]
    ran = benchmark_tool.run(*line, "--benchmark_display_aggregates_only")
    assert ran.exit == 0 and ran.stdout.count("\nBM_") == 4
    assert len(json.loads((benchmark_tool.folder / "out.json").read_text())["benchmarks"]) == 7
    ran = benchmark_tool.run(*line, "--benchmark_report_aggregates_only", "--benchmark_out_format=csv")
    assert ran.stdout.count("\nBM_") == 4
    table = list(csv.DictReader(io.StringIO((benchmark_tool.folder / "out.json").read_text())))
    assert [row["name"].rpartition("_")[2] for row in table] == ["mean", "median", "stddev", "cv"]


# ---- Errors


def test_a_failing_benchmark(benchmark_tool: Tool, wheel_benchmark_tool: Tool, module: Flag) -> None:
    line = [module("benchmarks"), "--function=takes_one", "--benchmark_min_time=2x"]
    for format in ("console", "json", "csv"):
        ran = benchmark_tool.run(*line, f"--benchmark_format={format}")
        wanted = wheel_benchmark_tool.run(*line, f"--benchmark_format={format}")
        assert (ran.exit, ran.code) == (wanted.exit, "INVALID_ARGUMENT") == (1, wanted.stderr and "INVALID_ARGUMENT")
        assert "INVALID_ARGUMENT" in ran.stdout
    (row,) = rows(benchmark_tool.run(*line, "--benchmark_format=json"))
    (real,) = rows(wheel_benchmark_tool.run(*line, "--benchmark_format=json"))
    assert list(row) == list(real) and row["error_occurred"] is True and row["real_time"] == 0


def test_what_comes_behind_a_failure_is_not_run(benchmark_tool: Tool, module: Flag) -> None:
    ran = benchmark_tool.run(
        module("lifecycle@?fail=call&code=11"), module("failing"), "--benchmark_min_time=1x", "--benchmark_format=json"
    )
    found = rows(ran)
    assert (ran.exit, ran.code) == (1, "FAILED_PRECONDITION")
    assert [row.get("error_occurred", False) for row in found] == [False, True, True]
    assert "no luck" in found[1]["error_message"]
    assert found[2]["error_message"] == "an earlier benchmark or capture failed"


def test_statistics_come_after_the_modules(benchmark_tool: Tool, module: Flag) -> None:
    line = [module("benchmarks"), "--benchmark_min_time=3x", "--print_statistics", "--device=local-task"]
    ran = benchmark_tool.run(*line, "--benchmark_format=json")
    live = ran.stderr.split("DEVICE_LOCAL:")[1].split("\n")[0].split("/")[3]
    assert live.strip() == "0B live" and "live objects: none" in ran.stderr


@pytest.mark.parametrize(
    "flags, code, parts",
    [
        (("--benchmark_filter=nowhere",), "NOT_FOUND", ("no benchmark to run", "nowhere")),
        (("--benchmark_filter=*(",), "INVALID_ARGUMENT", ("*(",)),
        (("--function=nowhere",), "NOT_FOUND", ("nowhere",)),
        (("--function=dispatch", "--input=1"), "INVALID_ARGUMENT", ("--batch_size",)),
        (("--batch_size=0",), "INVALID_ARGUMENT", ("must be positive",)),
        (("--batch_concurrency=0",), "INVALID_ARGUMENT", ("must be positive",)),
        (("--batch_size=2147483647", "--batch_concurrency=2"), "OUT_OF_RANGE", ("too large",)),
        (("--time_unit=s",), "INVALID_ARGUMENT", ("unsupported time unit",)),
        (("--benchmark_min_time=soon",), "INVALID_ARGUMENT", ("soon",)),
        (("--benchmark_min_time=0x",), "INVALID_ARGUMENT", ("0x",)),
        (("--benchmark_repetitions=0",), "INVALID_ARGUMENT", ("--benchmark_repetitions",)),
        (("--benchmark_format=xml",), "INVALID_ARGUMENT", ("xml",)),
        (("--benchmark_out=no/such/folder/x",), "NOT_FOUND", ("invalid file name",)),
        (("--benchmark_nonsense=1",), "INVALID_ARGUMENT", ("benchmark_nonsense",)),
        (("--enable_output_processing",), "INVALID_ARGUMENT", ("--function=",)),
    ],
)
def test_refusals(
    benchmark_tool: Tool, module: Flag, flags: tuple[str, ...], code: str, parts: tuple[str, ...]
) -> None:
    ran = benchmark_tool.run(module("benchmarks"), "--benchmark_min_time=1x", *flags)
    assert (ran.exit, ran.code) == (1, code), ran.stderr
    for part in parts:
        assert part in ran.stderr


def test_no_module_and_nothing_to_measure(benchmark_tool: Tool, module: Flag) -> None:
    refused(benchmark_tool.run(), "INVALID_ARGUMENT", "no user module specified")
    refused(benchmark_tool.run(module("math")), "NOT_FOUND", "no benchmark to run")
