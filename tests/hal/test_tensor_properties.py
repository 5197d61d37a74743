"""Tensors of any shape, layout, type and value go to a device and come back as they were, as memory and as text."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import strategies, vm

COMMON = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
SMALL = strategies.shapes(max_rank=4, max_side=4)
INTEGERS = [name for name in strategies.DTYPES if name.startswith(("int", "uint", "bool"))]
FLOATS = ["float16", "float32", "float64"]


def bits(array: Any) -> bytes:
    """The bytes in row-major order; NaNs are compared as they are."""
    return np.ascontiguousarray(array).tobytes()


# ---- Memory ----------------------------------------------------------------------------------------------------------


@COMMON
@given(tensor=strategies.tensors())
def test_there_and_back(device: vm.Device, tensor: Any) -> None:
    with device.view(tensor) as view:
        assert (view.shape, view.dtype, view.size_bytes) == (tensor.shape, tensor.dtype, tensor.nbytes)
        assert bits(view.array()) == bits(tensor)
        assert bits(np.from_dlpack(view)) == bits(tensor) if tensor.size else True


@COMMON
@given(tensor=strategies.tensors(shape=SMALL), data=st.data())
def test_any_layout_arrives_in_row_major_order(device: vm.Device, tensor: Any, data: st.DataObject) -> None:
    source = strategies.laid_out(data, tensor)
    with device.view(source) as view:
        assert view.shape == source.shape
        assert bits(view.array()) == bits(source)


@COMMON
@given(tensor=strategies.tensors(), before=st.integers(0, 70), after=st.integers(0, 70))
def test_a_part_of_a_buffer_as_a_tensor(device: vm.Device, tensor: Any, before: int, after: int) -> None:
    """Offsets need no alignment; what lies around stays as it is."""
    with device.buffer(before + tensor.nbytes + after) as buffer, buffer.subspan(before, tensor.nbytes) as part:
        buffer.fill(b"\xa5")
        part.update(bits(tensor))
        with part.view(tensor.shape, strategies.DTYPES[tensor.dtype.name]) as view:
            assert bits(view.array()) == bits(tensor)
        assert bytes(buffer) == b"\xa5" * before + bits(tensor) + b"\xa5" * after


# ---- Text ------------------------------------------------------------------------------------------------------------


@COMMON
@given(tensor=strategies.tensors(shape=SMALL))
def test_text(device: vm.Device, tensor: Any) -> None:
    """Signed integers go as signless ones, which print alike."""
    with device.view(tensor) as view:
        assert view.text(tensor.size + 1) == strategies.text_of(tensor)


@COMMON
@given(tensor=strategies.tensors(INTEGERS, SMALL))
def test_integers_come_back_from_text(device: vm.Device, tensor: Any) -> None:
    with device.parse(strategies.text_of(tensor)) as view:
        assert (view.shape, view.dtype) == (tensor.shape, tensor.dtype)
        assert bits(view.array()) == bits(tensor)


@COMMON
@given(tensor=strategies.tensors(FLOATS, SMALL))
def test_floats_come_back_with_six_digits(device: vm.Device, tensor: Any) -> None:
    """Half precision is rounded from single precision, everything else from the text."""
    with np.errstate(over="ignore"):
        wanted = np.vectorize(lambda value: float(strategies.number_text(value)), otypes=[float])(tensor)
        wanted = (wanted.astype("f4") if tensor.dtype == "f2" else wanted).astype(tensor.dtype)
    with device.parse(strategies.text_of(tensor)) as view:
        got = view.array()
        np.testing.assert_array_equal(got, wanted)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(tensor))


@COMMON
@given(tensor=strategies.tensors(shape=SMALL), most=st.integers(0, 9))
def test_text_is_cut(device: vm.Device, tensor: Any, most: int) -> None:
    with device.view(tensor) as view:
        assert view.text(most) == strategies.text_of(tensor, most=most)


# ---- Types that numpy does not have ----------------------------------------------------------------------------------


def ieee(exponent_bits: int, mantissa_bits: int, code: int) -> float:
    """The value of a code as IEEE 754 reads it."""
    bias, top = 2 ** (exponent_bits - 1) - 1, 2**exponent_bits - 1
    exponent, mantissa = code >> mantissa_bits & top, code & (2**mantissa_bits - 1)
    sign = -1.0 if code >> (exponent_bits + mantissa_bits) else 1.0
    if exponent == top:
        return sign * (float("nan") if mantissa else float("inf"))
    return sign * finite(exponent, mantissa, mantissa_bits, bias)


def finite(exponent: int, mantissa: int, mantissa_bits: int, bias: int) -> float:
    if exponent == 0:
        return mantissa * 2.0 ** (1 - bias - mantissa_bits)
    return (1 + mantissa / 2**mantissa_bits) * 2.0 ** (exponent - bias)


def e4m3fn(code: int) -> float:
    """No infinities; all ones is NaN."""
    sign = -1.0 if code >> 7 else 1.0
    return sign * (float("nan") if code & 0x7F == 0x7F else finite(code >> 3 & 15, code & 7, 3, 7))


def fnuz(mantissa_bits: int, bias: int) -> Callable[[int], float]:
    """No infinities and no negative zero: its code is NaN."""

    def value(code: int) -> float:
        if code == 0x80:
            return float("nan")
        magnitude = code & 0x7F
        number = finite(magnitude >> mantissa_bits, magnitude & (2**mantissa_bits - 1), mantissa_bits, bias)
        return -number if code >> 7 else number

    return value


SMALL_FLOATS: dict[str, tuple[str, Callable[[int], float]]] = {
    "f16": ("u2", lambda code: ieee(5, 10, code)),
    "bf16": ("u2", lambda code: float(np.uint32(code << 16).view("f4"))),
    "f8E5M2": ("u1", lambda code: ieee(5, 2, code)),
    "f8E4M3FN": ("u1", e4m3fn),
    "f8E5M2FNUZ": ("u1", fnuz(2, 16)),
    "f8E4M3FNUZ": ("u1", fnuz(3, 8)),
    "f8E8M0FNU": ("u1", lambda code: float("nan") if code == 255 else 2.0 ** (code - 127)),
}
ROUNDED = [name for name in SMALL_FLOATS if name != "f8E8M0FNU"]


@pytest.mark.parametrize("name", SMALL_FLOATS)
def test_every_code_as_text(device: vm.Device, name: str) -> None:
    integer, value = SMALL_FLOATS[name]
    codes = np.arange(2 ** (8 * np.dtype(integer).itemsize), dtype=integer)
    with device.view(codes, element_type=name) as view:
        texts = view.text(codes.size).partition("=")[2].split(" ")
    wanted = [strategies.number_text(value(int(code))).replace("-NAN", "NAN") for code in codes]
    assert [text.replace("-NAN", "NAN") for text in texts] == wanted


@functools.cache
def magnitudes(name: str) -> tuple[list[float], float]:
    """What is not negative by its code, with one more behind the largest; and what this one really is."""
    integer, value = SMALL_FLOATS[name]
    numbers = [value(code) for code in range(2 ** (8 * np.dtype(integer).itemsize - 1))]
    count = next((code for code, number in enumerate(numbers) if not np.isfinite(number)), len(numbers))
    beyond = numbers[count] if count < len(numbers) else float("nan")
    return [*numbers[:count], 2 * numbers[count - 1] - numbers[count - 2]], beyond


def nearest(name: str, number: float) -> float:
    """The value of the type that is nearest, of two the one with the even code; beyond the largest one as the type
    does it: infinite where it has infinities, otherwise NaN."""
    if np.isnan(number):
        return number
    numbers, beyond = magnitudes(name)
    magnitude = min(abs(number), numbers[-1])
    above = bisect.bisect_left(numbers, magnitude)
    code = min((max(above - 1, 0), above), key=lambda at: (abs(numbers[at] - magnitude), at % 2))
    return float(np.copysign(beyond if code == len(numbers) - 1 else numbers[code], number))


SINGLES = st.floats(width=32, allow_subnormal=True) | st.floats(-600, 600, width=32) | st.floats(-2, 2, width=32)


@pytest.mark.parametrize("name", ROUNDED)
@settings(COMMON, max_examples=50)
@given(number=SINGLES)
def test_numbers_are_rounded_to_the_nearest(device: vm.Device, name: str, number: float) -> None:
    """Text is read as single precision first."""
    integer, value = SMALL_FLOATS[name]
    with device.parse(f"{name}={number!r}") as view:
        code = int(view.buffer.array(integer)[0])
    got, wanted = value(code), nearest(name, number)
    np.testing.assert_equal(got, wanted if wanted or not name.endswith("UZ") else 0.0)


@COMMON
@given(codes=strategies.tensors(["uint8"], SMALL), name=st.sampled_from(["i4", "i2"]))
def test_packed_integers_from_text(device: vm.Device, codes: Any, name: str) -> None:
    """Elements lie one after the other, from the lowest bits of the first byte."""
    width = int(name[1:])
    values = (codes % 2**width).astype("i1")
    values -= (values >= 2 ** (width - 1)) * np.int8(2 ** (width - 1)) * np.int8(2) if width < 7 else 0
    with device.parse(strategies.text_of(values, name)) as view:
        stream = sum(int(value) % 2**width << (width * at) for at, value in enumerate(values.reshape(-1)))
        size = (values.size * width + 7) // 8
        assert (view.shape, view.size_bytes) == (values.shape, size)
        assert bytes(view.buffer)[:size] == stream.to_bytes(size, "little")
        assert view.text(values.size + 1) == strategies.text_of(values, name)
