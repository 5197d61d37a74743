"""Tells from a tool's words and its event trace how far a run came and why it stopped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from conformance.model import Event, Stage

if TYPE_CHECKING:
    from conformance.adapters.process import Ended

CODES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
    "DEFERRED",
    "INCOMPATIBLE",
)
_STATUS = re.compile(rf"(?:^|: )({'|'.join(CODES[1:])}|code \d+)(?=;|$)", re.M)

# The words that tools add while an error unwinds; the first that is found tells the stage.
_WORDS = (
    (Stage.PARSE, ("FLAGS ERROR", "no user module specified", "too many modules")),
    (Stage.SYMBOL, ("not found in library",)),
    (Stage.OPEN, ("failed to load dynamic library", "failed to open file", "failed to map file")),
    (Stage.CREATE, ("loading dynamic module at",)),
    (Stage.VERIFY, ("loading bytecode module at",)),
    (Stage.LINK, ("resolving dependencies for", "resolving module", "required module")),
    (Stage.CALL, ("invoking function", "looking up function", "parsing function inputs")),
    (Stage.CALL, ("exported function",)),
)

# What a module is doing when the last thing heard from it is this event; `create` and `alloc` are written on return.
_EVENT_STAGES = {
    "lib.ctor": Stage.CREATE,
    "create": Stage.OPEN,
    "deps": Stage.LINK,
    "alloc": Stage.LINK,
    "resolve": Stage.LINK,
    "free": Stage.TEARDOWN,
    "destroy": Stage.TEARDOWN,
}
# A fixture that is about to do something terrible says where it is.
_FAULT_STAGES = {
    "ctor": Stage.OPEN,
    "create": Stage.CREATE,
    "alloc": Stage.LINK,
    "init": Stage.INIT,
    "call": Stage.CALL,
    "destroy": Stage.TEARDOWN,
    "dtor": Stage.TEARDOWN,
}


_HOOK_STAGES = {"__init": Stage.INIT, "__deinit": Stage.TEARDOWN}


class Judged(NamedTuple):
    stage: Stage
    status: str
    message: str


def judge(ended: Ended, events: Sequence[Event]) -> Judged:
    """The stage, the status and the message of a tool's run."""
    found = _STATUS.search(ended.stderr)
    if found and ended.exit_code is not None:
        return Judged(_failed_stage(ended, events), _name(found.group(1)), message(ended.stderr))
    called = "EXEC @" in ended.stdout and not _open_call(events)
    if ended.exit_code == 0 and called and not _left_over(events):
        return Judged(Stage.DONE, "OK", "")
    return Judged(_last_stage(ended, events), "?", ended.stderr.strip())


def _name(code: str) -> str:
    """Codes without a name are known by their number."""
    return code.upper().replace(" ", "_")


def message(stderr: str) -> str:
    """What was reported, without colours and without the place in the reporter's source."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stderr).strip()
    return re.sub(r"^\S+:\d+: ", "", plain)


def _failed_stage(ended: Ended, events: Sequence[Event]) -> Stage:
    """Where an error was reported."""
    for stage, words in _WORDS:
        if any(word in ended.stderr for word in words):
            return stage
    if "EXEC @" in ended.stdout:
        return Stage.CALL
    return Stage.INIT if _init_failed(events) else Stage.LINK


def _last_stage(ended: Ended, events: Sequence[Event]) -> Stage:
    """Where a run stopped that reported nothing: a call that never returned, else the last event."""
    pending = _open_call(events)
    if pending is not None:
        return _HOOK_STAGES.get(str(pending.fields.get("fn")), Stage.CALL)
    if _called(events, "__deinit"):
        return Stage.TEARDOWN
    last = _stage_of_last(events) or Stage.OPEN
    in_or_behind_call = "EXEC @" in ended.stdout and last is not Stage.TEARDOWN
    return Stage.CALL if in_or_behind_call else last


def _stage_of_last(events: Sequence[Event]) -> Stage | None:
    """The stage of the last event that tells one."""
    for event in reversed(events):
        if event.ev == "fault":
            return _FAULT_STAGES[event.fields["at"]]
        if event.ev in _EVENT_STAGES:
            return _EVENT_STAGES[event.ev]
    return None


def _left_over(events: Sequence[Event]) -> bool:
    """Whether modules were created and the run ended before they were destroyed."""
    count = Counter(event.ev for event in events)
    return count["create"] > count["destroy"]


def inside(announced: Stage, events: Sequence[Event]) -> Stage:
    """The stage of a host that announced one and never came back, seen closer through the trace."""
    pending = _open_call(events)
    if pending is not None:
        return _HOOK_STAGES.get(str(pending.fields.get("fn")), announced)
    heard = [event.ev for event in events if event.ev != "lib.dtor"]
    if announced is Stage.OPEN and heard and heard[-1] in ("lib.ctor", "fault"):
        return _stage_of_last(events) or announced
    return announced


def _open_call(events: Sequence[Event]) -> Event | None:
    """The innermost call without its return."""
    stack: list[Event] = []
    for event in events:
        if event.ev == "call":
            stack.append(event)
        elif event.ev == "return" and stack:
            stack.pop()
    return stack[-1] if stack else None


def _init_failed(events: Sequence[Event]) -> bool:
    ends = [event for event in events if event.ev == "return" and event.fields.get("fn") == "__init"]
    return any(event.fields.get("code") for event in ends)


def _called(events: Sequence[Event], fn: str) -> bool:
    return any(event.ev == "call" and event.fields.get("fn") == fn for event in events)
