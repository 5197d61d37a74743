"""Memory that goes through an instance: counted by owner, failing where it is told to, and never lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from vm_support import compiled, native

from conformance import vm


def test_nothing_is_counted_without_asking(instance: vm.Instance) -> None:
    for look in (
        lambda: instance.statistics,
        lambda: instance.statistics_by_owner,
        lambda: instance.fail_allocation(0),
    ):
        with pytest.raises(vm.Error) as caught:
            look()
        assert caught.value.code == vm.Code.FAILED_PRECONDITION


def test_statistics() -> None:
    with vm.Instance(count=True) as instance:
        start = instance.statistics
        with instance.buffer(1000):
            now = instance.statistics
            assert now.live_blocks == start.live_blocks + 1
            assert now.live_bytes >= start.live_bytes + 1000
            assert instance.statistics_by_owner["buffer"].live_blocks == 1
        assert instance.statistics.live_blocks == start.live_blocks
        assert instance.statistics.peak_bytes >= now.live_bytes
    assert instance.statistics.live_blocks == instance.statistics.live_bytes == 0
    assert instance.statistics.failed == 0


def test_owners() -> None:
    with vm.Instance(count=True) as instance, instance.context([instance.load(native("minimal"))]) as context:
        assert context["minimal.add"](1, 2) == 3
        with instance.list([1]), instance.buffer(1):
            owners = instance.statistics_by_owner
    assert {"instance", "module", "context", "list", "buffer"} <= set(owners)
    assert all(counts.live_blocks == 0 for counts in instance.statistics_by_owner.values())


def test_one_failing_allocation() -> None:
    with vm.Instance(count=True) as instance:
        instance.fail_allocation(1)
        instance.buffer(1).close()
        with pytest.raises(vm.Error) as caught:
            instance.buffer(1)
        assert caught.value.code == vm.Code.RESOURCE_EXHAUSTED
        instance.buffer(1).close()
        instance.fail_allocation(0, from_then_on=True)
        for _ in range(3):
            with pytest.raises(vm.Error):
                instance.buffer(1)
        instance.fail_allocation(-1)
        instance.buffer(1).close()
        assert instance.statistics.failed == 4


def call_app(instance: vm.Instance) -> None:
    with (
        instance.load(native("math"), bias=5) as math,
        instance.load(compiled("app")) as app,
        instance.context([math, app]) as context,
    ):
        assert context["app.main"](3, 4) == 144


def pass_objects(instance: vm.Instance) -> None:
    with (
        instance.load(native("buffers")) as module,
        instance.context([module]) as context,
        instance.buffer(b"\1\2\3") as buffer,
        instance.list([buffer, 1, 2.0]) as values,
    ):
        assert context["buffers.sum"](buffer) == 6
        assert len(values) == 3


def grow_and_fork(instance: vm.Instance) -> None:
    with instance.load(native("state")) as module, instance.context() as context:
        context.register(module)
        context["state.add"](5)
        context.fork().close()
        assert context["state.get"]() == 5


def load_all_ways(instance: vm.Instance) -> None:
    with open(compiled("objects"), "rb") as file, instance.load(file.read()) as module:
        assert module.name == "objects"
    with instance.load(compiled("objects"), mmap=True) as module, instance.context([module]) as context:
        context["objects.count_to"](70).close()


@pytest.mark.parametrize("from_then_on", [False, True])
@pytest.mark.parametrize("work", [call_app, pass_objects, grow_and_fork, load_all_ways])
def test_every_allocation_may_fail(work: Callable[[vm.Instance], None], from_then_on: bool) -> None:
    """The n-th request fails, for n = 0, 1, 2, … until nothing fails any more; nothing is ever left behind."""
    for request in range(10_000):
        with vm.Instance(count=True) as instance:
            empty = instance.statistics.live_blocks
            instance.fail_allocation(request, from_then_on=from_then_on)
            try:
                work(instance)
            except vm.Error as error:
                assert error.code == vm.Code.RESOURCE_EXHAUSTED, error
            failed = instance.statistics.failed
            instance.fail_allocation(-1)
            assert instance.statistics.live_blocks == empty, f"request {request}"
        assert instance.statistics.live_blocks == 0
        if not failed:
            assert request > 5
            return
    raise AssertionError("it never came to an end")
