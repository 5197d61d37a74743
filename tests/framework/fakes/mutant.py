"""Stands in front of a real tool and plants one defect: in its flags, its trace or its output.

mutant.py DEFECT TOOL FLAGS…    runs TOOL and exits as it does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
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


def _alone(event: dict[str, Any]) -> dict[str, Any]:
    """As if the thread were the last one."""
    return {**event, "threads": 1} if "threads" in event else event


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
    "ends_no_device": _without("unload"),
    "ends_devices_twice": _twice("unload"),
    "creates_devices_twice": _twice("load"),
    "ends_devices_before_modules": _swapped("destroy", "unload"),
    "ends_devices_before_states": _swapped("free", "unload"),
    "creates_devices_before_modules": _swapped("create", "load"),
    "loses_views": _without("lib.let_go"),
    "loses_threads": lambda events: [_alone(e) if e["ev"] == "destroy" else e for e in events],
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


def _others_first(name: str) -> Callable[[list[str]], list[str]]:
    """All flags of this name in the opposite order."""

    def turn(flags: list[str]) -> list[str]:
        last = iter([flag for flag in reversed(flags) if flag.startswith(f"--{name}=")])
        return [next(last) if flag.startswith(f"--{name}=") else flag for flag in flags]

    return turn


def _drops(name: str) -> Callable[[list[str]], list[str]]:
    return lambda flags: [flag for flag in flags if flag.partition("=")[0] != f"--{name}"]


def _one_device(flags: list[str]) -> list[str]:
    devices = [flag for flag in flags if flag.startswith("--device=")]
    return [flag for flag in flags if flag not in devices] + devices[:1]


def _other_inputs(flags: list[str]) -> list[str]:
    """What `local-task` gets is not what it was given."""
    return _others_first("input")(flags) if "--device=local-task" in flags else flags


FLAGS: dict[str, Callable[[list[str]], list[str]]] = {
    "none": lambda flags: flags,
    "drops_parameters": _query(lambda query: ""),
    "reverses_parameters": _query(lambda query: "&".join(reversed(query.split("&")))),
    "merges_parameters": _query(lambda query: "&".join(dict.fromkeys(query.split("&")))),
    "decodes_parameters": _query(lambda query: query.replace("%20", " ").replace("+", " ")),
    "reverses_modules": _modules(lambda modules: modules[::-1]),
    "ignores_stdin": _modules(lambda modules: [flag for flag in modules if flag != "--module=-"]),
    "ignores_exports": _modules(lambda modules: [_no_export(flag) for flag in modules]),
    "drops_inputs": _drops("input"),
    "drops_probes": _drops("executable_plugin"),
    "drops_archives": _drops("parameters"),
    "drops_workers": _drops("task_topology_group_count"),
    "drops_devices": _drops("device"),
    "reverses_devices": _others_first("device"),
    "creates_one_device": _one_device,
    "differs_on_local_task": _other_inputs,
}


# Tensors as they are printed: the last integer, last digits of floats, two neighbours, the shape.
_LAST_ELEMENT = re.compile(r"^(\S*i\d+=.*?)(-?\d+)(\]*)$", re.M)
_LAST_DIGIT = re.compile(r"(\d\.\d*)(\d)\b")
_FIRST_PAIR = re.compile(r"=(\[*)(\S+) (\S+)([ \]])")
_SHAPE = re.compile(r"^(?:\d+x)+(\S+=)", re.M)

# What the tool said and how it ended.
Said = tuple[str, str, int]
OUTPUTS: dict[str, Callable[[str, str, int], Said]] = {
    "reports_other_codes": lambda out, err, code: (out, err.replace("NOT_FOUND", "INTERNAL"), code),
    "loses_messages": lambda out, err, code: (out, err.partition(";")[0] + ";\n" if err else "", code),
    "negates_results": lambda out, err, code: (out.replace("=", "=-"), err, code),
    "loses_the_last_result": lambda out, err, code: (out.rpartition("result[")[0] or out, err, code),
    "loses_all_but_one_result": lambda out, err, code: (out.partition("result[1]")[0], err, code),
    "hides_errors": lambda out, err, code: (out, "", 0),
    "ends_well_after_errors": lambda out, err, code: (out, err, 0),
    "takes_statuses_for_others": lambda out, err, code: (out, err.replace("INVALID_ARGUMENT", "UNKNOWN"), code),
    "is_off_by_one_element": lambda out, err, code: (_LAST_ELEMENT.sub(_one_more, out), err, code),
    "is_off_by_one_digit": lambda out, err, code: (_LAST_DIGIT.sub(_next_digit, out), err, code),
    "swaps_elements": lambda out, err, code: (_FIRST_PAIR.sub(r"=\1\3 \2\4", out), err, code),
    "forgets_shapes": lambda out, err, code: (_SHAPE.sub(r"\1", out), err, code),
    "prints_statistics_of_one": lambda out, err, code: (out, _without_second(err), code),
    "prints_live_bytes": lambda out, err, code: (out, err.replace(" 0B live", " 64B live"), code),
    "traces_nothing": lambda out, err, code: (out, err.partition("===")[0], code),
}

# Never ends once the modules of a tenant are gone. Lanes are proven without one.
STALLS = {"hangs_at_the_end": "tenant"}
_FOR_EVER = 3600


def _one_more(element: re.Match[str]) -> str:
    return element[1] + str(int(element[2]) + 1) + element[3]


def _next_digit(number: re.Match[str]) -> str:
    return number[1] + str((int(number[2]) + 1) % 10)


def _without_second(text: str) -> str:
    first, mark, rest = text.partition("Device: ")
    return first + mark + rest.partition("Device: ")[0]


def _no_export(flag: str) -> str:
    head, mark, query = flag.partition("?")
    return head.partition("@")[0] + ("@" + mark + query if mark else "")


def main(defect: str, tool: str, *flags: str) -> int:
    passed = FLAGS[defect](list(flags)) if defect in FLAGS else list(flags)
    code = _run([tool, *passed], OUTPUTS.get(defect))
    if any(STALLS.get(defect, "\0") in flag for flag in flags):
        time.sleep(_FOR_EVER)
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
