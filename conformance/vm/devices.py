"""Devices: where compiled programs run, and where their memory is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from conformance import capi
from conformance.capi import Api
from conformance.vm import elements, fences, tensors
from conformance.vm.errors import Code, Error, check, error_of, invalid
from conformance.vm.fences import Fence
from conformance.vm.handles import Handle
from conformance.vm.tensors import BufferView, HalBuffer

Library = str | os.PathLike[str] | None


class DeviceStatistics(NamedTuple):
    """Bytes of buffers so far; an allocation is the host's when its memory is local to the host."""

    host_bytes_peak: int
    host_bytes_allocated: int
    host_bytes_freed: int
    device_bytes_peak: int
    device_bytes_allocated: int
    device_bytes_freed: int

    @property
    def live_bytes(self) -> int:
        allocated = self.host_bytes_allocated + self.device_bytes_allocated
        return allocated - self.host_bytes_freed - self.device_bytes_freed


class Device(Handle):
    """A device by its URI: `local-sync` (the calling thread) or `local-task` (a pool of workers).

    `workers` is the size of the pool; `shuffle`, a number that is not 0, hands out workgroups in an order drawn from
    it, to find programs that lack a barrier; `plugins` are executable plugins. What was submitted is finished, or
    cancelled when nothing can finish it, before the device is gone. Safe to use from several threads.
    """

    _what = "device"
    type_name = "hal.device"

    def __init__(
        self,
        uri: str = "local-task",
        *,
        workers: int = 0,
        shuffle: int = 0,
        plugins: Sequence[str | os.PathLike[str]] = (),
        library: Library = None,
    ) -> None:
        api = capi.own() if library is None else capi.opened(library)
        self.uri = uri
        with _Registry(api, workers, shuffle, plugins) as registry:
            out = api.ffi.new("iree_hal_device_t**")
            name, _memory = api.view(uri.encode())
            status = api.lib.iree_hal_create_device(registry.pointer, name, api.system_allocator, out)
            check(api, status, "init")
        super().__init__(api, out[0])

    @property
    def id(self) -> str:
        return self._api.text(self._api.lib.iree_hal_device_id(self._pointer))

    def query(self, category: str, key: str) -> int | None:
        """The device's answer, as programs ask it; None when it does not know the key."""
        api, out = self._api, self._api.ffi.new("int64_t*")
        (kind, _kind), (what, _what) = api.view(category.encode()), api.view(key.encode())
        status = api.lib.iree_hal_device_query_i64(self._pointer, kind, what, out)
        if not status:
            return int(out[0])
        error = error_of(api, status, "call")
        if error.code == Code.NOT_FOUND:
            return None
        raise error

    @property
    def statistics(self) -> DeviceStatistics:
        """What its allocator counted."""
        out = self._api.ffi.new("iree_hal_allocator_statistics_t*")
        self._api.lib.iree_hal_allocator_query_statistics(self._allocator, out)
        return DeviceStatistics(*(int(getattr(out, name)) for name in DeviceStatistics._fields))

    # ---- Memory --------------------------------------------------------------------------------------------------

    def buffer(self, length: int) -> HalBuffer:
        """So many zeroed bytes."""
        if not 0 <= length < 2**63:
            raise invalid(f"a buffer of {length} bytes")
        out = self._api.ffi.new("iree_hal_buffer_t**")
        allocate = self._api.lib.iree_hal_allocator_allocate_buffer
        check(self._api, allocate(self._allocator, self._params(), length, out), "call")
        return HalBuffer(self._api, out[0])

    def view(self, source: Any, *, element_type: str | None = None, copy: bool = True) -> BufferView:
        """A tensor with the elements of an array, or of anything that numpy or DLPack can read.

        With `copy=False` it shares the array's memory and keeps the array alive; memory that does not allow that (it
        has to be contiguous and aligned to 64 bytes) is an Error. `element_type` says what the array's elements really
        are, where numpy has no such type: 16-bit integers as `bf16`, for example.
        """
        array = _array(source)
        name = element_type or elements.name_for(array.dtype)
        if elements.bits_of(name) != array.dtype.itemsize * 8:
            raise invalid(f"elements of {array.dtype} have not the size of {name}")
        buffer = self._copied(array) if copy else self._shared(array)
        with buffer:
            return buffer.view(array.shape, name)

    def parse(self, text: str) -> BufferView:
        """The tensor that a text such as `2x2xi32=1,2,3,4` means."""
        api, out = self._api, self._api.ffi.new("iree_hal_buffer_view_t**")
        view, _memory = api.view(text.encode())
        status = api.lib.iree_hal_buffer_view_parse(view, self._allocator, api.system_allocator, out)
        check(api, status, "parse")
        return BufferView(api, out[0])

    # ---- Queues --------------------------------------------------------------------------------------------------

    def fence(self) -> Fence:
        """A new fence, not reached."""
        return fences.create_fence(self)

    def queue_alloca(self, length: int, *, wait: Fence | None = None, signal: Fence | None = None) -> HalBuffer:
        """A buffer that may be used once `signal` is reached."""
        out = self._api.ffi.new("iree_hal_buffer_t**")
        alloca = self._api.lib.vmrt_hal_queue_alloca
        check(self._api, alloca(self._pointer, *self._fences(wait, signal), self._params(), length, out), "call")
        return HalBuffer(self._api, out[0])

    def queue_dealloca(self, buffer: HalBuffer, *, wait: Fence | None = None, signal: Fence | None = None) -> None:
        """Gives the memory of a buffer from `queue_alloca` back."""
        dealloca, target = self._api.lib.vmrt_hal_queue_dealloca, tensors.same_library(self._api, buffer)
        check(self._api, dealloca(self._pointer, *self._fences(wait, signal), target), "call")

    def queue_fill(
        self,
        target: HalBuffer,
        pattern: bytes,
        offset: int = 0,
        length: int | None = None,
        *,
        wait: Fence | None = None,
        signal: Fence | None = None,
    ) -> None:
        """Repeats a pattern of 1, 2 or 4 bytes over a range."""
        fill, buffer = self._api.lib.vmrt_hal_queue_fill, tensors.same_library(self._api, target)
        size = tensors.rest_of(target, offset) if length is None else length
        begin, data = tensors.size_of(offset), self._api.ffi.from_buffer(pattern)
        both = self._fences(wait, signal)
        status = fill(self._pointer, *both, buffer, begin, tensors.size_of(size), data, len(pattern))
        check(self._api, status, "call")

    def queue_update(
        self, target: HalBuffer, data: Any, offset: int = 0, *, wait: Fence | None = None, signal: Fence | None = None
    ) -> None:
        """Writes bytes, which are copied at once."""
        source = memoryview(data).cast("B")
        update, buffer = self._api.lib.vmrt_hal_queue_update, tensors.same_library(self._api, target)
        content, begin = self._api.ffi.from_buffer(source), tensors.size_of(offset)
        status = update(self._pointer, *self._fences(wait, signal), content, buffer, begin, source.nbytes)
        check(self._api, status, "call")

    def queue_copy(
        self,
        source: HalBuffer,
        target: HalBuffer,
        source_offset: int = 0,
        offset: int = 0,
        length: int | None = None,
        *,
        wait: Fence | None = None,
        signal: Fence | None = None,
    ) -> None:
        """Copies a range; the rest of the source unless a length is given."""
        size = tensors.size_of(tensors.rest_of(source, source_offset) if length is None else length)
        from_end = tensors.same_library(self._api, source), tensors.size_of(source_offset)
        to_end = tensors.same_library(self._api, target), tensors.size_of(offset)
        copy = self._api.lib.vmrt_hal_queue_copy
        check(self._api, copy(self._pointer, *self._fences(wait, signal), *from_end, *to_end, size), "call")

    def queue_barrier(self, *, wait: Fence | None = None, signal: Fence | None = None) -> None:
        """Signals when what it waits for is reached."""
        check(self._api, self._api.lib.vmrt_hal_queue_barrier(self._pointer, *self._fences(wait, signal)), "call")

    # ---- Inside --------------------------------------------------------------------------------------------------

    @property
    def _allocator(self) -> Any:
        return self._api.lib.iree_hal_device_allocator(self._pointer)

    def _fences(self, wait: Fence | None, signal: Fence | None) -> tuple[Any, Any]:
        return fences.pointer_of(self, wait), fences.pointer_of(self, signal)

    def _params(self) -> Any:
        lib = self._api.lib
        params = self._api.ffi.new("iree_hal_buffer_params_t*")
        params.type = lib.IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL | lib.IREE_HAL_MEMORY_TYPE_HOST_VISIBLE
        params.usage = lib.IREE_HAL_BUFFER_USAGE_DEFAULT | lib.IREE_HAL_BUFFER_USAGE_MAPPING
        return params[0]

    def _copied(self, array: Any) -> HalBuffer:
        import numpy

        buffer = self.buffer(array.nbytes)
        if array.nbytes:
            buffer.array()[:] = numpy.ascontiguousarray(array).reshape(-1).view("uint8")
        return buffer

    def _shared(self, array: Any) -> HalBuffer:
        api, params = self._api, self._params()
        if not array.flags.c_contiguous:
            raise invalid("the array is not contiguous: it cannot be shared without a copy")
        if not array.flags.writeable:
            params.access = api.lib.IREE_HAL_MEMORY_ACCESS_READ
        held = api.ffi.from_buffer(array.reshape(-1).view("uint8"), require_writable=False)
        keep = api.ffi.new_handle(held)
        out = api.ffi.new("iree_hal_buffer_t**")
        release, share = _release_of(api), api.lib.vmrt_hal_allocator_import_host
        check(api, share(self._allocator, params, held, array.nbytes, release, keep, out), "call")
        _SHARED[int(api.ffi.cast("uintptr_t", keep))] = (keep, held, array)
        return HalBuffer(api, out[0])

    def _retained_ref(self) -> Any:
        return self._api.lib.iree_hal_device_retain_ref(self._pointer)

    def _release(self, pointer: Any) -> None:
        self._api.lib.iree_hal_device_release(pointer)


