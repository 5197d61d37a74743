"""Calling conventions such as `0iI_r`: what a function takes and gives, and how its numbers lie in memory."""

from __future__ import annotations

import reprlib
import struct
from collections.abc import Sequence
from typing import NamedTuple

from conformance.vm.errors import Code, Error, invalid

# Letter: format of the number in memory, name of the type.
NUMBERS = {"i": ("i", "i32"), "I": ("q", "i64"), "f": ("f", "f32"), "F": ("d", "f64")}
_RANGES = {"i": (-(2**31), 2**31 - 1), "I": (-(2**63), 2**63 - 1)}


class Convention(NamedTuple):
    """A parsed convention. Letters: i, I, f, F numbers, r reference; variadic functions cannot be called from here."""

    text: str
    arguments: str
    results: str

    @property
    def is_numeric(self) -> bool:
        """Only numbers go in and out."""
        return all(letter in NUMBERS for letter in self.arguments + self.results)

    def argument_struct(self) -> struct.Struct:
        return _struct(self.arguments)

    def result_struct(self) -> struct.Struct:
        return _struct(self.results)


def parse(text: str) -> Convention:
    """UNIMPLEMENTED for a version or a letter that is not known, and for variadic functions."""
    if text and text[0] != "0":
        raise Error(Code.UNIMPLEMENTED, f"unknown version of the calling convention {text!r}", "call")
    arguments, _, results = text[1:].partition("_")
    parts = ["" if part == "v" else part for part in (arguments, results)]
    for letter in parts[0] + parts[1]:
        if letter not in NUMBERS and letter != "r":
            reason = "variadic functions" if letter in "CD" else f"the letter {letter!r}"
            raise Error(Code.UNIMPLEMENTED, f"{reason} cannot be called: calling convention {text!r}", "call")
    return Convention(text, *parts)


def _struct(letters: str) -> struct.Struct:
    """Padding is written out: with native alignment, numbers too large for f32 would silently become infinite."""
    text, size = "=", 0
    for kind in (NUMBERS[letter][0] for letter in letters):
        width = struct.calcsize(f"={kind}")
        padding = -size % width
        text += "x" * padding + kind
        size += padding + width
    return struct.Struct(text)


def check_count(name: str, letters: str, values: Sequence[object]) -> None:
    if len(values) != len(letters):
        raise invalid(f"{name} takes {len(letters)} arguments, {len(values)} given")


def check_number(where: str, letter: str, value: object) -> None:
    """Says what is wrong with a value that does not go into the type of `letter`."""
    kind, name = NUMBERS[letter]
    try:
        struct.pack(f"={kind}", value)
    except (struct.error, TypeError, ValueError, OverflowError):
        raise invalid(f"{where}: {_wrong_number(letter, name, value)}") from None


def _wrong_number(letter: str, name: str, value: object) -> str:
    text = reprlib.repr(value)
    if letter in _RANGES:
        low, high = _RANGES[letter]
        fitting = f"does not fit {name} ({low} to {high})" if hasattr(value, "__index__") else None
        return f"{text} {fitting or f'is not an integer, expected {name}'}"
    fitting = f"does not fit {name}" if hasattr(value, "__float__") or hasattr(value, "__index__") else None
    return f"{text} {fitting or f'is not a number, expected {name}'}"


def not_an_object(where: str, value: object) -> Error:
    return invalid(f"{where}: {reprlib.repr(value)} is not an array, list, buffer, reference or None")
