"""Runs the native fixtures on the released runtime and shows their events in the notation of the facts sheet."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance import fixtures
from conformance.adapters import tools

Event = dict[str, Any]
_CODE = re.compile(r"^(?:\S+:\d+: )?([A-Z_]*);", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """What one run showed: exit status, printed values, name of the status, event trace."""

    exit: int
    results: list[str]
    status: str | None
    stdout: str
    stderr: str
    events: list[Event]

    @property
    def sequence(self) -> list[str]:
        """The events as the facts sheet writes them; names and returns are left out there."""
        return [notation(event) for event in self.events if event["ev"] not in ("name", "return", "bytes")]

    def named(self, ev: str) -> list[Event]:
        return [event for event in self.events if event["ev"] == ev]


def _linkage(event: Event) -> str:
    return {1: "I", 2: "X", 3: "I?", 4: "X?"}[event["linkage"]]


def _details(event: Event) -> str:
    """What follows the event's name in the sheet's notation."""
    ev = event["ev"]
    if ev == "look":
        cconv = f" {event['cconv']}" if event["cconv"] is not None else ""
        return f"({_linkage(event)} {event['fn']}{cconv})" + ("" if event["found"] else "=none")
    if ev == "get":
        return f"({_linkage(event)}{event['ordinal']} {event['asked']})"
    if ev == "attr":
        return f"({_linkage(event)}{event['ordinal']} #{event['index']})"
    if ev == "resolve":
        return f"({event['ordinal']} {event['import']})"
    if ev == "call":
        return f"({event['fn']})"
    if ev == "alloc":
        return "!FAIL" if event["code"] else "" if event["state"] else "(NULL)"
    return ""


def notation(event: Event) -> str:
    if event["ev"] in ("lib.ctor", "lib.dtor", "create"):
        return str(event["ev"])
    return f"{event['mod']}.{event['ev']}{_details(event)}"


def _events(path: Path) -> Iterator[Event]:
    if path.exists():
        for line in path.read_text().splitlines():
            yield json.loads(line)


class Wheel:
    """The native `iree-run-module` of the installed wheel."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    def run(self, *modules: str, function: str = "", inputs: tuple[object, ...] = (), timeout: float = 20) -> Ran:
        """Loads modules in order, `NAME@EXPORT?PARAMS` of a native fixture or `NAME.vmfb`, and calls the last one."""
        command = [str(tools.installed()), *(f"--module={reference(module)}" for module in modules)]
        command += [f"--function={function}"] if function else []
        command += [f"--input={value}" for value in inputs]
        trace = self.scratch / "trace.jsonl"
        trace.unlink(missing_ok=True)
        environment = {**os.environ, "VM_CONFORMANCE_TRACE": str(trace)}
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        code = _CODE.search(done.stderr)
        values = re.findall(r"^result\[\d+\]: (.*)$", done.stdout, re.MULTILINE)
        return Ran(done.returncode, values, code[1] if code else None, done.stdout, done.stderr, list(_events(trace)))


def reference(module: str) -> str:
    """The module flag's value for a fixture."""
    name, mark, rest = module.partition("@")
    if name.endswith(".vmfb"):
        return str(fixtures.bytecode(name.removesuffix(".vmfb")))
    return f"{fixtures.native(name)}{mark}{rest}"


@pytest.fixture
def wheel(tmp_path: Path) -> Wheel:
    return Wheel(tmp_path)
