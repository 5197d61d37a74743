"""What a worker does with a scenario, over an API that only writes down how it is used."""

from __future__ import annotations

import importlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import conformance
from conformance.model import Call, ModuleRef, Scenario, dumps

LOG: list[str] = []


class Error(Exception):
    def __init__(self, code: int, message: str, stage: str) -> None:
        super().__init__(message)
        self.code, self.message, self.stage = code, message, stage


class Closing:
    """Something that is closed once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def close(self) -> None:
        LOG.append(f"close {self.name}")


class Function:
    def __init__(self, signature: str, results: Any) -> None:
        self.signature, self.results = signature, results

    def __call__(self, *values: object) -> Any:
        LOG.append(f"call {values}")
        if self.results == "fails":
            raise Error(15, "gave up", "call")
        if self.results == "loops":
            while "cancel" not in LOG:
                time.sleep(0.005)
            raise Error(1, "cancelled", "call")
        return self.results


FUNCTIONS = {
    "one": Function("0ii_i", 7),
    "several": Function("0v_iIfFr", (1, -2, 0.5, 1e20, None)),
    "none": Function("0v_v", None),
    "fails": Function("0v_v", "fails"),
    "loops": Function("0v_v", "loops"),
}


class Module(Closing):
    exports = ("__init", "one", "hidden$x")


class Context(Closing):
    def cancel(self) -> None:
        LOG.append("cancel")

    def __getitem__(self, name: str) -> Function:
        LOG.append(f"look {name}")
        return FUNCTIONS[name.partition(".")[2]]


class Instance(Closing):
    def __init__(self, library: str | None = None) -> None:
        super().__init__("instance")
        LOG.append(f"instance {library}")

    def load(self, path: str, **options: object) -> Module:
        LOG.append(f"load {path} {options}")
        if "missing" in path:
            raise Error(5, "not there", "open")
        return Module(Path(path).stem)

    def context(self, modules: list[Module]) -> Context:
        LOG.append("context " + " ".join(module.name for module in modules))
        return Context("context")


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    vm = ModuleType("conformance.vm")
    vm.Error, vm.Instance = Error, Instance  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "conformance.vm", vm)
    monkeypatch.setattr(conformance, "vm", vm, raising=False)
    monkeypatch.delitem(sys.modules, "conformance.adapters.worker", raising=False)
    LOG.clear()
    return importlib.import_module("conformance.adapters.worker")


def perform(
    worker: Any, folder: Path, *modules: str, call: Call, library: str | None = None, **more: Any
) -> list[dict[str, Any]]:
    """The journal of a worker over these modules."""
    scenario = replace(Scenario(tuple(map(ModuleRef.parse, modules)), (call,)), **more)
    journal = folder / "journal"
    worker.main([dumps(scenario.to_json()), str(journal), *([library] if library else [])])
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_everything_in_order_and_back(worker: Any, tmp_path: Path) -> None:
    perform(worker, tmp_path, "x/lib.so@make?k=1&k", "x/app.vmfb", call=Call("one", ("3", "-0x10")), library="l.so")
    assert LOG == [
        "instance l.so",
        "load x/lib.so {'export': 'make', 'params': [('k', '1'), ('k', None)]}",
        "load x/app.vmfb {'mmap': False}",
        "context lib app",
        "look app.one",
        "call (3, -16)",
        "close context",
        "close app",
        "close lib",
        "close instance",
    ]


def test_the_journal_announces_every_step(worker: Any, tmp_path: Path) -> None:
    journal = perform(worker, tmp_path, "lib.so", "app.vmfb", call=Call("one"))
    assert [(entry["stage"], entry["op"]) for entry in journal if "op" in entry] == [
        ("open", "instance"),
        ("open", "load lib.so"),
        ("verify", "load app.vmfb"),
        ("link", "context"),
        ("call", "call app.one"),
        ("teardown", "close context"),
        ("teardown", "close module"),
        ("teardown", "close module"),
        ("teardown", "close instance"),
    ]
    assert {"results": ["i32=7"]} in journal
    assert journal[-1] == {"end": True}


@pytest.mark.parametrize(
    ("function", "results"),
    [("several", ["i32=1", "i64=-2", "f32=0.5", "f64=1e+20", "(null)"]), ("none", []), ("one", ["i32=7"])],
)
def test_results_are_printed_as_the_tools_do(worker: Any, tmp_path: Path, function: str, results: list[str]) -> None:
    assert {"results": results} in perform(worker, tmp_path, "app.vmfb", call=Call(function))


def test_a_failing_load_closes_what_was_loaded(worker: Any, tmp_path: Path) -> None:
    journal = perform(worker, tmp_path, "a.so", "missing.vmfb", "b.so", call=Call("one"))
    assert {"failed": "open", "code": "NOT_FOUND", "message": "not there"} in journal
    assert LOG[-2:] == ["close a", "close instance"]
    assert not any("b.so" in entry for entry in LOG)
    assert journal[-1] == {"end": True}


def test_a_failing_call_closes_everything(worker: Any, tmp_path: Path) -> None:
    journal = perform(worker, tmp_path, "app.vmfb", call=Call("fails"))
    assert {"failed": "call", "code": "DATA_LOSS", "message": "gave up"} in journal
    assert LOG[-3:] == ["close context", "close app", "close instance"]


def test_the_only_visible_export_is_the_default(worker: Any, tmp_path: Path) -> None:
    perform(worker, tmp_path, "app.vmfb", call=Call())
    assert "look app.one" in LOG


@pytest.mark.parametrize("call", [Call("one", ("abc",)), Call("one", ("4xf32=1",))])
def test_what_is_no_value_is_refused(worker: Any, tmp_path: Path, call: Call) -> None:
    assert "refused" in perform(worker, tmp_path, "app.vmfb", call=call)[-1]


def test_a_bug_of_ours_is_told_from_a_failure(worker: Any, tmp_path: Path) -> None:
    assert "KeyError" in perform(worker, tmp_path, "app.vmfb", call=Call("nosuch"))[-1]["harness"]


def test_each_call_in_a_context_of_its_own(worker: Any, tmp_path: Path) -> None:
    calls = (Call("fails"), Call("one"), Call("fails"))
    journal = perform(worker, tmp_path, "app.vmfb", call=calls[0], calls=calls, fresh=True)
    assert [entry["call"] for entry in journal if "call" in entry] == [0, 1, 2]
    assert [entry["code"] for entry in journal if "code" in entry] == ["DATA_LOSS", "DATA_LOSS"]
    assert {"results": ["i32=7"]} in journal
    assert journal[-1] == {"end": True}
    assert (LOG.count("context app"), LOG.count("close context"), LOG.count("close app")) == (3, 3, 1)


def test_a_call_is_cancelled_when_its_time_is_up(worker: Any, tmp_path: Path) -> None:
    journal = perform(worker, tmp_path, "app.vmfb", call=Call("loops"), limit=0.01)
    assert {"failed": "call", "code": "CANCELLED", "message": "cancelled"} in journal
    assert LOG[-1] == "close instance"


def test_a_call_in_time_is_not_cancelled(worker: Any, tmp_path: Path) -> None:
    assert {"results": ["i32=7"]} in perform(worker, tmp_path, "app.vmfb", call=Call("one"), limit=60)
    assert "cancel" not in LOG


class Tensor(Closing):
    type_name = "hal.buffer_view"

    def __enter__(self) -> Tensor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return self.name


class Device(Closing):
    def __init__(self, uri: str, **options: object) -> None:
        super().__init__(uri)
        LOG.append(f"device {uri} {options}")
        if uri == "foo":
            raise Error(5, "no driver foo", "init")

    def parse(self, text: str) -> Tensor:
        return Tensor(text)


class OnDevice(Function):
    def views(self, *values: object) -> Any:
        return self(*map(str, values))


@pytest.fixture
def on_device(worker: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The worker, with devices, and modules that need one."""
    dependency = SimpleNamespace(name="hal")

    def context(self: Instance, modules: list[Module], **options: Any) -> Context:
        LOG.append(f"context {[device.name for device in options['devices']]} {options['parameters']}")
        return Context("context")

    monkeypatch.setattr(Module, "dependencies", (dependency,), raising=False)
    monkeypatch.setattr(Instance, "context", context)
    monkeypatch.setattr(worker.vm, "Device", Device, raising=False)
    monkeypatch.setitem(FUNCTIONS, "tensor", OnDevice("0ri_r", Tensor("2xf32=3\n4")))
    return worker


