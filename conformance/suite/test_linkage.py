"""Linkage: who sees whom, by which name and version, with which signature."""

from __future__ import annotations

import pytest

from conformance.case import Case, Seen, clause
from conformance.model import Stage
from conformance.suite.modules import bytecode, native


@clause("LINK-both-ways")
def test_bytecode_imports_bytecode(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("consumer"), function="main", inputs=(3, 4))
    seen.succeeds("i32=21")


@clause("LINK-both-ways")
def test_bytecode_imports_native(case: Case) -> None:
    seen = case.run(native("minimal"), bytecode("uses_minimal"), function="main", inputs=(3, 4))
    seen.succeeds("i32=28").ordered("minimal.return(add)", "minimal.call(mul)")


@clause("LINK-chain")
def test_chain(case: Case) -> None:
    chain = [bytecode(f"chain_{letter}") for letter in "abc"]
    case.run(*chain, function="main", inputs=(5,)).succeeds("i32=112")


@clause("LINK-chain")
def test_diamond_shares_its_base(case: Case) -> None:
    diamond = [bytecode(f"diamond_{part}") for part in ("base", "left", "right", "top")]
    case.run(*diamond, function="main").succeeds("i32=10", "i32=200")


@clause("LINK-chain")
def test_imports_are_bound_before_the_initializer(case: Case) -> None:
    case.run(bytecode("provider"), bytecode("init_imports"), function="get").succeeds("i32=1", "i32=2")


@clause("LINK-provider-first")
def test_provider_behind_its_user(case: Case) -> None:
    seen = case.run(bytecode("consumer"), bytecode("provider"), function="add", inputs=(1, 2))
    seen.fails("NOT_FOUND", Stage.LINK, "provider", "consumer")


@clause("LINK-provider-first")
def test_native_provider_behind_its_user(case: Case) -> None:
    seen = case.run(bytecode("uses_minimal"), native("minimal"), function="add", inputs=(1, 2))
    seen.fails("NOT_FOUND", Stage.LINK, "minimal", "uses_minimal").never("minimal.call").happened("minimal.destroy")


@clause("LINK-provider-first")
def test_a_module_cannot_import_from_itself(case: Case) -> None:
    seen = case.run(bytecode("imports_itself"), function="main", inputs=(1,))
    seen.fails("NOT_FOUND", Stage.LINK, "imports_itself")


@clause("LINK-missing-module")
def test_missing_module(case: Case) -> None:
    seen = case.run(bytecode("missing_module"), function="main", inputs=(1,))
    seen.fails("NOT_FOUND", Stage.LINK, "nobody", "missing_module")


@clause("LINK-missing-function")
def test_missing_function(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("missing_function"), function="main", inputs=(1,))
    seen.fails("NOT_FOUND", Stage.LINK, "missing_function", "nothere")


@clause("LINK-version-sufficient")
def test_version_equal(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("wants_version_3"), function="main", inputs=(5,))
    seen.succeeds("i32=15")


@clause("LINK-version-too-low")
def test_version_too_low(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("wants_version_4"), function="main", inputs=(5,))
    seen.fails("NOT_FOUND", Stage.LINK, "version", "provider", "3", "4")


@clause("LINK-optional-import-absent")
@pytest.mark.parametrize(
    ("providers", "resolved"),
    [((), ("i32=0", "i32=0", "i32=0")), (("provider",), ("i32=1", "i32=0", "i32=0"))],
    ids=["no-module", "module-without-function"],
)
def test_optional_imports(case: Case, providers: tuple[str, ...], resolved: tuple[str, ...]) -> None:
    seen = case.run(*map(bytecode, providers), bytecode("optional_imports"), function="resolved")
    seen.succeeds(*resolved)


@clause("LINK-optional-import-absent")
@pytest.mark.parametrize(("providers", "result"), [((), "i32=-1"), (("provider",), "i32=7")], ids=["absent", "present"])
def test_a_program_can_tell_and_do_without(case: Case, providers: tuple[str, ...], result: str) -> None:
    modules = [*map(bytecode, providers), bytecode("optional_imports")]
    case.run(*modules, function="add_or_minus_one", inputs=(3, 4)).succeeds(result)


@clause("LINK-optional-import-mismatch")
def test_optional_import_with_another_signature(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("optional_wrong_signature"), function="main")
    seen.fails("INTERNAL", Stage.LINK, "provider.add", "optional_wrong_signature")