def drivers(library: Library = None) -> tuple[str, ...]:
    """The names that a Device may be made of."""
    api = capi.own() if library is None else capi.opened(library)
    with _Registry(api, 0, 0, ()) as registry:
        return tuple(registry.names())


class _Registry:
    """Drivers with the options of one device; the device does not need them afterwards."""

    def __init__(self, api: Api, workers: int, shuffle: int, plugins: Iterable[str | os.PathLike[str]]) -> None:
        if not api.has("iree_hal_create_device"):
            raise Error(Code.UNIMPLEMENTED, f"{api.path} has no devices", "init")
        if not 0 <= workers <= 64 or not 0 <= shuffle < 2**64:
            raise invalid(f"workers={workers}, shuffle={shuffle}: 0 to 64 workers, an unsigned number to shuffle with")
        self._api = api
        self._paths = [api.view(os.fspath(path).encode()) for path in plugins]
        self._names = api.ffi.new("iree_string_view_t[]", [view for view, _ in self._paths] or 1)
        self._options = api.ffi.new("vmrt_hal_local_options_t*")
        self._options.worker_count, self._options.shuffle_seed = workers, shuffle
        self._options.plugin_count, self._options.plugin_paths = len(self._paths), self._names

    def __enter__(self) -> _Registry:
        out = self._api.ffi.new("iree_hal_driver_registry_t**")
        allocate = self._api.lib.iree_hal_driver_registry_allocate
        check(self._api, allocate(self._api.system_allocator, out), "init")
        self.pointer = out[0]
        status = self._api.lib.vmrt_hal_register_local_drivers(self.pointer, self._options)
        if status:
            self.__exit__()
            check(self._api, status, "init")
        return self

    def names(self) -> Iterable[str]:
        api, index = self._api, 0
        name, description = api.ffi.new("iree_string_view_t*"), api.ffi.new("iree_string_view_t*")
        while not (status := api.lib.vmrt_hal_driver_registry_at(self.pointer, index, name, description)):
            yield api.text(name)
            index += 1
        api.lib.iree_status_free(status)

    def __exit__(self, *_: object) -> None:
        self._api.lib.iree_hal_driver_registry_free(self.pointer)


def _array(source: Any) -> Any:
    import numpy

    if not isinstance(source, numpy.ndarray) and hasattr(source, "__dlpack__") and not hasattr(source, "__array__"):
        return numpy.from_dlpack(source)
    array = numpy.asarray(source)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


# What C holds of Python: arrays whose memory buffers share, by the handle that gives them back.
_SHARED: dict[int, tuple[Any, ...]] = {}
_RELEASES: dict[Api, Any] = {}


def _release_of(api: Api) -> Any:
    """The callback that lets go of an array; made once a library and never freed: buffers may outlive all else."""
    if api not in _RELEASES:

        def release(user_data: Any, _: Any) -> None:
            _SHARED.pop(int(api.ffi.cast("uintptr_t", user_data)), None)

        _RELEASES[api] = api.ffi.callback("void(void*, iree_hal_buffer_t*)", release)
    return _RELEASES[api]
