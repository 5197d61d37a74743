"""Prints the path of the check module: `--module=$(python -m conformance.checks)` of any module-running tool."""

from __future__ import annotations

from conformance import fixtures

if __name__ == "__main__":
    print(fixtures.native("check"))
