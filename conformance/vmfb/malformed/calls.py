"""Malformed calls and imports: ordinals, operand lists, variadic calls, special functions."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import image
from ..assembler import assemble
from ..instructions import Instruction, instruction
from ..reader import read
from ..writer import write
from .bases import RETURN, program
from .case import Section
from .metadata import provider

SECTION = Section("calls")
BAD, RANGE, CRASH = "INVALID_ARGUMENT", "OUT_OF_RANGE", "signal 11"
IMPORT, REF = 0x80000000, 0x8000
PLAIN = 0xFFFF  # the segment entry of an argument that is not a span


def call(callee: int, arguments: list[int], results: list[int]) -> Instruction:
    return instruction("call", callee, arguments, results)


# Ordinals.
for ordinal in (1, 0x7FFFFFFF):
    SECTION.verify(f"function-{ordinal:x}-of-1", partial(program, call(ordinal, [], []), RETURN), BAD)
SECTION.verify("import-0-of-0", partial(program, call(IMPORT, [], []), RETURN), BAD)

# Internal calls: `f` calls `g`, which is `g(a, b) -> a` unless said otherwise.
CALLER = """
vm.module @m version 0
vm.type i32
vm.type !vm.buffer
vm.export @f
vm.func @f(%i0: i32, %i1: i32) -> ({results}) {{
^bb0:
  {call}
  {end}
}}
vm.func @g({parameters}) -> ({callee_results}) {{
^bb0:
  {body}
}}
"""


def internal(
    line: str,
    end: str = "vm.return %i0",
    results: str = "i32",
    parameters: str = "%i0: i32, %i1: i32",
    callee_results: str = "i32",
    body: str = "vm.return %i0",
    **descriptor: int,
) -> bytes:
    parts = {"call": line, "end": end, "results": results, "parameters": parameters, "body": body}
    module = assemble(CALLER.format(callee_results=callee_results, **parts))
    assert module.functions
    module.functions[0].i32_count, module.functions[0].ref_count = 4, 2
    return write(module)


PAIR: dict[str, Any] = {"inputs": ("7", "8")}
SECTION.verify("too-few-arguments", partial(internal, "%i0 = vm.call @m:1(%i0)"), RANGE)
SECTION.verify("too-few-results", partial(internal, "vm.call @m:1(%i0, %i1)"), RANGE)
for count, wheel in {20: "OK", 20000: "signal 11|OK"}.items():
    extra = ", ".join(["%i0"] * count)
    line = f"%i0 = vm.call @m:1({extra})"
    SECTION.fine(f"arguments-{count}-for-2", partial(internal, line), "i32=7", wheel=wheel, hazard="H8", **PAIR)
SECTION.fine("results-3-for-1", partial(internal, "%i0, %i1, %i2 = vm.call @m:1(%i0, %i1)"), "i32=7", **PAIR)


def nothing(line: str, body: str = "vm.return", convention: str | None = "0v_v") -> bytes:
    """`f` calls a `g` without arguments and results; both lists may say otherwise."""
    module = read(internal(line, parameters="", callee_results="", body=body))
    assert module.signatures and module.functions
    module.signatures[1].calling_convention = convention
    module.functions[1].i32_count = 4
    return write(module)


# Lists that are longer than an empty part of a calling convention: ignore what is too much, or refuse it.
for label, convention in {"v": "0v_v", "empty": "", "absent": None}.items():
    for name, (line, body, wheel) in {
        "arguments": ("vm.call @m:1(%i0, %i1)", "vm.return", CRASH),
        "results": ("%i2 = vm.call @m:1()", "vm.return", "OK"),
        "results-and-return": ("%i2 = vm.call @m:1()", "vm.return %i0", CRASH),
        "return": ("vm.call @m:1()", "vm.return %i0", "FAILED_PRECONDITION"),
    }.items():
        SECTION.add(
            f"{name}-for-none-{label}",
            partial(nothing, line, body, convention),
            "call",
            "OK|INVALID_ARGUMENT|FAILED_PRECONDITION",
            wheel=wheel,
            hazard="H8",
            results=("i32=7",),
            **PAIR,
        )
    SECTION.fine(
        f"return-to-host-for-none-{label}", partial(program, instruction("return", [0]), convention=convention)
    )
SECTION.verify("ref-for-i32", partial(internal, "%i0 = vm.call @m:1(%r0, %i1)"), BAD)
SECTION.verify(
    "i32-for-ref", partial(internal, "%i0 = vm.call @m:1(%i0)", parameters="%r0: !vm.buffer", body="vm.return %i0"), BAD
)
SECTION.verify("ref-result-for-i32", partial(internal, "%r0 = vm.call @m:1(%i0, %i1)"), BAD)
# The caller's list has one result and so has the callee's convention, but its return lists two.
SECTION.call(
    "callee-returns-more",
    partial(internal, "%i0 = vm.call @m:1(%i0, %i1)", body="vm.return %i0, %i1"),
    "FAILED_PRECONDITION|OK",
    results=("i32=7",),
    **PAIR,
)


# Imports.
def imported(
    *code: Instruction, convention: str | None, flags: int = 1, name: str = "provider.add", **options: Any
) -> bytes:
    signature = None if convention is None else image.Signature(convention)
    return program(*code, RETURN, imports=[image.Import(name, signature, flags)], **options)


def with_provider(*code: Instruction, **options: Any) -> list[bytes]:
    return [provider(), imported(*code, **options)]


def variadic(convention: str, segments: list[int], arguments: list[int], results: list[int]) -> bytes:
    """A call of an optional import that nobody provides: what the verifier says about it comes first."""
    one = instruction("call.variadic", IMPORT, segments, arguments, results)
    return imported(one, convention=convention, flags=2)


SECTION.verify("plain-call-of-variadic", partial(imported, call(IMPORT, [0], [0]), convention="0iCiD_i", flags=2), BAD)
SECTION.verify(
    "variadic-call-of-internal",
    partial(program, instruction("call.variadic", 0, [], [], []), RETURN),
    "FAILED_PRECONDITION",
)
SECTION.verify("span-in-results", partial(variadic, "0i_CiD", [PLAIN], [0], [0]), BAD)
SECTION.verify("span-in-span", partial(variadic, "0CiCiDD_i", [1], [0], [0]), BAD)
SECTION.verify("segments-too-short", partial(variadic, "0iCiD_i", [PLAIN], [0], [0]), RANGE)
SECTION.verify("segments-want-more-operands", partial(variadic, "0iCiD_i", [PLAIN, 3], [0, 1], [0]), RANGE)
SECTION.call("variadic-unresolved", partial(variadic, "0iCiD_i", [PLAIN, 1], [0, 1], [0]), "NOT_FOUND")
SECTION.call(
    "span-not-closed",
    partial(variadic, "0iCi_i", [PLAIN, 1], [0, 1], [0]),
    "NOT_FOUND|INVALID_ARGUMENT",
    wheel="NOT_FOUND",
)
SECTION.call(
    "unresolved-optional", partial(imported, call(IMPORT, [0, 1], [0]), convention="0ii_i", flags=2), "NOT_FOUND"
)
SECTION.fine(
    "import-without-signature",
    partial(with_provider, call(IMPORT, [0, 1], [0]), convention=None),
    wheel=CRASH,
    hazard="H12",
)
SECTION.fine("import-with-unknown-convention", partial(imported, convention="9i_i", flags=2))
SECTION.verify(
    "call-with-unknown-convention",
    partial(imported, call(IMPORT, [0], [0]), convention="9i_i", flags=2),
    "UNIMPLEMENTED",
)
for label, operands in {"none": [], "one": [0]}.items():
    SECTION.add(
        f"import-without-convention-operands-{label}",
        partial(with_provider, call(IMPORT, operands, [0]), convention=""),
        "link",
        "INVALID_ARGUMENT|OUT_OF_RANGE|INTERNAL",
        wheel="OK",
        hazard="H12",
    )
SECTION.verify("resolved-of-internal", partial(program, instruction("import.resolved", 0, 0), RETURN), BAD)
SECTION.verify("resolved-past-end", partial(program, instruction("import.resolved", IMPORT, 0), RETURN), BAD)

# Recursion without end.
SECTION.call("recursion-without-end", partial(program, call(0, [], []), RETURN), "RESOURCE_EXHAUSTED")

# Special functions.
SPECIAL = """
vm.module @m version 0
vm.type i32
vm.type !vm.buffer
vm.export @f
vm.func @f() -> (i32) {{
^bb0:
  %i0 = vm.const.i32 7
  vm.return %i0
}}
vm.export @{name}
vm.func @{name}({parameters}) -> ({results}) {{
^bb0:
  {body}
}}
"""


def special(name: str, body: str, parameters: str = "", results: str = "") -> bytes:
    return write(assemble(SPECIAL.format(name=name, body=body, parameters=parameters, results=results)))


FAIL = '%i0 = vm.const.i32 9\n  vm.fail %i0, "no"'
SECTION.init("init-fails", partial(special, "__init", FAIL), "FAILED_PRECONDITION")
for label, (parameters, results, body) in {
    "argument": ("%i0: i32", "", "vm.return"),
    "result": ("", "i32", "%i0 = vm.const.i32.zero\n  vm.return %i0"),
    "ref-argument": ("%r0: !vm.buffer", "", "vm.return"),
}.items():
    SECTION.add(
        f"init-with-{label}",
        partial(special, "__init", body, parameters, results),
        "init",
        BAD,
        wheel=CRASH,
        hazard="H14",
    )
SECTION.add(
    "deinit-with-result",
    partial(special, "__deinit", "%i0 = vm.const.i32.zero\n  vm.return %i0", "", "i32"),
    "init",
    "INVALID_ARGUMENT|OK",
    wheel=CRASH,
    hazard="H14",
)
SECTION.init("init-yields", partial(special, "__init", "vm.yield ^bb1()\n^bb1:\n  vm.return"), "DEFERRED")
SECTION.fine("deinit-fails", partial(special, "__deinit", FAIL), "i32=7")
