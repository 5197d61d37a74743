"""What the VM reports when something fails."""

from __future__ import annotations

import enum
import re
from typing import Any, Literal

from conformance.capi import Api

Stage = Literal["parse", "open", "symbol", "create", "verify", "link", "init", "call", "teardown"]


class Code(enum.IntEnum):
    """Codes of statuses, as in C."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16
    DEFERRED = 17
    INCOMPATIBLE = 18
    CODE_19 = 19  # 19 to 31 have no name in C but are valid
    CODE_20 = 20
    CODE_21 = 21
    CODE_22 = 22
    CODE_23 = 23
    CODE_24 = 24
    CODE_25 = 25
    CODE_26 = 26
    CODE_27 = 27
    CODE_28 = 28
    CODE_29 = 29
    CODE_30 = 30
    CODE_31 = 31


class Error(Exception):
    """A failure: its code, what happened, and the stage in the life of a module at which it did."""

    def __init__(self, code: Code, message: str, stage: Stage, location: str | None = None) -> None:
        super().__init__(code, message, stage, location)
        self.code = code
        self.message = message
        self.stage: Stage = stage
        self.location = location  # FILE:LINE in the source of the runtime or of the module

    def __str__(self) -> str:
        return f"{self.code.name} at stage {self.stage}: {self.message or 'no message'}"


class ClosedError(Error, ValueError):
    """An object was used after it had been closed."""

    def __init__(self, what: str, stage: Stage = "call") -> None:
        Error.__init__(self, Code.FAILED_PRECONDITION, f"the {what} is closed", stage)
        self.what = what

    def __reduce__(self) -> tuple[Any, ...]:
        return (ClosedError, (self.what, self.stage))


def invalid(message: str, stage: Stage = "call") -> Error:
    return Error(Code.INVALID_ARGUMENT, message, stage)


def check(api: Api, status: Any, stage: Stage) -> None:
    """Raises the failure that a status is, and frees it."""
    if status:
        raise error_of(api, status, stage)


_TEXT = re.compile(r"(?:(?P<location>[^\n]*?:\d+): )?(?:[A-Z_]+|code \d+|)(?:; (?P<message>.*))?", re.S)
_STAGES: tuple[Stage | None, ...] = (
    None,
    "parse",
    "open",
    "symbol",
    "create",
    "verify",
    "link",
    "init",
    "call",
    "teardown",
)
_WORDS: tuple[tuple[str, Stage], ...] = (
    ("not found in library", "symbol"),
    ("failed to load dynamic library", "open"),
    ("cannot load library", "open"),
)


def error_of(api: Api, status: Any, stage: Stage) -> Error:
    """The exception for a failed status, which is freed. `stage` is what was being done, unless the status knows
    better."""
    code = Code(int(api.ffi.cast("uintptr_t", status)) & 31) or Code.INTERNAL  # 0 with a text is a lie
    text = _status_text(api, status)
    known = api.lib.vmrt_status_stage(status) if api.has("vmrt_status_stage") else None
    api.lib.iree_status_free(status)
    match = _TEXT.fullmatch(text)
    location, message = (match["location"], match["message"] or "") if match else (None, text)
    if known is None and stage == "create":
        known = next((_STAGES.index(name) for words, name in _WORDS if words in text), None)
    return Error(code, message, _STAGES[known or 0] or stage, location)


def _status_text(api: Api, status: Any) -> str:
    length = api.ffi.new("iree_host_size_t*")
    api.lib.iree_status_format(status, 0, api.null, length)
    buffer = api.ffi.new("char[]", length[0] + 1)
    api.lib.iree_status_format(status, length[0] + 1, buffer, length)
    return bytes(api.ffi.buffer(buffer, len(buffer) - 1)).decode("utf-8", "replace")
