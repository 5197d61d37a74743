"""Devices of a run: which ones, in which order, chosen how, and what they answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.case import Case, Seen, clause
from conformance.lanes import Lane
from conformance.model import Stage
from conformance.suite.devices import DOUBLED, FOUR, before_device, device_lived, on, program, queries, tenant, threads
from conformance.suite.modules import native

LINKING = (Stage.LINK, Stage.INIT)
CODES = {"local-sync": 1, "local-task": 2, "vulkan": 3}  # what `which` says


def other_local(lane: Lane) -> str:
    """A local device that is not the lane's."""
    return "local-task" if lane.backend == "local-sync" else "local-sync"


def doubles(case: Case, lane: Lane, **options: Any) -> Seen:
    return case.run(tenant(), on(lane, "tenancy"), function="main", inputs=(FOUR,), **options)


def statistics(seen: Seen) -> list[str]:
    """The devices whose statistics were printed, in order."""
    return re.findall(r"^\s*Device: (\S+)", seen.observation.stderr, re.M)


def live(seen: Seen) -> list[int]:
    """How many bytes are still there, by the two lines of a device; a runtime may print others besides."""
    found = re.findall(r"^\s*(?:HOST|DEVICE)_LOCAL:.* (\d+)B live$", seen.observation.stderr, re.M)
    return [int(count) for count in found]


@clause("DEV-unknown-driver")
@pytest.mark.parametrize("device", ["foo", "foo://", "local", "LOCAL-SYNC"])
def test_unknown_driver(case: Case, lane: Lane, device: str) -> None:
    seen = case.run(tenant(), queries(), function="count", device=device).fails("NOT_FOUND", LINKING)
    seen.that(device.partition(":")[0] in seen.observation.message, f"a mention of {device}", seen.observation.message)
    seen.never(lane.probe.created).happened("tenant.destroy")


@clause("DEV-unknown-driver")
def test_second_device_is_unknown(case: Case, lane: Lane) -> None:
    """The first one was created and ends again."""
    seen = case.run(tenant(), queries(), function="count", device=(lane.device, "foo"))
    seen.fails("NOT_FOUND", LINKING, "foo")
    device_lived(seen, lane).happened("tenant.destroy")


@clause("DEV-path")
@pytest.mark.parametrize("path", ["9", "GPU-00000000"])
def test_path_of_no_device(case: Case, lane: Lane, path: str) -> None:
    seen = case.run(tenant(), queries(), function="count", device=f"{lane.device}://{path}")
    seen.fails("NOT_FOUND", LINKING).happened("tenant.destroy")


@clause("DEV-on-demand")
@pytest.mark.parametrize("device", ["", "foo"])
def test_nothing_needs_a_device(case: Case, lane: Lane, device: str) -> None:
    seen = case.run(native("minimal"), function="add", inputs=(3, 4), device=device or lane.device).succeeds("i32=7")
    seen.never(lane.probe.created)


@clause("DEV-on-demand")
def test_native_module_needs_a_device(case: Case, lane: Lane) -> None:
    device_lived(case.run(tenant(), function="ping").succeeds("i32=1"), lane)


@clause("DEV-on-demand")
def test_created_behind_what_does_not_need_it(case: Case, lane: Lane) -> None:
    seen = case.run(native("minimal"), tenant(), queries(), function="count").succeeds("i32=1")
    seen.ordered("minimal.create", "tenant.create", lane.probe.created)


@clause("DEV-several")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_so_many_flags_so_many_devices(case: Case, lane: Lane, count: int) -> None:
    seen = case.run(queries(), function="count", device=(lane.device,) * count).succeeds(f"i32={count}")
    device_lived(seen, lane, times=count)


@clause("DEV-several")
@pytest.mark.parametrize("index", [0, 1])
def test_order_of_devices(case: Case, lane: Lane, index: int) -> None:
    devices = (lane.device, other_local(lane))
    case.run(queries(), function="which", inputs=(index,), device=devices).succeeds(f"i32={CODES[devices[index]]}")


@clause("DEV-several")
@pytest.mark.parametrize("index", [1, -1, 2147483647])
def test_index_outside(case: Case, lane: Lane, index: int) -> None:
    case.run(queries(), function="which", inputs=(index,)).succeeds("i32=0")


@clause("DEV-default")
def test_default_device(case: Case, lane: Lane) -> None:
    case.run(queries(), function="which", inputs=(0,), device=()).succeeds("i32=2")
    case.run(queries(), function="count", device=()).succeeds("i32=1")


