"""The summary table."""

from __future__ import annotations

from dataclasses import replace

from conformance.model import Outcome, Verdict
from conformance.report.terminal import column, reasons, table

PASS = Verdict("calls::a", "calls", "own", "X-y", Outcome.PASS)


def test_area_by_runtime() -> None:
    verdicts = [
        PASS,
        PASS,
        replace(PASS, runtime="iree", outcome=Outcome.CRASH),
        replace(PASS, runtime="iree", outcome=Outcome.CRASH, expected=True),
        replace(PASS, area="teardown", outcome=Outcome.UNSUPPORTED),
    ]
    assert table(verdicts) == [
        "area      runtime  passed  failed  expected  crashed  unsupported",
        "-----------------------------------------------------------------",
        "calls     iree          .       .         1        1            .",
        "calls     own           2       .         .        .            .",
        "teardown  own           .       .         .        .            1",
        "-----------------------------------------------------------------",
        "all       iree          .       .         1        1            .",
        "all       own           2       .         .        .            1",
    ]


def test_rare_columns_come_when_needed_and_all_fit_100_columns() -> None:
    verdicts = [replace(PASS, outcome=outcome) for outcome in Outcome]
    lines = table(verdicts)
    assert all(name in lines[0] for name in ("timeout", "absent", "unsure", "harness"))
    assert max(map(len, lines)) <= 100


def test_reasons_are_told_once_each() -> None:
    skipped = replace(PASS, outcome=Outcome.UNSUPPORTED, got="Unsupported: own has no command-line")
    assert reasons([PASS, skipped, skipped]) == ["unsupported (2): own has no command-line"]


def test_nothing_counts_as_passed_but_what_conforms() -> None:
    passed = [outcome for outcome in Outcome if column(replace(PASS, outcome=outcome)) == "passed"]
    assert passed == [Outcome.PASS, Outcome.WARN]
