"""What a malformed input is: how to make it, what is owed for it, and what the released runtime does with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

OK = "OK"


@dataclass(frozen=True)
class Case:
    """One input. `build` gives the files in load order; the last one is the main module, whose `function` is called.

    The contract is any of `statuses` (a name, or the number of a code that has none), at `stage`. "OK" means stage
    `done`, and that the call gives `results`, where they are stated. `wheel` is what the released runtime does: a
    status, `OK`, `signal N`, `hang`, or `exit 1` where it prints no name; `|` separates outcomes between which the
    memory that it corrupts decides. `costly` inputs make it ask for tens of GiB and are not tried on it.
    """

    id: str
    build: Callable[[], list[bytes]]
    stage: str
    statuses: tuple[str, ...]
    wheel: str
    hazard: str | None = None
    function: str = "f"
    inputs: tuple[str, ...] = ()
    results: tuple[str, ...] | None = None
    costly: bool = False
    needs: tuple[str, ...] = field(default=())

    def expectation(self, files: list[str]) -> dict[str, Any]:
        """The entry of `expected.json`."""
        row: dict[str, Any] = {"id": self.id, "files": files, "function": self.function, "inputs": list(self.inputs)}
        row |= {"stage": self.stage, "statuses": list(self.statuses), "wheel": self.wheel}
        row |= {"results": list(self.results)} if self.results is not None else {}
        row |= {"hazard": self.hazard} if self.hazard else {}
        row |= {"costly": True} if self.costly else {}
        row |= {"needs": list(self.needs)} if self.needs else {}
        return row


class Section:
    """Collects the cases of one chapter; the methods are named for the stage at which the input is refused."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases: list[Case] = []

    def add(self, name: str, build: Callable[[], Any], stage: str, status: str, **rest: Any) -> None:
        statuses = tuple(status.split("|"))
        wheel = rest.pop("wheel", statuses[0])
        case_id = f"{self.name}/{name}"
        self.cases.append(Case(case_id, lambda: _files(build()), stage, statuses, wheel, **rest))

    def verify(self, name: str, build: Callable[[], Any], status: str, **rest: Any) -> None:
        self.add(name, build, "verify", status, **rest)

    def link(self, name: str, build: Callable[[], Any], status: str, **rest: Any) -> None:
        self.add(name, build, "link", status, **rest)

    def init(self, name: str, build: Callable[[], Any], status: str, **rest: Any) -> None:
        self.add(name, build, "init", status, **rest)

    def call(self, name: str, build: Callable[[], Any], status: str, **rest: Any) -> None:
        self.add(name, build, "call", status, **rest)

    def fine(self, name: str, build: Callable[[], Any], *results: str, **rest: Any) -> None:
        """Looks odd and is valid; `results` are compared where given."""
        self.add(name, build, "done", OK, results=results or None, **rest)


def _files(built: Any) -> list[bytes]:
    return built if isinstance(built, list) else [built]
