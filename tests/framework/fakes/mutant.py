"""Stands in front of a real tool and plants one defect: in its flags, its trace or its output.

mutant.py DEFECT TOOL FLAGS…    runs TOOL and exits as it does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

Events = list[dict[str, Any]]


def _without(ev: str, fn: str | None = None) -> Callable[[Events], Events]:
    return lambda events: [e for e in events if not (e["ev"] == ev and fn in (None, e.get("fn")))]


def _swapped(first: str, second: str) -> Callable[[Events], Events]:
    """All `second` events come where the first `first` was."""

    def swap(events: Events) -> Events:
        moved = [e for e in events if e["ev"] == second]
        rest = [e for e in events if e["ev"] != second]
        at = next((i for i, e in enumerate(rest) if e["ev"] == first), len(rest))
        return rest[:at] + moved + rest[at:]

    return swap


def _reversed(ev: str) -> Callable[[Events], Events]:
    """The events of this kind in the opposite order, each in the place of another."""

    def turn(events: Events) -> Events:
        last = iter([e for e in reversed(events) if e["ev"] == ev])
        return [next(last) if e["ev"] == ev else e for e in events]

    return turn


def _twice(ev: str) -> Callable[[Events], Events]:
    return lambda events: [e for e in events for _ in range(2 if e["ev"] == ev else 1)]


TRACES: dict[str, Callable[[Events], Events]] = {
    "never_destroys": _without("destroy"),
    "never_frees": _without("free"),
    "never_unloads": _without("lib.dtor"),
    "destroys_twice": _twice("destroy"),
    "frees_twice": _twice("free"),
    "destroys_before_free": _swapped("free", "destroy"),
    "unloads_before_destroy": _swapped("destroy", "lib.dtor"),
    "destroys_forward": _reversed("destroy"),
    "frees_forward": _reversed("free"),
    "creates_backward": _reversed("create"),
    "skips_init": lambda events: _without("call", "__init")(_without("return", "__init")(events)),
    "skips_deinit": lambda events: _without("call", "__deinit")(_without("return", "__deinit")(events)),
}


def _modules(change: Callable[[list[str]], list[str]]) -> Callable[[list[str]], list[str]]:
    def apply(flags: list[str]) -> list[str]:
        modules = [flag for flag in flags if flag.startswith("--module=")]
        return change(modules) + [flag for flag in flags if not flag.startswith("--module=")]

    return apply


def _query(change: Callable[[str], str]) -> Callable[[list[str]], list[str]]:
    """Changes the parameters of every reference that has some."""

    def one(flag: str) -> str:
        head, mark, query = flag.partition("?")
        return head + mark + change(query) if mark else flag

    return _modules(lambda modules: [one(flag) for flag in modules])


FLAGS: dict[str, Callable[[list[str]], list[str]]] = {
    "none": lambda flags: flags,
    "drops_parameters": _query(lambda query: ""),
    "reverses_parameters": _query(lambda query: "&".join(reversed(query.split("&")))),
    "merges_parameters": _query(lambda query: "&".join(dict.fromkeys(query.split("&")))),
    "decodes_parameters": _query(lambda query: query.replace("%20", " ").replace("+", " ")),
    "reverses_modules": _modules(lambda modules: modules[::-1]),
    "ignores_stdin": _modules(lambda modules: [flag for flag in modules if flag != "--module=-"]),
    "ignores_exports": _modules(lambda modules: [_no_export(flag) for flag in modules]),
    "drops_inputs": lambda flags: [flag for flag in flags if not flag.startswith("--input=")],
}


# What the tool said and how it ended.
Said = tuple[str, str, int]
OUTPUTS: dict[str, Callable[[str, str, int], Said]] = {
    "reports_other_codes": lambda out, err, code: (out, err.replace("NOT_FOUND", "INTERNAL"), code),
    "loses_messages": lambda out, err, code: (out, err.partition(";")[0] + ";\n" if err else "", code),
    "negates_results": lambda out, err, code: (out.replace("=", "=-"), err, code),
    "loses_the_last_result": lambda out, err, code: (out.rpartition("result[")[0] or out, err, code),
    "hides_errors": lambda out, err, code: (out, "", 0),
}


def _no_export(flag: str) -> str:
    head, mark, query = flag.partition("?")
    return head.partition("@")[0] + ("@" + mark + query if mark else "")


def main(defect: str, tool: str, *flags: str) -> int:
    passed = FLAGS[defect](list(flags)) if defect in FLAGS else list(flags)
    code = _run([tool, *passed], OUTPUTS.get(defect))
    if defect in TRACES:
        _rewrite(os.environ["VM_CONFORMANCE_TRACE"], TRACES[defect])
    if code < 0:
        os.kill(os.getpid(), -code)
    return code


def _run(command: list[str], change: Callable[[str, str, int], Said] | None) -> int:
    if change is None:
        return subprocess.run(command).returncode
    done = subprocess.run(command, capture_output=True, text=True)
    out, err, code = change(done.stdout, done.stderr, done.returncode)
    sys.stdout.write(out)
    sys.stderr.write(err)
    return code


def _rewrite(path: str, change: Callable[[Events], Events]) -> None:
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        events = [json.loads(line) for line in file]
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(json.dumps(event) + "\n" for event in change(events))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
