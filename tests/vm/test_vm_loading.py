"""Loading modules from Python: sources, parameters, what modules say about themselves, and every way to fail."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from vm_support import compiled, native

from conformance import vm


def error_of(instance: vm.Instance, *args: object, **kwargs: object) -> vm.Error:
    with pytest.raises(vm.Error) as caught:
        instance.load(*args, **kwargs)  # type: ignore[arg-type]
    return caught.value


# ---- Sources ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["path", "Path", "mmap", "bytes", "bytearray", "memoryview"])
def test_bytecode_sources(instance: vm.Instance, how: str) -> None:
    path = Path(compiled("app"))
    contents = path.read_bytes()
    sources: dict[str, object] = {
        "path": str(path),
        "Path": path,
        "mmap": path,
        "bytes": contents,
        "bytearray": bytearray(contents),
        "memoryview": memoryview(contents),
    }
    with instance.load(sources[how], mmap=how == "mmap") as module:  # type: ignore[arg-type]
        assert module.name == "app"
        assert module.exports == ("main",)


def test_bytecode_in_memory_is_copied(instance: vm.Instance) -> None:
    contents = bytearray(Path(compiled("app")).read_bytes())
    module = instance.load(contents)
    contents[:] = bytes(len(contents))
    assert module.name == "app"


def test_path_with_marks_of_references(instance: vm.Instance, tmp_path: Path) -> None:
    path = tmp_path / "a@b?c=d.vmfb"
    path.write_bytes(Path(compiled("app")).read_bytes())
    assert instance.load(path).name == "app"


def test_library_is_told_by_its_content(instance: vm.Instance, tmp_path: Path) -> None:
    path = tmp_path / "math.vmfb"
    path.write_bytes(Path(native("math")).read_bytes())
    assert instance.load(path).name == "math"


def test_bare_name_is_the_file_here(instance: vm.Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libhere.so").write_bytes(Path(native("math")).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert instance.load("libhere.so").name == "math"


STDIN = """
import sys
from conformance import vm
with vm.Instance() as instance:
    print(instance.load("-").exports)
    try:
        instance.load("-")
    except vm.Error as error:
        print(error.code.name, error.stage)