@clause("LINK-signature-mismatch")
def test_signature_mismatch(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("wrong_signature"), function="main")
    seen.fails("INTERNAL", Stage.LINK, "provider", "wrong_signature", "0II_I", "0ii_i")


@clause("LINK-newest-name-wins")
def test_newest_of_two_modules_of_one_name(case: Case) -> None:
    older, newer = native("minimal", bias=1000), native("minimal", bias=5)
    seen = case.run(older, newer, bytecode("uses_minimal"), function="main", inputs=(3, 4))
    seen.succeeds("i32=33").happened("minimal.create", times=2).happened("minimal.destroy", times=2)


@clause("LINK-main-is-last")
def test_functions_of_earlier_modules_are_not_the_mains(case: Case) -> None:
    seen = case.run(native("minimal"), bytecode("uses_minimal"), function="mul", inputs=(3, 4))
    seen.fails("NOT_FOUND", Stage.CALL, "mul").never("minimal.call")


@clause("LINK-main-is-last")
def test_names_are_plain(case: Case) -> None:
    seen = case.run(bytecode("provider"), function="provider.add", inputs=(3, 4))
    seen.fails("NOT_FOUND", Stage.CALL, "provider.add")


@clause("LINK-default-function")
def test_the_only_visible_export_is_called(case: Case) -> None:
    """The module exports `get` and the hidden `__deinit`."""
    case.run(native("minimal"), bytecode("deinit_fails")).succeeds("i32=1")


@clause("LINK-default-function")
def test_several_exports_need_a_name(case: Case) -> None:
    case.needs("command-line")
    seen = case.run(native("minimal"))
    seen.fails("INVALID_ARGUMENT", Stage.CALL, "function").never("minimal.call").happened("minimal.destroy")


@clause("LINK-both-ways")
def test_native_imports_native(case: Case) -> None:
    seen = case.run(native("minimal"), native("importer"), function="twice_add", inputs=(3, 4)).succeeds("i32=14")
    seen.happened("minimal.call(add)", times=2).ordered("importer.call(twice_add)", "minimal.call(add)")


@clause("LINK-both-ways")
def test_native_imports_bytecode(case: Case) -> None:
    seen = case.run(bytecode("provider"), native("calls_bytecode"), function="add_scaled", inputs=(3, 4))
    seen.succeeds("i32=21").happened("calls_bytecode.call(add_scaled)")


@clause("LINK-resolved-ascending")
def test_imports_are_resolved_in_order(case: Case) -> None:
    seen = case.run(bytecode("provider"), native("calls_bytecode"), function="add_scaled", inputs=(3, 4))
    resolved = [(e.fields["ordinal"], e.fields["import"], e.fields["cconv"]) for e in seen.events if e.ev == "resolve"]
    wanted = [(0, "provider.add", "0ii_i"), (1, "provider.scale", "0i_i"), (2, "provider.fails", "0i_i")]
    seen.succeeds("i32=21").that(resolved == wanted, str(wanted), str(resolved))


@clause("LINK-resolved-ascending")
def test_absent_optional_import_is_not_resolved(case: Case) -> None:
    seen = case.run(native("minimal"), native("importer"), function="has_optional").succeeds("i32=0")
    seen.happened("importer.resolve").happened("importer.resolve(minimal.add)")


@clause("LINK-optional-import-absent")
@pytest.mark.parametrize("provider", ["absent", "without-function"])
def test_absent_optional_import_of_native(case: Case, provider: str) -> None:
    wanted = "nobody.add" if provider == "absent" else "minimal.nothere"
    importer = native("imports", None, [("import", wanted), ("optional", "1")])
    seen = case.run(native("minimal"), importer, function="resolved").succeeds("i32=0")
    seen.never("imports.resolve").happened("imports.call(resolved)")


@clause("LINK-optional-import-absent")
def test_present_optional_import_of_native(case: Case) -> None:
    seen = case.run(native("minimal"), native("state"), native("importer"), function="has_optional").succeeds("i32=1")
    seen.ordered("importer.resolve(minimal.add)", "importer.resolve(state.get)")


def importing(case: Case, wanted: str, *more: tuple[str, str]) -> Seen:
    """A native module with this one import, behind `minimal`."""
    importer = native("imports", None, [("import", wanted), *more])
    return case.run(native("minimal"), importer, function="call", inputs=(3, 4))


