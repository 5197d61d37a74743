"""pytest hooks, each a few lines; every decision lives in the module it calls."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from conformance import items, lanes, selection
from conformance.adapters.protocol import Adapter
from conformance.case import Case
from conformance.report.recorder import Recorder

pytest_plugins = ["conformance.checks.hooks"]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "VM conformance")
    group.addoption(
        "--runtime",
        action="append",
        default=[],
        metavar="RUNTIME",
        help="runtime under test: own (default), own:PATH, iree, tools:DIR, lib:PATH; repeatable",
    )
    group.addoption(
        "--backend",
        action="append",
        default=[],
        metavar="BACKEND",
        help="device of the cases that need one: local-sync, local-task (these two by default), vulkan, cuda, hip, "
        "all; repeatable; `vulkan?` lets it be absent",
    )
    group.addoption("--report", metavar="DIR", help="write results.jsonl into this folder")
    group.addoption(
        "--conformance-timeout",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="how long one run of a scenario may take (default 10)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "clause(id): the clause of the contract that a case checks")
    items.check_runtimes(config)
    items.check_backends(config)
    if not hasattr(config, "workerinput"):
        folder = config.getoption("--report")
        absent = items.absent_lanes(config) if config.getoption("--backend") else []
        config.pluginmanager.register(Recorder(Path(folder) if folder else None, absent))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "conformance_runtime" in metafunc.fixturenames:
        specs = items.subjects(metafunc.config, devices="lane" in metafunc.fixturenames)
        metafunc.parametrize("conformance_runtime", specs, ids=str, indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session) -> None:
    items.check_collection(session.config, session.items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return items.judged(item, call, report)


@pytest.fixture(scope="session")
def conformance_runtime(request: pytest.FixtureRequest) -> Adapter:
    """The runtime under test, opened once; in a lane, the one that drives the lane's device."""
    spec: selection.RuntimeSpec | lanes.LaneSpec = request.param
    return items.lane_of(spec).runtime if isinstance(spec, lanes.LaneSpec) else spec.open()


@pytest.fixture
def lane(request: pytest.FixtureRequest, conformance_runtime: Adapter) -> lanes.Lane:
    """The lane of a case that needs a device."""
    return items.lane_of(request.node.callspec.params["conformance_runtime"])


@pytest.fixture
def case(request: pytest.FixtureRequest, conformance_runtime: Adapter, tmp_path: Path) -> Iterator[Case]:
    """What a case of the suite runs its scenarios with."""
    timeout = request.config.getoption("--conformance-timeout")
    in_lane = request.getfixturevalue("lane") if "lane" in request.fixturenames else None
    made = Case(conformance_runtime, tmp_path / "runs", timeout, in_lane)
    request.node.stash[items.CASE] = made
    yield made
