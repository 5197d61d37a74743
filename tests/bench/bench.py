"""Runs the benchmark programs on our runtime and on the released wheel, side by side, and prints the ratios.

Every line is measured several times, the two runtimes taking turns, and the medians are compared. Functions named
`..._100k` run their loop 100,000 times, so that a line shows one iteration. Calls of the wheel are timed by its own
`iree-benchmark-module`; loading, context creation and lookup, which that tool does not time, through its Python
binding, less what a call of the binding costs.
"""

from __future__ import annotations

import argparse
import functools
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from typing import Any

import tensors

ROOT = Path(__file__).resolve().parents[2]
PREBUILT = ROOT / "fixtures" / "bench" / "prebuilt" / "17"
LOOP = 100_000
FIB_20_CALLS = 21_891


@dataclass(frozen=True)
class Line:
    """One row of the table: what is done, by which function of the last module, and how often in one call of it."""

    name: str
    kind: str
    function: str
    modules: tuple[str, ...]
    inner: int = 1


def loop(name: str, function: str, *modules: str) -> Line:
    return Line(name, "call", function, modules or ("programs",), LOOP)


LINES = (
    loop("integer arithmetic, 8 operations", "int_arith_100k"),
    loop("float arithmetic, 8 operations", "float_arith_100k"),
    loop("branch", "branch_100k"),
    loop("branch table", "branch_table_100k"),
    loop("buffer, 2 loads and a store", "buffer_100k"),
    loop("list, a get and a set", "list_100k"),
    loop("global, a load and a store", "global_100k"),
    loop("internal call", "call_100k"),
    Line("recursion, a call of fib", "call", "fib_20", ("recursion",), FIB_20_CALLS),
    loop("import from bytecode", "import_100k", "callee", "imports"),
    loop("import from a native module", "import_100k", "native:bench", "native_imports"),
    Line("empty call", "call", "empty", ("programs",)),
    Line("load of 5,000 functions, each", "load", "", ("functions_5000",), 5_000),
    Line("context creation", "context", "empty", ("programs",)),
    Line("lookup among 5,000 exports", "lookup", "", ("functions_5000",)),
)


# ---- Our runtime ---------------------------------------------------------------------------------------------------


def build(folder: Path) -> Path:
    """Builds the measuring program and the tools in release mode; the path of the program."""
    options = ["-DVMRT_BUILD_BENCH=ON", "-DCMAKE_BUILD_TYPE=Release"]
    configure = ["cmake", "-S", str(ROOT / "runtime"), "-B", str(folder), *options]
    targets = ["measure", "vm-benchmark-module", "vm-run-module"]
    for command in (configure, ["cmake", "--build", str(folder), "-j", "2", "--target", *targets]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
    return next(path for path in folder.rglob("measure") if path.is_file())


def module_path(name: str) -> str:
    if name.startswith("native:"):
        from conformance import fixtures

        return str(fixtures.native(name.removeprefix("native:")))
    return str(PREBUILT / f"{name}.vmfb")


def some_export(line: Line) -> str:
    """The function of the line, or for the module of many functions one from its middle."""
    return line.function or "f_2500"


def measure_own(program: Path, line: Line, seconds: float) -> float:
    """Nanoseconds of one iteration."""
    modules = [module_path(name) for name in line.modules]
    command = [str(program), line.kind, str(seconds), some_export(line), *modules]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout) / line.inner


# ---- The wheel -----------------------------------------------------------------------------------------------------


def wheel_tool() -> Path:
    spec = util.find_spec("iree._runtime_libs")
    if not spec or not spec.submodule_search_locations:
        sys.exit("the wheel iree-base-runtime is not installed: pip install '.[iree]'")
    return Path(next(iter(spec.submodule_search_locations))) / "iree-benchmark-module"


def time_wheel_call(line: Line, seconds: float) -> float:
    command = [
        str(wheel_tool()),
        *(f"--module={module_path(name)}" for name in line.modules),
        f"--function={line.function}",
        f"--benchmark_min_time={seconds}s",
        "--benchmark_format=json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)["benchmarks"][0]
    unit = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}[result["time_unit"]]
    return float(result["real_time"]) * unit


def time_python(action: Callable[[], Any], seconds: float) -> float:
    """Nanoseconds of one call of `action`."""
    timer = timeit.Timer(action)
    count = 1
    while (spent := timer.timeit(count)) < seconds:
        count *= 2
    return spent / count * 1e9


def time_wheel_binding(line: Line, seconds: float) -> float:
    from iree import runtime as iree_runtime

    instance = iree_runtime.VmInstance()
    data = (PREBUILT / f"{line.modules[-1]}.vmfb").read_bytes()
    module = iree_runtime.VmModule.copy_buffer(instance, data)
    overhead = time_python(lambda: module.name, seconds)
    actions: dict[str, Callable[[], Any]] = {
        "load": lambda: iree_runtime.VmModule.copy_buffer(instance, data),
        "context": lambda: iree_runtime.VmContext(instance, modules=[module]),
        "lookup": lambda: module.lookup_function(some_export(line)),
    }
    return time_python(actions[line.kind], seconds) - overhead


def measure_wheel(line: Line, seconds: float) -> float:
    """Nanoseconds of one iteration."""
    timed = time_wheel_call if line.kind == "call" else time_wheel_binding
    return timed(line, seconds) / line.inner


# ---- Side by side --------------------------------------------------------------------------------------------------


def in_turns(first: Callable[[], float], second: Callable[[], float], repetitions: int) -> tuple[float, float]:
    """Medians of both, measured one after the other so that what else the machine does hits both."""
    pairs = [(first(), second()) for _ in range(repetitions)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def row(name: str, own: float, wheel: float) -> None:
    print(f"{name:<54}{own:>12.2f}{wheel:>12.2f}{wheel / own:>10.2f}x", flush=True)


def head(unit: str) -> None:
    print(f"{unit + ' each (medians)':<54}{'own':>12}{'wheel':>12}{'wheel/own':>11}")


def functions(program: Path, options: argparse.Namespace) -> None:
    """What a VM does, in nanoseconds."""
    head("nanoseconds")
    for line in LINES:
        if options.only in line.name:
            own = functools.partial(measure_own, program, line, options.seconds)
            wheel = functools.partial(measure_wheel, line, options.seconds)
            row(line.name, *in_turns(own, wheel, options.repetitions))


def tensor_programs(built: Path, options: argparse.Namespace) -> None:
    """What devices do, in microseconds."""
    head("\nmicroseconds")
    for line in tensors.lines():
        if options.only in line.name:
            own = functools.partial(tensors.microseconds, built, "vm", line, PREBUILT, options.seconds)
            wheel = functools.partial(
                tensors.microseconds, wheel_tool().parent, "iree", line, PREBUILT, options.seconds
            )
            row(line.name, *in_turns(own, wheel, options.repetitions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.1, help="least time of one measurement")
    parser.add_argument("--only", default="", help="lines whose name contains this")
    parser.add_argument("--build", type=Path, help="keep the build in this folder")
    options = parser.parse_args()

    scratch = Path(tempfile.mkdtemp(prefix="vmrt-bench-"))
    try:
        program = build(options.build or scratch)
        functions(program, options)
        tensor_programs(options.build or scratch, options)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
