"""Does what a scenario says through the Python API, and writes into a journal what it is about to do.

python -m conformance.adapters.worker SCENARIO [JOURNAL [LIBRARY]]     (SCENARIO: a file, or its JSON)
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance import vm
from conformance.adapters import worker_devices
from conformance.adapters.stages import CODES
from conformance.model import Call, ModuleRef, Scenario, Stage, dumps


class Refused(Exception):
    """The scenario asks for something that this API has no way to do."""


class Journal:
    """One JSON line a step, each a single write, so that a crash leaves the last step readable."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._failed = False

    def write(self, **entry: object) -> None:
        os.write(self._file, (dumps(entry) + "\n").encode())

    def begin_call(self, index: int) -> None:
        """What follows is a call in a context of its own."""
        self._failed = False
        self.write(call=index)

    @contextmanager
    def step(self, stage: Stage, op: str) -> Iterator[None]:
        """Announces one native operation; the first that fails decides the run."""
        self.write(stage=stage.value, op=op)
        try:
            yield
        except vm.Error as error:
            if not self._failed:
                self._failed = True
                self.write(failed=_stage(error, stage), code=_code(error), message=str(error.message))
            raise


@dataclass(frozen=True)
class Whole:
    """What contexts are made of."""

    instance: Any
    modules: Sequence[Any]
    devices: Sequence[Any]

    def context(self, parameters: Sequence[str]) -> Any:
        if not self.devices:
            return self.instance.context(self.modules)
        return self.instance.context(self.modules, devices=self.devices, parameters=parameters)


def perform(scenario: Scenario, journal: Journal, library: str | None) -> None:
    """Instance, modules, devices, context, calls; then all back, modules before devices, also after a failure.

    Without modules it only shows that the library opens.
    """
    with journal.step(Stage.OPEN, "instance"):
        instance = vm.Instance(library=library) if library else vm.Instance()
    modules: list[Any] = []
    devices: list[Any] = []
    try:
        for reference in scenario.modules:
            with journal.step(_loading(reference), f"load {reference}"):
                modules.append(_load(instance, reference, scenario))
        for uri in worker_devices.wanted(scenario, modules):
            with journal.step(Stage.LINK, f"device {uri}"):
                devices.append(worker_devices.make(vm, uri, scenario, library))
        whole = Whole(instance, modules, devices)
        if modules and scenario.fresh:
            _run_each(whole, scenario, journal)
        elif modules:
            _run(whole, scenario, journal)
    finally:
        for module in reversed(modules):
            with journal.step(Stage.TEARDOWN, "close module"):
                module.close()
        for device in devices:
            with journal.step(Stage.TEARDOWN, "close device"):
                device.close()
        with journal.step(Stage.TEARDOWN, "close instance"):
            instance.close()


def _run_each(whole: Whole, scenario: Scenario, journal: Journal) -> None:
    for index, call in enumerate(scenario.calls):
        journal.begin_call(index)
        with suppress(vm.Error):
            _run(whole, replace(scenario, calls=(call,)), journal)


def _run(whole: Whole, scenario: Scenario, journal: Journal) -> None:
    with journal.step(Stage.LINK, "context"):
        context = whole.context(scenario.parameters)
    try:
        with _limited(context, scenario.limit):
            _call_all(context, whole, scenario.calls, journal)
    finally:
        with journal.step(Stage.TEARDOWN, "close context"):
            context.close()


@contextmanager
def _limited(context: Any, seconds: float | None) -> Iterator[None]:
    """Stops what runs in the context when its time is up."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, context.cancel)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _loading(reference: ModuleRef) -> Stage:
    return Stage.OPEN if reference.is_native() or reference.is_stdin else Stage.VERIFY


def _load(instance: Any, reference: ModuleRef, scenario: Scenario) -> Any:
    """A native module with its export and parameters, or bytecode."""
    if not reference.is_native():
        return instance.load(reference.path, mmap=scenario.module_mode == "mmap")
    params = [tuple(param) for param in reference.params]
    return instance.load(reference.path, export=reference.export or None, params=params)


def _call_all(context: Any, whole: Whole, calls: Sequence[Call], journal: Journal) -> None:
    main = whole.modules[-1]
    for call in calls:
        name = f"{main.name}.{call.function or _only_export(main)}"
        with journal.step(Stage.CALL, f"call {name}"):
            function = context[name]
            with worker_devices.arguments(whole.devices, call.inputs, _value) as values:
                results = function.views(*values) if whole.devices else function(*values)
            journal.write(results=_printed(function.signature, results))


def _only_export(module: Any) -> str:
    """The one export that a user may mean by naming none."""
    visible = [name for name in module.exports if not name.startswith("__") and "$" not in name]
    if len(visible) != 1:
        raise Refused(f"{module.name} exports {len(visible)} functions and none is named")
    return str(visible[0])


def _value(text: str) -> int | float:
    for convert in (lambda: int(text, 0), lambda: float(text)):
        try:
            return convert()
        except ValueError:
            continue
    raise Refused(f"the Python API takes values, not the text {text!r}")


def _printed(signature: object, values: Any) -> list[str]:
    """Results in the form of the command line tools."""
    letters = str(signature).partition("_")[2].replace("v", "")
    if not letters:
        return []
    several = values if len(letters) > 1 else [values]
    return [_print(letter, value) for letter, value in zip(letters, several, strict=True)]


def _print(letter: str, value: Any) -> str:
    if letter in "iI":
        return f"i{32 if letter == 'i' else 64}={value}"
    if letter in "fF":
        return f"f{32 if letter == 'f' else 64}={value:g}"
    if value is None:
        return "(null)"
    name = str(getattr(value, "type_name", type(value).__name__))
    return worker_devices.printed(value) if name == worker_devices.TENSOR else name


def _stage(error: Any, announced: Stage) -> str:
    """Where the error says it happened, else what was being done."""
    try:
        return Stage(str(getattr(error.stage, "value", error.stage))).value
    except ValueError:
        return announced.value


def _code(error: Any) -> str:
    """The code's name, whether the error holds a name, an enumerator or a number."""
    name = getattr(error.code, "name", error.code)
    return name if isinstance(name, str) else CODES[name]


def main(arguments: Sequence[str]) -> int:
    text = arguments[0]
    journal = Journal(arguments[1] if len(arguments) > 1 else "/dev/stderr")
    library = arguments[2] if len(arguments) > 2 else None
    try:
        data = text if text.startswith("{") else Path(text).read_text()
        perform(Scenario.from_json(json.loads(data)), journal, library)
        journal.write(end=True)
    except vm.Error:
        journal.write(end=True)
        return 1
    except Refused as refusal:
        journal.write(refused=str(refusal))
    except BaseException:
        journal.write(harness=traceback.format_exc())
        traceback.print_exc()
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