def test_devices_end_behind_modules_and_tensors(on_device: Any, tmp_path: Path) -> None:
    flags = ("--executable_plugin=p.so", "--task_topology_group_count=3")
    call = Call("tensor", ("2xf32=1,2", "7"))
    journal = perform(on_device, tmp_path, "app.vmfb", call=call, device="local-task", flags=flags, parameters=("s=f",))
    assert LOG[2:] == [
        "device local-task {'plugins': ['p.so'], 'workers': 3, 'library': None}",
        "context ['local-task'] ('s=f',)",
        "look app.tensor",
        "call ('2xf32=1,2', '7')",
        "close 2xf32=1,2",
        "close 2xf32=3\n4",
        "close context",
        "close app",
        "close local-task",
        "close instance",
    ]
    assert {"results": ["hal.buffer_view 2xf32=3 4"]} in journal


def test_devices_in_order_and_the_first_again_when_one_fails(on_device: Any, tmp_path: Path) -> None:
    journal = perform(on_device, tmp_path, "app.vmfb", call=Call("tensor"), device=("local-sync", "foo"))
    assert [line for line in LOG if line.startswith("close")] == ["close app", "close local-sync", "close instance"]
    assert any(entry.get("code") == "NOT_FOUND" for entry in journal)


@pytest.mark.parametrize(("device", "made"), [((), ["local-task"]), (None, []), ("local-sync", ["local-sync"])])
def test_the_device_of_a_case_that_names_none(on_device: Any, device: Any, made: list[str]) -> None:
    from conformance.adapters import worker_devices

    assert list(worker_devices.wanted(Scenario((), device=device), [Module("app")])) == made


def test_no_device_where_no_module_needs_one(on_device: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from conformance.adapters import worker_devices

    monkeypatch.setattr(Module, "dependencies", ())
    assert worker_devices.wanted(Scenario((), device="local-sync"), [Module("app")]) == ()
