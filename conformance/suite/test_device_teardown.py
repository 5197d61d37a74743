"""The device comes last: native modules are gone before it, after success and after every failure."""

from __future__ import annotations

import sys

import pytest

from conformance.case import Case, Seen, clause
from conformance.lanes import Lane
from conformance.model import ModuleRef, Stage
from conformance.suite.devices import DOUBLED, FOUR, before_device, device_lived, on, queries, tenant, threads

LINKING = (Stage.LINK, Stage.INIT)
CALLING = (Stage.CALL,)


def doubles(case: Case, lane: Lane, *natives: ModuleRef, function: str = "main") -> Seen:
    """Runs the program that adds a tensor to itself, behind these native modules."""
    return case.run(*natives, on(lane, "tenancy"), function=function, inputs=(FOUR,))


@clause("DEV-modules-before-device")
def test_success(case: Case, lane: Lane) -> None:
    seen = doubles(case, lane, tenant()).succeeds(DOUBLED)
    before_device(device_lived(seen, lane), lane, "tenant")


@clause("DEV-modules-before-device")
def test_two_native_modules(case: Case, lane: Lane) -> None:
    seen = doubles(case, lane, tenant("other"), tenant()).succeeds(DOUBLED)
    before_device(device_lived(seen, lane), lane, "tenant", "other").ordered("tenant.destroy", "other.destroy")


@clause("DEV-modules-before-device")
def test_library_is_unloaded_before(case: Case, lane: Lane) -> None:
    seen = doubles(case, lane, tenant()).succeeds(DOUBLED)
    seen.ordered("tenant.destroy", "lib.dtor(tenant)", lane.probe.ended)


@clause("DEV-modules-before-device")
def test_no_tensor_was_ever_made(case: Case, lane: Lane) -> None:
    """That a native module depends on `hal` is enough for a device."""
    seen = case.run(tenant(), function="ping").succeeds("i32=1")
    before_device(device_lived(seen, lane), lane, "tenant")


@clause("DEV-modules-before-device-call")
def test_call_fails(case: Case, lane: Lane) -> None:
    seen = doubles(case, lane, tenant(fail="call")).fails("DATA_LOSS", CALLING)
    before_device(device_lived(seen, lane), lane, "tenant").balanced()


@clause("DEV-modules-before-device-call")
def test_native_call_fails(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(fail="call"), function="ping").fails("DATA_LOSS", CALLING)
    before_device(device_lived(seen, lane), lane, "tenant").balanced()


@clause("DEV-modules-before-device-call")
def test_shape_is_wrong(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(), on(lane, "tenancy"), function="main", inputs=("3xf32=1,2,3",))
    before_device(device_lived(seen.refuses(CALLING), lane), lane, "tenant").balanced()


@clause("DEV-modules-before-device-call")
def test_input_is_missing(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(), on(lane, "tenancy"), function="main").refuses(CALLING)
    before_device(device_lived(seen, lane), lane, "tenant").balanced()


@clause("DEV-modules-before-device-call")
def test_function_is_not_there(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(), on(lane, "tenancy"), function="nothere").fails("NOT_FOUND", CALLING, "nothere")
    before_device(device_lived(seen, lane), lane, "tenant").balanced()


@clause("DEV-modules-before-device-failure")
def test_initializer_of_bytecode_fails(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(fail="call"), on(lane, "tenancy_in_init"), function="main").fails("DATA_LOSS", LINKING)
    before_device(device_lived(seen, lane), lane, "tenant").balanced()


@clause("DEV-modules-before-device-failure")
def test_init_of_native_module_fails(case: Case, lane: Lane) -> None:
    seen = case.run(tenant("other"), tenant(fail="init"), function="ping").fails("DATA_LOSS", LINKING)
    before_device(device_lived(seen, lane), lane, "tenant", "other").balanced()


@clause("DEV-modules-before-device-failure")
def test_import_is_missing(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(), on(lane, "tenancy_unresolved"), function="main", inputs=(FOUR,))
    seen.fails("NOT_FOUND", LINKING, "nothere")
    before_device(device_lived(seen, lane), lane, "tenant").balanced()


@clause("DEV-modules-before-device-failure")
def test_state_is_not_allocated(case: Case, lane: Lane) -> None:
    seen = case.run(tenant("other"), tenant(fail="alloc"), function="ping").fails("DATA_LOSS", LINKING)
    device_lived(seen, lane).ordered("other.free", lane.probe.ended).never("tenant.free")
    before_device(seen, lane, "tenant", "other", freed=False).balanced()


