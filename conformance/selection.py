"""Which runtimes a run covers, and why one of them cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.adapters.protocol import Adapter

DEFAULT_RUNTIMES = ("own",)
_TAKES_ARGUMENT = {"own": None, "iree": False, "tools": True, "lib": True}  # None: may, need not


@dataclass(frozen=True)
class RuntimeSpec:
    """A runtime as written after `--runtime=`: a kind and, for most, where to find it."""

    kind: str
    argument: str = ""

    @staticmethod
    def parse(text: str) -> RuntimeSpec:
        kind, colon, argument = text.partition(":")
        if kind not in _TAKES_ARGUMENT:
            raise ValueError(f"--runtime={text}: unknown runtime; expected own, own:PATH, iree, tools:DIR or lib:PATH")
        takes = _TAKES_ARGUMENT[kind]
        if takes and not argument:
            raise ValueError(f"--runtime={text}: expected {kind}:PATH")
        if takes is False and colon:
            raise ValueError(f"--runtime={text}: {kind} takes no path")
        return RuntimeSpec(kind, argument)

    def open(self) -> Adapter:
        """The adapter for this runtime; Unavailable with the reason when it is not here."""
        if self.kind in ("iree", "tools"):
            from conformance.adapters import tools

            tool = tools.installed() if self.kind == "iree" else tools.in_folder(self.argument)
            return tools.ToolAdapter(str(self), tool)
        from conformance.adapters import capi

        return capi.opened(str(self), self.argument or None)

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind


def runtimes(texts: Sequence[str]) -> list[RuntimeSpec]:
    """The runtimes of the command line in order, each once."""
    return list(dict.fromkeys(RuntimeSpec.parse(text) for text in texts or DEFAULT_RUNTIMES))