@clause("LINK-missing-import-module")
def test_import_from_a_module_that_is_not_there(case: Case) -> None:
    seen = importing(case, "nobody.knows").fails("NOT_FOUND", Stage.LINK, "nobody.knows", "imports")
    seen.never("imports.resolve").never("imports.call").happened("minimal.destroy").happened("imports.destroy")


@clause("LINK-missing-function")
def test_native_import_of_a_function_that_is_not_there(case: Case) -> None:
    seen = importing(case, "minimal.nothere").fails("NOT_FOUND", Stage.LINK, "imports", "minimal.nothere")
    seen.never("imports.resolve").never("imports.call").happened("imports.destroy")


@clause("LINK-unqualified-import")
@pytest.mark.parametrize("more", [(), (("optional", "1"),)], ids=["required", "optional"])
def test_import_without_a_dot(case: Case, more: tuple[tuple[str, str], ...]) -> None:
    seen = importing(case, "nodot", *more).fails("INVALID_ARGUMENT", Stage.LINK, "imports")
    seen.never("imports.resolve").happened("imports.destroy")


@clause("LINK-signature-mismatch")
def test_native_signature_mismatch(case: Case) -> None:
    seen = importing(case, "minimal.add", ("cconv", "0iii_i"))
    seen.fails("INTERNAL", Stage.LINK, "minimal", "imports", "0iii_i", "0ii_i").never("imports.resolve")


@clause("LINK-optional-import-mismatch")
def test_optional_native_signature_mismatch(case: Case) -> None:
    seen = importing(case, "minimal.add", ("cconv", "0II_I"), ("optional", "1"))
    seen.fails("INTERNAL", Stage.LINK, "minimal", "imports").never("imports.resolve")


def depending(case: Case, *params: tuple[str, str]) -> Seen:
    """A native module with this dependency, behind `provider` version 3."""
    return case.run(bytecode("provider"), native("deps", None, params), function="answer")


@clause("LINK-version-sufficient")
@pytest.mark.parametrize("minimum", ["0", "2", "3"])
def test_native_dependency_is_met(case: Case, minimum: str) -> None:
    depending(case, ("dep", "provider"), ("min", minimum)).succeeds("i32=42").happened("deps.alloc")


@clause("LINK-version-too-low")
@pytest.mark.parametrize("flags", ["1", "3"], ids=["required", "required-and-optional"])
def test_native_dependency_is_too_old(case: Case, flags: str) -> None:
    seen = depending(case, ("dep", "provider"), ("min", "4"), ("flags", flags))
    seen.fails("NOT_FOUND", Stage.LINK, "provider", "version", "3", "4").never("deps.call").happened("deps.destroy")


@clause("LINK-missing-module")
def test_native_dependency_is_missing(case: Case) -> None:
    seen = depending(case, ("dep", "nobody")).fails("NOT_FOUND", Stage.LINK, "nobody", "deps")
    seen.never("deps.call").happened("deps.destroy")


@clause("LINK-optional-dependency")
@pytest.mark.parametrize(("name", "minimum"), [("nobody", "0"), ("provider", "9")], ids=["absent", "too-old"])
def test_optional_dependency(case: Case, name: str, minimum: str) -> None:
    depending(case, ("dep", name), ("min", minimum), ("flags", "2")).succeeds("i32=42").happened("deps.call(answer)")


@clause("LINK-provider-first")
def test_native_dependency_on_a_later_module(case: Case) -> None:
    early = native("deps", None, [("dep", "minimal"), ("min", "0")])
    seen = case.run(early, native("minimal"), function="add", inputs=(3, 4))
    seen.fails("NOT_FOUND", Stage.LINK, "minimal", "deps").never("minimal.call")


@clause("LINK-one-rule-for-names")
@pytest.mark.parametrize(("older", "newer", "enough"), [(5, 1, False), (1, 5, True)], ids=["too-old", "new-enough"])
def test_version_of_the_module_that_is_linked(case: Case, older: int, newer: int, enough: bool) -> None:
    versions = [native("version", None, [("name", "twin"), ("version", str(v))]) for v in (older, newer)]
    user = native("deps", None, [("dep", "twin"), ("min", "3")])
    seen = case.run(*versions, user, function="answer")
    if enough:
        seen.succeeds("i32=42").happened("deps.call(answer)")
    else:
        seen.fails("NOT_FOUND", Stage.LINK, "twin", "version").never("deps.call")