@clause("DEV-modules-before-device-failure")
def test_state_is_freed_before(case: Case, lane: Lane) -> None:
    """Also where the modules are not: their states have gone with the context."""
    seen = case.run(tenant(fail="init"), function="ping").fails("DATA_LOSS", LINKING)
    device_lived(seen, lane).ordered("tenant.return(__init)", "tenant.free", lane.probe.ended).balanced()


@clause("DEV-kept-view")
@pytest.mark.parametrize("until", ["state", "module"])
def test_keeps_a_view(case: Case, lane: Lane, until: str) -> None:
    seen = doubles(case, lane, tenant(keep=until), function="keep").succeeds(DOUBLED)
    seen.happened("lib.let_go").ordered("lib.let_go", lane.probe.ended)
    before_device(device_lived(seen, lane), lane, "tenant")


@clause("DEV-kept-view")
def test_keeps_a_view_in_the_state_and_the_context_fails(case: Case, lane: Lane) -> None:
    module = tenant(keep="state", fail="call")
    seen = case.run(module, on(lane, "tenancy_in_init"), function="main").fails("DATA_LOSS", LINKING)
    device_lived(seen.ordered("lib.let_go", lane.probe.ended), lane).balanced()


@clause("DEV-kept-view")
def test_keeps_a_view_in_the_module_and_the_context_fails(case: Case, lane: Lane) -> None:
    module = tenant(keep="module", fail="call")
    seen = case.run(module, on(lane, "tenancy_in_init"), function="main").fails("DATA_LOSS", LINKING)
    device_lived(seen.ordered("lib.let_go", lane.probe.ended), lane).balanced()


@clause("DEV-device-ends-once")
def test_two_devices(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(), queries(), function="count", device=(lane.device, lane.device)).succeeds("i32=2")
    before_device(device_lived(seen, lane, times=2), lane, "tenant")


@clause("DEV-device-ends-once")
def test_two_devices_and_a_failing_call(case: Case, lane: Lane) -> None:
    seen = case.run(tenant(fail="call"), function="ping", device=(lane.device, lane.device)).fails("DATA_LOSS", CALLING)
    before_device(device_lived(seen, lane, times=2), lane, "tenant").balanced()


@clause("DEV-device-ends-once")
def test_probe_itself_is_unloaded(case: Case, lane: Lane) -> None:
    """A device that leaked would keep the library of its probe."""
    library = "executable_probe" if lane.is_local else "vulkan_layer"
    seen = doubles(case, lane, tenant()).succeeds(DOUBLED)
    seen.ordered(f"lib.ctor({library})", lane.probe.created, lane.probe.ended, f"lib.dtor({library})")


def counts_threads(case: Case) -> None:
    """Threads are listed by the system on Linux alone."""
    if sys.platform != "linux":
        pytest.skip("only Linux lists the threads of a process in /proc/self/task")


@clause("DEV-threads-until-destroy")
@pytest.mark.parametrize("fail", ["", "call"])
def test_threads_at_destroy(case: Case, lane: Lane, fail: str) -> None:
    counts_threads(case)
    seen = doubles(case, lane, tenant(fail=fail))
    wanted = threads(seen, "tenant.call(ping)")
    alone = threads(seen, "tenant.create")
    for event in ("tenant.free", "tenant.destroy", "lib.dtor(tenant)"):
        count = threads(seen, event)
        seen.that(count == wanted, f"{wanted} threads at {event}, as in the call", f"{count}; {alone} at create")


@clause("DEV-threads-until-destroy")
def test_threads_at_destroy_after_a_failed_init(case: Case, lane: Lane) -> None:
    counts_threads(case)
    seen = case.run(tenant(fail="init"), function="ping")
    wanted, count = threads(seen, "tenant.call(__init)"), threads(seen, "tenant.destroy")
    seen.that(count == wanted, f"{wanted} threads at destroy, as in __init", str(count))


@clause("DEV-threads-until-destroy")
@pytest.mark.parametrize("workers", [1, 3])
def test_threads_of_workers(case: Case, lane: Lane, workers: int) -> None:
    """Compared with a device of five workers; they are there until the modules are gone."""
    counts_threads(case)

    def run(count: int) -> Seen:
        return case.run(tenant(), function="threads", flags=(f"--task_topology_group_count={count}",))

    seen = run(workers)
    during, gone = threads(seen, "tenant.call(threads)"), threads(seen, "tenant.destroy")
    seen.that(during == gone, f"{during} threads at destroy", str(gone))
    if lane.backend != "local-task":
        return
    five = threads(run(5), "tenant.call(threads)")
    seen.that(five - during == 5 - workers, f"{5 - workers} workers less than five", f"{five - during}")
