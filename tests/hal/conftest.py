"""What the tests of devices share: a device of each local kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance import vm
from conformance.capi import NotBuiltError, own

LOCAL = ("local-sync", "local-task")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a source tree without the compiled part there is nothing to test."""
    try:
        own()
    except NotBuiltError as error:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=str(error)))


@pytest.fixture(scope="module", params=LOCAL)
def device(request: pytest.FixtureRequest) -> Iterator[vm.Device]:
    with vm.Device(request.param) as opened:
        yield opened
