"""Runs one printed scenario again: `from conformance.again import *` is what a failure asks to paste."""

from __future__ import annotations

import tempfile
from pathlib import Path

from conformance.model import Call, ModuleRef, Observation, Scenario, StdinKind
from conformance.selection import RuntimeSpec

__all__ = ["Call", "ModuleRef", "Scenario", "StdinKind", "again"]


def again(runtime: str, scenario: Scenario) -> Observation:
    """Observes the scenario on a runtime given as on the command line, and prints what was seen."""
    adapter = RuntimeSpec.parse(runtime).open()
    with tempfile.TemporaryDirectory() as scratch:
        seen = adapter.observe(scenario, timeout=scenario.timeout or 10.0, scratch=Path(scratch))
    print(seen.summary())
    for event in seen.events:
        print(f"  {event}")
    print(seen.message)
    return seen
