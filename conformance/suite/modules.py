"""References to fixture modules, in the spelling that every runtime understands."""

from __future__ import annotations

from collections.abc import Sequence

from conformance import fixtures
from conformance.model import ModuleRef


def native(
    fixture: str, export: str | None = None, params: Sequence[tuple[str, str | None]] = (), /, **named: object
) -> ModuleRef:
    """A native fixture, with the parameters of its module."""
    return ModuleRef.of(fixtures.native(fixture), export, params, **named)


def bytecode(name: str) -> ModuleRef:
    """A compiled fixture."""
    return ModuleRef.of(fixtures.bytecode(name))


STDIN = ModuleRef("-")
NO_MODULE = ("one-byte", "fifteen-bytes", "half", "zeros", "ones", "text")


def spoiled(how: str) -> bytes:
    """Bytes that are no bytecode module, in one way or another."""
    good = fixtures.bytecode("provider").read_bytes()
    return {
        "one-byte": good[:1],
        "fifteen-bytes": good[:15],
        "half": good[: len(good) // 2],
        "zeros": bytes(4096),
        "ones": b"\xff" * 4096,
        "text": b"vm.module @provider {}\n" * 100,
        "library": fixtures.native("minimal").read_bytes(),
    }[how]
