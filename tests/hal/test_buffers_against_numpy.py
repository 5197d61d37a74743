"""Buffers do what numpy does with the same bytes: any range, pattern and part, inside of them and outside."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from conformance import vm

COMMON = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


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


ANYWHERE = st.integers(0, 80) | st.sampled_from([2**32, 2**62, 2**63 - 1]) | st.integers(-3, -1)


def refusals(length: int, offset: int, count: int | None, unit: int = 1) -> set[vm.Code]:
    """What may be said of a range in so many bytes, whose ends are multiples of a unit; empty when it is right."""
    if unit not in (1, 2, 4):
        return {vm.Code.INVALID_ARGUMENT, *refusals(length, offset, count)}
    if offset < 0 or (count or 0) < 0:
        return {vm.Code.INVALID_ARGUMENT}
    size = length - offset if count is None else count
    found = {vm.Code.OUT_OF_RANGE} if offset > length or offset + size > length else set()
    return found | ({vm.Code.INVALID_ARGUMENT} if offset % unit or size % unit else set())


def outcome(call: Callable[[], Any]) -> set[vm.Code]:
    try:
        call()
    except vm.Error as error:
        return {error.code}
    return set()


@settings(COMMON, max_examples=100)
@given(
    length=st.integers(0, 64),
    offset=ANYWHERE,
    count=st.none() | ANYWHERE,
    pattern=st.binary(max_size=5),
    is_queued=st.booleans(),
)
def test_fill_anywhere(
    device: vm.Device, length: int, offset: int, count: int | None, pattern: bytes, is_queued: bool
) -> None:
    """What is not in range or not a whole number of patterns is refused and changes nothing."""
    buffer, model = device.buffer(length), bytearray(length)
    fill = functools.partial(device.queue_fill, buffer) if is_queued else buffer.fill
    wanted = refusals(length, offset, count, len(pattern))
    got = outcome(lambda: fill(pattern, offset, count))
    if not wanted:
        end = length if count is None else offset + count
        model[offset:end] = pattern * ((end - offset) // len(pattern))
    assert got <= wanted and bool(got) == bool(wanted)
    assert bytes(buffer) == bytes(model)


@settings(COMMON, max_examples=100)
@given(length=st.integers(0, 64), offset=ANYWHERE, data=st.binary(max_size=80), is_queued=st.booleans())
def test_update_anywhere(device: vm.Device, length: int, offset: int, data: bytes, is_queued: bool) -> None:
    buffer, model = device.buffer(length), bytearray(length)
    update = functools.partial(device.queue_update, buffer) if is_queued else buffer.update
    wanted = refusals(length, offset, len(data))
    assert outcome(lambda: update(data, offset)) == wanted
    if not wanted:
        model[offset : offset + len(data)] = data
    assert bytes(buffer) == bytes(model)


@settings(COMMON, max_examples=100)
@given(
    content=st.binary(max_size=64),
    length=st.integers(0, 64),
    start=ANYWHERE,
    offset=ANYWHERE,
    count=st.none() | ANYWHERE,
    is_queued=st.booleans(),
)
def test_copy_anywhere(
    device: vm.Device, content: bytes, length: int, start: int, offset: int, count: int | None, is_queued: bool
) -> None:
    """Of two wrong ranges either may be the reason."""
    source, target, model = device.buffer(len(content)), device.buffer(length), bytearray(length)
    source.update(content)
    wanted = refusals(len(content), start, count)
    size = len(content) - start if count is None else count
    if count is not None or not wanted:
        wanted |= refusals(length, offset, size)
    elif offset < 0:
        wanted.add(vm.Code.INVALID_ARGUMENT)
    call = functools.partial(device.queue_copy, source, target) if is_queued else functools.partial(target.copy, source)
    got = outcome(lambda: call(start, offset, count))
    assert got <= wanted and bool(got) == bool(wanted)
    if not wanted:
        model[offset : offset + size] = content[start : start + size]
    assert bytes(target) == bytes(model)


@settings(COMMON, max_examples=100)
@given(length=st.integers(0, 64), offset=ANYWHERE, count=st.none() | ANYWHERE)
def test_parts_and_reads_anywhere(device: vm.Device, length: int, offset: int, count: int | None) -> None:
    buffer = device.buffer(length)
    wanted = refusals(length, offset, count)
    assert outcome(lambda: buffer.subspan(offset, count)) == wanted
    if count is None or count < 2**32:
        assert outcome(lambda: buffer.read(offset, count)) == wanted
