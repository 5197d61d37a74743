"""Tensor programs on local devices, by the two benchmark tools: one call, with its fences and its dispatches."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEVICES = ("local-sync", "local-task")
TARGETS = ("vmvx", "llvm-cpu")
PROGRAMS = {
    "add of 4": ("add_4", "4xf32"),
    "add of 1 Mi": ("add_1mi", "1048576xf32"),
    "matmul of 256x256": ("matmul_256", "256x256xf32"),
    "8 matmuls of 64x64": ("chain_64", "64x64xf32"),
}
START = "process, start to end, add of 4"


@dataclass(frozen=True)
class TensorLine:
    """One row: a function of the program, compiled for a target, on a device."""

    name: str
    target: str
    device: str
    function: str
    shape: str

    def arguments(self, prebuilt: Path) -> list[str]:
        return [
            f"--device={self.device}",
            f"--module={prebuilt / self.target / 'tensors.vmfb'}",
            f"--function={self.function}",
            f"--input={self.shape}=1",
            f"--input={self.shape}=2",
        ]


def lines() -> Iterator[TensorLine]:
    for device in DEVICES:
        for target in TARGETS:
            for name, (function, shape) in {**PROGRAMS, START: PROGRAMS["add of 4"]}.items():
                yield TensorLine(f"{device}, {target}: {name}", target, device, function, shape)


def microseconds(tools: Path, prefix: str, line: TensorLine, prebuilt: Path, seconds: float) -> float:
    """One call, by the benchmark tool; for the line of processes, one run of the run tool from start to end."""
    arguments = line.arguments(prebuilt)
    if line.name.endswith(START):
        return _process([str(tools / f"{prefix}-run-module"), *arguments])
    options = [f"--benchmark_min_time={seconds}s", "--benchmark_format=json", "--time_unit=us"]
    command = [str(tools / f"{prefix}-benchmark-module"), *arguments, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["benchmarks"][0]["real_time"])


def _process(command: list[str]) -> float:
    """The best of ten: what is slower was somebody else's doing."""
    spent = []
    for _ in range(10):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        spent.append(time.perf_counter() - start)
    return min(spent) * 1e6
