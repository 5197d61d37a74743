"""Parameters: what a native module's entry point receives for the text behind `?`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance import fixtures, trace
from conformance.case import Case, Seen, clause
from conformance.model import ModuleRef
from conformance.suite.modules import native

Pairs = list[tuple[str, str]]


def created_with(seen: Seen) -> list[Pairs]:
    """The pairs that each entry point received, in order of creation; a missing value reads as an empty one.

    The trace writes each byte as one character.
    """
    creations = [seen.events[at] for at in trace.find(seen.events, "*.create")]
    return [[(_text(key), _text(value)) for key, value in event.fields["params"]] for event in creations]


def _text(bytes_as_characters: str | None) -> str:
    return (bytes_as_characters or "").encode("latin-1").decode()


def received(case: Case, query: str | None, *pairs: tuple[str, str]) -> None:
    """Loads a module with this text and wants its entry point to see exactly these pairs, in this order."""
    library = str(fixtures.native("minimal"))
    seen = case.run(ModuleRef(library, "", query), function="add", inputs=(3, 4))
    got = created_with(seen)
    seen.that(got == [list(pairs)], f"the pairs {list(pairs)}", f"{got}; {seen.observation.summary()}")
    seen.succeeds("i32=7")


@clause("PAR-order")
def test_order(case: Case) -> None:
    received(case, "z=1&a=2&m=3", ("z", "1"), ("a", "2"), ("m", "3"))


@clause("PAR-duplicates")
def test_duplicates(case: Case) -> None:
    received(case, "k=1&k=2&j=0&k=1", ("k", "1"), ("k", "2"), ("j", "0"), ("k", "1"))


@clause("PAR-first-equals-sign")
@pytest.mark.parametrize(("query", "pair"), [("a=b=c", ("a", "b=c")), ("a==", ("a", "=")), ("a=b&=", ("a", "b"))])
def test_split_at_the_first_equals_sign(case: Case, query: str, pair: tuple[str, str]) -> None:
    received(case, query, pair, *([("", "")] if "&" in query else []))


@clause("PAR-flag")
def test_flag(case: Case) -> None:
    received(case, "first&a=1&last", ("first", ""), ("a", "1"), ("last", ""))


@clause("PAR-empty-value")
def test_empty_value(case: Case) -> None:
    received(case, "a=&b=1&c=", ("a", ""), ("b", "1"), ("c", ""))


@clause("PAR-empty-key")
def test_empty_key(case: Case) -> None:
    received(case, "=v&a=1&=", ("", "v"), ("a", "1"), ("", ""))


@clause("PAR-empty-piece")
@pytest.mark.parametrize("query", ["a=1&&b=2", "&a=1&&b=2&"])
def test_empty_piece(case: Case, query: str) -> None:
    received(case, query, ("a", "1"), ("", ""), ("b", "2"))


@clause("PAR-outer-ampersands")
@pytest.mark.parametrize("query", ["&a=1", "a=1&", "&a=1&"])
def test_outer_ampersands(case: Case, query: str) -> None:
    received(case, query, ("a", "1"))


@clause("PAR-outer-ampersands")
@pytest.mark.parametrize("query", ["&", "&&"])
def test_nothing_but_outer_ampersands(case: Case, query: str) -> None:
    received(case, query)


@clause("PAR-all-initialised")
def test_trailing_ampersands(case: Case) -> None:
    received(case, "a=1&&", ("a", "1"), ("", ""))


@clause("PAR-nothing-decoded")
def test_nothing_is_decoded(case: Case) -> None:
    received(case, "a=%20%26+b&%61=1", ("a", "%20%26+b"), ("%61", "1"))


@clause("PAR-ordinary-characters")
@pytest.mark.parametrize("value", ["user@host", "a?b", "a;b", "a#b", "/etc/dir/file", "'a' \"b\"", "C:\\x", "a,b"])
def test_ordinary_characters(case: Case, value: str) -> None:
    received(case, f"k={value}&last=1", ("k", value), ("last", "1"))


@clause("PAR-bytes-unchanged")
def test_bytes_above_127(case: Case) -> None:
    received(case, "größe=3 µm&✓=是", ("größe", "3 µm"), ("✓", "是"))


@clause("PAR-white-space")
def test_white_space(case: Case) -> None:
    received(case, "  a=1 2 & b = 3  ", ("a", "1 2 "), (" b ", " 3"))


@clause("PAR-none")
@pytest.mark.parametrize("query", [None, "", " "], ids=["no-mark", "nothing", "blank"])
def test_no_parameters(case: Case, query: str | None) -> None:
    received(case, query)


@clause("PAR-many")
def test_many_parameters(case: Case) -> None:
    pairs = [(f"key{number}", str(number * 7)) for number in range(1000)]
    received(case, "&".join("=".join(pair) for pair in pairs), *pairs)


@clause("PAR-many")
def test_long_value(case: Case) -> None:
    value = "".join(chr(ord("a") + number % 26) for number in range(10_000))
    received(case, f"k={value}&last=1", ("k", value), ("last", "1"))


@clause("PAR-without-export")
def test_without_export(case: Case) -> None:
    seen = case.run(f"{fixtures.native('minimal')}?bias=5&x", function="mul", inputs=(3, 4)).succeeds("i32=17")
    got = created_with(seen)
    seen.that(got == [[("bias", "5"), ("x", "")]], "bias=5 and x", str(got))


@clause("PAR-default-export")
def test_behind_an_empty_export(case: Case) -> None:
    case.run(f"{fixtures.native('minimal')}@?bias=5", function="mul", inputs=(3, 4)).succeeds("i32=17")


@clause("PAR-default-export")
def test_behind_the_default_export_by_name(case: Case) -> None:
    module = ModuleRef(str(fixtures.native("minimal")), "iree_vm_dynamic_module_create", "bias=5")
    case.run(module, function="mul", inputs=(3, 4)).succeeds("i32=17")


SPELLINGS = ("plain", "empty-export", "parameters", "export")


@clause("PAR-at-in-path")
@pytest.mark.parametrize("suffix", ["", "@", "@?bias=5", "@iree_vm_dynamic_module_create"], ids=SPELLINGS)
def test_at_sign_in_a_folder(case: Case, suffix: str, tmp_path: Path) -> None:
    folder = tmp_path / "me@here"
    folder.mkdir()
    library = shutil.copy(fixtures.native("minimal"), folder)
    case.run(f"{library}{suffix}", function="add", inputs=(3, 4)).succeeds("i32=7")


@clause("PAR-each-its-own")
def test_each_reference_has_its_own(case: Case) -> None:
    seen = case.run(native("minimal", bias=1, who="older"), native("minimal", bias=100), function="mul", inputs=(3, 4))
    seen.succeeds("i32=112")
    got = created_with(seen)
    seen.that(got == [[("bias", "1"), ("who", "older")], [("bias", "100")]], "the pairs of each", str(got))