@clause("DEV-identity")
def test_identity(case: Case, lane: Lane) -> None:
    case.run(queries(), function="which", inputs=(0,)).succeeds(f"i32={CODES[lane.backend]}")


@clause("DEV-identity")
def test_uri_and_name_are_the_same(case: Case, lane: Lane) -> None:
    seen = case.run(queries(), function="which", inputs=(0,), device=f"{lane.device}://")
    seen.succeeds(f"i32={CODES[lane.backend]}")


@clause("DEV-selection")
def test_program_of_another_device(case: Case, lane: Lane) -> None:
    foreign = program("tenancy", "vulkan-spirv" if lane.is_local else "vmvx")
    seen = case.run(tenant(), foreign, function="main", inputs=(FOUR,)).fails("INCOMPATIBLE", LINKING)
    device_lived(seen, lane).happened("tenant.free").happened("tenant.destroy").balanced()


@clause("DEV-selection")
@pytest.mark.parametrize("place", [0, 1])
def test_program_finds_its_device(case: Case, lane: Lane, place: int) -> None:
    """Beside one that the program may also run on, or not. It computes in its initializer: tools take inputs to the
    first device and fetch results from there."""
    devices = [other_local(lane)]
    devices.insert(place, lane.device)
    seen = case.run(tenant(), on(lane, "tenancy_in_init"), function="main", device=tuple(devices)).succeeds("i32=1")
    before_device(seen, lane, "tenant")


@clause("DEV-concurrency")
def test_concurrency(case: Case, lane: Lane) -> None:
    workers = 3 if lane.backend == "local-task" else 1
    seen = case.run(queries(), function="concurrency", flags=("--task_topology_group_count=3",))
    seen.succeeds(f"i64={workers}")


@clause("DEV-workers")
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers(case: Case, lane: Lane, workers: int) -> None:
    """Seen in the number of threads, compared with three workers; elsewhere the flag changes nothing."""

    def run(count: int) -> Seen:
        flags = (f"--task_topology_group_count={count}",)
        return case.run(tenant(), function="ping", flags=flags).succeeds("i32=1")

    wanted = threads(run(3), "tenant.call(ping)") + (workers - 3 if lane.backend == "local-task" else 0)
    seen = run(workers)
    count = threads(seen, "tenant.call(ping)")
    seen.that(count == wanted, f"{wanted} threads", str(count))


@clause("DEV-workers")
def test_results_do_not_depend_on_workers(case: Case, lane: Lane) -> None:
    for workers in (1, 8):
        doubles(case, lane, flags=(f"--task_topology_group_count={workers}",)).succeeds(DOUBLED)


@clause("DEV-statistics")
def test_statistics(case: Case, lane: Lane) -> None:
    seen = doubles(case, lane, flags=("--print_statistics",)).succeeds(DOUBLED)
    printed = statistics(seen)
    seen.that(printed == [lane.device], f"statistics of {lane.device}", str(printed))


@clause("DEV-statistics")
def test_statistics_of_two_devices(case: Case, lane: Lane) -> None:
    devices = (lane.device, other_local(lane))
    seen = doubles(case, lane, device=devices, flags=("--print_statistics",)).succeeds(DOUBLED)
    printed = statistics(seen)
    seen.that(printed == list(devices), f"statistics of {', '.join(devices)}", str(printed))


@clause("DEV-statistics")
def test_statistics_after_a_failing_call(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(fail="call"), function="ping", flags=("--print_statistics",))
    printed = statistics(seen.fails("DATA_LOSS", Stage.CALL))
    seen.that(printed == [lane.device], f"statistics of {lane.device}", str(printed))


@clause("DEV-statistics")
@pytest.mark.parametrize("until", ["state", "module"])
def test_statistics_after_the_modules(case: Case, lane: Lane, until: str) -> None:
    """What a native module kept until its end is freed in them. `vulkan` keeps its pools longer."""
    module = tenant(keep=until)
    seen = case.run(module, on(lane, "tenancy"), function="keep", inputs=(FOUR,), flags=("--print_statistics",))
    seen.succeeds(DOUBLED).happened("lib.let_go")
    left = live(seen)
    seen.that(len(left) == 2, "two lines of statistics", str(left))
    if lane.is_local:
        seen.that(left == [0, 0], "nothing live", f"{left} bytes")
