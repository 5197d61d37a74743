"""The summary table at the end of a run: area x runtime, a column for what can become of a case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from conformance.model import Outcome, Verdict

COLUMNS = (
    "passed",
    "failed",
    "expected",
    "crashed",
    "timeout",
    "unsupported",
    "absent",
    "unsure",
    "harness",
)
_ALWAYS = ("passed", "failed", "expected", "crashed", "unsupported")
_OF_OUTCOME = {
    Outcome.PASS: "passed",
    Outcome.WARN: "passed",
    Outcome.FAIL: "failed",
    Outcome.LEAK: "failed",
    Outcome.CRASH: "crashed",
    Outcome.TIMEOUT: "timeout",
    Outcome.UNSUPPORTED: "unsupported",
    Outcome.UNAVAILABLE: "absent",
    Outcome.INCONCLUSIVE: "unsure",
    Outcome.HARNESS_ERROR: "harness",
}


def column(verdict: Verdict) -> str:
    """Where a verdict is counted; a stale expectation counts as failed."""
    if verdict.expected:
        return "expected"
    return _OF_OUTCOME[verdict.outcome]


def table(verdicts: Iterable[Verdict]) -> list[str]:
    """The lines of the table; columns that nothing is in are left out, the first five never."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for verdict in verdicts:
        counts.setdefault((verdict.area, verdict.subject), Counter())[column(verdict)] += 1
    rows = [(area, runtime, counts[area, runtime]) for area, runtime in sorted(counts)]
    rows += _totals(rows)
    used = [name for name in COLUMNS if name in _ALWAYS or any(row[2][name] for row in rows)]
    return _aligned(rows, used)


def reasons(verdicts: Iterable[Verdict]) -> list[str]:
    """Why cases established nothing about a runtime, each reason once: nothing is skipped in silence."""
    quiet = (Outcome.UNSUPPORTED, Outcome.UNAVAILABLE)
    counts = Counter((verdict.outcome, verdict.got) for verdict in verdicts if verdict.outcome in quiet)
    return [f"{outcome} ({count}): {why.partition(': ')[2] or why}" for (outcome, why), count in counts.items()]


def lanes(verdicts: Iterable[Verdict]) -> list[str]:
    """What each lane says its device is, once."""
    found = {verdict.subject: verdict.identity for verdict in verdicts if verdict.identity}
    return [f"lane {lane}: {identity}" for lane, identity in found.items()]


def idle_lanes(verdicts: Iterable[Verdict]) -> list[str]:
    """The lanes in which no case was seen to create a device."""
    cases: Counter[str] = Counter()
    devices: Counter[str] = Counter()
    for verdict in verdicts:
        if verdict.identity:
            cases[verdict.subject] += 1
            devices[verdict.subject] += verdict.devices
    return [f"lane {lane}: no device was created in its {cases[lane]} cases" for lane in cases if not devices[lane]]


def _totals(rows: Sequence[tuple[str, str, Counter[str]]]) -> list[tuple[str, str, Counter[str]]]:
    totals: dict[str, Counter[str]] = {}
    for _, runtime, count in rows:
        totals.setdefault(runtime, Counter()).update(count)
    return [("all", runtime, totals[runtime]) for runtime in sorted(totals)]


def _aligned(rows: Sequence[tuple[str, str, Counter[str]]], used: Sequence[str]) -> list[str]:
    area = max(len("area"), *(len(row[0]) for row in rows))
    runtime = max(len("runtime"), *(len(row[1]) for row in rows))
    head = f"{'area':<{area}}  {'runtime':<{runtime}}" + "".join(f"  {name}" for name in used)
    lines = [head, "-" * len(head)]
    for index, (name, spec, count) in enumerate(rows):
        if name == "all" and (index == 0 or rows[index - 1][0] != "all"):
            lines.append(lines[1])
        cells = "".join(f"  {count[key] or '.':>{len(key)}}" for key in used)
        lines.append(f"{name:<{area}}  {spec:<{runtime}}{cells}")
    return lines
