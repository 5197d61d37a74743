"""Objects close in any order, twice, or by the garbage collector; closed ones say so."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vm_support import compiled, native

from conformance import trace as traces
from conformance import vm


def everything() -> dict[str, Any]:
    """One of each kind of object, all tied together."""
    instance = vm.Instance()
    native_module = instance.load(native("opaque_type"))
    buffers = instance.load(native("buffers"))
    bytecode = instance.load(compiled("objects"))
    context = instance.context([native_module, buffers, bytecode])
    buffer = instance.buffer(b"abc")
    thing = context["opaque_type.make"](42)
    return {
        "instance": instance,
        "native": native_module,
        "buffers": buffers,
        "bytecode": bytecode,
        "context": context,
        "buffer": buffer,
        "same": context["buffers.same"](buffer),
        "constant": context["objects.greeting_of"](),
        "thing": thing,
        "list": instance.list([thing, buffer, 1]),
        "fork": context.fork(),
    }


ORDER = st.permutations(sorted(["instance", "native", "buffers", "bytecode", "context", "buffer"])).flatmap(
    lambda order: st.permutations([*order, "fork", "same", "constant", "thing", "list"])
)


@given(order=ORDER, twice=st.booleans())
def test_any_order(order: list[str], twice: bool) -> None:
    objects = everything()
    for name in order:
        objects[name].close()
        if twice:
            objects[name].close()
    assert all(item.closed for item in objects.values())
    del objects
    assert all(count == 0 for count in vm.live_objects().values())


@given(order=ORDER, count=st.integers(0, 11))
def test_some_are_closed_and_the_rest_is_garbage(order: list[str], count: int) -> None:
    objects = everything()
    for name in order[:count]:
        objects[name].close()
    for name in order[count:]:
        del objects[name]
    gc.collect()
    assert all(live == 0 for live in vm.live_objects().values())


@given(order=ORDER)
def test_garbage_in_cycles(order: list[str]) -> None:
    objects = everything()
    ring = [objects[name] for name in order]
    for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
        one.neighbour = other
    del objects, ring, one, other
    gc.collect()
    assert all(live == 0 for live in vm.live_objects().values())


USES: list[tuple[str, Callable[[Any], object]]] = [
    ("instance", lambda o: o.list()),
    ("instance", lambda o: o.buffer(1)),
    ("instance", lambda o: o.context()),
    ("instance", lambda o: o.load(compiled("app"))),
    ("bytecode", lambda o: o.name),
    ("bytecode", lambda o: o.exports),
    ("native", lambda o: o.dependencies),
    ("context", lambda o: o["objects.make"]),
    ("context", lambda o: o.fork()),
    ("context", lambda o: o.notify("resume")),
    ("context", lambda o: o.register()),
    ("context", lambda o: o.cancel()),
    ("buffer", lambda o: o.view),
    ("buffer", len),
    ("buffer", bytes),
    ("list", len),
    ("list", lambda o: o[0]),
    ("list", lambda o: o.append(1)),
    ("thing", lambda o: o.type_name),
    ("list", lambda o: o.__enter__()),
]


@pytest.mark.parametrize(("name", "use"), USES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(USES)])
def test_use_after_close(name: str, use: Callable[[Any], object]) -> None:
    objects = everything()
    objects[name].close()
    with pytest.raises(vm.ClosedError) as caught:
        use(objects[name])
    assert caught.value.code == vm.Code.FAILED_PRECONDITION
    assert isinstance(caught.value, ValueError)
    assert "closed" in caught.value.message
    assert "closed" in repr(objects[name])


def test_functions_of_a_closed_context(instance: vm.Instance) -> None:
    context = instance.context([instance.load(native("buffers")), instance.load(native("bench"))])
    fast, slow = context["bench.add"], context["buffers.make"]
    context.close()
    for function, args in ((fast, (1, 2)), (slow, (1,)), (fast, (1, 2))):
        with pytest.raises(vm.ClosedError):
            function(*args)
    with pytest.raises(vm.ClosedError):
        _ = fast.attributes
    assert fast.name == "bench.add"


def test_function_keeps_its_context(instance: vm.Instance) -> None:
    add = instance.context([instance.load(native("bench"))])["bench.add"]
    gc.collect()
    assert add(1, 2) == 3


def test_closed_objects_as_arguments(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("buffers"))]) as context:
        buffer = instance.buffer(3)
        buffer.close()
        with pytest.raises(vm.ClosedError, match="buffer"):
            context["buffers.sum"](buffer)
        with pytest.raises(vm.ClosedError):
            instance.list([buffer])
    module = instance.load(native("math"))
    module.close()
    with pytest.raises(vm.ClosedError, match="module"):
        instance.context([module])


def test_failed_constructors_leave_nothing() -> None:
    for _ in range(3):
        with pytest.raises(vm.Error):
            vm.Instance(library="/absent.so")
        with vm.Instance() as instance, pytest.raises(vm.Error):
            instance.context([instance.load(compiled("app"))])


def test_order_of_teardown(trace: Path) -> None:
    with vm.Instance() as instance:
        lifecycle = instance.load(native("lifecycle"))
        things = instance.load(native("opaque_type"))
        with instance.context([lifecycle, things]) as context:
            thing = context["opaque_type.make"](1)
        lifecycle.close()
        things.close()
        assert "destroy" not in [event.ev for event in traces.read(trace) if event.mod == "opaque_type"]
        thing.close()
    events = traces.read(trace)
    assert not traces.unbalanced(events)
    assert not traces.chain(
        events, "lifecycle.call(__deinit)", "opaque_type.free", "lifecycle.free", "lifecycle.destroy"
    )
    assert not traces.chain(events, "opaque_type.thing.destroy", "opaque_type.destroy", "lib.dtor(opaque_type)")
