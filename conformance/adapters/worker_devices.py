"""What a worker does with devices: making them as a tool would for the same flags, tensors in and out as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from conformance.model import Scenario

# The flags of tools that the Python API has options for.
PLUGIN, WORKERS = FLAGS = ("--executable_plugin", "--task_topology_group_count")
DEFAULT = ("local-task",)
TENSOR = "hal.buffer_view"


def wanted(scenario: Scenario, modules: Sequence[Any]) -> tuple[str, ...]:
    """The devices to make: none unless a module needs them, the default where a lane's case names none."""
    if scenario.device is None:
        return ()
    needed = any(dependency.name == "hal" for module in modules for dependency in module.dependencies)
    return (scenario.devices or DEFAULT) if needed else ()


def make(vm: Any, uri: str, scenario: Scenario, library: str | None) -> Any:
    """One device with what the flags of the scenario say about it."""
    flags = [flag.partition("=")[::2] for flag in scenario.flags]
    plugins = [value for name, value in flags if name == PLUGIN]
    workers = [int(value) for name, value in flags if name == WORKERS]
    return vm.Device(uri, plugins=plugins, workers=workers[-1] if workers else 0, library=library)


@contextmanager
def arguments(devices: Sequence[Any], texts: Sequence[str], number: Any) -> Iterator[list[Any]]:
    """The values that the texts mean; tensors are on the first device, and gone afterwards."""
    with ExitStack() as tensors:
        yield [
            tensors.enter_context(devices[0].parse(text)) if devices and "=" in text else number(text) for text in texts
        ]


def printed(view: Any) -> str:
    """A tensor in the form of the command line tools, closed."""
    with view:
        return f"{TENSOR} {' '.join(str(view).split())}"
