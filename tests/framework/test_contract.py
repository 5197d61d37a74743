"""The register of clauses and its loader."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from conformance import contract
from conformance.suite import hal

SUITE = Path(contract.__file__).parents[1] / "suite"
GOOD = '[[clause]]\nid = "LIFE-a-b"\ntext = "A."\nsource = "beh LIF-001, tools 3.1"\n'


def load(folder: Path, **files: str) -> dict[str, contract.Clause]:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return contract.load(folder)


def test_a_clause(tmp_path: Path) -> None:
    (clause,) = load(tmp_path, teardown=GOOD).values()
    assert clause == contract.Clause("LIFE-a-b", "teardown", "A.", "beh", ("LIF-001", "tools 3.1"))
    assert str(clause) == "LIFE-a-b: A. (beh LIF-001, tools 3.1)"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + GOOD, "LIFE-a-b is already in x"),
        (GOOD + "more = 1\n", "LIFE-a-b: unknown key more"),
        (GOOD.replace('text = "A."\n', ""), "missing text"),
        (GOOD.replace("LIFE-a-b", "life"), "an id reads"),
        (GOOD.replace("beh ", "rumour "), "origin 'rumour' is none of"),
        (GOOD.replace("LIF-001, tools 3.1", ""), "names no sheet entry"),
        ("[[clause", "x.toml"),
    ],
)
def test_what_the_loader_refuses(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        load(tmp_path, x=text)


def test_an_id_is_unique_over_all_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"b\.toml: clause LIFE-a-b is already in a"):
        load(tmp_path, a=GOOD, b=GOOD)


def used_clauses() -> set[str]:
    """The clauses that decorate a case of the suite, or are those of its recorded calls."""
    found = {mark.args[0] for value in hal.calls().args[1] for mark in value.marks}
    for path in SUITE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "clause":
                found.add(ast.literal_eval(node.args[0]))
    return found


def test_every_clause_has_a_case_and_every_case_a_clause() -> None:
    assert used_clauses() == set(contract.load())
