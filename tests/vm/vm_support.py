"""Paths of fixture modules for the tests of the Python API."""

from __future__ import annotations

from conformance import fixtures


def native(name: str) -> str:
    """A native module."""
    return str(fixtures.native(name))


def compiled(name: str) -> str:
    """A bytecode module."""
    return str(fixtures.bytecode(name))
