"""Threads: instances are shared, contexts let one in at a time, cancellation comes from anywhere."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from vm_support import compiled, native

from conformance import vm

ENDLESS = 2**31 - 1


def test_threads_share_instance_and_modules(instance: vm.Instance) -> None:
    modules = [instance.load(native("math"), bias=5), instance.load(compiled("app"))]

    def work(number: int) -> int:
        with instance.context(modules) as context:
            main = context["app.main"]
            return sum(main(number, i) for i in range(50))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(16)))
    assert results == [sum((number + i + 5) ** 2 for i in range(50)) for number in range(16)]


def test_threads_load_at_once(instance: vm.Instance) -> None:
    def work(_: int) -> int:
        with instance.load(native("state")) as module, instance.context([module]) as context:
            return int(context["state.add"](3))

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(work, range(32))) == {3}


class Running:
    """A call that another thread is in until the context is cancelled."""

    def __init__(self, context: vm.Context) -> None:
        self.context = context
        self.code: vm.Code | None = None
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        """Comes back when it is refused because the other thread is just looking."""
        while self.code in (None, vm.Code.FAILED_PRECONDITION):
            try:
                self.context["yields.times"](ENDLESS)
            except vm.Error as error:
                self.code = error.code

    def __enter__(self) -> Running:
        self.thread.start()
        while self.thread.is_alive():
            try:
                self.context.freeze()
            except vm.Error:
                return self
        raise AssertionError(f"the call ended by itself: {self.code}")

    def __exit__(self, *_: object) -> None:
        self.context.cancel(vm.Code.ABORTED)
        self.thread.join()
        self.context.cancel(vm.Code.OK)


def test_second_thread_is_refused(instance: vm.Instance) -> None:
    with instance.context([instance.load(compiled("yields"))]) as context:
        times = context["yields.times"]
        with Running(context) as running:
            for action in (lambda: times(1), lambda: context.notify("resume"), context.fork, context.close):
                with pytest.raises(vm.Error) as caught:
                    action()
                assert caught.value.code == vm.Code.FAILED_PRECONDITION
                assert "another thread" in caught.value.message
        assert running.code == vm.Code.ABORTED
        assert times(3) == 3


def test_cancellation_stays_until_taken_back(instance: vm.Instance) -> None:
    with instance.context([instance.load(compiled("yields"))]) as context:
        context.cancel()
        with pytest.raises(vm.Error) as caught:
            context["yields.times"](10)
        assert caught.value.code == vm.Code.CANCELLED
        context.cancel(vm.Code.OK)
        instance.cancel(vm.Code.DEADLINE_EXCEEDED)
        with pytest.raises(vm.Error) as caught:
            context["yields.times"](10)
        assert caught.value.code == vm.Code.DEADLINE_EXCEEDED
        instance.cancel(vm.Code.OK)
        assert context["yields.times"](10) == 10


def test_many_threads_close_one_object(instance: vm.Instance) -> None:
    for _ in range(20):
        buffer = instance.buffer(10)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _, item=buffer: item.close(), range(8)))
        assert buffer.closed
