"""What the framework talks about, as frozen data: scenarios, observations, verdicts and their parts."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, NamedTuple

DEFAULT_EXPORT = "iree_vm_dynamic_module_create"
_LIBRARY_SUFFIXES = {"so", "sos", "dylib", "dll"}
_LIBRARY_MAGIC = (
    b"\x7fELF",
    b"MZ",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)


class Stage(str, Enum):
    """How far a run came, in order; a failed run stopped inside its stage."""

    PARSE = "parse"
    OPEN = "open"
    SYMBOL = "symbol"
    CREATE = "create"
    VERIFY = "verify"
    LINK = "link"
    INIT = "init"
    CALL = "call"
    TEARDOWN = "teardown"
    DONE = "done"

    def __str__(self) -> str:
        return self.value


class Outcome(str, Enum):
    """What became of one case on one runtime; only `pass` and `warn` conform."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    CRASH = "crash"
    TIMEOUT = "timeout"
    LEAK = "leak"
    UNSUPPORTED = "unsupported"
    UNAVAILABLE = "unavailable"
    INCONCLUSIVE = "inconclusive"
    HARNESS_ERROR = "harness-error"

    def __str__(self) -> str:
        return self.value

    @property
    def conforms(self) -> bool:
        return self in (Outcome.PASS, Outcome.WARN)


class StdinKind(str, Enum):
    """What the run finds on its standard input."""

    NULL = "null"  # the empty device: end of file at once
    CLOSED = "closed"  # no descriptor at all
    PIPE = "pipe"  # the bytes of a file through a pipe
    FILE = "file"  # a file, redirected
    HELD = "held"  # a pipe that nobody writes to and nobody closes

    def __str__(self) -> str:
        return self.value


class Param(NamedTuple):
    """One parameter of a native module; `value` is None where the text has no `=`."""

    key: str
    value: str | None

    def __str__(self) -> str:
        return self.key if self.value is None else f"{self.key}={self.value}"


@dataclass(frozen=True)
class ModuleRef:
    """A module reference `PATH[@EXPORT][?PARAMS]`; its parts are kept as written, so it prints back."""

    path: str
    export: str | None = None
    query: str | None = None

    @staticmethod
    def parse(text: str) -> ModuleRef:
        """Splits at the first `?`, then at the last `@` behind the last path separator."""
        head, mark, query = text.partition("?")
        separator = max(head.rfind("/"), head.rfind(os.sep))
        at = head.rfind("@")
        if at <= separator:
            return ModuleRef(head, None, query if mark else None)
        return ModuleRef(head[:at], head[at + 1 :], query if mark else None)

    @staticmethod
    def of(
        path: str | os.PathLike[str],
        export: str | None = None,
        params: Sequence[tuple[str, str | None]] = (),
        /,
        **named: object,
    ) -> ModuleRef:
        """The spelling that every reader of references understands: parameters always follow an `@`."""
        pairs = [Param(key, value) for key, value in params]
        pairs += [Param(key, str(value)) for key, value in named.items()]
        if not pairs:
            return ModuleRef(os.fspath(path), export)
        return ModuleRef(os.fspath(path), export or "", "&".join(map(str, pairs)))

    @property
    def params(self) -> tuple[Param, ...]:
        """The parameters in written order, duplicates kept, nothing decoded."""
        text = self.query or ""
        text = text[1:] if text.startswith("&") else text
        text = (text[:-1] if text.endswith("&") else text).strip()
        return tuple(_param(piece) for piece in text.split("&")) if text else ()

    @property
    def export_name(self) -> str:
        return self.export or DEFAULT_EXPORT

    @property
    def is_stdin(self) -> bool:
        return self.path == "-"

    def is_native(self) -> bool:
        """By content; by extension only when the file cannot be read."""
        if self.is_stdin:
            return False
        try:
            with open(self.path, "rb") as file:
                return file.read(4).startswith(_LIBRARY_MAGIC)
        except OSError:
            return self.path.rpartition(".")[2].lower() in _LIBRARY_SUFFIXES

    def __str__(self) -> str:
        export = "" if self.export is None else f"@{self.export}"
        query = "" if self.query is None else f"?{self.query}"
        return f"{self.path}{export}{query}"


