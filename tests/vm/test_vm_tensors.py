"""Tensors: numpy arrays in and out, shared memory, text forms, and types that numpy does not have."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import numpy
import pytest

from conformance import vm

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)


@pytest.fixture
def device() -> Iterator[vm.Device]:
    with vm.Device("local-sync") as made:
        yield made


def aligned(count: int, dtype: str) -> numpy.ndarray:
    """An array whose memory begins at a multiple of 64."""
    size = count * numpy.dtype(dtype).itemsize
    raw = numpy.zeros(size + 64, "uint8")
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)], ids=str)
def test_there_and_back(device: vm.Device, dtype: str, shape: tuple[int, ...]) -> None:
    array = (numpy.arange(numpy.prod(shape, dtype=int)) % 5).astype(dtype).reshape(shape)
    with device.view(array) as view:
        assert (view.shape, view.dtype, view.size_bytes) == (shape, array.dtype, array.nbytes)
        back = numpy.asarray(view)
        assert back.dtype == array.dtype
        numpy.testing.assert_array_equal(back, array)


@pytest.mark.parametrize(
    "array",
    [numpy.arange(12).reshape(3, 4).T, numpy.arange(12)[::3], numpy.arange(4)[::-1], numpy.arange(3, dtype=">i4")],
    ids=["transposed", "strided", "reversed", "big-endian"],
)
def test_arrays_that_lie_otherwise(device: vm.Device, array: numpy.ndarray) -> None:
    with device.view(array) as view:
        numpy.testing.assert_array_equal(view.array(), array)


def test_the_array_shares_the_memory_and_keeps_it(device: vm.Device) -> None:
    view = device.view(numpy.zeros(4, "f4"))
    array = numpy.asarray(view)
    array[2] = 7
    assert str(view) == "4xf32=0 0 7 0"
    view.close()
    gc.collect()
    assert array.tolist() == [0, 0, 7, 0]


def test_dlpack(device: vm.Device) -> None:
    with device.view(numpy.arange(6, dtype="f8").reshape(2, 3)) as view:
        shared = numpy.from_dlpack(view)
        numpy.testing.assert_array_equal(shared, [[0, 1, 2], [3, 4, 5]])
        assert shared.ctypes.data == view.array().ctypes.data


def test_an_array_shared_with_the_device(device: vm.Device) -> None:
    array = aligned(16, "i4")
    with device.view(array, copy=False) as view:
        array[3] = 9
        assert view.array()[3] == 9
        alive = weakref.ref(array)
        address = array.ctypes.data
        del array
        gc.collect()
        assert alive() is not None
        assert view.array().ctypes.data == address
    gc.collect()
    assert alive() is None


def test_memory_that_cannot_be_shared(device: vm.Device) -> None:
    with pytest.raises(vm.Error, match="aligned to 64") as caught:
        device.view(aligned(17, "i4")[1:], copy=False)
    assert caught.value.code == vm.Code.OUT_OF_RANGE
    with pytest.raises(vm.Error, match="contiguous") as caught:
        device.view(aligned(16, "i4")[::2], copy=False)
    assert caught.value.code == vm.Code.INVALID_ARGUMENT


def test_types_that_numpy_lacks(device: vm.Device) -> None:
    with device.view(numpy.array([0x3F80, 0xC000], "u2"), element_type="bf16") as view:
        assert (view.element_type, view.dtype, str(view)) == ("bf16", None, "2xbf16=1 -2")
        with pytest.raises(vm.Error, match="bf16") as caught:
            view.array()
        assert caught.value.code == vm.Code.UNIMPLEMENTED
        assert view.buffer.array("u2").tolist() == [0x3F80, 0xC000]


def test_an_element_type_of_another_size(device: vm.Device) -> None:
    with pytest.raises(vm.Error, match="size of bf16"):
        device.view(numpy.zeros(2, "f4"), element_type="bf16")
    with pytest.raises(vm.Error, match="unknown element type"):
        device.view(numpy.zeros(2, "f4"), element_type="float")
    with pytest.raises(vm.Error, match="datetime64"):
        device.view(numpy.zeros(2, "M8[s]"))


def test_text(device: vm.Device) -> None:
    with device.parse("2x2xi32=[1 2][3 4]") as view:
        assert view.array().tolist() == [[1, 2], [3, 4]]
        assert view.text(3) == "2x2xi32=[1 2][3...]"
    with device.view(numpy.zeros(3000, "f4")) as view:
        assert view.text(3000) == "3000xf32=" + " ".join(["0"] * 3000)
    with pytest.raises(vm.Error) as caught:
        device.parse("2xi32=1,2,3")
    assert caught.value.code == vm.Code.OUT_OF_RANGE
