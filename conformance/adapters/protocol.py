"""What the framework asks of an adapter, and the two ways in which it may decline."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from conformance.model import Observation, Scenario


class Unavailable(Exception):
    """This machine lacks what the runtime needs; the text says what."""


class Unsupported(Exception):
    """The runtime declares that it cannot do what the scenario asks."""


class Adapter(Protocol):
    """One runtime under test."""

    name: str
    capabilities: frozenset[str]

    def observe(self, scenario: Scenario, *, timeout: float, scratch: Path) -> Observation:
        """Runs the scenario in a process of its own; files of the run stay in `scratch`."""

    def observe_each(self, scenario: Scenario, *, timeout: float, scratch: Path) -> Iterable[Observation]:
        """Makes each call of the scenario in a context of its own; gives an observation a call, in order."""

    def reproduce(self, scenario: Scenario) -> str:
        """A command to paste into a shell that does the same."""
