"""Which functions of a file are tests."""

from __future__ import annotations

import pytest

from conformance import vmfb
from conformance.checks import convention
from conformance.checks.convention import CheckFunction

SOURCE = """// compile-flags: --first --second=2
func.func @adds() {
  check.expect_true(%t) : i32
  return
}
  func.func public @indented()  {
func.func @fail_by_name() {
// expect_failure: it is wrong on purpose
func.func @fails_by_comment() {
func.func @fails_by_attribute() attributes {iree.reflection = {expect_failure = "yes"}} {
func.func private @hidden() {
func.func @takes(%a: i32) {
func.func @gives() -> i32 {
// func.func @commented() {
vm.func @of_the_vm() {
// compile-flags: --third
"""


def test_functions_of_a_source() -> None:
    file = convention.of_source(SOURCE)
    assert file.flags == ("--first", "--second=2", "--third")
    assert file.functions == (
        CheckFunction("adds", 2),
        CheckFunction("indented", 6),
        CheckFunction("fail_by_name", 7, fails=True),
        CheckFunction("fails_by_comment", 9, fails=True),
        CheckFunction("fails_by_attribute", 10, fails=True),
        CheckFunction("of_the_vm", 15),
    )


@pytest.mark.parametrize(
    "text",
    ["", "func.func @f() {\n}\n", "// check.expect_true\nfunc.func @f() {\n}\n"],
    ids=["empty", "none", "comment"],
)
def test_a_source_without_assertions_has_no_tests(text: str) -> None:
    assert convention.of_source(text).functions == ()


def module(*imports: str, **attributes: list[vmfb.Attr]) -> bytes:
    """A module that exports functions of several conventions."""
    names = {"plain": "0v_v", "fail_b": "0v_v", "takes": "0i_v", "gives": "0v_i", "__init": "0v_v", "a$async": "0v_v"}
    made = vmfb.Module(
        name="tests",
        imports=[vmfb.Import(name, vmfb.Signature("0i_v"), 0) for name in imports],
        exports=[vmfb.Export(name, index) for index, name in enumerate(names)],
        signatures=[vmfb.Signature(cconv, attributes.get(name)) for name, cconv in names.items()],
    )
    return vmfb.write(made)


def test_functions_of_bytecode() -> None:
    file = convention.of_bytecode(module("other.f", "check.expect_true"))
    assert [(found.name, found.fails) for found in file.functions] == [("plain", False), ("fail_b", True)]


def test_a_marked_function_of_bytecode_has_to_fail() -> None:
    data = module("check.expect_true", plain=[vmfb.Attr("expect_failure", "yes")])
    assert convention.of_bytecode(data).functions[0] == CheckFunction("plain", None, fails=True)


def test_bytecode_without_check_has_no_tests() -> None:
    assert convention.of_bytecode(module("other.f")).functions == ()


def test_damaged_bytecode() -> None:
    with pytest.raises(vmfb.VmfbError):
        convention.of_bytecode(b"not a module")