def _param(piece: str) -> Param:
    key, mark, value = piece.partition("=")
    return Param(key, value if mark else None)


@dataclass(frozen=True)
class Call:
    """One call into the main module; without a function the runtime has to choose the only export."""

    function: str | None = None
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """Everything a runtime has to do, as plain data."""

    modules: tuple[ModuleRef, ...]
    calls: tuple[Call, ...] = ()
    stdin: StdinKind = StdinKind.NULL
    stdin_path: str | None = None
    module_mode: str | None = None
    flagfile: str | None = None  # a file of `--module=` lines, used instead of `modules`
    timeout: float | None = None
    device: str | tuple[str, ...] | None = None  # one or several, in order; none: the runtime's default
    limit: float | None = None  # seconds after which the runtime itself has to stop what it runs
    fresh: bool = False  # each call in a context of its own
    parameters: tuple[str, ...] = ()  # archives, each `[SCOPE=]FILE`
    flags: tuple[str, ...] = ()  # of a tool, as they are
    environment: tuple[tuple[str, str], ...] = ()  # variables that the run finds besides the usual ones

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices asked for, in order."""
        if self.device is None:
            return ()
        return (self.device,) if isinstance(self.device, str) else self.device

    def arguments(self) -> list[str]:
        """The flags of a module-running tool that mean this scenario; some of `flags` act on devices behind them."""
        if self.flagfile is not None:
            flags = [f"--flagfile={self.flagfile}"]
        else:
            flags = [f"--module={module}" for module in self.modules]
        if self.module_mode is not None:
            flags.append(f"--module_mode={self.module_mode}")
        flags += [*self.flags, *(f"--device={device}" for device in self.devices)]
        flags += [f"--parameters={archive}" for archive in self.parameters]
        flags += [] if self.limit is None else [f"--time_limit={self.limit:g}"]
        for call in self.calls:
            flags += [] if call.function is None else [f"--function={call.function}"]
            flags += [f"--input={text}" for text in call.inputs]
        return flags

    def shell(self, tool: str = "iree-run-module") -> str:
        """A shell line to paste, standard input and environment included."""
        variables = [f"{name}={value}" for name, value in self.environment]
        return self.fed(shlex.join([*(["env", *variables] if variables else []), tool, *self.arguments()]))

    def fed(self, command: str) -> str:
        """A shell command with this scenario's standard input."""
        path = shlex.quote(self.stdin_path or "/dev/null")
        return {
            StdinKind.NULL: f"{command} </dev/null",
            StdinKind.CLOSED: f"{command} <&-",
            StdinKind.PIPE: f"cat {path} | {command}",
            StdinKind.FILE: f"{command} <{path}",
            StdinKind.HELD: f"sleep infinity | {command}",
        }[self.stdin]

    def python(self) -> str:
        """A Python expression that makes this scenario again."""
        return _expression(self)

    def to_json(self) -> dict[str, Any]:
        return _record(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Scenario:
        known = _only_known(Scenario, data)
        return Scenario(
            **{
                **known,
                "modules": tuple(ModuleRef(**module) for module in data["modules"]),
                "calls": tuple(
                    Call(call.get("function"), tuple(call.get("inputs", ()))) for call in data.get("calls", ())
                ),
                "stdin": StdinKind(data.get("stdin", "null")),
                "device": _tupled(data.get("device")),
                "parameters": tuple(data.get("parameters", ())),
                "flags": tuple(data.get("flags", ())),
                "environment": tuple((name, value) for name, value in data.get("environment", ())),
            }
        )


@dataclass(frozen=True)
class Event:
    """One line of the event trace that the native fixtures write."""

    ev: str
    mod: str = ""
    lib: str = ""
    seq: int = 0
    pid: int = 0
    tid: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Event:
        own = {"ev", "mod", "lib", "seq", "pid", "tid"}
        known = {key: data[key] for key in own if data.get(key) is not None}
        return Event(**known, fields={key: value for key, value in data.items() if key not in own})

    def to_json(self) -> dict[str, Any]:
        head = {"seq": self.seq, "pid": self.pid, "tid": self.tid}
        return {**head, "lib": self.lib, "mod": self.mod, "ev": self.ev, **self.fields}

    def __str__(self) -> str:
        where = self.mod or self.lib
        detail = " ".join(f"{key}={_short(value)}" for key, value in self.fields.items())
        return f"{where}.{self.ev}" + (f" {detail}" if detail else "")


@dataclass(frozen=True)
class Observation:
    """What could be seen of one run from outside the process."""

    stage: Stage
    status: str = "OK"  # the code's name; "?" when the run ended without reporting one
    message: str = ""
    results: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    exit_code: int | None = None
    signal: str | None = None
    timed_out: bool = False
    stdout: str = ""
    stderr: str = ""
    command: tuple[str, ...] = ()
    journal: tuple[str, ...] = ()  # native operations announced by a worker, the last one unfinished after a crash

    @property
    def done(self) -> bool:
        return self.stage is Stage.DONE and self.status == "OK"

    @property
    def ending(self) -> str:
        """How the process ended, in words."""
        if self.timed_out:
            return "timed out"
        return f"killed by {self.signal}" if self.signal else f"exit {self.exit_code}"

    def summary(self) -> str:
        """One line for people: how it ended, where, with which code and values."""
        parts = [self.ending, f"stage {self.stage}", f"status {self.status}"]
        if self.results:
            parts.append("results " + ", ".join(self.results))
        return "; ".join(parts)

    def to_json(self) -> dict[str, Any]:
        return {**_record(self), "events": [event.to_json() for event in self.events]}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Observation:
        known = _only_known(Observation, data)
        known |= {key: tuple(known[key]) for key in ("results", "command", "journal") if key in known}
        known["events"] = tuple(Event.from_json(event) for event in data.get("events", ()))
        known["stage"] = Stage(data["stage"])
        return Observation(**known)


@dataclass(frozen=True)
class Verdict:
    """The judgement of one case on one runtime."""

    case: str
    area: str
    runtime: str
    clause: str
    outcome: Outcome
    wanted: str = ""
    got: str = ""
    expected: bool = False  # a known difference, listed in the expectations of this runtime
    why: str = ""
    scenario: Scenario | None = None
    observation: Observation | None = None
    seconds: float = 0.0
    backend: str = ""  # of the lane; empty for a case that needs no device
    identity: str = ""  # what the device of the lane says it is
    devices: int = 0  # how often the case was seen to create a device

    @property
    def subject(self) -> str:
        """What was judged: a runtime, or a lane."""
        return f"{self.runtime}-{self.backend}" if self.backend else self.runtime

    def with_expectation(self, why: str) -> Verdict:
        return replace(self, expected=True, why=why)

    def to_json(self) -> dict[str, Any]:
        data = _record(self)
        data["observation"] = self.observation.to_json() if self.observation else None
        return data

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Verdict:
        known = _only_known(Verdict, data)
        scenario, observation = data.get("scenario"), data.get("observation")
        known["outcome"] = Outcome(data["outcome"])
        known["scenario"] = Scenario.from_json(scenario) if scenario else None
        known["observation"] = Observation.from_json(observation) if observation else None
        return Verdict(**known)


def dumps(data: object) -> str:
    """JSON on one line, for journals and reports."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _record(value: Any) -> dict[str, Any]:
    """The JSON form of our frozen data, defaults included."""
    return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "__dataclass_fields__"):
        return _record(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value


def _tupled(value: Any) -> Any:
    """JSON has lists only."""
    return tuple(value) if isinstance(value, list) else value


def _only_known(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    unknown = sorted(set(data) - names)
    if unknown:
        raise ValueError(f"{kind.__name__} has no field {', '.join(unknown)}")
    return dict(data)


def _expression(value: Any) -> str:
    """A constructor expression without the fields that keep their default."""
    if isinstance(value, ModuleRef) and ModuleRef.parse(str(value)) == value:
        return f"ModuleRef.parse({str(value)!r})"
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        inner = ", ".join(_expression(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if hasattr(value, "__dataclass_fields__"):
        given = [item for item in fields(value) if getattr(value, item.name) != item.default]
        inner = ", ".join(f"{item.name}={_expression(getattr(value, item.name))}" for item in given)
        return f"{type(value).__name__}({inner})"
    return repr(value)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
