"""Memory of devices: buffers, and the views that give them shape and element type; to and from numpy without copies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conformance.capi import Api
from conformance.vm import elements
from conformance.vm.errors import Code, Error, check, invalid
from conformance.vm.values import Object, check_same_library

if TYPE_CHECKING:
    import numpy

_WHOLE = 2**64 - 1
_DENSE = 1


class HalBuffer(Object):
    """Bytes on a device. `array` shares them where the host can see them."""

    _what = "device buffer"
    type_name = "hal.buffer"

    def array(self, dtype: Any = "uint8") -> numpy.ndarray[Any, Any]:
        """The bytes as a numpy array of `dtype`, sharing the memory and keeping it alive."""
        import numpy

        return numpy.frombuffer(host_view(self), dtype=dtype)

    def fill(self, pattern: bytes, offset: int = 0, length: int | None = None) -> None:
        """Repeats a pattern of 1, 2 or 4 bytes over a range."""
        data = self._api.ffi.from_buffer(pattern)
        fill = self._api.lib.iree_hal_buffer_map_fill
        check(self._api, fill(self._pointer, size_of(offset), _length(length), data, len(pattern)), "call")

    def update(self, data: Any, offset: int = 0) -> None:
        """Writes bytes, or anything with the buffer protocol."""
        source = memoryview(data).cast("B")
        content, write = self._api.ffi.from_buffer(source), self._api.lib.iree_hal_buffer_map_write
        check(self._api, write(self._pointer, size_of(offset), content, source.nbytes), "call")

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """A copy of a range."""
        length = rest_of(self, offset) if length is None else size_of(length)
        target = bytearray(min(length, len(self)))  # a longer range is refused before it is read
        read = self._api.lib.iree_hal_buffer_map_read
        data = self._api.ffi.from_buffer(target)
        check(self._api, read(self._pointer, size_of(offset), data, length), "call")
        return bytes(target)

    def copy(self, source: HalBuffer, source_offset: int = 0, offset: int = 0, length: int | None = None) -> None:
        """Copies a range of `source` to `offset`; the rest of the source unless a length is given."""
        length = rest_of(source, source_offset) if length is None else length
        self.update(source.read(source_offset, length), offset)

    def subspan(self, offset: int, length: int | None = None) -> HalBuffer:
        """A range of the same memory."""
        api, out = self._api, self._api.ffi.new("iree_hal_buffer_t**")
        subspan = api.lib.iree_hal_buffer_subspan
        status = subspan(self._pointer, size_of(offset), _length(length), api.system_allocator, out)
        check(api, status, "call")
        return HalBuffer(api, out[0])

    def view(self, shape: Sequence[int], element_type: str) -> BufferView:
        """These bytes as a tensor."""
        return create_view(self, shape, element_type)

    def __bytes__(self) -> bytes:
        return self.read()

    def __len__(self) -> int:
        return int(self._api.lib.iree_hal_buffer_byte_length(self._pointer))

    def _release_object(self, pointer: Any) -> None:
        self._api.lib.iree_hal_buffer_release(pointer)

    def _retained_ref(self) -> Any:
        return self._api.lib.iree_hal_buffer_retain_ref(self._pointer)


class BufferView(Object):
    """A tensor: a range of a device's memory with a shape and an element type.

    `numpy.asarray(view)` and `numpy.from_dlpack(view)` share its memory and keep it alive; `str(view)` is its text
    form.
    """

    _what = "buffer view"
    type_name = "hal.buffer_view"

    @property
    def shape(self) -> tuple[int, ...]:
        rank = self._api.lib.iree_hal_buffer_view_shape_rank(self._pointer)
        return tuple(self._api.lib.iree_hal_buffer_view_shape_dim(self._pointer, index) for index in range(rank))

    @property
    def element_type(self) -> str:
        """Such as `f32`; hexadecimal digits for a type without a name."""
        return elements.name_of(self._element)

    @property
    def dtype(self) -> numpy.dtype[Any] | None:
        """What numpy calls the elements; None when numpy has no such type."""
        return elements.dtype_of(self._element)

    @property
    def size_bytes(self) -> int:
        return int(self._api.lib.iree_hal_buffer_view_byte_length(self._pointer))

    @property
    def buffer(self) -> HalBuffer:
        """The memory behind it."""
        pointer = self._api.lib.iree_hal_buffer_view_buffer(self._pointer)
        self._api.lib.iree_hal_buffer_retain(pointer)
        return HalBuffer(self._api, pointer)

    def array(self) -> numpy.ndarray[Any, Any]:
        """The elements as a numpy array that shares the memory. UNIMPLEMENTED for types that numpy does not have; their
        bytes are in `buffer`."""
        dtype = self.dtype
        if dtype is None:
            raise Error(Code.UNIMPLEMENTED, f"numpy has no type for {self.element_type}; see buffer.array()", "call")
        count = math.prod(self.shape)
        return self.buffer.array()[: count * dtype.itemsize].view(dtype).reshape(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
        array = self.array()
        if dtype is not None and dtype != array.dtype:
            if copy is False:
                raise ValueError(f"{array.dtype} as {dtype} needs a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array().__dlpack_device__()

    def text(self, most_elements: int = 1024) -> str:
        """`SHAPExTYPE=VALUES`, cut after so many elements."""
        api, length = self._api, self._api.ffi.new("iree_host_size_t*")
        form, capacity = api.lib.iree_hal_buffer_view_format, 256
        while True:
            text = api.ffi.new("char[]", capacity)
            status = form(self._pointer, most_elements, capacity, text, length)
            if not status or length[0] < capacity:
                check(api, status, "call")
                return bytes(api.ffi.buffer(text, length[0])).decode()
            api.lib.iree_status_free(status)
            capacity = int(length[0]) + 1

    def __str__(self) -> str:
        return self.text()

    @property
    def _element(self) -> int:
        return int(self._api.lib.iree_hal_buffer_view_element_type(self._pointer))

    def _release_object(self, pointer: Any) -> None:
        self._api.lib.iree_hal_buffer_view_release(pointer)

    def _retained_ref(self) -> Any:
        return self._api.lib.iree_hal_buffer_view_retain_ref(self._pointer)


def host_view(buffer: HalBuffer) -> memoryview:
    """The bytes themselves, kept alive by the view; writable where the buffer may be written."""
    api = buffer._api
    if len(buffer) == 0:
        return memoryview(b"")
    span = api.ffi.new("iree_byte_span_t*")
    access = int(api.lib.iree_hal_buffer_allowed_access(buffer._pointer))
    writable = bool(access & api.lib.IREE_HAL_MEMORY_ACCESS_WRITE)
    check(api, api.lib.vmrt_hal_buffer_host_span(buffer._pointer, writable, span), "call")
    api.lib.iree_hal_buffer_retain(buffer._pointer)
    shared = HalBuffer(api, buffer._pointer)
    data = api.ffi.gc(span.data, lambda _: shared.close())
    view = memoryview(api.ffi.buffer(data, span.data_length))
    return view if writable else view.toreadonly()


def create_view(buffer: HalBuffer, shape: Sequence[int], element_type: str) -> BufferView:
    """A view of the whole buffer, which may be longer than the shape needs."""
    api = buffer._api
    dims = [size_of(extent) for extent in shape]
    out = api.ffi.new("iree_hal_buffer_view_t**")
    create, number = api.lib.iree_hal_buffer_view_create, elements.number_of(element_type)
    given = api.ffi.new("iree_hal_dim_t[]", dims)
    check(api, create(buffer._pointer, len(dims), given, number, _DENSE, api.system_allocator, out), "call")
    return BufferView(api, out[0])


def take(api: Api, ref: Any) -> HalBuffer | BufferView | None:
    """The buffer or view that a reference is, taken over; None when it is something else."""
    if not api.has("iree_hal_buffer_view_deref"):
        return None
    if pointer := api.lib.iree_hal_buffer_view_deref(ref):
        return BufferView(api, pointer)
    if pointer := api.lib.iree_hal_buffer_deref(ref):
        return HalBuffer(api, pointer)
    return None


def is_array(value: object) -> bool:
    """Whether a value is an array of numpy's or of a library that speaks DLPack."""
    return hasattr(value, "__array_interface__") or hasattr(value, "__dlpack__")


def to_numpy(view: BufferView) -> BufferView | numpy.ndarray[Any, Any]:
    """An array that shares the memory; the view itself where numpy has no such type."""
    if view.dtype is None:
        return view
    array = view.array()
    view.close()
    return array


def same_library(api: Api, buffer: HalBuffer) -> Any:
    check_same_library(api, buffer)
    return buffer._pointer


def rest_of(buffer: HalBuffer, offset: int) -> int:
    """How many bytes there are from an offset to the end; none from one behind the end, which C refuses."""
    return max(len(buffer) - offset, 0)


def size_of(value: int) -> int:
    """A size or an offset that C can take."""
    if not 0 <= value < 2**63:
        raise invalid(f"{value} is not a size or an offset")
    return value


def _length(length: int | None) -> int:
    return _WHOLE if length is None else size_of(length)
