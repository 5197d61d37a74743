"""The build of the native fixtures: once for any number of processes, again when something changed, errors in full."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import fixtures

ROOT = Path(__file__).resolve().parents[2]

CMAKE = """cmake_minimum_required(VERSION 3.20)
project(few LANGUAGES C)
add_custom_target(counted ALL COMMAND ${CMAKE_COMMAND} -E echo built >> "${CMAKE_CURRENT_SOURCE_DIR}/built.txt")
add_library(one MODULE one.c)
set_target_properties(one PROPERTIES PREFIX lib LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
"""


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like native_fixtures with one library, and a cache of its own; built.txt counts the builds."""
    monkeypatch.setenv(fixtures.CACHE_VARIABLE, str(tmp_path / "cache"))
    folder = tmp_path / "few"
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(CMAKE)
    (folder / "one.c").write_text("int one(void) { return 1; }\n")
    return folder


def builds(few: Path) -> int:
    return len((few / "built.txt").read_text().splitlines())


def forget() -> None:
    """A fresh process would not remember either."""
    fixtures._build.cache_clear()


def test_several_processes_build_once(few):
    program = f"from conformance import fixtures; from pathlib import Path; print(fixtures.build(Path({str(few)!r})))"
    started = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    published = {process.communicate(timeout=100)[0].strip() for process in started}
    assert len(published) == 1
    assert (Path(published.pop()) / fixtures.library_name("one")).exists()
    assert builds(few) == 1


def test_a_second_process_finds_the_first_ones_build(few):
    first = fixtures.build(few)
    forget()
    assert fixtures.build(few) == first
    assert builds(few) == 1


def test_a_changed_source_is_built_again(few):
    first = fixtures.build(few)
    (few / "one.c").write_text("int one(void) { return 2; }\n")
    forget()
    assert fixtures.build(few) != first
    assert builds(few) == 2


def test_other_flags_are_another_build(few, monkeypatch):
    first = fixtures.build(few)
    monkeypatch.setenv("CFLAGS", "-DANOTHER=1")
    assert fixtures.build(few) != first


@pytest.mark.skipif(shutil.which("clang") is None, reason="there is no clang to compare with")
def test_another_compiler_is_another_build(few, monkeypatch):
    first = fixtures.build(few)
    monkeypatch.setenv("CC", "clang")
    assert fixtures.build(few) != first


def test_a_broken_source_shows_what_the_compiler_said(few):
    (few / "one.c").write_text("int one(void) { return undeclared_thing; }\n")
    with pytest.raises(fixtures.FixtureBuildError) as caught:
        fixtures.build(few)
    assert "one.c:1" in str(caught.value)
    assert "undeclared_thing" in str(caught.value)


def test_a_failed_build_leaves_nothing_behind_and_may_be_repaired(few):
    (few / "one.c").write_text("int one(void) {\n")
    with pytest.raises(fixtures.FixtureBuildError):
        fixtures.build(few)
    left = [path for path in (fixtures.cache() / "native").iterdir() if path.suffix != ".lock"]
    assert left == []
    (few / "one.c").write_text("int one(void) { return 1; }\n")
    assert (fixtures.build(few) / fixtures.library_name("one")).exists()


def test_unknown_fixtures_are_refused_with_the_known_ones():
    with pytest.raises(fixtures.FixtureNotFoundError, match="minimal"):
        fixtures.native("no_such_thing")
    with pytest.raises(fixtures.FixtureNotFoundError, match="01_int32"):
        fixtures.bytecode("no_such_thing")


def test_without_cmake_the_error_says_how_to_get_it(few, monkeypatch):
    monkeypatch.setattr(fixtures, "_tool", lambda name: None)
    with pytest.raises(fixtures.FixtureBuildError, match="pip install cmake"):
        fixtures.build(few)


def test_every_source_becomes_a_library():
    names = fixtures.native_names()
    assert len(names) > 40
    assert all(fixtures.native(name).exists() for name in names)


def test_every_fixture_is_in_the_readme():
    readme = (fixtures.sources() / "README.md").read_text()
    assert [name for name in fixtures.native_names() if f"`{name}`" not in readme] == []
