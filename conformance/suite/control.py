"""Whether a runtime runs programs at all: no refusal and no lucky answer of one that does not counts as conforming."""

from __future__ import annotations

from conformance.case import Case
from conformance.model import Observation, Scenario, Stage
from conformance.suite.modules import bytecode

_CREATING_A_CONTEXT = (Stage.LINK, Stage.INIT)
_seen: dict[str, tuple[Scenario, Observation]] = {}


def trusted(case: Case) -> None:
    """Wants, once for each runtime, an answer that nobody guesses: three modules, linked in a chain."""
    name = case.runtime.name
    if name not in _seen:
        chain = [bytecode(f"chain_{letter}") for letter in "abc"]
        case.run(*chain, function="main", inputs=(5,))
        _seen[name] = case.runs[-1]
    else:
        case.runs.append(_seen[name])
    observation = _seen[name][1]
    answered = observation.done and observation.results == ("i32=112",)
    case.states(answered, "a runtime that runs chain_c.main(5) = i32=112", observation.summary())


def indistinct(stage: Stage) -> tuple[Stage, ...]:
    """The stages that a tool's words do not tell from this one where no native module writes a trace."""
    return _CREATING_A_CONTEXT if stage in _CREATING_A_CONTEXT else (stage,)
