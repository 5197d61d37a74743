"""Another library with the same API, opened by its path; and one that has nothing but the standard functions."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from vm_support import compiled, native

from conformance import capi, vm

SPEC = importlib.util.find_spec("conformance._native._vmrt")
NEIGHBOURS = Path(SPEC.origin).parent.iterdir() if SPEC and SPEC.origin else ()
LIBRARY = next((path for path in NEIGHBOURS if path.stem in {"libvmrt", "vmrt"}), Path("absent"))


@pytest.fixture
def opened() -> Iterator[vm.Instance]:
    """Our own runtime, but opened as any other library would be."""
    with vm.Instance(library=LIBRARY) as instance:
        yield instance


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[vm.Instance]:
    """The same without the functions that only our runtime has."""
    has = capi.Api.has
    monkeypatch.setattr(capi.Api, "has", lambda self, name: not name.startswith("vmrt_") and has(self, name))
    with vm.Instance(library=os.fspath(LIBRARY)) as instance:
        yield instance


def exercise(instance: vm.Instance) -> None:
    modules = [instance.load(native("math"), bias=5), instance.load(compiled("app")), instance.load(native("buffers"))]
    assert modules[1].imports[0].name == "math.add"
    assert modules[1].dependencies[0].name == "math"
    with instance.context(modules) as context:
        assert context["app.main"](3, 4) == 144
        with instance.buffer(b"\1\2") as buffer, instance.list([buffer, 3]) as values:
            assert context["buffers.sum"](values[0]) == 3
            made = context["buffers.make"](3)
        main = context["app.main"]
        with pytest.raises(vm.Error, match="does not fit"):
            main(2**40, 0)
    assert bytes(made) == b"\0\1\2"
    with pytest.raises(vm.ClosedError):
        main(3, 4)


def test_opened_library(opened: vm.Instance) -> None:
    exercise(opened)


def test_plain_library(plain: vm.Instance) -> None:
    exercise(plain)


def test_objects_of_two_libraries_do_not_mix(instance: vm.Instance, opened: vm.Instance) -> None:
    with pytest.raises(vm.Error) as caught:
        opened.context([instance.load(native("math"))])
    assert caught.value.code == vm.Code.INVALID_ARGUMENT
    with pytest.raises(vm.Error) as caught:
        opened.list([instance.buffer(1)])
    assert caught.value.code == vm.Code.INVALID_ARGUMENT


def test_opened_library_counts(opened: vm.Instance) -> None:
    assert vm.live_objects(LIBRARY)["instance"] >= 1
    with vm.Instance(library=LIBRARY, count=True) as counted:
        assert counted.statistics.live_blocks > 0


def test_plain_library_says_what_it_lacks(plain: vm.Instance) -> None:
    with plain.context([plain.load(compiled("yields"))]) as context:
        for action in (
            lambda: vm.Instance(library=LIBRARY, count=True),
            lambda: vm.live_objects(LIBRARY),
            lambda: plain.load(compiled("app"), mmap=True),
            lambda: plain.load("-"),
            plain.cancel,
            context.cancel,
        ):
            with pytest.raises(vm.Error) as caught:
                action()
            assert caught.value.code == vm.Code.UNIMPLEMENTED


def test_plain_library_tells_stages_from_words(plain: vm.Instance, tmp_path: Path) -> None:
    (tmp_path / "bad.vmfb").write_bytes(b"no bytecode")
    for source, export, stage in (
        ("/absent.so", None, "open"),
        ("/absent.vmfb", None, "open"),
        (native("math"), "absent", "symbol"),
        (native("fail_create"), None, "create"),
        (tmp_path / "bad.vmfb", None, "verify"),
    ):
        with pytest.raises(vm.Error) as caught:
            plain.load(source, export=export)
        assert caught.value.stage == stage
