"""Plants the defects one after the other into a copy of the runtime and tells which the suite catches.

plant.py FOLDER [TEXT…]    builds in FOLDER; only defects in whose row one of the texts is, when there are any.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mutations import MUTATIONS, Mutation

import conformance

ROOT = Path(__file__).parents[2]
SUITE = Path(conformance.__file__).parent / "suite"
GOOD = ("pass", "warn")
PATIENCE = 600
MANY = 8


def applied(text: str, mutation: Mutation) -> str:
    """The source with the defect; every text that it replaces has to be there exactly once."""
    for old, new in mutation.changes:
        if text.count(old) != 1:
            raise ValueError(f"{mutation.file}: `{old}` is there {text.count(old)} times, not once")
        text = text.replace(old, new)
    return text


class Workplace:
    """A copy of the runtime and its build."""

    def __init__(self, folder: Path) -> None:
        self.source, self.build, self.folder = folder / "runtime", folder / "build", folder
        shutil.copytree(ROOT / "runtime", self.source, copy_function=_refreshed, dirs_exist_ok=True)
        shutil.copy(ROOT / "pyproject.toml", folder)
        # Defects leave functions and parameters unused.
        flags = ["-G", "Ninja", "-DVMRT_WERROR=OFF", "-DCMAKE_BUILD_TYPE=RelWithDebInfo"]
        _must(["cmake", "-S", str(self.source), "-B", str(self.build), *flags])

    def make(self) -> None:
        _must(["cmake", "--build", str(self.build), "-j", "2", "--target", "vm-run-module"])

    def outcomes(self, cases: Sequence[str]) -> dict[str, set[str]]:
        """What becomes of the cases in all lanes."""
        files = [str(SUITE / f"test_{area}.py") for area in sorted({case.partition("::")[0] for case in cases})]
        report = self.folder / "report"
        flags = ["-p", "no:cacheprovider", "-q", "--tb=no", f"--runtime=tools:{self.build}", f"--report={report}"]
        flags += ["-n", "2"] if len(cases) > MANY else []
        command = [sys.executable, "-m", "pytest", *flags, "-k", " or ".join(map(_word, cases)), *files]
        subprocess.run(command, stdout=subprocess.DEVNULL, cwd=self.folder, check=False, timeout=PATIENCE)
        found: dict[str, set[str]] = {case: set() for case in cases}
        results = report / "results.jsonl"
        for line in results.read_text().splitlines() if results.exists() else []:
            verdict = json.loads(line)
            found.get(verdict["case"], set()).add(verdict["outcome"])
        shutil.rmtree(report, ignore_errors=True)
        return found

    def with_defect(self, mutation: Mutation) -> dict[str, set[str]]:
        path = self.source / mutation.file
        good = path.read_text()
        path.write_text(applied(good, mutation))
        try:
            self.make()
            return self.outcomes(mutation.cases)
        finally:
            path.write_text(good)


def _refreshed(source: str, target: str) -> None:
    """Copies what differs, as a new file: what a build has seen keeps its time, what a defect has touched does not."""
    if not Path(target).exists() or Path(source).read_bytes() != Path(target).read_bytes():
        shutil.copyfile(source, target)


def _word(case: str) -> str:
    """What selects a case for pytest, and some of its neighbours."""
    test, _, parameter = case.partition("::")[2].partition("[")
    first = parameter.rstrip("]").rpartition(".")[2].partition("-")[0]
    return f"(test_{test} and {first})" if first else f"test_{test}"


def _must(command: Sequence[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}")


def catches(outcomes: set[str]) -> bool:
    """Whether the case fails in one of the lanes at least."""
    return bool(outcomes - {*GOOD, "unsupported"})


def _row(what: str, case: str, caught: bool) -> None:
    print(f"{'caught' if caught else 'NOT':7} {what:60} {case}", flush=True)


def _proven(workplace: Workplace, cases: Sequence[str]) -> bool:
    """Without a defect every case passes in some lane and fails in none."""
    workplace.make()
    bad = {case: seen for case, seen in workplace.outcomes(cases).items() if catches(seen) or not seen & {*GOOD}}
    for case, seen in bad.items():
        print(f"without a defect, {case}: {', '.join(sorted(seen)) or 'no such case'}", flush=True)
    return not bad


def main(folder: str, *texts: str) -> int:
    chosen = [one for one in MUTATIONS if not texts or any(text in str(one) for text in texts)]
    workplace = Workplace(Path(folder).resolve())
    if not _proven(workplace, sorted({case for one in chosen for case in one.cases})):
        return 1
    missed = 0
    for mutation in chosen:
        for case, seen in workplace.with_defect(mutation).items():
            _row(mutation.what, case, catches(seen))
            missed += not catches(seen)
    print(f"{len(chosen)} defects, {missed} cases that did not see theirs")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
