"""Element types of tensors: their names, their numbers in C, and what numpy calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.vm.errors import invalid

if TYPE_CHECKING:
    import numpy

# Name: number in C, numpy's name or None where numpy has no such type.
ELEMENTS: dict[str, tuple[int, str | None]] = {
    "i1": (0x13000008, "bool"),
    "i2": (0x10000002, None),
    "i4": (0x10000004, None),
    "i8": (0x10000008, "int8"),
    "i16": (0x10000010, "int16"),
    "i32": (0x10000020, "int32"),
    "i64": (0x10000040, "int64"),
    "si8": (0x11000008, "int8"),
    "si16": (0x11000010, "int16"),
    "si32": (0x11000020, "int32"),
    "si64": (0x11000040, "int64"),
    "ui8": (0x12000008, "uint8"),
    "ui16": (0x12000010, "uint16"),
    "ui32": (0x12000020, "uint32"),
    "ui64": (0x12000040, "uint64"),
    "f16": (0x21000010, "float16"),
    "f32": (0x21000020, "float32"),
    "f64": (0x21000040, "float64"),
    "bf16": (0x22000010, None),
    "cf64": (0x23000040, "complex64"),
    "cf128": (0x23000080, "complex128"),
    "f8E5M2": (0x24000008, None),
    "f8E4M3FN": (0x25000008, None),
    "f8E5M2FNUZ": (0x26000008, None),
    "f8E4M3FNUZ": (0x27000008, None),
    "f8E8M0FNU": (0x28000008, None),
}
_NAMES = {number: name for name, (number, _) in ELEMENTS.items()}
_SIGNED = {"int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64"}


def number_of(name: str) -> int:
    """The number of a type in C."""
    if name not in ELEMENTS:
        raise invalid(f"unknown element type {name!r}; there are {', '.join(ELEMENTS)}")
    return ELEMENTS[name][0]


def name_of(number: int) -> str:
    """The name of a type; as hexadecimal digits where it has none."""
    return _NAMES.get(number, f"{number:08X}")


def bits_of(name: str) -> int:
    """Bits of one element."""
    return number_of(name) & 0xFF


def dtype_of(number: int) -> numpy.dtype[Any] | None:
    """What numpy calls a type; None when it has no such type."""
    import numpy

    name = ELEMENTS.get(_NAMES.get(number, ""), (0, None))[1]
    return None if name is None else numpy.dtype(name)


def name_for(dtype: numpy.dtype[Any]) -> str:
    """The type that an array of `dtype` goes as: signless for signed integers, as compiled programs have them."""
    if dtype.isnative:
        for name, (_, numpy_name) in ELEMENTS.items():
            if numpy_name == dtype.name:
                return _SIGNED.get(dtype.name, name)
    raise invalid(f"an array of {dtype} has no element type: convert it, or give element_type= for its bytes")
