"""What the tests of the Python API share: an instance, fixture modules, and the check that nothing is left behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import vm
from conformance.capi import NotBuiltError, own


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a source tree without the compiled part there is nothing to test."""
    try:
        own()
    except NotBuiltError as error:
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=str(error)))


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Every test gives back all objects of the VM that it made."""
    gc.collect()
    before = vm.live_objects()
    yield
    gc.collect()
    left = {kind: count for kind, count in vm.live_objects().items() if count > before[kind]}
    assert not left


@pytest.fixture
def instance() -> Iterator[vm.Instance]:
    with vm.Instance() as opened:
        yield opened


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that native fixtures write their events to during the test."""
    path = tmp_path / "trace.jsonl"
    monkeypatch.setenv("VM_CONFORMANCE_TRACE", str(path))
    return path
