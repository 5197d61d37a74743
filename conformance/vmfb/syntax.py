"""The text form of instructions, one template for each shape: the assembler and the disassembler both follow it.

In a template `{n}` is the n-th field in encoding order. Without a template the operands stand in encoding order,
separated by commas. Results stand before ` = `, unless the template mentions them.
"""

from __future__ import annotations

import re
from functools import cache

from .opcodes import Opcode

_TEMPLATES = {
    r"global\.load\.(i32|i64|f32|f64)": ".rwdata[{0}]",
    r"global\.load\.indirect\.(i32|i64|f32|f64)": ".rwdata[{0}]",
    r"global\.store\.(i32|i64|f32|f64)": "{1}, .rwdata[{0}]",
    r"global\.store\.indirect\.(i32|i64|f32|f64)": "{1}, .rwdata[{0}]",
    r"global\.load\.(indirect\.)?ref": ".refs[{0}] : {1}",
    r"global\.store\.(indirect\.)?ref": "{2}, .refs[{0}] : {1}",
    r"list\.alloc": "{1} : !vm.list<{0}>",
    r"list\.get\.ref": "{0}, {1} : {2}",
    r"select\.(i32|i64|f32|f64)": "{0} ? {1} : {2}",
    r"select\.ref": "{0} ? {2} : {3} -> {1}",
    r"switch\.(i32|i64|f32|f64)": "{0}[{2}] else {1}",
    r"switch\.ref": "{0}[{3}] else {2} -> {1}",
    r"cast\.any\.ref": "{0} : !vm.ref<?> -> {1}",
    r"buffer\.store\..*": "{2}, {0}, {1}",
    r"br|break|yield": "{0}({1})",
    r"cond_break": "{0}, {1}({2})",
    r"cond_br": "{0}, {1}({2}), {3}({4})",
    r"br_table": "{0} {{ default: {1}({2}){3} }}",
    r"call": "{0}({1})",
    r"call\.variadic": "{0} segments[{1}]({2})",
    r"call\.yieldable": "{0}({1}) -> {2}({3})",
    r"call\.variadic\.yieldable": "{0} segments[{1}]({2}) -> {3}({4})",
    r"trace|print": "{0}({1})",
}


@cache
def template(opcode: Opcode) -> str:
    """How the operands of `opcode` are written, results before ` = ` excluded."""
    for pattern, text in _TEMPLATES.items():
        if re.fullmatch(pattern, opcode.mnemonic):
            return text
    return ", ".join(f"{{{n}}}" for n, field in enumerate(opcode.fields) if not field.is_result)


@cache
def leading_results(opcode: Opcode) -> tuple[int, ...]:
    """The fields that stand before ` = `."""
    text = template(opcode)
    return tuple(n for n, field in enumerate(opcode.fields) if field.is_result and f"{{{n}}}" not in text)


@cache
def operand_pattern(opcode: Opcode) -> re.Pattern[str]:
    """A pattern whose group `fN` is the text of field N."""
    pattern = re.escape(template(opcode).replace("{{", "{").replace("}}", "}"))
    for n, field in enumerate(opcode.fields):
        pattern = pattern.replace(rf"\{{{n}\}}", f"(?P<f{n}>{_shape(field.kind)})")
    return re.compile(pattern.replace(r"\ ", r"\s+"))


def _shape(kind: str) -> str:
    """What the text of an operand of this kind looks like, closely enough to find where it ends."""
    if kind == "s":
        return r'"(?:[^"\\]|\\.)*"'
    if kind == "T":
        return r"(?:, \d+: \^\w+\([^)]*\))*"
    if kind in ("l", "p", "v") or kind.startswith("*"):
        return r"[^()\[\]]*"
    if kind == "t":
        return r"\S+"
    if kind in "iIfFrm":
        return r"%[irR]\d+(?::\d+)?"
    return r"[^\s,()\[\]]+"
