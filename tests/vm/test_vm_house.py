"""House rules of the Python API: light to import, one importer of the binding, and the same numbers as in C."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import conformance
from conformance import capi, vm
from conformance.vm.contexts import SIGNALS
from conformance.vm.errors import _STAGES
from conformance.vm.values import ELEMENT_TYPES

PACKAGE = Path(conformance.__file__).parent


def enumerators(name: str, prefix: str) -> dict[str, int]:
    elements: dict[int, str] = capi.own().ffi.typeof(name).elements
    return {text.removeprefix(prefix): number for number, text in elements.items()}


def test_import_is_light(tmp_path: Path) -> None:
    code = "import sys, conformance.vm; print([m for m in ('numpy', 'hypothesis', 'pytest') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_one_importer_of_the_binding() -> None:
    users = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if "conformance._native" in path.read_text() and "_native" not in path.parts
    ]
    assert users == ["capi.py"]


def test_codes_are_those_of_c() -> None:
    codes = enumerators("iree_status_code_t", "IREE_STATUS_")
    del codes["CODE_MASK"]
    assert {code.name: int(code) for code in vm.Code if not code.name.startswith("CODE_")} == codes


def test_stages_are_those_of_c() -> None:
    stages = {number: name.lower() for name, number in enumerators("vmrt_stage_t", "VMRT_STAGE_").items()}
    assert stages == dict(enumerate(["unknown", *_STAGES[1:]]))


def test_signals_and_types_are_those_of_c() -> None:
    assert {name.upper(): number for name, number in SIGNALS.items()} == enumerators(
        "iree_vm_signal_t", "IREE_VM_SIGNAL_"
    )
    values = enumerators("iree_vm_value_type_t", "IREE_VM_VALUE_TYPE_")
    assert {name.upper().replace("ANY", "NONE"): number for name, number in ELEMENT_TYPES.items()} == values


def test_every_public_name_is_documented() -> None:
    for name in vm.__all__:
        item = getattr(vm, name)
        assert item.__doc__, name
        members = vars(item) if isinstance(item, type) else {}
        for member, value in members.items():
            if (
                callable(value)
                and re.fullmatch(r"[a-z]\w*", member)
                and member not in {"clear", "extend", "count", "index"}
            ):
                assert value.__doc__, f"{name}.{member}"


def test_errors_travel_between_processes() -> None:
    for error in (vm.Error(vm.Code.NOT_FOUND, "text", "link", "a.c:1"), vm.ClosedError("list")):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), copy.code, copy.message, copy.stage) == (
            type(error),
            error.code,
            error.message,
            error.stage,
        )
