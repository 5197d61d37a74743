"""Loading: from a reference to a module, and what is left when that fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance import fixtures, trace
from conformance.case import Case, clause
from conformance.model import Stage
from conformance.suite.modules import NO_MODULE, bytecode, native, spoiled

MODE = pytest.mark.parametrize("mode", ["preload", "mmap"])


@clause("DYN-default-export")
def test_default_export(case: Case) -> None:
    seen = case.run(fixtures.native("minimal"), function="add", inputs=(3, 4))
    seen.succeeds("i32=7").happened("minimal.create").happened("minimal.call(add)")


@clause("DYN-empty-export-is-default")
def test_empty_export(case: Case) -> None:
    seen = case.run(f"{fixtures.native('minimal')}@", function="add", inputs=(3, 4))
    seen.succeeds("i32=7").happened("minimal.create")


@clause("DYN-missing-export")
def test_missing_export(case: Case) -> None:
    seen = case.run(native("minimal", "no_such_export"), function="add", inputs=(3, 4))
    seen.fails("NOT_FOUND", Stage.SYMBOL, "no_such_export")
    seen.never("minimal.create").ordered("lib.ctor", "lib.dtor").balanced()


def unloadable(how: str, folder: Path) -> Path:
    """Something with the name of a library that the system cannot load."""
    path = folder / f"lib{how}.so"
    good = fixtures.native("minimal").read_bytes()
    if how != "missing":
        path.write_bytes({"header-only": good[:16], "other-class": good[:4] + b"\x01" + good[5:]}[how])
    return path


@clause("DYN-unloadable-file")
@pytest.mark.parametrize("how", ["missing", "header-only", "other-class"])
def test_unloadable(case: Case, how: str, tmp_path: Path) -> None:
    path = unloadable(how, tmp_path)
    case.run(path, function="add", inputs=(3, 4)).fails("NOT_FOUND", Stage.OPEN, str(path))


@clause("DYN-unloadable-file")
def test_directory_with_the_name_of_a_library(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "libfolder.so"
    path.mkdir()
    seen = case.run(native("minimal"), path, function="add", inputs=(3, 4))
    seen.refuses(Stage.OPEN, str(path)).happened("minimal.create").never("minimal.alloc")


@clause("DYN-native-by-content")
@pytest.mark.parametrize("name", ["libminimal.so.1", "LIBMINIMAL.SO", "minimal", "minimal.vmfb"])
def test_a_library_under_another_name(case: Case, name: str, tmp_path: Path) -> None:
    library = shutil.copy(fixtures.native("minimal"), tmp_path / name)
    case.run(library, function="add", inputs=(3, 4)).succeeds("i32=7")


@clause("BC-by-content")
@pytest.mark.parametrize("name", ["provider", "provider.bin", "provider.so"])
def test_bytecode_under_another_name(case: Case, name: str, tmp_path: Path) -> None:
    program = shutil.copy(fixtures.bytecode("provider"), tmp_path / name)
    case.run(program, function="scale", inputs=(4,)).succeeds("i32=12")


@clause("DYN-version-offered")
def test_version(case: Case) -> None:
    seen = case.run(native("minimal"), function="add", inputs=(3, 4)).succeeds("i32=7")
    offered = [event.fields["max_version"] for event in seen.events if event.ev == "create"]
    seen.that(offered == [1], "version 1", str(offered))


@clause("DYN-create-once-per-reference")
def test_once_in_order(case: Case) -> None:
    modules = [native("minimal", n=1), native("math", n=2), native("minimal", n=3), native("math", n=4)]
    seen = case.run(*modules, function="add", inputs=(3, 4)).succeeds("i32=7")
    numbers = [dict(seen.events[at].fields["params"])["n"] for at in trace.find(seen.events, "*.create")]
    seen.that(numbers == ["1", "2", "3", "4"], "create 1, 2, 3, 4", ", ".join(numbers))


@clause("DYN-one-mapping")
def test_one_library_many_modules(case: Case, tmp_path: Path) -> None:
    link = tmp_path / "link.so"
    link.symlink_to(fixtures.native("minimal"))
    seen = case.run(native("minimal"), link, native("minimal"), function="add", inputs=(3, 4)).succeeds("i32=7")
    seen.happened("minimal.create", times=3).happened("lib.ctor").happened("lib.dtor")


@clause("DYN-same-export-twice")
def test_two_modules_of_one_export(case: Case) -> None:
    seen = case.run(native("minimal", bias=1), native("minimal", bias=2), function="mul", inputs=(3, 4))
    seen.succeeds("i32=14").happened("minimal.create", times=2).happened("minimal.destroy", times=2)


@clause("DYN-constructors-first")
def test_constructors_first(case: Case) -> None:
    seen = case.run(native("minimal"), function="add", inputs=(3, 4))
    seen.succeeds("i32=7").ordered("lib.ctor", "minimal.create")


@clause("DYN-earlier-modules-released")
@pytest.mark.parametrize("what", ["missing", "malformed", "no-export"])
def test_a_later_module_fails_to_load(case: Case, what: str, tmp_path: Path) -> None:
    path = tmp_path / f"{what}.vmfb"
    if what == "malformed":
        path.write_bytes(bytes(100))
    later = native("math", "no_such_export") if what == "no-export" else path
    code = "INVALID_ARGUMENT" if what == "malformed" else "NOT_FOUND"
    seen = case.run(native("minimal"), later, function="add", inputs=(3, 4))
    seen.fails(code, (Stage.OPEN, Stage.SYMBOL, Stage.VERIFY))
    seen.ordered("minimal.create", "minimal.destroy", "lib.dtor(minimal)").balanced()


@clause("DYN-one-thread")
def test_one_thread(case: Case) -> None:
    modules = [native("math"), native("minimal"), bytecode("uses_minimal")]
    seen = case.run(*modules, function="main", inputs=(3, 4)).succeeds("i32=28")
    threads = {event.tid for event in seen.events}
    seen.that(len(threads) == 1, "one thread", f"{len(threads)} threads")


@clause("BC-loads-file")
@MODE
def test_bytecode_file(case: Case, mode: str) -> None:
    seen = case.run(bytecode("provider"), bytecode("consumer"), function="main", inputs=(3, 4), module_mode=mode)
    seen.succeeds("i32=21")


@clause("BC-missing-file")
@MODE
def test_missing_bytecode_file(case: Case, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "missing.vmfb"
    seen = case.run(path, function="main", module_mode=mode)
    seen.fails("NOT_FOUND", Stage.OPEN, str(path))


@clause("BC-malformed")
@MODE
@pytest.mark.parametrize("how", NO_MODULE)
def test_malformed_bytecode_file(case: Case, how: str, mode: str, tmp_path: Path) -> None:
    path = tmp_path / f"{how}.vmfb"
    path.write_bytes(spoiled(how))
    seen = case.run(path, function="scale", inputs=(4,), module_mode=mode)
    seen.fails("INVALID_ARGUMENT", Stage.VERIFY, str(path))


@clause("BC-malformed")
@MODE
def test_empty_bytecode_file(case: Case, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "empty.vmfb"
    path.write_bytes(b"")
    case.run(path, function="main", module_mode=mode).fails("INVALID_ARGUMENT", (Stage.OPEN, Stage.VERIFY), str(path))


@clause("BC-directory")
@MODE
def test_directory(case: Case, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "folder.vmfb"
    path.mkdir()
    seen = case.run(native("minimal"), path, function="main", module_mode=mode)
    seen.refuses((Stage.OPEN, Stage.VERIFY), str(path)).happened("minimal.create").never("minimal.alloc")


@clause("DYN-named-export")
@pytest.mark.parametrize(("export", "value"), [("create_first", 1), ("create_second", 2)])
def test_named_export(case: Case, export: str, value: int) -> None:
    seen = case.run(native("pair", export), function="value").succeeds(f"i32={value}")
    seen.happened("*.create").happened(f"{('first', 'second')[value - 1]}.create")


@clause("DYN-named-export")
def test_two_exports_of_one_library(case: Case) -> None:
    modules = [native("pair", "create_first"), native("pair", "create_second"), bytecode("pair")]
    seen = case.run(*modules, function="main").succeeds("i32=1", "i32=2")
    seen.ordered("first.create", "second.create", "second.destroy", "first.destroy", "lib.dtor").happened("lib.ctor")


@clause("DYN-named-export")
def test_library_without_default_export(case: Case) -> None:
    case.run(native("no_default", "make"), function="answer").succeeds("i32=42").happened("no_default.create")


@clause("DYN-missing-export")
def test_missing_default_export(case: Case) -> None:
    seen = case.run(native("no_default"), function="answer")
    seen.fails("NOT_FOUND", Stage.SYMBOL, "iree_vm_dynamic_module_create").never("no_default.create")


@clause("DYN-one-mapping")
def test_one_mapping_shares_its_statics(case: Case) -> None:
    """`calls` counts the calls of both modules in one static counter; the program called each once."""
    modules = [native("pair", "create_first"), native("pair", "create_second")]
    seen = case.run(*modules, function="calls").succeeds("i32=1")
    seen.happened("lib.ctor").happened("lib.dtor").happened("*.create", times=2)


@clause("DYN-create-failure")
@pytest.mark.parametrize("storage", ["bare", "block"])
@pytest.mark.parametrize(("code", "name"), [(3, "INVALID_ARGUMENT"), (7, "PERMISSION_DENIED"), (18, "INCOMPATIBLE")])
def test_create_fails(case: Case, code: int, name: str, storage: str) -> None:
    module = native("fail_create", storage=storage, code=code, message="refused on purpose")
    seen = case.run(native("minimal"), module, function="f").fails(name, Stage.CREATE)
    message = seen.observation.message
    seen.that(storage == "bare" or "refused on purpose" in message, "its message", message)
    seen.ordered("fail_create.create", "lib.dtor(fail_create)").never("fail_create.destroy").never("minimal.call")


@clause("DYN-create-failure")
def test_bad_parameter(case: Case) -> None:
    seen = case.run(native("minimal", bias="many"), function="add", inputs=(3, 4))
    seen.fails("INVALID_ARGUMENT", Stage.CREATE, "bias", "many", "libminimal").never("minimal.alloc")


@clause("DYN-create-failure-releases-module")
def test_create_fails_with_a_module(case: Case) -> None:
    seen = case.run(native("fail_create", module=1, code=15), function="f").fails("DATA_LOSS", Stage.CREATE)
    seen.happened("fail_create.destroy").ordered("fail_create.create", "fail_create.destroy", "lib.dtor")


@clause("DYN-null-module-is-refusal")
def test_ok_without_a_module(case: Case) -> None:
    seen = case.run(native("refuse"), function="f").refuses(Stage.CREATE, "librefuse")
    seen.ordered("lib.ctor", "lib.dtor").never("*.destroy")


OPTIONAL_SLOTS = (
    "enumerate_dependencies",
    "get_module_attr",
    "get_function_attr",
    "resolve_source_location",
    "fork_state",
    "resolve_import",
    "notify",
    "resume_call",
)
REQUIRED_SLOTS = (
    "destroy",
    "name",
    "signature",
    "lookup_function",
    "get_function",
    "alloc_state",
    "free_state",
    "begin_call",
)


@clause("DYN-optional-slots")
@pytest.mark.parametrize("slot", OPTIONAL_SLOTS)
def test_optional_slot_is_null(case: Case, slot: str) -> None:
    seen = case.run(native("null_slot", slot=slot), function="add", inputs=(3, 4))
    seen.succeeds("i32=7").happened("null_slot.call(add)").happened("null_slot.destroy")


@clause("DYN-required-slots")
@pytest.mark.parametrize("slot", REQUIRED_SLOTS)
def test_required_slot_is_null(case: Case, slot: str) -> None:
    seen = case.run(native("null_slot", slot=slot), function="add", inputs=(3, 4))
    seen.refuses((Stage.CREATE, Stage.LINK), slot).happened("null_slot.create").never("null_slot.call")
