"""Contexts from Python: linking, initialisation, signals, forks, and the stage of each failure."""

from __future__ import annotations

from pathlib import Path

import pytest
from vm_support import compiled, native

from conformance import trace as traces
from conformance import vm


def error_of(instance: vm.Instance, *modules: vm.Module) -> vm.Error:
    with pytest.raises(vm.Error) as caught:
        instance.context(modules)
    return caught.value


def test_native_and_bytecode(instance: vm.Instance) -> None:
    library = instance.load(native("math"), export="create", bias=5)
    app = instance.load(compiled("app"))
    with instance.context([library, app]) as context:
        assert context["app.main"](3, 4) == 144
        assert context["app.main"].signature == "0ii_i"
        assert context.modules == (library, app)


def test_missing_module(instance: vm.Instance) -> None:
    error = error_of(instance, instance.load(compiled("app")))
    assert (error.code, error.stage) == (vm.Code.NOT_FOUND, "link")
    assert "math" in error.message and "app" in error.message


def test_wrong_signature(instance: vm.Instance) -> None:
    math = instance.load(native("math"))
    module = instance.load(native("imports"), params=[("import", "math.add"), ("cconv", "0I_I")])
    error = error_of(instance, math, module)
    assert (error.code, error.stage) == (vm.Code.INTERNAL, "link")
    assert "0ii_i" in error.message and "0I_I" in error.message


@pytest.mark.parametrize(("at", "stage"), [("alloc", "link"), ("deps", "link"), ("init", "init"), ("lookup", "init")])
def test_stage_of_failing_registration(instance: vm.Instance, at: str, stage: str) -> None:
    error = error_of(instance, instance.load(native("lifecycle"), fail=at, code=10, message="on purpose"))
    assert (error.code, error.stage) == (vm.Code.ABORTED, stage)
    assert "on purpose" in error.message


def test_static_context_takes_no_more(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("math"))]) as context, pytest.raises(vm.Error) as caught:
        context.register(instance.load(native("minimal")))
    assert caught.value.code == vm.Code.FAILED_PRECONDITION


def test_growing_context(instance: vm.Instance) -> None:
    with instance.context() as context:
        context.register(instance.load(native("minimal")))
        add = context["minimal.add"]
        context.register(instance.load(native("importer")), instance.load(native("state")))
        assert context["importer.twice_add"](3, 4) == 14
        assert add(1, 2) == 3
        with pytest.raises(vm.Error):
            context.register(instance.load(native("lifecycle"), fail="init"))
        assert len(context.modules) == 3
        context.freeze()
        with pytest.raises(vm.Error) as caught:
            context.register(instance.load(native("math")))
    assert caught.value.code == vm.Code.FAILED_PRECONDITION


def test_growable_with_first_modules(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("math"))], growable=True) as context:
        context.register(instance.load(native("minimal")))
        assert context["math.add"](1, 2) == context["minimal.add"](1, 2)


def test_unknown_function(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("math"))]) as context:
        for name, code in (("math.absent", "NOT_FOUND"), ("other.add", "NOT_FOUND"), ("add", "INVALID_ARGUMENT")):
            with pytest.raises(vm.Error) as caught:
                context[name]
            assert caught.value.code.name == code


def test_each_context_has_its_state(instance: vm.Instance) -> None:
    module = instance.load(compiled("counter"))
    with instance.context([module]) as one, instance.context([module]) as two:
        assert [one["counter.next"](1) for _ in range(3)] == [42, 43, 44]
        assert two["counter.next"](1) == 42


def test_fork_derives_the_state(instance: vm.Instance) -> None:
    parent = instance.context([instance.load(native("state"))])
    parent["state.add"](5)
    with parent.fork() as child:
        assert child.modules == parent.modules
        parent.close()
        assert child["state.add"](1) == 6


def test_notify(instance: vm.Instance, trace: Path) -> None:
    with instance.context([instance.load(native("lifecycle"))]) as context:
        context.notify("suspend")
        context.notify("resume")
        with pytest.raises(vm.Error) as caught:
            context.notify("explode")
    assert caught.value.code == vm.Code.INVALID_ARGUMENT
    assert len(traces.find(traces.read(trace), "lifecycle.notify")) == 2


def test_failing_notify(instance: vm.Instance) -> None:
    module = instance.load(native("lifecycle"), fail="notify", code=10)
    with instance.context([module]) as context, pytest.raises(vm.Error) as caught:
        context.notify("low_memory")
    assert (caught.value.code, caught.value.stage) == (vm.Code.ABORTED, "call")


def test_trace_goes_to_stderr(instance: vm.Instance, capfd: pytest.CaptureFixture[str]) -> None:
    modules = [instance.load(native("math")), instance.load(compiled("app"))]
    with instance.context(modules, trace=True) as context:
        context["app.main"](3, 4)
    assert "app" in capfd.readouterr().err


def test_modules_of_another_library_are_refused(instance: vm.Instance) -> None:
    with pytest.raises(vm.Error) as caught:
        instance.context(["math"])  # type: ignore[list-item]
    assert caught.value.code == vm.Code.INVALID_ARGUMENT


def test_lifecycle_order(instance: vm.Instance, trace: Path) -> None:
    first = instance.load(native("minimal"))
    second = instance.load(native("importer"))
    with instance.context([first, second]):
        first.close()
        second.close()
    events = traces.read(trace)
    assert not traces.unbalanced(events)
    assert not traces.chain(events, "importer.free", "minimal.free", "importer.destroy", "minimal.destroy")