"""


def test_standard_input_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STDIN]
    with open(compiled("app"), "rb") as file:
        run = subprocess.run(command, cwd=tmp_path, stdin=file, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["('main',)", "INVALID_ARGUMENT open"]


# ---- Parameters ------------------------------------------------------------------------------------------------------


def test_parameters_keep_order_and_duplicates(instance: vm.Instance) -> None:
    module = instance.load(native("params"), params=[("k", "1"), ("k", "22"), ("flag", None), ("empty", "")], last=5)
    with instance.context([module]) as context:
        assert context["params.count"]() == 5
        assert [context["params.key_length"](i) for i in range(5)] == [1, 1, 4, 5, 4]
        assert [context["params.length"](i) for i in range(5)][:2] == [1, 2]
        assert context["params.value_byte"](1, 0) == ord("2")
        assert context["params.value_byte"](4, 0) == ord("5")


def test_parameters_by_keyword(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("math"), bias=5)]) as context:
        assert context["math.scale"](7) == 144


def test_parameters_are_not_decoded(instance: vm.Instance) -> None:
    module = instance.load(native("params"), params=[("a=b&c", "%41?@é")])
    with instance.context([module]) as context:
        assert context["params.count"]() == 1
        assert context["params.key_length"](0) == 5
        assert context["params.length"](0) == len("%41?@é".encode())


def test_export_is_chosen(instance: vm.Instance) -> None:
    first = instance.load(native("pair"), export="create_first")
    second = instance.load(native("pair"), export="create_second")
    assert first.name != second.name


def test_parameters_are_text(instance: vm.Instance) -> None:
    error = error_of(instance, native("params"), params=[("k", 1)])
    assert (error.code, error.stage) == (vm.Code.INVALID_ARGUMENT, "parse")


# ---- What modules say ------------------------------------------------------------------------------------------------


def test_properties_of_native_module(instance: vm.Instance) -> None:
    module = instance.load(native("importer"))
    assert module.native
    assert set(module.exports) == {"call_optional", "has_optional", "twice_add"}
    assert module.signature("twice_add") == "0ii_i"
    imports = {item.name: item for item in module.imports}
    assert imports["minimal.add"] == vm.Import("minimal.add", "0ii_i", False)
    assert imports["state.get"].optional


def test_properties_of_bytecode_module(instance: vm.Instance) -> None:
    module = instance.load(compiled("app"))
    assert (module.name, module.version, module.native) == ("app", 0, False)
    assert module.imports == (vm.Import("math.add", "0ii_i", False), vm.Import("math.scale", "0i_i", False))
    assert module.signature("main") == "0ii_i"
    assert [dependency.name for dependency in module.dependencies] == ["math"]
    assert repr(module) == "<vm.Module app>"


def test_dependency_with_minimum_version(instance: vm.Instance) -> None:
    module = instance.load(native("deps"), dep="other", min=7, flags=1)
    assert module.dependencies == (vm.Dependency("other", 7, True),)


def test_attributes(instance: vm.Instance) -> None:
    module = instance.load(native("attrs"))
    assert module.attributes
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in module.attributes)
    with instance.context([module]) as context:
        assert context["attrs.f"].attributes
        assert context["attrs.g"].attributes == ()


def test_attributes_without_end_are_given_up(instance: vm.Instance) -> None:
    assert len(instance.load(native("endless_attrs")).attributes) <= 65536


# ---- Failures --------------------------------------------------------------------------------------------------------


def test_absent_files(instance: vm.Instance) -> None:
    for name in ("/absent/x.so", "/absent/x.so.1.2", "/absent/X.DLL", "/absent/x.vmfb", "absent.so"):
        error = error_of(instance, name)
        assert (error.code, error.stage) == (vm.Code.NOT_FOUND, "open")
        assert name in error.message


def test_impossible_paths(instance: vm.Instance) -> None:
    for path in ("", "a\0b.vmfb", "a\0b.so", "x" * 5000, "x" * 5000 + ".so"):
        assert error_of(instance, path).code in (vm.Code.INVALID_ARGUMENT, vm.Code.NOT_FOUND)


def test_folder(instance: vm.Instance, tmp_path: Path) -> None:
    error = error_of(instance, tmp_path)
    assert error.stage == "open"
    assert str(tmp_path) in error.message


@pytest.mark.parametrize("contents", [b"", b"PK", b"x" * 1000])
def test_what_is_not_bytecode(instance: vm.Instance, tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "bad.vmfb"
    path.write_bytes(contents)
    for source in (path, contents):
        assert error_of(instance, source).stage == "verify"


def test_missing_export(instance: vm.Instance) -> None:
    for fixture, export in (("math", "absent"), ("no_default", None)):
        error = error_of(instance, native(fixture), export=export)
        assert (error.code, error.stage) == (vm.Code.NOT_FOUND, "symbol")


def test_refusal_is_not_silent(instance: vm.Instance) -> None:
    error = error_of(instance, native("refuse"))
    assert (error.code, error.stage) == (vm.Code.INCOMPATIBLE, "create")


@pytest.mark.parametrize("storage", ["bare", "block", "payload"])
def test_failing_create(instance: vm.Instance, storage: str) -> None:
    error = error_of(instance, native("fail_create"), code=10, message="no 100% luck", storage=storage)
    assert (error.code, error.stage) == (vm.Code.ABORTED, "create")
    assert storage == "bare" or "no 100% luck" in error.message


def test_unnamed_code(instance: vm.Instance) -> None:
    assert error_of(instance, native("fail_create"), code=27).code == vm.Code.CODE_27


def test_missing_slot_is_named(instance: vm.Instance) -> None:
    error = error_of(instance, native("null_slot"), slot="begin_call")
    assert (error.code, error.stage) == (vm.Code.FAILED_PRECONDITION, "create")
    assert "begin_call" in error.message


def test_bytecode_takes_neither_export_nor_parameters(instance: vm.Instance) -> None:
    for extra in ({"export": "x"}, {"bias": 5}, {"params": [("k", "v")]}):
        error = error_of(instance, compiled("app"), **extra)
        assert (error.code, error.stage) == (vm.Code.INVALID_ARGUMENT, "parse")


def test_error_is_one_sentence() -> None:
    error = vm.Error(vm.Code.NOT_FOUND, "no such module", "link", "a.c:3")
    assert str(error) == "NOT_FOUND at stage link: no such module"


def test_runtime_that_cannot_be_opened() -> None:
    with pytest.raises(vm.Error) as caught:
        vm.Instance(library=os.devnull)
    assert (caught.value.code, caught.value.stage) == (vm.Code.NOT_FOUND, "open")
