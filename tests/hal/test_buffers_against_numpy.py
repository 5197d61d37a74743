"""Buffers and views do what numpy does with the same bytes: any shape, stride, element type, range and pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conformance import vm

COMMON = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
DTYPES = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "?")
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6)
TENSORS = st.sampled_from(DTYPES).flatmap(lambda dtype: arrays.arrays(np.dtype(dtype), SHAPES))
SLICES = st.slices(6)


def bits(array: Any) -> bytes:
    """The bytes in row-major order; NaNs are compared as they are."""
    return np.ascontiguousarray(array).tobytes()


@COMMON
@given(tensor=TENSORS)
def test_a_view_holds_what_it_was_made_of(device: vm.Device, tensor: Any) -> None:
    view = device.view(tensor)
    assert view.shape == tensor.shape
    assert view.dtype == tensor.dtype
    assert bits(view.array()) == bits(tensor)
    assert view.size_bytes == tensor.nbytes


@COMMON
@given(tensor=arrays.arrays(np.int32, arrays.array_shapes(max_dims=3, max_side=6)), data=st.data())
def test_strides_of_the_source_do_not_matter(device: vm.Device, tensor: Any, data: st.DataObject) -> None:
    """Slices with steps, backwards too, and exchanged axes arrive in row-major order."""
    cut = tensor[tuple(data.draw(st.slices(extent)) for extent in tensor.shape)]
    turned = np.transpose(cut, data.draw(st.permutations(range(cut.ndim))))
    view = device.view(turned)
    assert view.shape == turned.shape
    np.testing.assert_array_equal(view.array(), turned)


@COMMON
@given(tensor=arrays.arrays(np.int32, SHAPES, elements=st.integers(-1000, 1000)))
def test_text_and_back(device: vm.Device, tensor: Any) -> None:
    again = device.parse(device.view(tensor).text(tensor.size + 1))
    assert again.shape == tensor.shape
    np.testing.assert_array_equal(again.array(), tensor)


@st.composite
def ranges(draw: st.DrawFn, length: int, multiple: int = 1) -> tuple[int, int]:
    """An offset and a length inside of a buffer, both multiples."""
    offset = draw(st.integers(0, length // multiple)) * multiple
    count = draw(st.integers(0, (length - offset) // multiple)) * multiple
    return offset, count


@COMMON
@given(length=st.integers(0, 200), width=st.sampled_from([1, 2, 4]), data=st.data())
def test_fill(device: vm.Device, length: int, width: int, data: st.DataObject) -> None:
    buffer, model = device.buffer(length), bytearray(length)
    for _ in range(data.draw(st.integers(1, 3))):
        offset, count = data.draw(ranges(length, width))
        pattern = data.draw(st.binary(min_size=width, max_size=width))
        buffer.fill(pattern, offset, count)
        model[offset : offset + count] = pattern * (count // width)
    assert bytes(buffer) == bytes(model)


@COMMON
@given(content=st.binary(max_size=150), patch=st.binary(max_size=40), data=st.data())
def test_update(device: vm.Device, content: bytes, patch: bytes, data: st.DataObject) -> None:
    buffer, model = device.buffer(len(content)), bytearray(content)
    buffer.update(content)
    patch = patch[: len(content)]
    offset = data.draw(st.integers(0, len(content) - len(patch)))
    buffer.update(patch, offset)
    model[offset : offset + len(patch)] = patch
    assert bytes(buffer) == bytes(model)


@COMMON
@given(content=st.binary(min_size=1, max_size=150), length=st.integers(1, 150), data=st.data())
def test_copy(device: vm.Device, content: bytes, length: int, data: st.DataObject) -> None:
    source, target, model = device.buffer(len(content)), device.buffer(length), bytearray(length)
    source.update(content)
    start, count = data.draw(ranges(len(content)))
    count = min(count, length)
    offset = data.draw(st.integers(0, length - count))
    target.copy(source, start, offset, count)
    model[offset : offset + count] = content[start : start + count]
    assert bytes(target) == bytes(model)


@COMMON
@given(content=st.binary(min_size=1, max_size=120), data=st.data())
def test_parts_of_parts_share_memory(device: vm.Device, content: bytes, data: st.DataObject) -> None:
    buffer, model = device.buffer(len(content)), bytearray(content)
    buffer.update(content)
    part, base = buffer, 0
    for _ in range(data.draw(st.integers(1, 3))):
        offset, count = data.draw(ranges(len(part)))
        part, base = part.subspan(offset, count), base + offset
        assert bytes(part) == bytes(model[base : base + count])
    part.fill(b"\x5a")
    model[base : base + len(part)] = b"\x5a" * len(part)
    assert bytes(buffer) == bytes(model)


@COMMON
@given(shape=arrays.array_shapes(min_dims=0, max_dims=3, max_side=5), spare=st.integers(0, 70))
def test_a_view_over_a_buffer(device: vm.Device, shape: tuple[int, ...], spare: int) -> None:
    """A longer buffer is fine, a shorter one is not."""
    needed = int(np.prod(shape, dtype=np.int64)) * 4
    buffer = device.buffer(needed + spare)
    content = np.arange(needed // 4, dtype=np.int32).reshape(shape)
    buffer.update(content.tobytes())
    np.testing.assert_array_equal(buffer.view(shape, "i32").array(), content)
    if needed:
        with pytest.raises(vm.Error) as caught:
            device.buffer(needed - 1).view(shape, "i32")
        assert caught.value.code is vm.Code.OUT_OF_RANGE


@COMMON
@given(length=st.integers(0, 64), offset=st.integers(0, 100), count=st.integers(0, 100))
def test_no_range_outside(device: vm.Device, length: int, offset: int, count: int) -> None:
    """Whatever reaches outside is refused and changes nothing."""
    buffer = device.buffer(length)
    if offset + count <= length:
        buffer.fill(b"\x01", offset, count)
        return
    for attempt in (
        lambda: buffer.fill(b"\x01", offset, count),
        lambda: buffer.subspan(offset, count),
        lambda: buffer.update(bytes(count), offset) if count else buffer.subspan(offset, count),
        lambda: buffer.copy(device.buffer(count), 0, offset, count) if count else buffer.subspan(offset, count),
    ):
        with pytest.raises(vm.Error) as caught:
            attempt()
        assert caught.value.code is vm.Code.OUT_OF_RANGE
    assert bytes(buffer) == bytes(length)
